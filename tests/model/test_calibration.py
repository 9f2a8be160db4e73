"""model.calibration: probabilities become shares of late flights, and flights stay in their order."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from flight_delay.model.calibration import Calibration, Method, calibrate
from flight_delay.model.fit_calibration import HIGHEST, LOWEST, fit_calibration

Flights = list[tuple[bool, float]]

METHODS: tuple[Method, ...] = ("none", "sigmoid", "isotonic")
FITTED: tuple[Method, ...] = ("sigmoid", "isotonic")
EXTREMES = np.array([0, 1e-45, 1e-30, 1e-8, 1e-4, 0.5, 0.9999, 1 - 2**-24, 1], np.float32)

every_method = pytest.mark.parametrize("method", METHODS)
both_methods = pytest.mark.parametrize("method", FITTED)


def flights(low: float, high: float) -> st.SearchStrategy[Flights]:
    """Flights of both outcomes, whose probabilities often tie."""
    probability = st.floats(low, high) | st.integers(1, 9).map(lambda tenth: tenth / 10)
    return st.lists(st.tuples(st.booleans(), probability), min_size=2, max_size=60).filter(
        lambda drawn: len({late for late, _ in drawn}) == 2
    )


def arrays(drawn: Flights) -> tuple[np.ndarray, np.ndarray]:
    late, probability = zip(*drawn, strict=True)
    return np.array(probability, np.float32), np.array(late)


def odds(probability: np.ndarray | float) -> np.ndarray:
    return np.log(probability) - np.log1p(-np.asarray(probability))


def simulated(rows: int, slope: float, intercept: float) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of a model whose log-odds are off by a slope and an intercept, and outcomes."""
    random = np.random.default_rng(rows)
    log_odds = random.normal(-1, 1, rows)
    late = random.random(rows) < 1 / (1 + np.exp(-(slope * log_odds + intercept)))
    return (1 / (1 + np.exp(-log_odds))).astype(np.float32), late


def loss(probability: np.ndarray, late: np.ndarray) -> float:
    return float(log_loss(late, probability.astype(np.float64)))


@pytest.fixture(scope="module")
def fitted() -> Callable[[Method], Calibration]:
    probability, late = simulated(3_000, 0.7, 0.4)
    return {method: fit_calibration(method, probability, late) for method in METHODS}.__getitem__


def test_without_a_method_nothing_changes() -> None:
    calibration = fit_calibration("none", EXTREMES, np.ones(len(EXTREMES), bool))
    assert calibration == Calibration(method="none")
    assert calibrate(calibration, EXTREMES).tobytes() == EXTREMES.tobytes()


def test_a_sigmoid_through_two_points_is_that_worked_out_by_hand() -> None:
    probability, late = np.repeat(np.array([0.2, 0.8], np.float32), 1000), np.tile(np.arange(10) < 5, 200)
    late[1000:] = np.tile(np.arange(10) < 9, 100)
    calibration = fit_calibration("sigmoid", probability, late)
    slope = np.log(9) / np.log(16)  # log-odds of 0.5 and 0.9, over those of 0.2 and 0.8
    assert calibration.slope == pytest.approx(slope, abs=1e-4)
    assert calibration.intercept == pytest.approx(slope * np.log(4), abs=1e-4)
    assert calibrate(calibration, np.array([0.2, 0.8])) == pytest.approx([0.5, 0.9], abs=1e-4)


@pytest.mark.parametrize("rows", [300, 5_000])
def test_a_sigmoid_is_a_logistic_regression_on_log_odds(rows: int) -> None:
    probability, late = simulated(rows, 1.3, -0.2)
    calibration = fit_calibration("sigmoid", probability, late)
    known = LogisticRegression(C=np.inf, tol=1e-10).fit(odds(probability.astype(np.float64))[:, None], late)
    assert calibration.slope == pytest.approx(known.coef_[0, 0], abs=1e-4)
    assert calibration.intercept == pytest.approx(known.intercept_[0], abs=1e-4)


