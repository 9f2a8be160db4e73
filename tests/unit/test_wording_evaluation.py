"""The wording of evaluation: what learning curves and comparisons are read to say, and errors. When each is said is tested in the
files named after the modules."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from flight_delay.core.errors import UserError
from flight_delay.evaluation import learning_curves
from flight_delay.evaluation.backtest import origins
from flight_delay.evaluation.bootstrap import day_weights, interval
from flight_delay.evaluation.calibration_selection import judge_calibrations
from flight_delay.evaluation.comparison import in_words, same_flights
from flight_delay.evaluation.costs import Payoffs
from flight_delay.evaluation.curve_models import CurveParameters
from flight_delay.evaluation.learning_curves import Learnt, Point
from flight_delay.model.fit_calibration import fit_calibration
from flight_delay.model.predictions import Predictions

METRICS = ("roc_auc", "average_precision", "log_loss")
POINT = Point(1000, 50, 0.5, 0.45, 0.12, 0.08, 0.75, 0.69)


def said_of_all(probability: float) -> Predictions:
    """Two days that are alike, each of four flights, one late: intervals over them are points."""
    dates = np.repeat(np.array(["2013-10-01", "2013-10-02"], "datetime64[D]"), 4)
    late = np.array([True, False, False, False] * 2)
    return Predictions(np.arange(8).astype(str).astype(object), dates, late, np.full(8, probability, np.float32))


def uncertain() -> Predictions:
    """Better than `said_of_all(0.25)` on one day by more than it is worse on the other."""
    of = said_of_all(0.25)
    return Predictions(
        of.row_id, of.date, of.target, np.array([0.5, 0.25, 0.25, 0.25, 0.2, 0.25, 0.25, 0.25], np.float32)
    )


def learnt(probability: float, **point: float) -> Learnt:
    return Learnt(POINT._replace(**point), said_of_all(probability))


GOOD, BAD = learnt(0.25), learnt(0.5)
BY = "by 0.1308 (95 % interval 0.1308 … 0.1308)"


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (learning_curves.read_months({2: BAD, 9: GOOD}, "2013-10"), f"More months would still help: log loss on 2013-10 fell {BY} from 2 to 9 months."),
        (learning_curves.read_months({2: GOOD, 9: BAD}, "2013-10"), f"More months would not help, what is long ago misleads: log loss on 2013-10 rose {BY} from 2 to 9 months."),
        (learning_curves.read_months({2: BAD, 9: BAD}, "2013-10"), "Whether more months would help, these days do not say: log loss on 2013-10 fell by 0.0000 (95 % interval 0.0000 … 0.0000) from 2 to 9 months."),
        (learning_curves.read_fit({9: learnt(0.5, train_roc_auc=0.7, validation_roc_auc=0.69)}, "2013-10"), "With 9 months ROC AUC is 0.700 on these and 0.690 on 2013-10: nearly all that was learnt carries over, so bias is what is left, to be met with better features."),
        (learning_curves.read_fit({9: learnt(0.5, train_roc_auc=0.8, validation_roc_auc=0.7)}, "2013-10"), "With 9 months ROC AUC is 0.800 on these and 0.700 on 2013-10: part of what was learnt does not carry over, so there is more variance than bias (chance that was learnt, or months that differ), to be met with more months or simpler trees."),
        (learning_curves.read_rounds([0.6, 0.5, 0.42, 0.4, 0.41], 100, "2013-10"), "More rounds would not help: log loss on 2013-10 is lowest after 4 rounds (0.4000), half of the way was done after 2, and 1 more bring nothing."),
        (learning_curves.read_rounds([0.6, 0.5, 0.4], 3, "2013-10"), "More rounds would help: log loss on 2013-10 is lowest after 3 rounds (0.4000), which is train_model.max_rounds."),
        (learning_curves.read_depth(4, {2: BAD, 4: GOOD, 8: BAD}, "2013-10"), "Neither shallower nor deeper trees would help: of depths 2, 4, 8, log loss on 2013-10 is lowest with 4."),
        (learning_curves.read_depth(4, {2: GOOD, 4: BAD, 8: BAD}, "2013-10"), f"Shallower trees would help: log loss on 2013-10 fell {BY} from depth 4, which is used, to 2, the best of 2, 4, 8."),
        (learning_curves.read_depth(4, {2: BAD, 4: BAD, 8: GOOD}, "2013-10"), f"Deeper trees would help: log loss on 2013-10 fell {BY} from depth 4, which is used, to 8, the best of 2, 4, 8."),
    ],
)  # fmt: skip
def test_what_curves_are_read_to_say(found: str, words: str) -> None:
    assert found == words


@pytest.mark.parametrize(("used", "best", "kind"), [(4, 8, "deeper"), (4, 2, "shallower")])
def test_a_depth_that_is_hardly_better(used: int, best: int, kind: str) -> None:
    found = learning_curves.read_depth(used, {used: GOOD, best: Learnt(POINT, uncertain())}, "2013-10")
    assert found.startswith(f"Whether {kind} trees would help, these days do not say: log loss on 2013-10 fell by ")
    assert found.endswith(f" from depth {used}, which is used, to {best}, the best of {used}, {best}.")


def comparison(verdicts: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    return {
        metric: {"difference": 0.1, "low": 0.0, "high": 0.2, "verdict": verdict}
        for metric, verdict in zip(METRICS, verdicts, strict=True)
    }


@pytest.mark.parametrize(
    ("verdicts", "sentence"),
    [
        ("bbb", "The model is better than LR in ROC AUC, average precision and log loss."),
        ("www", "The model is worse than LR in ROC AUC, average precision and log loss."),
        ("uuu", "These days cannot tell whether it is better than LR in ROC AUC, average precision and log loss."),
        ("bww", "The model is better than LR in ROC AUC; it is worse than LR in average precision and log loss."),
        ("bbu", "The model is better than LR in ROC AUC and average precision; these days cannot tell whether it is better than LR in log loss."),
        ("uwu", "The model is worse than LR in average precision; these days cannot tell whether it is better than LR in ROC AUC and log loss."),
        ("wub", "The model is better than LR in log loss; it is worse than LR in ROC AUC; these days cannot tell whether it is better than LR in average precision."),
    ],
)  # fmt: skip
def test_the_verdict_in_words(verdicts: str, sentence: str) -> None:
    named = {"b": "better", "w": "worse", "u": "undecided"}
    assert in_words(comparison(tuple(named[letter] for letter in verdicts)), "LR") == sentence


@pytest.mark.parametrize("verdicts", list(itertools.product(("better", "worse", "undecided"), repeat=3)), ids="-".join)
def test_the_verdict_in_words_names_every_metric_once_where_it_belongs(verdicts: tuple[str, ...]) -> None:
    said = in_words(comparison(verdicts), "logistic regression")
    found = {_verdict_of(part): part for part in said.split("; ")}
    assert set(found) == set(verdicts)
    for words, verdict in zip(("ROC AUC", "average precision", "log loss"), verdicts, strict=True):
        assert said.count(words) == 1
        assert words in found[verdict]
    assert said[0].isupper()
    assert said.endswith(".")


def _verdict_of(part: str) -> str:
    if "cannot tell whether it is better than" in part:
        return "undecided"
    return "better" if "is better than" in part else "worse"


MONTHS = [f"2013-{month:02d}" for month in range(1, 11)]
BEFORE = "(a month to train on and one to stop on come before it, windows.test after it)"
ONE_DAY = np.full(3, np.datetime64("2013-12-24"))
SENSELESS = {
    "late_called_late": -501,
    "late_called_on_time": -500,
    "on_time_called_late": -1,
    "on_time_called_on_time": 1,
}


@pytest.mark.parametrize(
    ("ask", "error", "words"),
    [
        (lambda: learning_curves.last_months(MONTHS[:9], [10]), UserError, "params.yaml: learning_curves.training_months: 10 months cannot be taken of 9, which is what windows.train has; take it out or widen the window"),
        (lambda: origins(MONTHS, "2013-02", 1), UserError, f"params.yaml: backtest.first_test_month is 2013-02; it must be one of the months that there are in 2013-03 … 2013-10 {BEFORE}"),
        (lambda: origins(MONTHS[:2], "2013-02", 1), UserError, f"params.yaml: backtest.first_test_month is 2013-02; it must be impossible, there are too few months {BEFORE}"),
        (lambda: judge_calibrations({"2013-05": said_of_all(0.5)}), UserError, "reports/backtest: one month does not judge a calibration; make backtest.first_test_month earlier"),
        (lambda: day_weights(ONE_DAY, 10, 1), UserError, "flights of 1 day(s) are too few for an interval, 2 are needed; widen the window"),
        (lambda: interval(np.full(10, np.nan)), UserError, "none of 10 draws of days has the flights that are needed; widen the window"),
        (lambda: fit_calibration("sigmoid", np.full(1, 0.3, np.float32), np.array([True])), ValueError, "sigmoid calibration needs late flights and flights on time, there is only one kind"),
        (lambda: same_flights({"model": uncertain(), "logistic": Predictions(*(of[::-1] for of in (uncertain().row_id, uncertain().date, uncertain().target, uncertain().probability)))}), ValueError, "logistic predicts other flights"),
        (lambda: Payoffs(**SENSELESS), ValueError, "late_called_late (-501) must be more than late_called_on_time (-500), or else no threshold makes sense"),
        (lambda: CurveParameters(training_months=[2, 1], max_depths=[4], learning_rate=0.2), ValueError, "numbers must rise"),
    ],
)  # fmt: skip
def test_what_is_refused(ask: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error) as refused:
        ask()
    assert words in str(refused.value) if error is ValueError else words == str(refused.value)
