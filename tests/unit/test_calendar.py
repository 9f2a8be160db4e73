"""features.calendar: the day of the week."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from flight_delay.features.calendar import day_of_week
from flight_delay.features.columns import columns_from_table


@given(st.lists(st.dates(dt.date(1900, 1, 1), dt.date(2200, 1, 1)), max_size=20))
def test_the_day_of_the_week_is_that_of_pandas(dates: list[dt.date]) -> None:
    columns = columns_from_table(pa.table({"flight_date": pa.array(dates, pa.date32())}))
    expected = [name[:3] for name in pd.DatetimeIndex(dates).day_name()]
    days = day_of_week(columns["flight_date"])
    assert days.dtype == object
    assert days.tolist() == expected