def test_isotonic_knots_are_those_worked_out_by_hand() -> None:
    # In order of probability 0 and 1 of 2 flights are late, then 1 of 2 that are in the wrong order, then all.
    probability = np.array([0.1, 0.2, 0.2, 0.3, 0.4, 0.5], np.float32)
    late = np.array([False, True, False, True, False, True])
    assert fit_calibration("isotonic", probability, late) == Calibration(
        method="isotonic", probability=(0.1, 0.2, 0.4, 0.5), calibrated=(LOWEST, 0.5, 0.5, HIGHEST)
    )


def test_applying_isotonic_is_straight_between_knots_and_level_beyond_them() -> None:
    calibration = Calibration(method="isotonic", probability=(0.2, 0.4, 0.5), calibrated=(0.1, 0.3, 0.8))
    points = {0.0: 0.1, 0.2: 0.1, 0.25: 0.15, 0.4: 0.3, 0.45: 0.55, 0.5: 0.8, 1.0: 0.8}
    assert calibrate(calibration, np.array(list(points))) == pytest.approx(list(points.values()), abs=1e-6)


def test_isotonic_keeps_the_knots_where_the_curve_bends_and_no_others() -> None:
    # Shares that differ, but not in the first six digits.
    shares = {0.2: (0, 50), 0.3: (1000, 2001), 0.4: (3002, 6007), 0.5: (1001, 2003), 0.6: (50, 50), 0.7: (9, 9)}
    probability = np.repeat(np.array(list(shares), np.float32), [rows for _, rows in shares.values()])
    late = np.concatenate([np.arange(rows) < count for count, rows in shares.values()])
    calibration = fit_calibration("isotonic", probability, late)
    assert calibration.probability == (0.2, 0.3, 0.5, 0.6, 0.7)
    assert calibration.calibrated == (LOWEST, 0.49975, 0.49975, HIGHEST, HIGHEST)


def test_probabilities_that_differ_beyond_six_digits_share_a_knot() -> None:
    probability = np.array([0.1, 0.10000001, 0.10000002, 0.3, 0.30000003], np.float32)
    calibration = fit_calibration("isotonic", probability, np.array([False, True, False, True, True]))
    assert calibration.probability == (0.1, 0.3)
    assert calibration.calibrated == (0.333333, HIGHEST)
    assert calibrate(calibration, probability).tolist() == np.array([0.333333] * 3 + [HIGHEST] * 2, np.float32).tolist()


@both_methods
@given(drawn=flights(0.01, 0.99))
def test_log_loss_on_the_flights_of_the_fit_does_not_rise(method: Method, drawn: Flights) -> None:
    probability, late = arrays(drawn)
    calibrated = calibrate(fit_calibration(method, probability, late), probability)
    tolerance = 1e-6 if method == "sigmoid" else 1e-4  # isotonic does not tell apart what differs beyond six digits
    assert loss(calibrated, late) <= loss(probability, late) + tolerance


@both_methods
@given(drawn=flights(0, 1), more=st.lists(st.floats(0, 1, width=32), max_size=30))
def test_ranks_never_reverse(method: Method, drawn: Flights, more: list[float]) -> None:
    probability, late = arrays(drawn)
    calibration = fit_calibration(method, probability, late)
    rising = np.sort(np.concatenate([probability, np.array(more, np.float32), EXTREMES]))
    calibrated = calibrate(calibration, rising)
    assert (np.diff(calibrated) >= 0).all()
    assert (calibrated > 0).all()
    assert (calibrated < 1).all()
    if method == "isotonic":
        assert LOWEST <= min(calibration.calibrated) <= max(calibration.calibrated) <= HIGHEST


@both_methods
@given(drawn=flights(0, 1))
def test_what_is_read_from_json_predicts_the_same(method: Method, drawn: Flights) -> None:
    probability, late = arrays(drawn)
    calibration = fit_calibration(method, probability, late)
    read = Calibration.model_validate_json(json.dumps(calibration.model_dump(mode="json"), allow_nan=False))
    assert read == calibration
    for number in (calibration.slope, calibration.intercept, *calibration.probability, *calibration.calibrated):
        assert number is None or number == round(number, 6)
    assert calibrate(read, probability).tobytes() == calibrate(calibration, probability).tobytes()


