"""Check that a dvc.lock fits code, parameters and files of its commit.

Without data: files that are not in git are compared by the checksums in the lock.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Collection, Mapping
from typing import Any

from flight_delay.core.errors import UserError
from flight_delay.core.params import PARAMS_FILE, flatten, parse_yaml
from flight_delay.review.clean_clone import CleanClone
from flight_delay.vcs.commit_files import CommitFiles
from flight_delay.vcs.lock import LOCK_FILE, PUBLISH, Stages, locked_params, read_lock


def find_stale_entries(clone: CleanClone) -> list[str]:
    """Describe the entries of dvc.lock that do not fit the commit of a clone.

    `dvc status` compares code, parameters, commands and existing files. It does not report missing files, and outputs
    that were added to or removed from dvc.yaml since (treeverse/dvc#5369, #9818): these are compared here.

    Raises:
        UserError: the lock or the pipeline cannot be read.
    """
    declared = parse_yaml((clone.root / "dvc.yaml").read_text("utf-8"))["stages"]
    params = parse_yaml((clone.root / PARAMS_FILE).read_text("utf-8"))
    lock = read_lock(clone.root / LOCK_FILE)
    files = CommitFiles.at(clone.commit)
    try:
        status = json.loads(clone.dvc("status", "--json") or "{}")
    except subprocess.CalledProcessError:
        raise UserError(
            f"`dvc status` fails in a clean clone of {clone.commit[:10]} (see the log above); fix dvc.yaml and commit "
            "it"
        ) from None
    produced = {out["path"] for entry in lock.values() for out in entry.get("outs", [])}
    stale = []
    for stage in (name for name in declared if name != PUBLISH):
        if stage in lock:
            changes = _changed_entries(status.get(stage, []), locked_params(lock[stage]), params, produced)
            # DVC misses data that `dvc add` tracks, alone or in a folder with others: the commit has their checksums.
            inputs = {dep["path"]: dep.get("md5") for dep in lock[stage].get("deps", []) if dep["path"] not in produced}
            changes = {
                path: why for path, why in changes.items() if path not in inputs or files.md5(path) != inputs[path]
            }
            changes |= _redeclared_entries(declared[stage], lock[stage])
            stale += [f"{stage}: {f'{path} {change}'.strip()}" for path, change in changes.items()]
            stale += [f"{stage}: {change}" for change in _version_conflicts(stage, lock)]
        else:
            stale.append(f"{stage}: never run")
    return stale + [f"{stage}: not in dvc.yaml" for stage in lock if stage not in declared]


def _redeclared_entries(declared: Mapping[str, Any], entry: Mapping[str, Any]) -> dict[str, str]:
    """Describe by path what only dvc.yaml or only the lock lists for a stage."""
    outs = [out for key in ("outs", "metrics", "plots") for out in declared.get(key, [])]
    changes: dict[str, str] = {}
    for kind, entries, locked in (
        ("dependency", declared.get("deps", []), [dep["path"] for dep in entry.get("deps", [])]),
        ("parameter", declared.get("params", []), list(locked_params(entry))),
        ("output", outs, [out["path"] for out in entry.get("outs", [])]),
    ):
        names = [name if isinstance(name, str) else next(iter(name)) for name in entries]
        changes |= {name: f"is a new {kind}" for name in names if name not in locked}
        changes |= {name: f"is no longer declared as {kind}" for name in locked if name not in names}
    return changes


def _changed_entries(
    status: list[Any], locked: Mapping[str, Any], params: Mapping[str, Any], produced: Collection[str]
) -> dict[str, str]:
    """Describe what `dvc status` reports for a stage, except missing data.

    Args:
        status: of the stage, from `dvc status --json`.
        locked: sections of parameters in the lock.
        params: sections of parameters in the commit.
        produced: outputs of all stages. Without data, DVC reports them as 'deleted' dependencies, and as outputs 'not
            in cache'; 'deleted' outputs are those that git should have.
    """
    changes: dict[str, str] = {}
    for part in status:
        if isinstance(part, str):
            changes[""] = f"{part.removeprefix('changed ')} changed"
            continue
        for kind, path, state in ((kind, path, state) for kind, paths in part.items() for path, state in paths.items()):
            is_output = kind == "changed outs"
            if isinstance(state, Mapping):
                before, after = (
                    flatten({section: source[section] for section in state if section in source})
                    for source in (locked, params)
                )
                changes |= {
                    name: f"is {after.get(name, 'absent')}, was {before.get(name, 'absent')}"
                    for name in {**after, **before}
                    if before.get(name) != after.get(name)
                }
            elif state == "deleted" and (is_output or path not in produced):
                changes[path] = "is missing"
            elif state not in {"deleted", "not in cache"}:
                changes[path] = "changed after it was written" if is_output else "changed"
    return changes


def _version_conflicts(stage: str, lock: Stages) -> list[str]:
    """Describe files that a stage read in another version than was written."""
    written = {out["path"]: (out.get("md5"), name) for name, entry in lock.items() for out in entry.get("outs", [])}
    return [
        f"{dep['path']} was read in another version than {written[dep['path']][1]} wrote"
        for dep in lock.get(stage, {}).get("deps", [])
        if dep["path"] in written and written[dep["path"]][0] != dep.get("md5")
    ]
