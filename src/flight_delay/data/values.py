"""Parse the values of source columns by type.

A parser returns values and a mask of those that it cannot parse, which are left empty."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

# Texts for a missing value.
MISSING = ("", "NA")
FLAGS = dict.fromkeys(("0", "NO", "F", "FALSE"), False) | dict.fromkeys(("1", "YES", "T", "TRUE"), True)
YEARS = (1000, 9000)  # years for which pandas has time zones
# Of a table: ISO 8601 without a time zone, since the clock of the airport counts.
DATE = r"^([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[ T][0-9:.]+)?$"
CLOCK_TIME = r"^(?:[0-9]{4}-[0-9]{2}-[0-9]{2}[ T])?([0-9]{1,2}):([0-9]{2})(?::00(?:\.0+)?)?$"

Mask = pd.Series  # of booleans, shape (rows,)


def clock_times_as_hhmm(columns: pd.DataFrame) -> pd.DataFrame:
    """Rewrite times of day such as 07:05 or 2013-01-01T07:05 as 0705."""
    text, _ = parse_text(columns)
    return text.str.replace(CLOCK_TIME, r"\1\2", regex=True).to_frame()


def parse_text(columns: pd.DataFrame) -> tuple[pd.Series, Mask]:
    """Parse text; empty is missing."""
    text = columns.iloc[:, 0].astype("string").str.strip()
    text = text.mask(text.isin(MISSING))
    return text, pd.Series(False, index=text.index)


def parse_whole_numbers(columns: pd.DataFrame) -> tuple[pd.Series, Mask]:
    """Parse whole numbers, which may be text or end in .0."""
    column = columns.iloc[:, 0]
    given = column if pd.api.types.is_numeric_dtype(column) else parse_text(columns)[0]
    number = pd.to_numeric(given, errors="coerce").astype("float64")
    whole = number % 1 == 0  # False for fractions and infinities
    return number.where(whole), given.notna() & ~whole


def parse_flags(columns: pd.DataFrame) -> tuple[pd.Series, Mask]:
    """Parse booleans, see `FLAGS`."""
    text, _ = parse_text(columns)
    flag = text.str.replace(r"\.0+$", "", regex=True).str.upper().map(FLAGS)
    return flag.astype(object).where(flag.notna(), None), text.notna() & flag.isna()


def parse_dates(columns: pd.DataFrame) -> tuple[pd.Series, Mask]:
    """Parse dates from a text in ISO 8601, or from year, month and day."""
    unparsed = pd.Series(False, index=columns.index)
    if columns.shape[1] == 1:
        text, _ = parse_text(columns)
        columns = text.str.extract(DATE)
        unparsed = text.notna() & columns[0].isna()
    parts, failed = zip(*(parse_whole_numbers(columns[[name]]) for name in columns), strict=True)
    frame = pd.DataFrame(dict(zip(("year", "month", "day"), parts, strict=True)))
    frame = frame.where(frame["year"].between(*YEARS))
    date = pd.to_datetime(frame, errors="coerce").dt.as_unit("ms")
    missing: Mask = pd.concat(parts, axis=1).isna().any(axis=1) & ~pd.concat(failed, axis=1).any(axis=1)
    return date, unparsed | (date.isna() & ~missing)


# Parser of the source columns, and problem of a value that cannot be parsed, by type of the canonical column.
PARSERS: dict[str, tuple[Callable[[pd.DataFrame], tuple[pd.Series, Mask]], str]] = {
    "text": (parse_text, "is not text"),
    "integer": (parse_whole_numbers, "is not a whole number"),
    "boolean": (parse_flags, "is neither 0 nor 1"),
    "date": (parse_dates, "is not a date"),
}