@both_methods
@given(drawn=flights(0, 1), random=st.randoms())
def test_the_order_of_flights_does_not_matter(method: Method, drawn: Flights, random: object) -> None:
    shuffled = drawn.copy()
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = (fit_calibration(method, *arrays(order)) for order in (drawn, shuffled))
    grid = np.linspace(0, 1, 101, dtype=np.float32)
    assert calibrate(one, grid) == pytest.approx(calibrate(other, grid), abs=1e-5)


@every_method
def test_one_flight_alone_gets_what_it_gets_among_many(method: Method, fitted: Callable[[Method], Calibration]) -> None:
    probability = np.random.default_rng(3).random(301).astype(np.float32)
    together = calibrate(fitted(method), probability)
    alone = np.concatenate([calibrate(fitted(method), probability[row : row + 1]) for row in range(len(probability))])
    assert alone.tobytes() == together.tobytes()
    assert (together.shape, together.dtype) == (probability.shape, np.float32)
    assert calibrate(fitted(method), probability[:0]).shape == (0,)
    assert calibrate(fitted(method), probability[::-3]).tobytes() == together[::-3].tobytes()


def test_applying_a_calibration_does_not_import_scikit_learn() -> None:
    script = """
import sys
import numpy as np
from flight_delay.model.calibration import Calibration, calibrate
calibrate(Calibration(method="sigmoid", slope=1.0, intercept=0.1), np.array([0.3]))
calibrate(Calibration(method="isotonic", probability=(0.1,), calibrated=(0.2,)), np.array([0.3]))
sys.exit("sklearn" in sys.modules)
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=120)


@pytest.mark.parametrize("slope", [0.0, 1.0, 1e3])
@pytest.mark.parametrize("intercept", [-1e3, 0.0, 1e3])
def test_a_sigmoid_says_neither_never_nor_always(slope: float, intercept: float) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        calibrated = calibrate(Calibration(method="sigmoid", slope=slope, intercept=intercept), EXTREMES)
    assert ((calibrated > 0) & (calibrated < 1)).all()


@both_methods
def test_one_probability_for_all_becomes_the_share_of_late_flights(method: Method) -> None:
    probability, late = np.full(1_000, 0.3, np.float32), np.arange(1_000) % 5 == 0
    calibrated = calibrate(fit_calibration(method, probability, late), probability)
    assert calibrated == pytest.approx(np.full(1_000, 0.2), abs=1e-5)


@both_methods
@pytest.mark.parametrize("gap", [1e-6, 0.01, 0.4])
def test_outcomes_that_do_not_overlap_have_a_fit_all_the_same(method: Method, gap: float) -> None:
    late = np.arange(200) >= 100
    probability = np.where(late, 0.5 + gap / 2, 0.5 - gap / 2).astype(np.float32)
    calibrated = calibrate(fit_calibration(method, probability, late), probability)
    assert calibrated[late].min() > 0.5 > calibrated[~late].max()
    assert loss(calibrated, late) < loss(probability, late)


@both_methods
def test_a_ranking_that_is_upside_down_becomes_the_share_of_late_flights(method: Method) -> None:
    late = np.arange(300) % 3 == 0
    probability = np.where(late, 0.2, 0.6).astype(np.float32)
    calibration = fit_calibration(method, probability, late)
    assert calibrate(calibration, EXTREMES) == pytest.approx(np.full(len(EXTREMES), 1 / 3), abs=1e-6)
    if method == "sigmoid":
        assert (calibration.slope, calibration.intercept) == (0, pytest.approx(-np.log(2), abs=1e-6))


def test_a_sigmoid_that_has_nothing_to_do_is_written_without_a_negative_zero() -> None:
    probability = np.repeat(np.array([0.25, 0.75], np.float32), 400)
    late = np.concatenate([np.arange(400) < 100, np.arange(400) < 300])
    calibration = fit_calibration("sigmoid", probability, late)
    assert (repr(calibration.slope), repr(calibration.intercept)) == ("1.0", "0.0")


@both_methods
@pytest.mark.parametrize("late", [[True, True], [False, False], []], ids=["late", "on time", "none at all"])
def test_one_kind_of_flights_is_refused(method: Method, late: list[bool]) -> None:
    with pytest.raises(ValueError, match=f"^{method} "):
        fit_calibration(method, np.full(len(late), 0.3, np.float32), np.array(late, bool))
