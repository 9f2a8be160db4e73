"""The folder of states, one of which is the current one."""

from __future__ import annotations

import os
from pathlib import Path

from filelock import FileLock

from flight_delay.core.errors import UserError
from flight_delay.core.files import write_bytes
from flight_delay.serving.state import State, StateManifest, load_state, read_manifest

CURRENT = "current"


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
