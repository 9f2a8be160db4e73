"""Making every artefact of a commit again, in a clean clone without any cache, and comparing it byte for byte."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import yaml

from flight_delay.core.errors import UserError
from flight_delay.repository.git import git
from flight_delay.repository.lock import LOCK_FILE, PUBLISH, Stages, read_lock

# The packages whose versions decide what bytes come out.
PACKAGES = ("dvc", "numpy", "pandas", "pyarrow", "scikit-learn", "xgboost", "shap", "matplotlib")


class Checked(NamedTuple):
    """An output: its MD5 in the commit's dvc.lock and the one that it has now (None: there is none)."""

    stage: str
    output: str
    then: str | None
    now: str | None

    @property
    def same(self) -> bool:
        """Whether it was reproduced."""
        return self.then is not None and self.then == self.now


class Verified(NamedTuple):
    """What came of verifying a commit. `stale` says where its dvc.lock does not tell the truth about its own inputs."""

    commit: str
    outputs: list[Checked]
    stale: list[str]

    @property
    def same(self) -> bool:
        """Whether every output was reproduced, from inputs that are the ones that dvc.lock names."""
        return all(output.same for output in self.outputs) and not self.stale


def verify(revision: str = "HEAD") -> Verified:
    """Clone a commit into a temporary folder, run all its stages but `publish` from raw data, and compare.

    The user's checkout, cache and MLflow are not touched. Progress goes to stderr.

    Raises:
        UserError: there is no such commit, it has no dvc.lock, or a stage fails.
    """
    commit = _resolved(revision)
    with tempfile.TemporaryDirectory(prefix="flight-delay-verify-") as folder:
        clone = Path(folder) / "clone"
        git("clone", "--quiet", "--no-checkout", git("rev-parse", "--show-toplevel"), str(clone))
        git("checkout", "--quiet", "--detach", commit, cwd=clone)
        then = read_lock(clone / LOCK_FILE)
        _run_stages(clone)
        now = read_lock(clone / LOCK_FILE)
    return Verified(commit, compare_outputs(then, now), compare_inputs(then, now))


def compare_outputs(then: Stages, now: Stages) -> list[Checked]:
    """Every output that either of two lock files names, with both checksums."""
    checked = []
    for stage in dict.fromkeys([*now, *then]):
        if stage != PUBLISH:
            before, after = (_checksums(stages.get(stage, {}).get("outs", [])) for stages in (then, now))
            checked += [
                Checked(stage, path, before.get(path), after.get(path)) for path in dict.fromkeys([*after, *before])
            ]
    return checked


def compare_inputs(then: Stages, now: Stages) -> list[str]:
    """What a lock file says of commands, parameters, code and requirements that is not so in its commit, in words."""
    stale = []
    for stage in (name for name in now if name != PUBLISH):
        before, after = then.get(stage, {}), now[stage]
        if before.get("cmd") != after.get("cmd"):
            stale.append(f"{stage}: command")
        old, new = (_checksums(entry.get("deps", [])) for entry in (before, after))
        made = {path for entry in now.values() for path in _checksums(entry.get("outs", []))}
        stale += [f"{stage}: {path}" for path in sorted({*old, *new} - made) if old.get(path) != new.get(path)]
        old_params, new_params = (entry.get("params", {}) for entry in (before, after))
        if old_params != new_params:
            stale.append(f"{stage}: parameters")
    return stale


def table(verified: Verified) -> str:
    """The outcome in words: platform, packages, an output per line, and a verdict."""
    width = max(len(output.output) for output in verified.outputs)
    stage_width = max(len(output.stage) for output in verified.outputs)
    lines = [
        f"commit    {verified.commit}",
        f"platform  {platform.platform()}, {os.cpu_count()} CPUs, Python {platform.python_version()}",
        f"packages  {', '.join(f'{name} {version(name)}' for name in PACKAGES)}",
        "",
        f"{'stage':{stage_width}}  {'output':{width}}  {'md5 in dvc.lock':36}  {'md5 now':36}",
    ]
    lines += [
        f"{o.stage:{stage_width}}  {o.output:{width}}  {o.then or '-':36}  {o.now or '-':36}  {'same' if o.same else 'DIFFERENT'}"
        for o in verified.outputs
    ]
    lines += ["", *(f"dvc.lock does not fit the commit: {entry}" for entry in verified.stale)]
    different = [output.output for output in verified.outputs if not output.same]
    if different:
        lines.append(f"{len(different)} of {len(verified.outputs)} outputs are different: {', '.join(different)}")
    elif verified.stale:
        lines.append("every output is the same, but dvc.lock is out of date: run `dvc repro` and commit it")
    else:
        lines.append(f"all {len(verified.outputs)} outputs are reproduced byte for byte")
    return "\n".join(lines)


def clean_environment(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment without what would lead to the user's DVC, MLflow or git state, and with this interpreter first."""
    kept = {
        name: value
        for name, value in environment.items()
        if not name.startswith(("DVC_", "MLFLOW_", "GIT_")) and name not in {"PYTHONPATH", "PYTHONHOME"}
    }
    return {**kept, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', os.defpath)}"}


def _run_stages(clone: Path) -> None:
    environment = clean_environment()
    dvc = [sys.executable, "-m", "dvc"]
    # Whatever cache and remotes this machine's own configuration names, the clone uses a cache of its own, which is empty.
    for setting in (
        ["cache.dir", str(clone / ".dvc/cache")],
        ["core.analytics", "false"],
        ["core.site_cache_dir", str(clone / ".dvc/site")],
    ):
        subprocess.run([*dvc, "config", "--quiet", "--local", *setting], cwd=clone, env=environment, check=True)
    # Without its lock DVC has nothing to believe: every stage runs.
    (clone / LOCK_FILE).unlink()
    stages = [name for name in yaml.safe_load((clone / "dvc.yaml").read_text("utf-8"))["stages"] if name != PUBLISH]
    # Standard output is the table's; what DVC and the stages say is progress.
    done = subprocess.run(
        [*dvc, "repro", "--force", "--no-run-cache", *stages],
        cwd=clone,
        env=environment,
        stdout=sys.stderr,
        check=False,
    )
    if done.returncode:
        raise UserError(
            "a stage failed in the clean clone (see above), so nothing could be compared; mend it and commit"
        )


def _resolved(revision: str) -> str:
    try:
        return git("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    except UserError:
        raise UserError(
            f"there is no commit '{revision}' here; `git log --oneline` lists them, `git fetch` brings more"
        ) from None


def _checksums(entries: list[dict[str, str]]) -> dict[str, str | None]:
    return {entry["path"]: entry.get("md5") for entry in entries}
