"""Reading the tables that other stages wrote, as rows to draw and to show."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection
from pathlib import Path
from typing import Any

from flight_delay.core.errors import UserError
from flight_delay.core.files import read_bytes


def read_rows(path: Path, text: Collection[str] = ()) -> list[dict[str, Any]]:
    """Read a CSV row by row.

    Args:
        path: the file.
        text: columns that hold text; all others hold numbers, or nothing, which becomes None.

    Raises:
        UserError: the file is missing, or holds something else.
    """
    try:
        header, *rows = csv.reader(io.StringIO(read_bytes(path).decode()))
        return [
            {name: value if name in text else _number(value) for name, value in zip(header, row, strict=True)}
            for row in rows
        ]
    except ValueError as error:
        raise UserError(f"{path}: not a table of numbers ({error}); `dvc repro` makes it again") from None


def _number(value: str) -> float | None:
    return float(value) if value else None
