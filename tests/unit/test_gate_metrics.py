"""promotion.candidate_metrics: calibration error, losses by slice and size of a model, by hand and as properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_delay.model.predictions import Predictions, log_loss_per_row
from flight_delay.promotion.candidate_metrics import (
    ModelSize,
    SliceLoss,
    expected_calibration_error,
    model_size,
    slice_losses,
)


def predictions(probability: list[float], late: list[bool]) -> Predictions:
    ids = np.array([str(at) for at in range(len(late))], object)
    dates = np.full(len(late), np.datetime64("2013-11-01"))
    return Predictions(ids, dates, np.array(late, bool), np.array(probability, np.float32))


def error_of(probability: list[float], late: list[int], bins: int) -> float:
    return expected_calibration_error(np.array(late, bool), np.array(probability, np.float32), bins)


def test_calibration_error_weighs_bins_by_their_flights() -> None:
    # In order: 0.125, 0.25, 0.375 | 0.5, 0.75. Predicted 0.25 and 0.625, observed 1/3 and 1.
    assert error_of([0.75, 0.125, 0.25, 0.5, 0.375], [1, 0, 1, 1, 0], 2) == pytest.approx(
        (3 * (1 / 3 - 0.25) + 2 * 0.375) / 5
    )


def test_errors_of_opposite_bins_do_not_cancel() -> None:
    assert error_of([0.25, 0.75], [1, 0], 1) == 0
    assert error_of([0.25, 0.75], [1, 0], 2) == 0.75


@given(st.lists(st.tuples(st.floats(0, 1, width=32), st.booleans()), min_size=1, max_size=40), st.integers(1, 12))
def test_calibration_error_is_a_share_and_more_bins_do_not_hide_it(rows, bins) -> None:
    probability, late = ([of[at] for of in rows] for at in (0, 1))
    found = error_of(probability, late, bins)
    assert -1e-9 <= found <= 1 + 1e-9
    assert found >= error_of(probability, late, 1) - 1e-6


def test_losses_are_those_of_the_candidate_above_the_champion_in_parts_that_are_large_enough() -> None:
    late = [True, True, False, False]
    champion, candidate = predictions([0.5] * 4, late), predictions([0.25, 0.5, 0.75, 0.25], late)
    labels = {"origin": np.array(["EWR", "EWR", None, None], object), "month": np.array(["a", "b", "b", "b"], object)}
    found = slice_losses(labels, champion, candidate, 2)
    two = float(np.log(2))  # 0.25 instead of 0.5 of what came about
    below = float(np.log(0.5 / 0.75))  # 0.75 instead of 0.5
    assert found == [
        SliceLoss("origin", "EWR", 2, pytest.approx(two / 2, abs=1e-6)),
        SliceLoss("origin", "unknown", 2, pytest.approx((two + below) / 2, abs=1e-6)),
        SliceLoss("month", "b", 3, pytest.approx((two + below) / 3, abs=1e-6)),
    ]
    assert [of.label for of in slice_losses(labels, champion, candidate, 3)] == ["b"]
    assert slice_losses(labels, champion, candidate, 4) == []


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), min_size=1, max_size=30))
def test_a_model_is_nowhere_worse_than_itself_and_turning_round_turns_signs(rows) -> None:
    late = [of[1] for of in rows]
    labels = {"by": np.array([of[0] for of in rows], object)}
    a, b = predictions([0.25] * len(rows), late), predictions([0.5] * len(rows), late)
    assert {of.increase for of in slice_losses(labels, a, a, 1)} == {0}
    there, back = ({of.label: of.increase for of in slice_losses(labels, *pair, 1)} for pair in ((a, b), (b, a)))
    assert there == {label: -worse for label, worse in back.items()}
    assert [of.increase for of in slice_losses(labels, a, b, 1)] == sorted(there.values(), reverse=True)


def test_a_mistake_made_with_certainty_costs_much_and_not_infinitely_much() -> None:
    loss = log_loss_per_row(np.array([True, True]), np.array([0.0, 1.0]))
    assert loss[0] == pytest.approx(-np.log(np.finfo(np.float64).eps))
    assert loss[1] == pytest.approx(0, abs=1e-12)


def test_nodes_are_counted_from_splits_and_trees() -> None:
    # Two trees: one split (three nodes), and two splits (five nodes).
    importances = {name: {"weight": weight} for name, weight in (("a", 2.0), ("b", 1.0), ("c", 0.0))}
    assert model_size(3, 2, importances) == ModelSize(3, 8)


@pytest.mark.parametrize(
    ("size", "simpler"),
    [((9, 100), True), ((10, 99), True), ((9, 99), True), ((10, 100), False), ((9, 101), False), ((11, 99), False)],
)
def test_simpler_is_no_more_of_anything_and_less_of_something(size: tuple[int, int], simpler: bool) -> None:
    assert ModelSize(*size).is_simpler_than(ModelSize(10, 100)) is simpler
