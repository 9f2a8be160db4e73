"""data.sources.spool: rows wait on disk until they are sorted, and how they waited leaves no trace."""

from __future__ import annotations

import resource
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from external_files import as_csv, fetch_files

from flight_delay.core.incremental import monthly_folder
from flight_delay.data.sources import bts, csv_text, spool

COLUMNS = ["Year", "Month", "FlightNum", "TailNum"]
LAYOUTS = {"bts_classic": ["Year", "Month"]}


def flights_of(*dates: tuple[int, int]) -> bytes:
    """A file with a flight for each (Year, Month)."""
    return as_csv(COLUMNS, [[*date, number, f"N{number}"] for number, date in enumerate(dates)])


@pytest.fixture
def fetch(tmp_path: Path) -> Callable[..., Path]:
    """Fetches one file in a folder of its own; returns the folder of its months."""

    def fetch_content(content: bytes, last_month: str = "2013-01") -> Path:
        root = Path(tempfile.mkdtemp(dir=tmp_path))
        fetch_files(root, {"a.csv": content}, partial(bts.fetch_bts, layouts=LAYOUTS, last_month=last_month))
        return root / "raw/flights"

    return fetch_content


def test_bytes_do_not_tell_how_rows_were_read(fetch, tmp_path, monkeypatch):
    dates = [(2012 + n % 2, 1 + n % 3) for n in range(500)]
    monkeypatch.setattr(spool, "ROW_GROUP_ROWS", 30)
    for block_bytes, spool_bytes in [(1 << 20, 1 << 25), (1 << 20, 1), (200, 1), (1000, 5000)]:
        monkeypatch.setattr(csv_text, "BLOCK_BYTES", block_bytes)
        monkeypatch.setattr(spool, "SPOOL_BYTES", spool_bytes)
        months = fetch(flights_of(*dates), "2013-03")
    assert len(list(months.glob("*.parquet"))) == 6
    for month in (path.stem for path in months.glob("*.parquet")):
        paths = list(tmp_path.rglob(f"{month}.parquet"))
        assert len(paths) == 4
        assert len({path.read_bytes() for path in paths}) == 1
        groups = pq.read_metadata(paths[0])
        rows = sum(f"{year}-{number:02d}" == month for year, number in dates)
        assert [groups.row_group(n).num_rows for n in range(groups.num_row_groups)] == [30, 30, rows - 60]


def test_bytes_do_not_tell_how_rows_were_read_where_they_fill_many_pages(fetch, tmp_path, monkeypatch):
    text = as_csv(["Month", "Year", *COLUMNS[2:]], [[1, 2013, 3, f"N{row:060}"] for row in range(70_000)])
    for block_bytes in (1 << 20, 60_000):
        monkeypatch.setattr(csv_text, "BLOCK_BYTES", block_bytes)
        monkeypatch.setattr(spool, "SPOOL_BYTES", block_bytes)
        fetch(text)
    paths = list(tmp_path.rglob("2013-01.parquet"))
    assert len({path.read_bytes() for path in paths}) == 1
    assert pq.read_metadata(paths[0]).row_group(0).num_rows == 65_536


def test_many_months_do_not_need_many_open_files(fetch, monkeypatch):
    monkeypatch.setattr(spool, "SPOOL_BYTES", 1)
    dates = [(year, month) for year in range(1990, 2000) for month in range(1, 13)]
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(int(path.name) for path in Path("/dev/fd").iterdir())
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 20, hard))
    try:
        months = fetch(flights_of(*dates, *dates), "1999-12")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert [pq.read_metadata(path).num_rows for path in months.glob("*.parquet")] == [2] * 120


def test_what_a_killed_process_left_behind_does_not_count(tmp_path):
    left = tmp_path / "raw/.spool.partial/2013-01"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half")
    (tmp_path / "raw/flights").mkdir()
    (tmp_path / "a.csv").write_bytes(flights_of((2013, 1)))
    with monthly_folder(tmp_path / "raw/flights", "code") as flights:
        bts.fetch_bts(tmp_path, flights, LAYOUTS, "2013-01")
    assert pq.read_metadata(tmp_path / "raw/flights/2013-01.parquet").num_rows == 1
    assert not left.parent.exists()


@pytest.mark.parametrize("spool_bytes", [1, 1 << 25])
def test_a_full_disk_is_not_the_fault_of_the_file(tmp_path, monkeypatch, spool_bytes):
    monkeypatch.setattr(spool, "SPOOL_BYTES", spool_bytes)
    (tmp_path / "raw/flights").mkdir(parents=True)
    rows = [[2013, 1, *np.random.default_rng(row).random(7)] for row in range(2000)]
    (tmp_path / "a.csv").write_bytes(as_csv([*COLUMNS[:2], *"ABCDEFG"], rows))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(OSError, match="too large"), monthly_folder(tmp_path / "raw/flights", "code") as flights:
            bts.fetch_bts(tmp_path, flights, LAYOUTS, "2013-01")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not (tmp_path / "raw/.spool.partial").exists()
