"""features.calendar: the day of the week."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from flight_delay.features.calendar import day_of_week
from flight_delay.features.columns import columns_from_table


@given(st.lists(st.dates(dt.date(1900, 1, 1), dt.date(2200, 1, 1)), min_size=1))
def test_the_day_of_the_week_is_that_of_pandas(dates: list[dt.date]) -> None:
    columns = columns_from_table(pa.table({"flight_date": pa.array(dates, pa.date32())}))
    expected = [name[:3] for name in pd.DatetimeIndex(dates).day_name()]
    assert day_of_week(columns["flight_date"]).tolist() == expected


def test_it_is_text() -> None:
    assert day_of_week(np.array(["2013-11-28"], "datetime64[D]")).tolist() == ["Thu"]
    assert day_of_week(np.array([], "datetime64[D]")).dtype == object
