"""The folder of states: write one, and make one the current one."""

from __future__ import annotations

import datetime
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
from filelock import FileLock

from flight_delay.core.errors import UserError
from flight_delay.core.files import read_bytes, sha256, write_bytes, write_json, write_table
from flight_delay.model.bundle import load_bundle
from flight_delay.serving.state import (
    AIRPORTS,
    HISTORY,
    ID_LENGTH,
    MODEL,
    REFERENCE,
    SHADOW,
    STATE_FILE,
    TIMETABLE,
    State,
    StateManifest,
    code_digest,
    load_folder,
    load_state,
    read_manifest,
)

CURRENT = "current"


class StateContents(NamedTuple):
    """What a state is written from; tables have the schemas of `inputs`.

    `model` and `shadow` are folders of bundles; `reference` is the file of the reference values of explanations.
    """

    as_of: datetime.date
    timetable: pa.Table
    counts: pa.Table
    airports: pa.Table
    model: Path
    model_version: str
    reference: Path
    shadow: Path | None = None
    shadow_version: str | None = None


def write_state(states: Path, contents: StateContents, max_days_behind: int) -> str:
    """Write a state completely or not at all, and return its id.

    The same contents give the same id; a state that exists is left as it is.
    """
    states.mkdir(parents=True, exist_ok=True)
    with _temporary_folder(states) as folder:
        write_table(folder / TIMETABLE, contents.timetable)
        write_table(folder / HISTORY, contents.counts)
        write_table(folder / AIRPORTS, contents.airports)
        for name, source in ((MODEL, contents.model), (SHADOW, contents.shadow)):
            for path in sorted(source.glob("[!.]*")) if source else ():
                write_bytes(folder / name / path.name, read_bytes(path))
        write_bytes(folder / REFERENCE, read_bytes(contents.reference))
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        manifest = StateManifest(
            format=1,
            as_of=contents.as_of.isoformat(),
            max_days_behind=max_days_behind,
            model_version=contents.model_version,
            shadow_version=contents.shadow_version,
            bundle=load_bundle(folder / MODEL).checksum,
            code=code_digest(),
            files={path.relative_to(folder).as_posix(): sha256(path) for path in files},
        )
        write_json(folder / STATE_FILE, manifest.model_dump(mode="json"))
        state_id = sha256(folder / STATE_FILE)[:ID_LENGTH]
        load_folder(folder, state_id)  # what cannot be loaded is not published
        try:
            folder.rename(states / state_id)
        except OSError:
            if not (states / state_id).is_dir():  # it is there if it was written before, or by another process
                raise
    return state_id


def read_pointer(states: Path) -> tuple[str, int] | None:
    """Read the id of the current state and its time (ns); None without one.

    Both are of one open file, since another process may replace it at any time.
    """
    try:
        with (states / CURRENT).open(encoding="utf-8", errors="replace") as file:
            return file.read().strip(), os.fstat(file.fileno()).st_mtime_ns
    except FileNotFoundError:
        return None


def read_current(states: Path) -> str | None:
    """Read the id of the current state; None if there is none."""
    pointer = read_pointer(states)
    return pointer[0] if pointer else None


def activate(states: Path, state_id: str) -> State:
    """Make a state the current one, which servers load.

    Raises:
        UserError: it is damaged, was built by other code, or is older than the current one.
    """
    state = load_state(states, state_id)
    with FileLock(states / ".lock"):
        current = read_current(states)
        if manifest := read_manifest(states, current) if current else None:
            require_not_older(state, manifest)
        write_bytes(states / CURRENT, f"{state_id}\n".encode())
    return state


def require_not_older(state: State, current: StateManifest) -> None:
    """Check that a state is not older than the current one.

    Raises:
        UserError: its cut-off is earlier.
    """
    if state.manifest.as_of < current.as_of:
        raise UserError(
            f"state {state.id}: as of {state.manifest.as_of}, older than the current one ({current.as_of}); build one "
            f"with `--as-of {current.as_of}` or later"
        )


@contextmanager
def _temporary_folder(states: Path) -> Iterator[Path]:
    folder = states / f".{uuid.uuid4().hex}.partial"
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
