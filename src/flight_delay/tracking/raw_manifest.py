"""Months and rows of the raw data, from the files in their manifest."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import NamedTuple

MONTH = re.compile(r"\d{4}-\d\d")


class MonthlyData(NamedTuple):
    """Months (YYYY-MM) in order, and the number of rows of all of them."""

    months: list[str]
    rows: int


def count_monthly_rows(rows: Mapping[str, int]) -> MonthlyData:
    """Summarize monthly files.

    Args:
        rows: by path of a file; only files with the name of a month count.
    """
    monthly = {PurePosixPath(path).stem: count for path, count in rows.items()}
    monthly = {month: count for month, count in monthly.items() if MONTH.fullmatch(month)}
    return MonthlyData(sorted(monthly), sum(monthly.values()))
