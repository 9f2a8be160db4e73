"""Keep monthly files of a former run whose inputs and code are unchanged.

DVC leaves the former files in place if the output has `persist: true`. A hidden file beside them, which .dvcignore
excludes, records what each was made from. Where it is missing, unreadable or of other code, nothing is kept.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import sys
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, cast

from flight_delay.core.files import atomic_directory, sha256, write_bytes, write_json
from flight_delay.core.months import month_path
from flight_delay.core.params import Parameters, read_params

RECORD = ".months.json"

log = logging.getLogger(__name__)


class RecordedMonth(Parameters):
    """A written month.

    Attributes:
        inputs: what its file was made from, besides the code.
        sha256: of the file.
        result: what the stage knows of it, such as the number of rows.
    """

    inputs: list[str]
    sha256: str
    result: dict[str, Any]


class Record(Parameters):
    """What a run knows: by month, and the months of each input that it read."""

    code: str
    months: dict[str, RecordedMonth]
    months_of_inputs: dict[str, list[str]]


class MonthlyFolder:
    """A folder of monthly files in the making, beside that of the former run.

    `months_of_inputs` has the months of inputs by content, as the former run knew them; add those that are read.
    """

    def __init__(self, path: Path, former_path: Path, former: Record) -> None:
        self.path, self.months_of_inputs = path, dict(former.months_of_inputs)
        self._months: dict[str, RecordedMonth] = {}
        self._former_path, self._former = former_path, former.months

    @property
    def months(self) -> dict[str, RecordedMonth]:
        """Months that are kept or written, in order."""
        return dict(sorted(self._months.items()))

    def keep(self, month: str, inputs: Sequence[str]) -> bool:
        """Keep the former run's file if it has these inputs and is undamaged.

        Args:
            month: as in '2013-01'.
            inputs: content of everything but the code that the file depends on, in order; of other months too if it
                depends on them.
        """
        former = self._former.get(month)
        if former is None or former.inputs != list(inputs) or not self._link(month, former.sha256):
            return False
        self._months[month] = former
        return True

    def add(self, month: str, inputs: Sequence[str], result: Mapping[str, Any]) -> None:
        """Record a month that is written; keep the former file if it is the same."""
        checksum = sha256(month_path(self.path, month))
        self._months[month] = RecordedMonth(inputs=list(inputs), sha256=checksum, result=dict(result))
        self._link(month, checksum)

    def write(self, month: str, inputs: Sequence[str], content: bytes, result: Mapping[str, Any] | None = None) -> None:
        """Write the file of a month, and record it."""
        write_bytes(month_path(self.path, month), content)
        self.add(month, inputs, result or {})

    def _link(self, month: str, checksum: str) -> bool:
        """Put a former file here, with its inode and time, if it has a checksum."""
        former, path = month_path(self._former_path, month), month_path(self.path, month)
        if not former.is_file() or sha256(former) != checksum:
            return False
        path.unlink(missing_ok=True)
        try:
            os.link(former.resolve(), path)
        except OSError:  # not on this file system
            shutil.copy2(former, path)
        return True


def changed_months(folders: Sequence[MonthlyFolder], inputs: Mapping[str, Sequence[str]]) -> list[str]:
    """List months that some folder cannot keep; keep the others.

    Args:
        folders: each has a file of every month.
        inputs: of every month, see `MonthlyFolder.keep`.
    """
    changed = []
    for month, needed in inputs.items():
        is_kept = [folder.keep(month, needed) for folder in folders]
        if not all(is_kept):
            changed.append(month)
    if kept := len(inputs) - len(changed):
        log.info("  %d of %d months are unchanged", kept, len(inputs))
    return changed


@contextmanager
def monthly_folder(path: Path, code: str) -> Iterator[MonthlyFolder]:
    """Yield a folder that replaces `path` if the block succeeds.

    Args:
        path: folder of the former run, if any.
        code: of the files, see `code_version`; those of other code are not kept.
    """
    former = Record(code=code, months={}, months_of_inputs={})
    with suppress(OSError, ValueError):
        recorded = Record.model_validate_json((path / RECORD).read_bytes())
        former = recorded if recorded.code == code else former
    with atomic_directory(path) as partial:
        folder = MonthlyFolder(partial, path, former)
        yield folder
        record = Record(code=code, months=folder.months, months_of_inputs=folder.months_of_inputs)
        write_json(partial / RECORD, record.model_dump())


def code_version(stage: str, *settings: str) -> str:
    """Hash what files of a stage depend on besides its data.

    These are its entry in dvc.yaml, its dependencies outside of data/, and installed packages.

    Args:
        stage: name in dvc.yaml.
        settings: parameters on which every file depends.
    """
    entry = cast("dict[str, Any]", read_params(Path("dvc.yaml"))["stages"])[stage]
    paths = [Path(name) for name in entry["deps"] if not name.startswith("data/")]
    files = {
        path for top in paths for path in (top, *top.rglob("*")) if path.is_file() and "__pycache__" not in path.parts
    }
    packages = sorted(path.name for path in Path(sysconfig.get_path("purelib")).glob("*.dist-info"))
    parts = [sys.version, *packages, *settings, repr(entry), *(f"{path} {sha256(path)}" for path in sorted(files))]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
