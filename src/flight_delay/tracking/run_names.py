"""Names of runs: the difference from the baseline in a few words.

Does not import mlflow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

# Parameters of this section are named without it.
MODEL_SECTION = "train_model."
MAX_CHANGES = 3
ABSENT = "none"
CODE = "src/flight_delay/"


def parameter_changes(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """Name parameters that differ, such as 'max_depth 6→4'; '' if none does.

    Args:
        before: value by dotted name of the parameter.
        after: the same, of the run to name; in order of importance.
    """
    return _join_first([
        f"{name.removeprefix(MODEL_SECTION)} {before.get(name, ABSENT)}→{after.get(name, ABSENT)}"
        for name in {**after, **before}
        if before.get(name) != after.get(name)
    ])  # fmt: skip


def other_changes(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """Name other inputs that differ, such as 'code of model'; '' if none does.

    Args:
        before: checksum by path of code and raw data.
        after: the same, of the run to name.
    """
    changed = [path for path in sorted({*before, *after}) if before.get(path) != after.get(path)]
    code = [path.removeprefix(CODE).removesuffix(".py") for path in changed if path.startswith(CODE)]
    # Stages are named only if no library package differs.
    packages = [name for name in code if not name.startswith("stages/")] or code
    rest = ["requirements" if path == "requirements.txt" else path for path in changed if not path.startswith(CODE)]
    return _join_first([*([f"code of {_join_first(packages)}"] if packages else []), *rest])


def _join_first(names: Sequence[str]) -> str:
    shown = ", ".join(names[:MAX_CHANGES])
    return f"{shown} and {len(names) - MAX_CHANGES} more" if len(names) > MAX_CHANGES else shown
