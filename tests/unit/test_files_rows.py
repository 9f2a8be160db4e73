"""core.files: tables of other stages as rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from flight_delay.core.errors import UserError
from flight_delay.core.files import read_rows, write_csv


def test_rows_are_read_as_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    write_csv(path, ["by", "label", "flights", "low"], [("carrier", "9E", 300, -1.5), ("flight", "1e5", 2, None)])
    assert read_rows(path, {"by", "label"}) == [
        {"by": "carrier", "label": "9E", "flights": 300, "low": -1.5},
        {"by": "flight", "label": "1e5", "flights": 2, "low": None},
    ]


@pytest.mark.parametrize(
    "content", ["", "a,b\n1\n", "a,b\n1,x\n", "a\n\xff\n"], ids=["empty", "short", "text", "bytes"]
)
def test_what_is_no_such_table_is_refused_by_name(content: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(UserError, match=r"/a\.csv: "):
        read_rows(path)


def test_a_missing_table_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"/a\.csv: "):
        read_rows(tmp_path / "a.csv")
