"""data.values: a value is read however sources write it, and what is none is left empty and told."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from flight_delay.data.clock import minutes_after_midnight
from flight_delay.data.values import PARSERS, clock_times_as_hhmm, parse_whole_numbers

DAY = pd.Timestamp("2013-01-05")
WAYS: list[tuple[str, Any, list[Any]]] = [  # type, value, ways to write it
    ("integer", 12, ["12", "12.00", "12.0", " 12 ", "012", "+12", "1.2e1", 12, 12.0]),
    ("boolean", False, ["0", "0.00", 0, "NO", "False", "f"]),
    ("boolean", True, ["1", "1.00", "1.0", 1.0, " 1 ", "yes", "true", "t"]),
    (
        "date",
        pd.Timestamp("2013-01-05"),
        ["2013-01-05", " 2013-01-05 ", "2013-01-05 00:00:00", "2013-01-05T23:59:59.5"],
    ),
    *((kind, None, ["", "NA", " NA ", None]) for kind in ("text", "integer", "boolean", "date")),
]
NO_DATES = ["2013-1-5", "05.01.2013", "20130105", "2013-01-05 00:00:00+00:00", "2013-02-30", "x"]


def column(values: list[Any]) -> pd.DataFrame:
    """A column of mixed types."""
    return pd.DataFrame({"given": pd.Series(values, dtype=object)})


@pytest.mark.parametrize(("kind", "value", "ways"), WAYS)
def test_a_value_may_be_written_in_many_ways(kind: str, value: Any, ways: list[Any]) -> None:
    parsed, failed = PARSERS[kind][0](column(ways))
    assert [None if pd.isna(one) else one for one in parsed] == [value] * len(ways)
    assert not failed.any()


@pytest.mark.parametrize(
    ("kind", "texts"), [("integer", ["1.5", "inf", "x"]), ("boolean", ["2", "maybe"]), ("date", NO_DATES)]
)
def test_other_texts_are_not_parsed(kind: str, texts: list[str]) -> None:
    parsed, failed = PARSERS[kind][0](column(texts))
    assert parsed.isna().all()
    assert failed.all()


@pytest.mark.parametrize(
    ("texts", "minutes"),
    [
        (["905", "0905", 905, "9:05", "09:05", "09:05:00", "2013-01-05 09:05:00.000", "2013-01-05T09:05"], 545),
        (["09:05:30", "9:5", "24:01", "09:60", "2013-01-05 09:05:00+00:00", "2013-01-05 14:05:00Z"], None),
    ],
)
def test_clock_times_have_neither_seconds_nor_a_time_zone(texts: list[Any], minutes: int | None) -> None:
    read = minutes_after_midnight(parse_whole_numbers(clock_times_as_hhmm(column(texts)))[0])
    assert [None if pd.isna(one) else one for one in read] == [minutes] * len(texts)
