"""model.examples: only rows with a known target are examples, and both classes are required."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from flight_delay.core.errors import UserError
from flight_delay.core.files import write_table
from flight_delay.core.months import month_path
from flight_delay.features.feature import Feature, processed_schema
from flight_delay.model.examples import labelled, read_month, read_split, require_both_classes

CARRIER = Feature(name="carrier", kind="categorical", group="schedule")
BLOCK = Feature(name="block_minutes", kind="quantitative", group="schedule")
RATE = Feature(name="late_rate_route_7d", kind="quantitative", group="history", effect="increasing")
FEATURES = (CARRIER, BLOCK, RATE)


def processed(*late: bool | None, first: int = 0) -> pa.Table:
    """A processed table of flights with these outcomes; their identifiers and numbers count up from `first`."""
    numbers = range(first, first + len(late))
    return pa.Table.from_pylist(
        [
            {
                "flight_id": f"flight {number}",
                "flight_date": dt.date(2013, 1, 5),
                **{f.name: float(number) if f.kind == "quantitative" else f"{f.name} {number}" for f in FEATURES},
                "late": outcome,
            }
            for number, outcome in zip(numbers, late, strict=True)
        ],
        schema=processed_schema(FEATURES),
    )


def test_rows_with_an_unknown_target_are_left_out_of_every_column() -> None:
    assert len(labelled(processed(None, None), FEATURES)) == 0
    examples = labelled(processed(True, None, False, None, True), FEATURES)
    assert len(examples) == 3
    assert examples.row_id.tolist() == ["flight 0", "flight 2", "flight 4"]
    assert examples.target.tolist() == [True, False, True]
    assert examples.target.dtype == bool
    assert list(examples.features) == [feature.name for feature in FEATURES]
    assert examples.features["carrier"].tolist() == ["carrier 0", "carrier 2", "carrier 4"]
    assert examples.features["block_minutes"].tolist() == [0.0, 2.0, 4.0]


def test_a_flight_with_missing_values_is_an_example() -> None:
    table = processed(True, False)
    for name, kind in (("carrier", pa.string()), ("block_minutes", pa.float32())):
        table = table.set_column(table.schema.get_field_index(name), name, pa.nulls(2, kind))
    examples = labelled(table, FEATURES)
    assert examples.features["carrier"].tolist() == [None, None]
    assert np.isnan(examples.features["block_minutes"]).all()


def test_a_split_is_its_months_one_after_the_other(tmp_path: Path) -> None:
    write_table(month_path(tmp_path, "2013-01"), processed(True, None))
    write_table(month_path(tmp_path, "2013-02"), processed(False, True, first=10))
    split = read_split(tmp_path, FEATURES, ["2013-01", "2013-02"])
    assert split.row_id.tolist() == ["flight 0", "flight 10", "flight 11"]
    assert split.target.tolist() == [True, False, True]
    assert read_month(tmp_path, FEATURES, "2013-02").row_id.tolist() == ["flight 10", "flight 11"]


def test_of_more_rows_an_evenly_spaced_sample_is_read(tmp_path: Path) -> None:
    write_table(month_path(tmp_path, "2013-01"), processed(True, None, False, True, None))
    write_table(month_path(tmp_path, "2013-02"), processed(False, True, False, True, first=10))
    months = ["2013-01", "2013-02"]
    for max_rows, numbers in ((9, [0, 2, 3, 10, 11, 12, 13]), (8, [0, 2, 10, 12]), (3, [0, 3, 10, 13])):
        assert read_split(tmp_path, FEATURES, months, max_rows).row_id.tolist() == [f"flight {n}" for n in numbers]


def test_only_the_features_asked_for_are_read_in_the_order_asked_for(tmp_path: Path) -> None:
    write_table(month_path(tmp_path, "2013-01"), processed(True, False))
    for examples in (
        read_month(tmp_path, (RATE, CARRIER), "2013-01"),
        read_split(tmp_path, (RATE, CARRIER), ["2013-01"]),
        labelled(processed(True, False), (RATE, CARRIER)),
    ):
        assert list(examples.features) == ["late_rate_route_7d", "carrier"]
        assert examples.features["carrier"].tolist() == ["carrier 0", "carrier 1"]


def test_a_missing_month_of_a_split_is_named(tmp_path: Path) -> None:
    write_table(month_path(tmp_path, "2013-01"), processed(True))
    with pytest.raises(UserError, match=r"/2013-02\.parquet: "):
        read_split(tmp_path, FEATURES, ["2013-01", "2013-02"])


def test_both_classes_may_come_from_different_months() -> None:
    require_both_classes([np.array([True, True]), np.array([False])], "splits.train")
