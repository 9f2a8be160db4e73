"""Differences between committed and reproduced files."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Collection, Mapping
from pathlib import PurePosixPath
from typing import NamedTuple

import pyarrow.csv

from flight_delay.review.diff.content_difference import ContentDifference
from flight_delay.review.diff.documents import compare_json, compare_plots, compare_text
from flight_delay.review.diff.model import compare_model_dumps, read_model
from flight_delay.review.diff.tables import compare_tables, read_parquet
from flight_delay.vcs.lock import md5

# Differences up to this do not matter. Of metrics and other numbers in JSON and CSV: absolute up to one, above it
# relative; of predictions: absolute.
TOLERANCE = 0.001


class Difference(NamedTuple):
    """The difference of a file in one line.

    `matters` is False only within the tolerance, or in the encoding alone.
    """

    file: str
    summary: str
    matters: bool


def compare_files(
    before: Mapping[str, bytes], after: Mapping[str, bytes], tolerance: float = TOLERANCE
) -> list[Difference]:
    """Compare files by path; identical files are left out.

    A file that only one side has matters, and so does one that cannot be read in the format of its suffix.
    """
    changed = sorted(path for path in before.keys() & after.keys() if before[path] != after[path])
    checksums = {
        pair for path in changed for pair in zip(_checksums(before[path]), _checksums(after[path]), strict=True)
    }
    differences = [Difference(path, "was not reproduced", matters=True) for path in before.keys() - after.keys()]
    differences += [Difference(path, "is not in the commit", matters=True) for path in after.keys() - before.keys()]
    for path in changed:
        try:
            content = _compare(path, before[path], after[path], tolerance, checksums)
        except Exception:  # noqa: BLE001 (readers raise different errors for damaged files)
            content = ContentDifference(
                f"cannot be compared by content; {_describe_bytes(before[path], after[path])}", matters=True
            )
        summary = content.summary
        one_line = summary if summary.isprintable() else summary.encode("unicode_escape").decode()
        differences.append(Difference(path, one_line, content.matters))
    return sorted(differences)


def _compare(
    path: str, before: bytes, after: bytes, tolerance: float, checksums: Collection[tuple[str, str]]
) -> ContentDifference:
    match PurePosixPath(path).suffix.lower():
        case ".json":
            return compare_json(json.loads(before), json.loads(after), tolerance, checksums)
        case ".parquet":
            return compare_tables(read_parquet(before), read_parquet(after), tolerance)
        case ".csv":
            columns, columns_after = (
                pyarrow.csv.read_csv(io.BytesIO(content)).to_pydict() for content in (before, after)
            )
            return compare_json(columns, columns_after, tolerance)
        case ".ubj":
            return compare_model_dumps(read_model(before), read_model(after))
        case ".png":
            return compare_plots(before, after)
        case _:
            if b"\0" in before + after:
                raise ValueError("binary")
            return compare_text(before.decode(), after.decode())


def _describe_bytes(before: bytes, after: bytes) -> str:
    return f"{len(before):,} -> {len(after):,} bytes, md5 {md5(before)} -> {md5(after)}"


def _checksums(content: bytes) -> tuple[str, str]:
    return md5(content), hashlib.sha256(content).hexdigest()
