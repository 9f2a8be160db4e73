"""The wording of review.diff."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from flight_delay.review.diff.files import compare_files
from flight_delay.review.diff.tables import compare_tables

OLD, NEW = "d41d8cd98f00b204e9800998ecf8427e", "50be5485f84a58d460ffa25ebf1012c7"
PREDICTIONS = {"flight_id": ["a", "b"], "probability": [0.5, 0.25]}


def png(value: int, height: int = 10) -> bytes:
    sink = io.BytesIO()
    Image.fromarray(np.full((height, 20), value, np.uint8)).save(sink, "PNG")
    return sink.getvalue()


@pytest.mark.parametrize(
    ("file", "before", "after", "summary"),
    [
        ("a", b"x", None, "was not reproduced"),
        ("a", None, b"x", "is not in the commit"),
        ("a.bin", b"", b"x\0", None),
        ("a.json", b"[1.5]", b"[1.50]", "the same values, written differently"),
        ("a.json", b'{"a": 0.1, "b": 5}', b'{"a": 0.2, "b": 5.1}', "a 0.1 -> 0.2; largest of 2 numeric differences, beyond 0.001"),
        ("a.json", b'{"a": 0.1}', b'{"a": 0.1001}', "a 0.1 -> 0.1001; no other number differs, within 0.001"),
        ("a.json", b'{"a": "x", "b": "y"}', b'{"a": "y", "b": "z"}', "a 'x' -> 'y'; first of 2 changed values"),
        ("a.json", b'{"a": {"b": 1}}', b'{"a": 1}', "removed: a.b; added: a"),
        ("a.json", b"1", b'"x"', "the document 1 -> 'x'"),
        ("a.csv", b"a,b\n1.5,x\n", b"a,b\n2.5,x\n", "a.0 1.5 -> 2.5; no other number differs, beyond 0.001"),
        ("a", b"a\nb\nc", b"a\nx\nc", "line 2: 'b' -> 'x'; lines: 1 removed, 1 added"),
        ("a.png", png(1), png(1, height=5), "20 x 10 -> 20 x 5 pixels"),
        ("a.png", png(1), png(9), "100.00% of pixels differ by up to 8 of 255, 0.00% visibly"),
    ],
)  # fmt: skip
def test_a_file_is_summarized_in_one_line(
    file: str, before: bytes | None, after: bytes | None, summary: str | None
) -> None:
    sides = [{} if content is None else {file: content} for content in (before, after)]
    (difference,) = compare_files(sides[0], sides[1])
    damaged = f"cannot be compared by content; 0 -> 2 bytes, md5 {OLD} -> {NEW}"
    assert difference.summary == (summary or damaged)


@pytest.mark.parametrize(
    ("before", "after", "summary"),
    [
        (PREDICTIONS, PREDICTIONS, "the same rows, written differently"),
        (PREDICTIONS, {**PREDICTIONS, "probability": [0.5, 0.75]}, "probability differs in 1 of 2 rows by up to 0.5 (mean 0.25), first row 2 (b): 0.25 -> 0.75"),
        ({"a": [2.0]}, {"a": [2.000002]}, "a differs in 1 of 1 rows by up to 2e-06 (mean 2e-06), first row 1: 2 -> 2.000002, within the tolerance"),
        ({"a": [1]}, {"a": [1, 2]}, "1 -> 2 rows"),
        (dict.fromkeys("abcdefg", (True,)), dict.fromkeys("abcdefg", (False,)), "; ".join([*(f"{name} differs in 1 of 1 rows, first row 1: True -> False" for name in "abcde"), "2 more differences"])),
        ({"a": [1], "b": [1]}, {"a": [1], "c": [1]}, "schema: line 2: 'b: int64' -> 'c: int64'; lines: 1 removed, 1 added"),
    ],
)  # fmt: skip
def test_a_table_is_summarized_in_one_line(before: dict[str, Any], after: dict[str, Any], summary: str) -> None:
    assert compare_tables(pa.table(before), pa.table(after), 0.001).summary == summary
