"""Whether a dvc.lock tells the truth about its own commit: code, parameters, requirements, and the files that are in git.
Without data: what is not in git is compared between the entries of the lock alone."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Collection, Mapping
from typing import Any

import yaml

from flight_delay.core.errors import UserError
from flight_delay.core.params import PARAMS_FILE, flattened
from flight_delay.review.clean_clone import CleanClone
from flight_delay.vcs.lock import LOCK_FILE, PUBLISH, Stages, read_lock


def find_stale_entries(clone: CleanClone) -> list[str]:
    """What the dvc.lock of a clone says that is not so in its commit, in words, in the order of the pipeline.

    DVC compares code, parameters, commands and files that are there (`dvc status`). It is silent on what is not there, and
    on outputs that were declared or taken away since: those are compared here (a wish of its users: treeverse/dvc#5369,
    #9818).

    Raises:
        UserError: the lock or the pipeline cannot be read.
    """
    declared = yaml.safe_load((clone.root / "dvc.yaml").read_text("utf-8"))["stages"]
    given = yaml.safe_load((clone.root / PARAMS_FILE).read_text("utf-8"))
    lock = read_lock(clone.root / LOCK_FILE)
    try:
        status = json.loads(clone.dvc("status", "--json") or "{}")
    except subprocess.CalledProcessError:
        raise UserError(
            f"`dvc status` fails in a clean clone of {clone.commit[:10]} (see above); mend dvc.yaml and commit it"
        ) from None
    made = {out["path"] for entry in lock.values() for out in entry.get("outs", [])}
    found = []
    for stage in (name for name in declared if name != PUBLISH):
        if stage in lock:
            said = _changed(status.get(stage, []), _params(lock[stage]), given, made)
            said |= _redeclared(declared[stage], lock[stage])
            found += [f"{stage}: {path} {what}" if path else f"{stage}: {what}" for path, what in said.items()]
            found += [f"{stage}: {what}" for what in _disagreements(stage, lock)]
        else:
            found.append(f"{stage}: never run")
    return found + [f"{stage}: not in dvc.yaml" for stage in lock if stage not in declared]


def _redeclared(declared: Mapping[str, Any], entry: Mapping[str, Any]) -> dict[str, str]:
    """Paths that a stage names in dvc.yaml and not in the lock, or the other way round, and which."""
    listed = {
        "dependency": (declared.get("deps", []), [of["path"] for of in entry.get("deps", [])]),
        "parameter": (declared.get("params", []), list(_params(entry))),
        "output": (
            [of for key in ("outs", "metrics", "plots") for of in declared.get(key, [])],
            [of["path"] for of in entry.get("outs", [])],
        ),
    }
    found: dict[str, str] = {}
    for kind, (now, recorded) in listed.items():
        names = [of if isinstance(of, str) else next(iter(of)) for of in now]
        found |= {name: f"is a new {kind}" for name in names if name not in recorded}
        found |= {name: f"is no {kind} any more" for name in recorded if name not in names}
    return found


def _changed(
    status: list[Any], then: Mapping[str, Any], now: Mapping[str, Any], made: Collection[str]
) -> dict[str, str]:
    """What DVC finds changed about a stage, by path, but for data that are not there; parameters by their names.

    Args:
        status: of the stage, as DVC has it.
        then: sections of parameters in the lock.
        now: sections of parameters in the commit.
        made: paths that stages write. Without data, DVC calls one that is read 'deleted', and one that is written and kept
            in its cache 'not in cache'; 'deleted' outputs are those that git should have.
    """
    found: dict[str, str] = {}
    for part in status:
        if isinstance(part, str):
            found[""] = f"{part.removeprefix('changed ')} changed"
            continue
        for kind, paths in part.items():
            for path, how in paths.items():
                if isinstance(how, Mapping):
                    before = flattened({section: then[section] for section in how if section in then})
                    after = flattened({section: now[section] for section in how if section in now})
                    for name in {**after, **before}:
                        if before.get(name) != after.get(name):
                            found[name] = f"is {after.get(name, 'gone')}, was {before.get(name, 'not there')}"
                elif how == "deleted" and (kind == "changed outs" or path not in made):
                    found[path] = "is missing"
                elif how not in {"deleted", "not in cache"}:
                    found[path] = "changed" + (" after it was written" if kind == "changed outs" else "")
    return found


def _params(entry: Mapping[str, Any]) -> dict[str, Any]:
    return dict(entry.get("params", {}).get(str(PARAMS_FILE), {}))


def _disagreements(stage: str, lock: Stages) -> list[str]:
    """Where a stage has read another version of a file than the one that is recorded as written."""
    written = {out["path"]: (out.get("md5"), name) for name, entry in lock.items() for out in entry.get("outs", [])}
    read = {dep["path"]: dep.get("md5") for dep in lock.get(stage, {}).get("deps", [])}
    return [
        f"{path} was read in another version than {written[path][1]} wrote"
        for path, md5 in read.items()
        if path in written and written[path][0] != md5
    ]
