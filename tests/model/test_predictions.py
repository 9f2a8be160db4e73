"""model.predictions: they stay beside the flights that they are about."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flight_delay.core.errors import UserError
from flight_delay.core.months import month_path
from flight_delay.model.predictions import Predictions


def assert_same(one: Predictions, other: Predictions) -> None:
    for name in ("row_id", "date", "target", "probability"):
        values, others = np.asarray(getattr(one, name)), np.asarray(getattr(other, name))
        np.testing.assert_array_equal(values, others, err_msg=name)
        assert values.dtype == others.dtype, name


@pytest.fixture
def predictions(invent: Any) -> Predictions:
    return Predictions.from_examples(invent(30, seed=1), np.linspace(0, 1, 30))


def test_predictions_stand_beside_their_examples(invent: Any) -> None:
    examples = invent(30, seed=1)
    predicted = Predictions.from_examples(examples, np.linspace(0, 1, 30))
    assert len(predicted) == 30
    assert predicted.probability.dtype == np.float32
    assert predicted.row_id.tolist() == examples.row_id.tolist()
    assert predicted.target.tolist() == examples.target.tolist()


def test_what_is_written_is_read(predictions: Predictions, tmp_path: Path) -> None:
    predictions.write(tmp_path, "2013-11")
    assert_same(Predictions.read(tmp_path, "2013-11"), predictions)


def test_ids_are_dropped_and_the_rest_stays(predictions: Predictions, tmp_path: Path) -> None:
    dropped = predictions.without_ids()
    assert dropped.row_id is None
    assert_same(replace(dropped, row_id=predictions.row_id), predictions)
    with pytest.raises(ValueError, match="no ids"):
        dropped.write(tmp_path, "2013-11")
    assert list(tmp_path.iterdir()) == []


def test_rows_are_taken_by_position(predictions: Predictions) -> None:
    rows = np.array([7, 2])
    taken = predictions.take(rows)
    assert_same(taken, Predictions(*(column[rows] for column in vars(predictions).values())))
    assert_same(replace(predictions.without_ids().take(rows), row_id=taken.row_id), taken)


def test_a_month_that_was_cut_short_is_named(predictions: Predictions, tmp_path: Path) -> None:
    predictions.write(tmp_path, "2013-11")
    path = month_path(tmp_path, "2013-11")
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(UserError, match=r"2013-11\.parquet"):
        Predictions.read(tmp_path, "2013-11")


def test_months_are_joined_in_order(predictions: Predictions, invent: Any, tmp_path: Path) -> None:
    other = Predictions.from_examples(invent(20, seed=2), np.linspace(1, 0, 20))
    other.write(tmp_path, "2013-12")
    both = Predictions.concat([predictions, Predictions.read(tmp_path, "2013-12")])
    assert len(both) == 50
    assert both.row_id.tolist() == [*predictions.row_id, *other.row_id]
    assert both.probability.tolist() == [*predictions.probability, *other.probability]
    assert_same(Predictions.concat([predictions]), predictions)
    for parts in ([predictions.without_ids(), other], [predictions, other.without_ids()]):
        assert_same(Predictions.concat(parts), both.without_ids())
