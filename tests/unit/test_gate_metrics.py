"""promotion.candidate_metrics: calibration error, losses by slice and size of a model, by hand and as properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from snapshots import predictions

from flight_delay.model.predictions import log_loss_per_row
from flight_delay.promotion.candidate_metrics import (
    ModelSize,
    SliceLoss,
    expected_calibration_error,
    model_size,
    slice_losses,
)


def error_of(probability: list[float], target: list[int], bins: int) -> float:
    return expected_calibration_error(np.array(target, bool), np.array(probability, np.float32), bins)


def test_calibration_error_weighs_bins_by_their_rows_and_opposite_errors_do_not_cancel() -> None:
    # In order: 0.125, 0.25, 0.375 | 0.5, 0.75. Predicted 0.25 and 0.625, observed 1/3 and 1.
    expected = (3 * (1 / 3 - 0.25) + 2 * 0.375) / 5
    assert error_of([0.75, 0.125, 0.25, 0.5, 0.375], [1, 0, 1, 1, 0], 2) == pytest.approx(expected)
    assert [error_of([0.25, 0.75], [1, 0], bins) for bins in (1, 2)] == [0, 0.75]


@given(st.lists(st.tuples(st.floats(0, 1, width=32), st.booleans()), min_size=1, max_size=40), st.integers(1, 12))
def test_calibration_error_is_a_share_and_more_bins_do_not_hide_it(rows, bins) -> None:
    probability, target = map(list, zip(*rows, strict=True))
    error = error_of(probability, target, bins)
    assert -1e-9 <= error <= 1 + 1e-9
    assert error >= error_of(probability, target, 1) - 1e-6


def rows(probability: list[float], target: list[bool]):
    return predictions(probability, target, [f"2013-11-01-{row}" for row in range(len(target))])


def test_slices_of_enough_rows_have_the_loss_of_the_candidate_above_the_champion() -> None:
    target = [True, True, False, False]
    champion, candidate = rows([0.5] * 4, target), rows([0.25, 0.5, 0.75, 0.25], target)
    labels = {"origin": np.array(["EWR", "EWR", None, None], object), "month": np.array(["a", "b", "b", "b"], object)}
    two = float(np.log(2))  # 0.25 instead of 0.5 for the actual outcome
    below = float(np.log(0.5 / 0.75))  # 0.75 instead of 0.5
    assert slice_losses(labels, champion, candidate, 2) == [
        SliceLoss("origin", "EWR", 2, pytest.approx(two / 2, abs=1e-6)),
        SliceLoss("origin", "unknown", 2, pytest.approx((two + below) / 2, abs=1e-6)),
        SliceLoss("month", "b", 3, pytest.approx((two + below) / 3, abs=1e-6)),
    ]
    assert [len(slice_losses(labels, champion, candidate, minimum)) for minimum in (3, 4)] == [1, 0]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), min_size=1, max_size=30))
def test_a_model_is_not_worse_than_itself_and_exchanging_two_reverses_signs(table) -> None:
    names, target = map(list, zip(*table, strict=True))
    labels = {"by": np.array(names, object)}
    a, b = rows([0.25] * len(target), target), rows([0.5] * len(target), target)
    assert {loss.increase for loss in slice_losses(labels, a, a, 1)} == {0}
    forth, back = ({loss.label: loss.increase for loss in slice_losses(labels, *pair, 1)} for pair in ((a, b), (b, a)))
    assert forth == {label: -increase for label, increase in back.items()}
    assert list(forth.values()) == sorted(forth.values(), reverse=True)


def test_a_certain_mistake_has_a_large_and_finite_loss() -> None:
    loss = log_loss_per_row(np.array([True, True]), np.array([0.0, 1.0]))
    assert loss == pytest.approx([-np.log(np.finfo(np.float64).eps), 0], abs=1e-12)


def test_nodes_are_counted_from_splits_and_trees() -> None:
    # Two trees: one split (three nodes), and two splits (five nodes).
    importances = {name: {"weight": weight} for name, weight in (("a", 2.0), ("b", 1.0), ("c", 0.0))}
    assert model_size(3, 2, importances) == ModelSize(3, 8)


@pytest.mark.parametrize(
    ("size", "simpler"),
    [((9, 100), True), ((10, 99), True), ((9, 99), True), ((10, 100), False), ((9, 101), False), ((11, 99), False)],
)
def test_a_simpler_model_is_larger_in_nothing_and_smaller_in_something(size: tuple[int, int], simpler: bool) -> None:
    assert ModelSize(*size).is_simpler_than(ModelSize(10, 100)) is simpler
