"""review.difference.files: which files differ, whether it matters, and how those are compared that cannot be read."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_delay.review.difference.files import Difference, Tolerance, differences

SUFFIXES = (".json", ".parquet", ".csv", ".png", ".md", ".bin", "")
FILES = st.dictionaries(st.sampled_from([f"a/b{suffix}" for suffix in SUFFIXES]), st.binary(max_size=30))


def of(then: bytes, now: bytes, file: str = "metrics.json", tolerance: Tolerance = Tolerance()) -> Difference:  # noqa: B008
    (difference,) = differences({file: then}, {file: now}, tolerance)
    return difference


def test_files_with_the_same_bytes_are_left_out() -> None:
    assert differences({"a.json": b"{", "b": b""}, {"a.json": b"{", "b": b""}, Tolerance()) == []


def test_a_file_that_only_one_side_has_matters() -> None:
    found = differences({"b": b"x", "a": b"x"}, {"c": b"x", "a": b"x"}, Tolerance())
    assert [(of.file, of.matters) for of in found] == [("b", True), ("c", True)]
    assert found[0].says != found[1].says


def test_a_metric_within_the_tolerance_does_not_matter() -> None:
    found = of(b'{"test": {"roc_auc": 0.65433}}', b'{"test": {"roc_auc": 0.65333}}')
    assert (found.file, found.matters) == ("metrics.json", False)
    assert "test.roc_auc 0.65433 -> 0.65333" in found.says
    assert of(b"[0.5]", b"[0.502]", tolerance=Tolerance(probability=1)).matters
    assert not of(b"[0.5]", b"[0.502]", tolerance=Tolerance(metric=0.002, probability=0)).matters


def test_figures_in_a_csv_have_the_tolerance_of_metrics() -> None:
    # Absolute up to one, above it a share of the larger one.
    assert not of(b"roc_auc,lost\n0.654,1.2198e+06\n", b"roc_auc,lost\n0.6549,1.21981e+06\n", "slices.csv").matters
    assert of(b"roc_auc,lost\n0.654,1.2198e+06\n", b"roc_auc,lost\n0.6551,1.2198e+06\n", "slices.csv").matters
    assert of(b"a,lost\n1.5,1.2198e+06\n", b"a,lost\n1.5,1.2212e+06\n", "slices.csv").matters
    assert of(b"flights\n10\n", b"flights\n11\n", "slices.csv").matters  # a count


def test_a_suffix_in_capitals_is_the_same_kind() -> None:
    assert not of(b"[1]", b"[1.0]", "METRICS.JSON").matters


@pytest.mark.parametrize(
    ("file", "then", "now", "kind", "unreadable", "at"),
    [
        ("a.json", b"[1]", b"[2", "JSON", {"now"}, 1),
        ("a.json", b"[" * 9999, b"[2]", "JSON", {"then"}, 1),
        ("a.csv", b"a,b\n1\n", b"a,b\n", "CSV", {"then"}, 4),
        ("a.csv", b'a\n"1', b"a\n1", "CSV", {"then"}, 2),
        ("a.parquet", b"PAR1", b"PAR2", "Parquet", {"then", "now"}, 3),
        ("a.png", b"", b"\x89PNG", "PNG", {"then", "now"}, 0),
        ("a.bin", b"\0a", b"\0ab", "text", {"then", "now"}, 2),
        ("a", b"\xff", b"a", "text", {"then"}, 0),
    ],
)
def test_a_damaged_file_is_compared_by_bytes_and_matters(
    file: str, then: bytes, now: bytes, kind: str, unreadable: set[str], at: int
) -> None:
    found = of(then, now, file)
    sides, compared = found.says.split("; ")
    assert (found.file, found.matters) == (file, True)
    assert kind in sides
    assert {"then", "now"} & {*sides.split()} == unreadable
    assert compared.startswith(f"{len(then):,} -> {len(now):,} bytes")
    assert f" {at} " in compared


def test_a_file_of_an_unknown_kind_is_compared_as_text() -> None:
    assert "line 2: 'b' -> 'c'" in of(b"a\nb", b"a\nc", "dvc.yaml").says


@pytest.mark.parametrize("algorithm", ["md5", "sha256"])
def test_a_checksum_follows_from_the_file_that_it_is_of(algorithm: str) -> None:
    def files(model: bytes) -> dict[str, bytes]:
        checksum = hashlib.new(algorithm, model, usedforsecurity=False).hexdigest()
        return {"bundle/manifest.json": json.dumps({"checksum": checksum}).encode(), "bundle/model.txt": model}

    then, now = files(b"old"), files(b"new")
    found = differences(then, now, Tolerance())
    assert [(of.file, of.matters) for of in found] == [("bundle/manifest.json", False), ("bundle/model.txt", True)]
    assert "bundle/model.txt" in found[0].says
    assert "'old' -> 'new'" in found[1].says
    for side in (then, now):
        wrong = {**side, "bundle/model.txt": b"another"}
        pair = (wrong, now) if side is then else (then, wrong)
        assert differences(*pair, Tolerance())[0].matters


@given(FILES, FILES)
def test_whatever_the_bytes_every_difference_is_one_line_of_its_file(
    then: dict[str, bytes], now: dict[str, bytes]
) -> None:
    found = differences(then, now, Tolerance())
    assert [of.file for of in found] == sorted(
        path for path in {*then, *now} if then.get(path) != now.get(path) or (path in then) != (path in now)
    )
    assert all(of.says.isprintable() and of.says for of in found)
    assert differences(then, now, Tolerance()) == found
    assert [(of.file, of.matters) for of in differences(now, then, Tolerance())] == [
        (of.file, of.matters) for of in found
    ]
