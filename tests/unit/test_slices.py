"""evaluation.slices: every row is in one slice, and a slice is measured like its rows alone."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from flight_delay.evaluation.bootstrap import day_weights
from flight_delay.evaluation.costs import Payoffs
from flight_delay.evaluation.slices import SliceRow, slice_all, slice_metrics
from flight_delay.evaluation.threshold import profit_per_row
from flight_delay.model.predictions import Predictions

ROWS = 900
PAYOFFS = Payoffs(true_positive=100, false_negative=-500, false_positive=-100, true_negative=100)


def invented() -> pd.DataFrame:
    """Rows with labels of very different frequency, the rarest with a row or two."""
    rows, random = ROWS, np.random.default_rng(11)
    labels = np.array(
        [f"C{number:02}" for number in 20 - np.sqrt(random.integers(400, size=rows)).astype(int)], dtype=object
    )
    labels[random.random(rows) < 0.05] = None
    labels[:3] = ["one row", "two rows", "two rows"]
    target = random.random(rows) < 0.3
    probability = np.round(1 / (1 + np.exp(1 - random.normal(1.5 * target, 1))), 2).astype(np.float32)
    positive = probability >= 0.5
    worth = random.gamma(2, 10, size=rows)
    best = np.where(target, worth, 0.0)
    return pd.DataFrame(
        {
            "labels": pd.Series(labels, dtype=object),
            "date": np.datetime64("2013-12-01") + random.integers(31, size=rows),
            "target": target,
            "probability": probability,
            "predicted_positive": positive,
            "profit": np.where(positive == target, best, -worth / 2),
            "best_profit": best,
        }
    )


TABLE = invented()


def sliced(table: pd.DataFrame, min_rows: int = 1, draws: int = 50, seed: int = 2) -> list[SliceRow]:
    labels = np.array([None if pd.isna(label) else label for label in table["labels"]], object)
    return slice_metrics("carrier", labels, table, min_rows=min_rows, draws=draws, seed=seed)


def test_a_slice_is_that_worked_out_by_hand() -> None:
    table = pd.DataFrame(
        {
            "labels": ["A", "B", "A", "A", "A"], "target": [True, False, False, True, False],
            "probability": np.array([0.75, 0.5, 0.5, 0.5, 0.25], np.float32),
            "predicted_positive": [True, True, True, False, False], "profit": [10.0, -3.0, -2.0, -1.0, 0.0],
            "best_profit": [10.0, 0.0, 0.0, 6.0, 0.0], "date": [1, 1, 2, 2, 2],
        }
    )  # fmt: skip
    a, b = sliced(table, draws=200)
    # Of four pairs of a positive and a negative row, three are in the right order and one is tied.
    assert a._replace(low=0, high=0) == SliceRow(
        by="carrier", label="A", rows=4, base_rate=0.5, mean_prediction=0.5, roc_auc=0.875, recall=0.5,
        false_positive_rate=0.5, mean_profit=1.75, low=0, high=0, avoidable_loss=9.0, mean_avoidable_loss=2.25,
    )  # fmt: skip
    assert (a.low, a.high) == (-1.0, 10.0)  # day 2 twice, and day 1 twice
    assert b == SliceRow("carrier", "B", 1, 0.0, 0.5, None, None, 1.0, -3.0, None, None, 3.0, 3.0)


@pytest.mark.parametrize("min_rows", [1, 30, ROWS + 1])
def test_every_slice_is_measured_like_its_rows_alone_and_slices_add_up(min_rows: int) -> None:
    labels = TABLE["labels"].fillna("unknown")
    weights, day = day_weights(TABLE["date"].to_numpy(), 50, 2)
    rows = sliced(TABLE, min_rows)
    own = [row.label for row in rows]
    for row in rows:
        inside = (~labels.isin(own) if row.label.startswith("others") else labels == row.label).to_numpy()
        part = TABLE[inside]
        target, positive, exact = part["target"], part["predicted_positive"], part["probability"].astype(np.float64)
        both = 0 < target.sum() < len(target)
        assert row.rows == inside.sum()
        assert row.base_rate == pytest.approx(target.mean(), abs=1e-6)
        assert row.mean_prediction == pytest.approx(exact.mean(), abs=1e-6)
        assert row.roc_auc == (pytest.approx(metrics.roc_auc_score(target, exact), abs=1e-6) if both else None)
        assert row.recall == (pytest.approx(positive[target].mean(), abs=1e-6) if target.any() else None)
        assert row.false_positive_rate == (
            pytest.approx(positive[~target].mean(), abs=1e-6) if not target.all() else None
        )
        assert row.mean_profit == pytest.approx(part["profit"].mean(), abs=1e-6)
        assert row.avoidable_loss == pytest.approx((part["best_profit"] - part["profit"]).sum(), abs=1e-6)
        assert row.mean_avoidable_loss == pytest.approx(row.avoidable_loss / row.rows, abs=1e-6)
        if part["date"].nunique() < 2:
            assert (row.low, row.high) == (None, None)
            continue
        drawn = [weight[day][inside] for weight in weights]
        means = [np.average(part["profit"], weights=weight) for weight in drawn if weight.any()]
        assert (row.low, row.high) == pytest.approx(np.quantile(means, [0.025, 0.975]), abs=1e-6)
    assert sum(row.rows for row in rows) == ROWS
    assert sum(row.avoidable_loss for row in rows) == pytest.approx(
        (TABLE["best_profit"] - TABLE["profit"]).sum(), abs=1e-4
    )
    assert {row.roc_auc is None for row in sliced(TABLE)} == {True, False}  # or the case was not tried


def test_labels_with_few_rows_are_pooled_last_and_missing_ones_are_unknown() -> None:
    table = TABLE[:90].assign(labels=np.repeat(np.array(["A", "B", "C", "D"], object), [50, 20, 19, 1]))
    rows = sliced(table, min_rows=20)
    assert {row.label: row.rows for row in rows} == {"A": 50, "B": 20, "others (2 labels)": 20}
    costly = table.assign(best_profit=np.where(table["labels"] > "B", 1e6, 0))
    assert sliced(costly, min_rows=20)[-1].label == "others (2 labels)"
    assert sliced(costly, min_rows=2)[-1].label == "others (1 label)"
    assert not [row for row in sliced(costly, min_rows=1) if row.label.startswith("others")]
    assert [(row.label, row.rows) for row in sliced(costly, min_rows=51)] == [("others (4 labels)", 90)]
    assert {row.label: row.rows for row in sliced(TABLE)}["unknown"] == TABLE["labels"].isna().sum()


def test_the_largest_loss_is_first_and_equal_ones_are_in_order_of_labels() -> None:
    losses = [row.avoidable_loss for row in sliced(TABLE)]
    assert losses == sorted(losses, reverse=True)
    labels = np.tile(np.array(["B", "C", "A"], object), ROWS // 3)
    equal = TABLE.assign(labels=labels, profit=1.0, best_profit=np.where(labels == "C", 2.0, 1.5))
    assert [row.label for row in sliced(equal)] == ["C", "A", "B"]


@pytest.mark.parametrize("target", [True, False])
def test_a_slice_of_one_class_has_no_roc_auc_and_gives_no_warning(target: bool) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (row,) = sliced(TABLE.assign(labels="all", target=target))
    assert row.roc_auc is None
    assert (row.recall is None, row.false_positive_rate is None) == (not target, target)


@given(st.permutations(range(80)), st.sampled_from([1, 5]))
def test_the_order_of_rows_does_not_matter(order: list[int], min_rows: int) -> None:
    rows, shuffled = sliced(TABLE[:80], min_rows), sliced(TABLE.iloc[list(order)], min_rows)
    for one, other in zip(rows, shuffled, strict=True):
        assert other[:3] == one[:3]
        assert other[3:] == pytest.approx(one[3:], abs=1.1e-6)


def test_rows_are_written_as_json_with_six_digits_and_no_negative_zero() -> None:
    for row in sliced(TABLE.assign(profit=TABLE["best_profit"] + 1e-12)):
        numbers = [value for value in row if isinstance(value, float)]
        assert [str(value) for value in numbers] == [str(round(value, 6) + 0.0) for value in numbers]
        assert json.loads(json.dumps(row._asdict(), allow_nan=False)) == row._asdict()


@pytest.mark.parametrize("min_rows", [1, 80])
def test_every_grouping_is_measured_at_the_threshold_with_the_payoffs(min_rows: int) -> None:
    target, probability = TABLE["target"].to_numpy(), TABLE["probability"].to_numpy()
    date = TABLE["date"].to_numpy()
    predictions = Predictions(np.arange(ROWS).astype(str).astype(object), date, target, probability)
    groupings = {"half": np.array(["A", "B"], object)[np.arange(ROWS) % 2], "all": np.full(ROWS, "all", object)}
    positive = probability >= 0.5
    assert (probability == 0.5).any()  # the threshold itself is included
    profit, best = (profit_per_row(target, classes, PAYOFFS) for classes in (positive, target))
    table = TABLE.assign(profit=profit, best_profit=best, predicted_positive=positive)
    rows = slice_all(groupings, predictions, 0.5, PAYOFFS, min_rows=min_rows)
    expected = [slice_metrics(name, labels, table, min_rows=min_rows) for name, labels in groupings.items()]
    assert rows == [row for grouping in expected for row in grouping]
    misses, false_alarms = int((target & ~positive).sum()), int((~target & positive).sum())
    assert rows[-1].avoidable_loss == pytest.approx(600 * misses + 200 * false_alarms)
    assert slice_all({}, predictions, 0.5, PAYOFFS, min_rows=min_rows) == []
