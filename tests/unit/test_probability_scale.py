"""explain.probability_scale: contributions in probability add up, and keep sign and order, whatever the calibration."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from flight_delay.explain.probability_scale import probability_points_per_0_1_log_odds, to_probability_contributions
from flight_delay.model.calibration import Calibration, calibrate, to_log_odds, to_probability

NONE = Calibration(method="none")
HALF = Calibration(method="sigmoid", slope=0.5, intercept=-0.2)
LEVEL = Calibration(method="isotonic", probability=(0.2, 0.4, 0.6), calibrated=(0.3, 0.3, 0.5))


def one(*effects: float, expected: float = 0.0, calibration: Calibration = NONE) -> tuple[float, list[float]]:
    columns = {str(at): np.array([effect], np.float32) for at, effect in enumerate(effects)}
    base, shares = to_probability_contributions(columns, np.array([expected], np.float32), calibration)
    assert list(shares) == list(columns)
    assert {column.dtype for column in (base, *shares.values())} == {np.dtype(np.float64)}
    return float(base[0]), [float(share[0]) for share in shares.values()]


@st.composite
def calibrations(draw: st.DrawFn) -> Calibration:
    method = draw(st.sampled_from(["none", "sigmoid", "isotonic"]))
    if method == "none":
        return NONE
    if method == "sigmoid":
        return Calibration(method=method, slope=draw(st.floats(0, 5)), intercept=draw(st.floats(-5, 5)))
    knots = sorted(draw(st.sets(st.integers(0, 1000), min_size=1, max_size=8)))
    shares = sorted(draw(st.lists(st.integers(1, 20), min_size=len(knots), max_size=len(knots))))  # level parts, too
    return Calibration(
        method=method,
        probability=tuple(knot / 1000 for knot in knots),
        calibrated=tuple(share / 21 for share in shares),
    )


EFFECTS = st.lists(st.floats(-3, 3, width=32), min_size=1, max_size=6)


@settings(deadline=None, max_examples=300)
@given(EFFECTS, st.floats(-4, 4, width=32), calibrations())
def test_contributions_add_up_and_keep_sign_and_order(
    effects: list[float], expected: float, calibration: Calibration
) -> None:
    base, shares = one(*effects, expected=expected, calibration=calibration)
    ends = np.array([expected, expected + np.sum(effects, dtype=np.float64)])
    start, end = calibrate(calibration, to_probability(ends)).astype(float)
    # Rounded before the knots, `calibrate` takes steps of a millionth, times the steepest of the lines drawn here.
    near = 1e-6 * 1000 if calibration.method == "isotonic" else 1e-6
    assert base == pytest.approx(start, abs=near)
    assert base + sum(shares) == pytest.approx(end, abs=2 * near)
    for effect, share in zip(effects, shares, strict=True):
        assert share * effect >= 0
    for smaller, larger in zip(*[np.argsort(effects)[side] for side in (slice(None, -1), slice(1, None))], strict=True):
        assert shares[smaller] <= shares[larger]


def test_shares_are_those_of_the_difference() -> None:
    base, shares = one(1.0, 2.0, -1.0, expected=-1.0)
    start, end = 1 / (1 + np.e), 1 / (1 + np.exp(-1.0))
    assert base == pytest.approx(start)
    assert shares == pytest.approx([(end - start) / 2, end - start, -(end - start) / 2])


def test_contributions_use_the_slope_where_effects_cancel() -> None:
    _, shares = one(1.0, -1.0, expected=0.0)
    assert shares == pytest.approx([0.25, -0.25], rel=1e-6)
    _, shares = one(1.0, -1.0, expected=0.0, calibration=HALF)
    there = 1 / (1 + np.exp(0.2))
    assert shares == pytest.approx([0.5 * there * (1 - there), -0.5 * there * (1 - there)], rel=1e-6)


@given(st.floats(1e-9, 1e-4))
def test_contributions_are_continuous_where_effects_cancel(rest: float) -> None:
    columns = {"a": np.array([1.0 + rest]), "b": np.array([-1.0])}
    _, shares = to_probability_contributions(columns, np.array([0.0]), NONE)
    assert shares["a"][0] == pytest.approx(0.25, rel=1e-3)
    assert shares["a"][0] + shares["b"][0] == pytest.approx(rest / 4, rel=1e-3, abs=1e-9)


def test_contributions_are_zero_where_the_calibration_is_constant() -> None:
    expected = float(to_log_odds(0.25))
    base, shares = one(0.3, -0.1, expected=expected, calibration=LEVEL)
    assert base == pytest.approx(0.3)
    assert np.abs(shares).tolist() == [0, 0]


def test_a_constant_part_of_the_calibration_reduces_all_contributions_alike() -> None:
    start, end = float(to_log_odds(0.3)), float(to_log_odds(0.5))
    _, shares = one(2 * (end - start), start - end, expected=start, calibration=LEVEL)
    assert shares == pytest.approx([0.2, -0.1], abs=1e-5)


def test_log_odds_are_worth_most_at_one_half() -> None:
    none = Calibration(method="none")
    assert probability_points_per_0_1_log_odds(0.0, none) == pytest.approx(2.5, abs=1e-3)
    assert probability_points_per_0_1_log_odds(-1.1007, none) == pytest.approx(1.8735, abs=1e-3)
