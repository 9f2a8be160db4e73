"""model.calibration: certainty, one probability for all and a ranking that is upside down have an answer all the same."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.metrics import log_loss

from flight_delay.model.calibration import Calibration, Method, calibrate
from flight_delay.model.fit_calibration import fit_calibration

FITTED: tuple[Method, ...] = ("sigmoid", "isotonic")
EXTREMES = np.array([0, 1e-45, 1e-30, 1e-8, 1e-4, 0.5, 0.9999, 1 - 2**-24, 1], np.float32)

USUAL: dict[Method, Calibration] = {
    "sigmoid": Calibration(method="sigmoid", slope=0.7, intercept=0.4),
    "isotonic": Calibration(method="isotonic", probability=(0.1, 0.4, 0.9), calibrated=(0.2, 0.4, 0.8)),
}

both_methods = pytest.mark.parametrize("method", FITTED)


def loss(probability: np.ndarray, late: np.ndarray) -> float:
    return float(log_loss(late, probability.astype(np.float64)))


@both_methods
def test_certainty_is_no_obstacle(method: Method) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        late = np.arange(len(EXTREMES)) % 2 == 0
        for calibration in (USUAL[method], fit_calibration(method, EXTREMES, late)):
            calibrated = calibrate(calibration, EXTREMES)
            assert ((calibrated > 0) & (calibrated < 1)).all()
            assert np.isfinite(loss(calibrated, late))


@pytest.mark.parametrize("slope", [0.0, 1.0, 1e3])
@pytest.mark.parametrize("intercept", [-1e3, 0.0, 1e3])
def test_a_sigmoid_says_neither_never_nor_always(slope: float, intercept: float) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        calibrated = calibrate(Calibration(method="sigmoid", slope=slope, intercept=intercept), EXTREMES)
    assert ((calibrated > 0) & (calibrated < 1)).all()


def test_a_sigmoid_of_one_and_nothing_leaves_probabilities_as_they_are() -> None:
    calibrated = calibrate(Calibration(method="sigmoid", slope=1.0, intercept=0.0), EXTREMES)
    np.testing.assert_allclose(calibrated[3:-1], EXTREMES[3:-1].clip(2**-24), rtol=1e-6)


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
