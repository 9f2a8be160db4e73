"""Run stages and commands: logging, timing and one-line errors.

Durations and memory go to the log and to `logs/` (not tracked), never into an output.
"""

from __future__ import annotations

import errno
import fcntl
import io
import json
import logging
import os
import resource
import sys
import time
import zoneinfo
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from tqdm import tqdm

from flight_delay.core.errors import UserError
from flight_delay.core.files import write_text

LOGS = Path("logs")
LEVEL_VARIABLE = "FLIGHT_DELAY_LOG"
# Errors of the operating system that a user can resolve; others are bugs.
_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NO_PERMISSION = {errno.EACCES, errno.EPERM, errno.EROFS}

log = logging.getLogger("flight_delay")
T = TypeVar("T")


def run_stage(name: str, work: Callable[[], int]) -> None:
    """Run a stage and exit; see `run_with_error_handling`.

    `work` returns the number of rows.
    """
    sys.exit(run_with_error_handling(name, lambda: _run_timed(name, work)))


def run_with_error_handling(name: str, work: Callable[[], int]) -> int:
    """Call `work` with logging set up and return its exit code.

    Errors of the user become one line on stderr and code 2; Ctrl-C becomes one line and code 130, as in shells.
    """
    _prepare_standard_streams()
    level = os.environ.get(LEVEL_VARIABLE, "INFO").upper()
    if level not in logging.getLevelNamesMapping():
        print(
            f"{name}: error: {LEVEL_VARIABLE}={level}: no such log level; choose DEBUG, INFO, WARNING or ERROR",
            file=sys.stderr,
        )
        return 2
    logging.basicConfig(stream=sys.stderr, format="%(message)s", level=level, force=True)
    # Time zones come from the locked tzdata package, not from the machine.
    zoneinfo.reset_tzpath(to=())
    try:
        return work()
    except UserError as error:
        print(f"{name}: error: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print(f"{name}: interrupted; unfinished outputs are unchanged", file=sys.stderr)
        return 130
    except OSError as error:
        if error.errno not in _NO_SPACE | _NO_PERMISSION:
            raise
        path = error.filename or Path.cwd()
        advice = "free some space" if error.errno in _NO_SPACE else "check the permissions"
        print(f"{name}: error: {path}: {os.strerror(error.errno)}; {advice} and run it again", file=sys.stderr)
    return 2


def track_progress(items: Sequence[T], unit: str) -> Iterator[T]:
    """Yield items with a progress bar on a terminal, elsewhere a line per item."""
    if sys.stderr.isatty():
        yield from tqdm(items, unit=unit, leave=False)
        return
    for number, item in enumerate(items, start=1):
        yield item
        log.info("  %s %s (%d of %d)", unit, item, number, len(items))


def read_timings() -> dict[str, dict[str, float]]:
    """Read seconds, peak memory in MiB and rows by stage since `clear_timings`."""
    return {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(LOGS.glob("*.json"))}


def clear_timings() -> None:
    """Remove the timings, so that a stage from the cache gets none."""
    for path in LOGS.glob("*.json"):
        path.unlink()


def peak_memory_mib() -> float:
    """Return the peak memory of this process in MiB."""
    status = Path("/proc/self/status")
    if status.exists():
        # Unlike that of getrusage, this peak does not include that of the parent process.
        return next(
            int(line.split()[1]) / 1024 for line in status.read_text("utf-8").splitlines() if line.startswith("VmHWM")
        )
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)  # macOS counts bytes


def _prepare_standard_streams() -> None:
    """Open those that are closed, and keep output from failing for its encoding."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            stream = open(os.devnull, mode, encoding="utf-8")  # noqa: PTH123, SIM115 (gets the descriptor that is closed)
            os.set_inheritable(stream.fileno(), True)
            setattr(sys, name, stream)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A file is the same in all locales; a terminal shows a question mark for what it does not have.
        sys.stdout.reconfigure(encoding=None if sys.stdout.isatty() else "utf-8", errors="replace")


@contextmanager
def _stage_lock(name: str) -> Iterator[None]:
    """Hold the lock of a stage.

    If only `dvc` is killed, its stage continues while the next run starts.
    """
    LOGS.mkdir(exist_ok=True)
    with (LOGS / f"{name}.lock").open("w", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            log.info("%s: waiting for another process that runs it", name)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _run_timed(name: str, work: Callable[[], int]) -> int:
    with _stage_lock(name):
        log.info("%s: start", name)
        started = time.perf_counter()
        rows = work()
        seconds = time.perf_counter() - started
    peak_mib = peak_memory_mib()
    log.info("%s: done, %s rows, %.1f s, peak memory %.0f MiB", name, f"{rows:,}", seconds, peak_mib)
    record = {"seconds": round(seconds, 2), "peak_memory_mib": round(peak_mib, 1), "rows": rows}
    write_text(LOGS / f"{name}.json", json.dumps(record) + "\n")
    return 0
