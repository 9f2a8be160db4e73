"""evaluation: the exact wording of sentences and errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from flight_delay.core.errors import UserError
from flight_delay.evaluation import learning_curves as curves
from flight_delay.evaluation.backtest import rolling_origin_folds
from flight_delay.evaluation.bootstrap import day_weights, interval
from flight_delay.evaluation.calibration_selection import compare_calibration_methods
from flight_delay.evaluation.comparison import require_same_rows, verdict_sentence
from flight_delay.evaluation.costs import Payoffs
from flight_delay.evaluation.curve_models import CurveParameters
from flight_delay.evaluation.learning_curves import CurveModel, Point
from flight_delay.model.fit_calibration import fit_calibration
from flight_delay.model.predictions import Predictions

POINT = Point(1000, 50, 0.5, 0.45, 0.12, 0.08, 0.75, 0.69)


def constant(*probability: float, ids: str = "abcdefgh") -> Predictions:
    """Predictions of two equal days, each of four rows, one positive: intervals of constants are points."""
    dates = np.repeat(np.array(["2013-10-01", "2013-10-02"], "datetime64[D]"), 4)
    target = np.array([True, False, False, False] * 2)
    return Predictions(np.array([*ids], object), dates, target, np.resize(probability, 8).astype(np.float32))


def with_areas(train: float, validation: float) -> CurveModel:
    return CurveModel(POINT._replace(train_roc_auc=train, validation_roc_auc=validation), constant(0.5))


GOOD, BAD = CurveModel(POINT, constant(0.25)), CurveModel(POINT, constant(0.5))
BETTER_ON_ONE_DAY = CurveModel(POINT, constant(0.5, 0.25, 0.25, 0.25, 0.2, 0.25, 0.25, 0.25))
BY = "by 0.1308 (95 % interval 0.1308 … 0.1308)"


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        (curves.interpret_months({1: GOOD, 2: BAD, 9: GOOD}, "2013-10"), f"More months reduce log loss: log loss on 2013-10 falls {BY} from 2 to 9 months."),
        (curves.interpret_months({2: GOOD, 9: BAD}, "2013-10"), f"More months increase log loss, older data are misleading: log loss on 2013-10 rises {BY} from 2 to 9 months."),
        (curves.interpret_months({2: BAD, 9: BAD}, "2013-10"), "More months make no significant difference: log loss on 2013-10 falls by 0.0000 (95 % interval 0.0000 … 0.0000) from 2 to 9 months."),
        # Nine tenths of what is above one half in training.
        (curves.interpret_fit({1: with_areas(0.9, 0.6), 9: with_areas(0.7, 0.681)}, "2013-10"), "The model generalizes well, the remaining error is mostly bias; better features may help: with 9 months, ROC AUC is 0.700 in training and 0.681 on 2013-10."),
        (curves.interpret_fit({9: with_areas(0.7, 0.679)}, "2013-10"), "The model overfits or months differ (variance); more months or simpler trees may help: with 9 months, ROC AUC is 0.700 in training and 0.679 on 2013-10."),
        (curves.interpret_rounds([0.6, 0.5, 0.42, 0.4, 0.41], 100, "2013-10"), "More rounds do not help: log loss on 2013-10 is lowest after 4 rounds (0.4000), half of the decrease after 2, and 1 more do not reduce it."),
        (curves.interpret_rounds([0.4, 0.5], 100, "2013-10"), "More rounds do not help: log loss on 2013-10 is lowest after 1 rounds (0.4000), half of the decrease after 1, and 1 more do not reduce it."),
        (curves.interpret_rounds([0.6, 0.5, 0.4], 3, "2013-10"), "More rounds may reduce log loss: log loss on 2013-10 is lowest after 3 rounds (0.4000), which is train_model.num_boost_round."),
        (curves.interpret_depth(4, {2: BAD, 4: GOOD, 8: BAD}, "2013-10"), "Depth 4 is the best of 2, 4, 8: it has the lowest log loss on 2013-10."),
        (curves.interpret_depth(4, {2: BAD, 4: BAD, 8: BAD}, "2013-10"), "Depth 4 is the best of 2, 4, 8: it has the lowest log loss on 2013-10."),
        (curves.interpret_depth(4, {2: GOOD, 4: BAD, 8: BAD}, "2013-10"), f"Shallower trees reduce log loss: log loss on 2013-10 falls {BY} from depth 4 (used) to 2 (best of 2, 4, 8)."),
        (curves.interpret_depth(4, {2: BAD, 4: BAD, 8: GOOD}, "2013-10"), f"Deeper trees reduce log loss: log loss on 2013-10 falls {BY} from depth 4 (used) to 8 (best of 2, 4, 8)."),
        (curves.interpret_depth(4, {4: GOOD, 8: BETTER_ON_ONE_DAY}, "2013-10"), "Deeper trees make no significant difference: log loss on 2013-10 falls by 0.0587 (95 % interval −0.0558 … 0.1733) from depth 4 (used) to 8 (best of 4, 8)."),
    ],
)  # fmt: skip
def test_sentences_on_learning_curves(sentence: str, expected: str) -> None:
    assert sentence == expected


@pytest.mark.parametrize(
    ("verdicts", "sentence"),
    [
        (("better", "better", "better"), "The model is better than LR in ROC AUC, average precision and log loss."),
        (("not_significant", "not_significant", "not_significant"), "The model is not significantly different from LR in ROC AUC, average precision and log loss."),
        (("better", "worse", "worse"), "The model is better than LR in ROC AUC; it is worse than LR in average precision and log loss."),
        (("worse", "not_significant", "better"), "The model is better than LR in log loss; it is worse than LR in ROC AUC; it is not significantly different from LR in average precision."),
    ],
)  # fmt: skip
def test_the_verdict_sentence(verdicts: tuple[str, ...], sentence: str) -> None:
    metrics = zip(("roc_auc", "average_precision", "log_loss"), verdicts, strict=True)
    assert verdict_sentence({metric: {"verdict": verdict} for metric, verdict in metrics}, "LR") == sentence


MONTHS = [f"2013-{month:02d}" for month in range(1, 11)]
BEFORE = "(a month for training and one for early stopping come before it, splits.test after it)"
PAYOFFS = {
    "true_positive": -501,
    "false_negative": -500,
    "false_positive": -1,
    "true_negative": 1,
}


@pytest.mark.parametrize(
    ("work", "error", "message"),
    [
        (lambda: curves.last_months(MONTHS[:9], [10]), UserError, "params.yaml: learning_curves.training_months: 10 is more than the 9 months of splits.train; remove it or widen the split"),
        (lambda: rolling_origin_folds(MONTHS, "2013-02", 1, 12), UserError, f"params.yaml: backtest.first_test_month is 2013-02; it must be an existing month in 2013-03 … 2013-10 {BEFORE}"),
        (lambda: rolling_origin_folds(MONTHS, "2013-11", 1, 12), UserError, f"params.yaml: backtest.first_test_month is 2013-11; it must be an existing month in 2013-03 … 2013-10 {BEFORE}"),
        (lambda: rolling_origin_folds(["2013-01", "2013-02", "2013-04", "2013-06"], "2013-05", 1, 12), UserError, f"params.yaml: backtest.first_test_month is 2013-05; it must be an existing month in 2013-04 … 2013-06 {BEFORE}"),
        (lambda: rolling_origin_folds(MONTHS[:2], "2013-02", 1, 12), UserError, f"params.yaml: backtest.first_test_month is 2013-02; it must be preceded by more months {BEFORE}"),
        (lambda: compare_calibration_methods({"2013-05": constant(0.5)}), UserError, "reports/backtest: calibration methods need predictions of at least 2 months, there is 1; make backtest.first_test_month earlier"),
        (lambda: day_weights(np.full(3, np.datetime64("2013-12-24")), 10, 1), UserError, "an interval needs rows of at least 2 days, there are 1; widen the split"),
        (lambda: interval(np.full(10, np.nan)), UserError, "none of 10 resamples of days has rows of both classes; widen the split"),
        (lambda: fit_calibration("sigmoid", np.full(1, 0.3, np.float32), np.array([True])), ValueError, "sigmoid calibration needs rows of both classes, there is only one"),
        (lambda: require_same_rows({"model": constant(0.5), "logistic": constant(0.5, ids="hgfedcba")}), ValueError, "logistic predicts other rows"),
        (lambda: Payoffs(**PAYOFFS), ValueError, "true_positive (-501) must be more than false_negative (-500); otherwise no threshold is optimal"),
        (lambda: CurveParameters(training_months=[2, 1], max_depths=[4], learning_rate=0.2), ValueError, "numbers must be in ascending order"),
    ],
)  # fmt: skip
def test_what_is_refused(work: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error) as refused:
        work()
    assert message in str(refused.value) if error is ValueError else message == str(refused.value)
