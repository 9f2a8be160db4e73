"""features.columns: conversion from Arrow to numpy."""

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


def test_missing_values_are_none_nan_or_nat_and_other_columns_keep_their_type() -> None:
    columns = columns_from_table(TABLE)
    assert columns["text"].tolist() == ["UA", None]
    np.testing.assert_array_equal(columns["number"], [7, np.nan])
    np.testing.assert_array_equal(columns["time"], np.array(["2013-01-05T14:05", "NaT"], "datetime64[ms]"))
    assert columns["whole"].dtype == np.int16
    assert columns["date"].tolist() == np.array(["2013-01-05", "2013-01-06"], "datetime64[D]").tolist()


def test_some_columns_are_taken_and_chunks_are_joined() -> None:
    columns = columns_from_table(pa.concat_tables([TABLE, TABLE]), ["date", "text"])
    assert list(columns) == ["date", "text"]
    assert columns["text"].tolist() == ["UA", None, "UA", None]
