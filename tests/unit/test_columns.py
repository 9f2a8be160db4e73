"""features.columns: from Arrow to numpy, with what is missing."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from flight_delay.features.columns import columns_from_table

TABLE = pa.table(
    {
        "text": ["UA", None],
        "number": pa.array([7, None], pa.int32()),
        "whole": pa.array([7, 8], pa.int16()),
        "time": pa.array([1_357_394_700_000, None], pa.timestamp("ms", tz="UTC")),
        "date": pa.array([15_710, 15_711], pa.date32()),
    }
)


def test_what_is_missing_is_none_nan_or_nat() -> None:
    columns = columns_from_table(TABLE)
    assert columns["text"].tolist() == ["UA", None]
    np.testing.assert_array_equal(columns["number"], [7, np.nan])
    np.testing.assert_array_equal(columns["time"], np.array(["2013-01-05T14:05", "NaT"], "datetime64[ms]"))


def test_what_is_whole_keeps_its_type() -> None:
    columns = columns_from_table(TABLE)
    assert columns["whole"].dtype == np.int16
    assert columns["date"].tolist() == np.array(["2013-01-05", "2013-01-06"], "datetime64[D]").tolist()


def test_only_the_columns_asked_for_are_taken() -> None:
    assert list(columns_from_table(TABLE, ["date", "text"])) == ["date", "text"]


def test_chunks_are_joined() -> None:
    assert columns_from_table(pa.concat_tables([TABLE, TABLE]))["text"].tolist() == ["UA", None, "UA", None]
