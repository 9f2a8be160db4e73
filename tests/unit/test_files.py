"""core.files: writes are atomic, and damaged files are named. Tables are in test_files_tables."""

from __future__ import annotations

import json
import math
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flight_delay.core import files
from flight_delay.core.errors import UserError


@contextmanager
def no_file_above(size: int) -> Iterator[None]:
    """A disk that is too full: the operating system refuses to let a file grow beyond `size` bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def content(folder: Path) -> dict[str, str]:
    """Everything below a folder, hidden files too."""
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_a_write_that_fails_leaves_the_old_content_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "numbers.txt"
    files.write_text(path, "old")
    with no_file_above(100), pytest.raises(OSError, match="too large"):
        files.write_text(path, "new" * 1000)
    assert content(tmp_path) == {"numbers.txt": "old"}


def test_a_write_does_not_reach_through_to_other_links_of_the_file(tmp_path: Path) -> None:
    files.write_text(tmp_path / "model", "old")
    os.link(tmp_path / "model", tmp_path / "cached")  # as DVC's cache may do
    files.write_text(tmp_path / "model", "new")
    assert content(tmp_path) == {"model": "new", "cached": "old"}


def test_a_folder_whose_writing_fails_vanishes_and_the_old_one_stays(tmp_path: Path) -> None:
    def write(name: str, last: str) -> None:
        with files.atomic_directory(tmp_path / "out") as folder:
            files.write_text(folder / name, name)
            files.write_json(folder / "last.json", last)

    write("old", "fine")
    with pytest.raises(TypeError):
        write("new", object())  # type: ignore[arg-type]
    assert content(tmp_path) == {"out/old": "old", "out/last.json": '"fine"\n'}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_what_a_killed_process_left_behind_is_cleared_away(tmp_path: Path) -> None:
    killed = files.atomic_directory(tmp_path / "out")
    files.write_text(killed.__enter__() / "half.txt", "half")  # and never left: as if killed
    with files.atomic_directory(tmp_path / "out") as folder:
        files.write_text(folder / "whole.txt", "whole")
    assert content(tmp_path) == {"out/whole.txt": "whole"}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_json_has_no_nan_and_no_infinity(tmp_path: Path, value: float) -> None:
    files.write_json(tmp_path / "metrics.json", {"roc_auc": 0.5})
    with pytest.raises(ValueError, match="not JSON compliant"):
        files.write_json(tmp_path / "metrics.json", {"roc_auc": value})
    assert files.read_json(tmp_path / "metrics.json") == {"roc_auc": 0.5}


def test_json_keeps_the_order_of_keys_and_every_letter(tmp_path: Path) -> None:
    files.write_json(tmp_path / "a.json", {"b": 1, "a": "é"})
    assert (tmp_path / "a.json").read_text("utf-8") == '{\n  "b": 1,\n  "a": "é"\n}\n'
    assert list(files.read_json(tmp_path / "a.json")) == ["b", "a"]


@pytest.mark.parametrize(
    ("read", "content"),
    [
        *product([files.read_json, files.read_csv_rows, files.read_csv_columns], [None, b"", b"\xff\xfe"]),
        (files.read_json, b'{"a": 1'),
        (files.read_csv_columns, b"a,b\n"),
        *((files.read_csv_rows, content) for content in (b"a,b\n1\n", b"a,b\n1,x\n")),
    ],
)
def test_a_missing_or_damaged_file_is_named(tmp_path: Path, read: Any, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "a").write_bytes(content)
    with pytest.raises(UserError, match=r"/a: "):
        read(tmp_path / "a")


def test_rows_are_read_as_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "new/folder/a.csv"
    files.write_csv(path, ["by", "label", "flights", "low"], [("carrier", "9E", 300, -1.5), ("flight", "1e5", 2, None)])
    assert files.read_csv_rows(path, {"by", "label"}) == [
        {"by": "carrier", "label": "9E", "flights": 300, "low": -1.5},
        {"by": "flight", "label": "1e5", "flights": 2, "low": None},
    ]
    files.write_csv(path, ["round", "loss"], [(1, 0.5), (2, 0.25)])
    assert files.read_csv_columns(path) == {"round": [1, 2], "loss": [0.5, 0.25]}


def test_csv_has_six_digits_and_unix_line_ends(tmp_path: Path) -> None:
    rows = [["2013-01", 1 / 3, 1_234_567], ["2013-02", np.float64(2e-7) / 3, 0], ["a,b", 0.5, True]]
    files.write_csv(tmp_path / "a.csv", ["month", "share", "rows"], rows)
    expected = b'month,share,rows\n2013-01,0.333333,1234567\n2013-02,6.66667e-08,0\n"a,b",0.5,True\n'
    assert (tmp_path / "a.csv").read_bytes() == expected


def test_rounding_leaves_counts_alone_and_makes_plain_floats() -> None:
    values = files.round_values({"rows": 12_345_678, "roc_auc": np.float64(0.123456789)})
    assert values == {"rows": 12_345_678, "roc_auc": 0.123457}
    assert json.dumps(values) == '{"rows": 12345678, "roc_auc": 0.123457}'
