"""Saying in a few words what is different about a pipeline: the name of its run. Knows nothing of MLflow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

# What most experiments change goes without its section.
MODEL_SECTION = "train_model."
MOST_CHANGES = 3
ABSENT = "none"
CODE = "src/flight_delay/"


def parameter_changes(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """Which parameters have other values, such as 'max_depth 6→4, decide.calibration none→sigmoid'; '' if none has.

    Args:
        before: value by dotted name of the parameter.
        after: the same, of what is to be named; its order decides about the order of changes.
    """
    names = [*after, *(name for name in before if name not in after)]
    changes = [
        f"{name.removeprefix(MODEL_SECTION)} {before.get(name, ABSENT)}→{after.get(name, ABSENT)}"
        for name in names
        if before.get(name) != after.get(name)
    ]
    return _first(changes)


def other_changes(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """Which code, requirements or data are others, such as 'code of features, model'; '' if none are.

    Args:
        before: checksum by path of what a pipeline is given, code and raw data.
        after: the same, of what is to be named.
    """
    changed = [path for path in sorted({*before, *after}) if before.get(path) != after.get(path)]
    code = [path.removeprefix(CODE).removesuffix(".py") for path in changed if path.startswith(CODE)]
    # A stage whose library changed as well is not worth a word.
    folders = [name for name in code if not name.startswith("stages/")] or code
    rest = ["requirements" if path == "requirements.txt" else path for path in changed if not path.startswith(CODE)]
    return _first([*([f"code of {_first(folders)}"] if folders else []), *rest])


def _first(words: Sequence[str]) -> str:
    shown = ", ".join(words[:MOST_CHANGES])
    return f"{shown} and {len(words) - MOST_CHANGES} more" if len(words) > MOST_CHANGES else shown
