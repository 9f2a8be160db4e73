"""Write files of a source, and fetch them into monthly files."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pyarrow.parquet as pq

from flight_delay.core.incremental import MonthlyFolder, monthly_folder
from flight_delay.core.months import month_path

T = TypeVar("T")


def as_csv(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([columns, *rows])
    return text.getvalue().encode()


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", method) as file:
        for name, content in members:
            file.writestr(name, content)
    return archive.getvalue()


def fetch_files(root: Path, files: Mapping[str, bytes], fetch: Callable[[Path, MonthlyFolder], T]) -> T:
    """Write files into external/, and fetch them into raw/flights; whatever happens, nothing else stays in raw/."""
    for name in ("external", "raw/flights"):
        (root / name).mkdir(parents=True)
    for name, content in files.items():
        (root / "external" / name).write_bytes(content)
    try:
        with monthly_folder(root / "raw/flights", "code") as flights:
            result = fetch(root / "external", flights)
    finally:
        assert [path.name for path in (root / "raw").iterdir()] == ["flights"]
    for month, written in flights.months.items():
        assert written.result == {"rows": pq.read_metadata(month_path(root / "raw/flights", month)).num_rows}
    return result
