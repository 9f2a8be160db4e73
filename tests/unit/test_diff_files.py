"""review.diff: which files differ, by how much, and whether it matters."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from flight_delay.review.diff.files import TOLERANCE, Difference, compare_files

SUFFIXES = (".json", ".parquet", ".csv", ".png", ".md", ".bin", "")
FILES = st.dictionaries(st.sampled_from([f"a/b{suffix}" for suffix in SUFFIXES]), st.binary(max_size=30))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
GREY = np.full((10, 20, 4), 100, np.uint8)


def compare(before: bytes, after: bytes, file: str = "metrics.json", tolerance: float = TOLERANCE) -> Difference:
    (difference,) = compare_files({file: before}, {file: after}, tolerance)
    return difference


def png(pixels: Any, **options: Any) -> bytes:
    sink = io.BytesIO()
    Image.fromarray(pixels).save(sink, "PNG", **options)
    return sink.getvalue()


def brighter(pixels: int, by: int) -> Any:
    changed = GREY.copy()
    changed.reshape(-1, 4)[:pixels, 1] += np.uint8(by)
    return changed


def page(*plots: bytes, text: str = "") -> bytes:
    tags = [f'<img src="data:image/png;base64,{base64.b64encode(plot).decode()}">' for plot in plots]
    return "\n".join([text, *tags]).encode()


def test_the_largest_numeric_difference_is_compared_with_the_tolerance() -> None:
    before, after = b'{"a": 0.1, "b": {"c": [1, 0.65433]}}', b'{"a": 0.1001, "b": {"c": [1, 0.65343]}}'
    for tolerance, matters in ((0.001, False), (0.0008, True)):
        difference = compare(before, after, tolerance=tolerance)
        assert difference.matters == matters
        assert difference.summary.startswith("b.c.1 0.65433 -> 0.65343; ")
        assert " 2 " in difference.summary
        assert difference.summary.endswith(f" {tolerance}")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[1, 2.5]", "[1.0,25e-1]"),
        ('{"a": 1, "b": {}}', '{"b": {}, "a": 1}'),
        ("[NaN, Infinity, 0.0]", " [NaN, Infinity, -0.0]"),
        ('{"late": 13946}', '{"late": 13947}'),
        ('{"profit": -19.78}', '{"profit": -19.77}'),
    ],
)
def test_other_spellings_and_small_shares_of_numbers_above_one_do_not_matter(before: str, after: str) -> None:
    assert not compare(before.encode(), after.encode()).matters


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ({"a": "none"}, {"a": "sigmoid"}, "a 'none' -> 'sigmoid'"),
        ({"a": True}, {"a": 1}, "a True -> 1"),
        ({"a": 1}, {"a": None}, "a 1 -> None"),
        ({"a": []}, {"a": {}}, "a [] -> {}"),
        ({"a": [1]}, {"a": [1, 2]}, ": a.1"),
        ({"a": {"b": 1}}, {"a": 1}, ": a.b; "),
        ({"a": "1" * 200}, {"a": "1" * 100 + "2" + "1" * 99}, f"a …'{'1' * 60}'… -> …'{'1' * 30}2{'1' * 29}'…"),
        ({"a": 1}, {"a": float("nan")}, "a 1 -> nan; "),
        ({"a": 1}, {"a": float("inf")}, "a 1 -> inf; "),
        ({"a": 1000}, {"a": 1002}, "a 1000 -> 1002; "),
        ({"a": 0.1, "b": "x"}, {"a": 0.1001, "b": "y"}, "b 'x' -> 'y'; a 0.1 -> 0.1001; "),
        ({}, dict.fromkeys("gfedcba", 1), "a, b, c, d, e "),
    ],
)  # fmt: skip
def test_other_changes_of_json_matter_and_come_first(before: Any, after: Any, shown: str) -> None:
    difference = compare(json.dumps(before).encode(), json.dumps(after).encode())
    assert difference.matters
    assert shown in difference.summary


@pytest.mark.parametrize(
    ("before", "after", "matters"),
    [
        ("a,b\n1,x\n", "a,b\r\n1.0,x\r\n", False),
        ("a,b\n,1\n5,2\n", "a,b\n,1.00\n5.0,2\n", False),
        ("roc_auc,lost\n0.654,1.2198e+06\n", "roc_auc,lost\n0.6549,1.21981e+06\n", False),
        ("roc_auc\n0.654\n", "roc_auc\n0.6551\n", True),
        ("lost\n1.2198e+06\n", "lost\n1.2212e+06\n", True),
        ("flights\n10\n", "flights\n11\n", True),
        ("a,b\nx,1\n", "a,b\ny,1\n", True),
        ("a,b\nx,1\n", "a,c\nx,1\n", True),
        ("a\n1\n", "a\nx\n", True),
        ("a\n1\n", "a\n1\n1\n", True),
    ],
)
def test_figures_of_a_csv_have_the_tolerance_of_metrics(before: str, after: str, matters: bool) -> None:
    assert compare(before.encode(), after.encode(), "a.csv").matters == matters


@given(JSON, JSON)
def test_json_documents_differ_exactly_where_their_values_do(before: Any, after: Any) -> None:
    contents = [json.dumps(document).encode() for document in (before, after)]
    differences = compare_files({"a.json": contents[0]}, {"a.json": contents[1]}, 0)
    spellings = [json.dumps(_normalized(document), sort_keys=True) for document in (before, after)]
    assert any(difference.matters for difference in differences) == (spellings[0] != spellings[1])


def _normalized(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _normalized(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_normalized(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


@pytest.mark.parametrize("algorithm", ["md5", "sha256"])
def test_a_checksum_that_changes_with_its_file_does_not_matter(algorithm: str) -> None:
    def files(model: bytes) -> dict[str, bytes]:
        checksum = hashlib.new(algorithm, model, usedforsecurity=False).hexdigest()
        return {"bundle/manifest.json": json.dumps({"checksum": checksum}).encode(), "bundle/model.txt": model}

    before, after = files(b"old"), files(b"new")
    manifest, model = compare_files(before, after)
    assert (manifest.matters, model.matters) == (False, True)
    assert "checksum" in manifest.summary
    other = {**after, "bundle/model.txt": b"another"}
    assert compare_files(before, other)[0].matters


@pytest.mark.parametrize(
    ("pixels", "by", "shares", "matters"),
    [
        (2, 9, ("1.00%", "1.00%"), False),
        (3, 9, ("1.50%", "1.50%"), True),
        (200, 8, ("100.00%", "0.00%"), False),
    ],
)
def test_plots_may_differ_visibly_in_a_hundredth_of_their_pixels(
    pixels: int, by: int, shares: tuple[str, str], matters: bool
) -> None:
    difference = compare(png(GREY), png(brighter(pixels, by)), "a.png")
    assert difference.matters == matters
    assert all(share in difference.summary for share in shares)
    in_page = compare(page(png(GREY), png(GREY)), page(png(GREY), png(brighter(pixels, by))), "a.html")
    assert in_page.matters == matters
    assert in_page.summary.endswith(f" 2: {difference.summary}")
    assert "; 1 -> 2 " in compare(page(png(GREY), text="a"), page(png(GREY), png(GREY), text="b"), "a.html").summary


def test_plots_with_the_same_pixels_do_not_matter_and_other_sizes_do() -> None:
    opaque = GREY.copy()
    opaque[..., 3] = 255
    for other in (png(opaque, compress_level=0), png(opaque[..., :3])):
        assert not compare(png(opaque), other, "a.png").matters
    assert compare(png(GREY), png(opaque), "a.png").matters
    assert "20 x 10 -> 20 x 5 " in compare(png(GREY), png(GREY[:5]), "a.png").summary


@pytest.mark.parametrize(
    ("before", "after", "first", "removed", "added"),
    [
        ("a\nb\nc", "a\nx\nc", "line 2: 'b' -> 'x'; ", 1, 1),
        ("a\nb\nc", "a\nc", "line 2: 'b' -> ''; ", 1, 0),
        ("a", "a\nb", "line 2: '' -> 'b'; ", 0, 1),
        ("a\nb", "a\r\nb", r"line 1: 'a' -> 'a\r'; ", 1, 1),
        ("é", "\x1b[31m", r"line 1: 'é' -> '\x1b[31m'; ", 1, 1),
        ("1" * 99, "1" * 99 + "2", f"line 1: …'{'1' * 30}' -> …'{'1' * 30}2'; ", 1, 1),
    ],
)
def test_the_first_line_that_differs_is_shown(before: str, after: str, first: str, removed: int, added: int) -> None:
    difference = compare(before.encode(), after.encode(), "dvc.yaml")
    assert difference.matters
    assert difference.summary.startswith(first)
    assert f" {removed} removed, {added} " in difference.summary


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        ("a.json", b"[1]", b"[2"),
        ("a.json", b"[" * 99999, b"[2]"),
        ("a.csv", b"a,b\n1\n", b"a,b\n"),
        ("a.parquet", b"PAR1", b"PAR2"),
        ("a.png", png(np.full((2, 2), 60000, np.uint16)), png(np.full((2, 2), 50000, np.uint16))),
        ("a.png", png(GREY), png(GREY)[:50]),
        ("a.html", page(png(GREY)), page(png(GREY)[:30])),
        ("a.ubj", b"{", b""),
        ("a.bin", b"\0a", b"\0ab"),
        ("a", b"\xff", b"a"),
    ],
)
def test_a_damaged_file_is_described_by_size_and_md5_and_matters(file: str, before: bytes, after: bytes) -> None:
    difference = compare(before, after, file)
    md5, md5_after = (hashlib.md5(content, usedforsecurity=False).hexdigest() for content in (before, after))
    assert difference.matters
    assert f"; {len(before):,} -> {len(after):,} bytes" in difference.summary
    assert difference.summary.endswith(f"md5 {md5} -> {md5_after}")


@given(FILES, FILES)
def test_every_difference_is_one_line_and_symmetric(before: dict[str, bytes], after: dict[str, bytes]) -> None:
    differences = compare_files(before, after)
    changed = sorted(path for path in {*before, *after} if before.get(path) != after.get(path))
    assert [difference.file for difference in differences] == changed
    one_side = [difference for difference in differences if difference.file not in before.keys() & after.keys()]
    assert all(difference.matters for difference in one_side)
    assert all(difference.summary.isprintable() for difference in differences)
    reverse = compare_files(after, before)
    assert [difference.matters for difference in reverse] == [difference.matters for difference in differences]
