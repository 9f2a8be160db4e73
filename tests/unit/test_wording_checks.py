"""pitfalls: the exact wording of findings and errors. Every finding is made by a table that has nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest

from flight_delay.checks.columns import of_columns
from flight_delay.checks.drift import of_drift
from flight_delay.checks.findings import Finding, listed, share
from flight_delay.checks.labels import of_labels
from flight_delay.checks.leakage import of_leakage
from flight_delay.checks.noise import Importances, useless
from flight_delay.checks.outcomes import of_outcomes
from flight_delay.checks.pairs import of_pairs
from flight_delay.checks.run import find_pitfalls
from flight_delay.checks.select import leave_out, select
from flight_delay.checks.table import Inspected
from flight_delay.checks.target import of_target
from flight_delay.core.errors import UserError
from flight_delay.features.feature import Feature

ROW = np.arange(400)
MONTH = ROW // 100
LATE = (ROW % 4 == 0) * 1.0
KNOWN = (ROW % 4 == 0) & (ROW % 20 != 0)  # four of five late flights
RARE = (ROW % 20 == 0) * 1.0 + (ROW % 40 == 0)
SPREAD = ROW * 7919 % 1009 * 1.0  # numbers without order or doubles
CARRIER = Feature(name="carrier", kind="categorical", group="schedule")


def table(x: Any = None, late: Any = LATE, **columns: Any) -> Inspected:
    """Flights of four months, two to train on."""
    columns |= {} if x is None else {"x": x}
    kinds: Any = {name: "categorical" if of.dtype == object else "quantitative" for name, of in columns.items()}
    windows = np.array(["train", "train", "validation", "test"], object)
    return Inspected(columns, kinds, late, np.array([f"2013-0{month + 1}" for month in MONTH], object), windows[MONTH])


def labels(numbers: Any) -> Any:
    return np.array([f"L{int(number)}" for number in numbers], object)


def features(x: Any) -> Iterable[Finding]:
    return of_columns(table(x), features=True)


def pair(x: Any, y: Any) -> Iterable[Finding]:
    return of_pairs(table(x, y=y).coded.values())


def outcome(*reads: str) -> Iterable[Finding]:
    return of_outcomes(table(SPREAD), table(taxi=SPREAD), {"taxi"}, {"x": reads})


CONSTANT = (
    "There is nothing to learn from it; should it vary later, the model will not react.",
    "Find out why it is not filled. A constant feature is dropped before training.",
)
MISSING = "Find out why it is missing; fill it at its source, or state that being missing has a meaning."
SKEWED = (
    "Trees do not mind; linear models, means and equal-width bins are ruled by the tail.",
    "Use its logarithm or ranks where a model is linear; show medians instead of means.",
)
TWICE = (
    "They add nothing to one another; used together, importances and explanations are split between them by chance.",
    "Keep one of them.",
)
CORRELATED = (
    "Used together, importances and explanations are split between them, and coefficients of linear models become "
    "unstable.",
    "Keep the one that is known earlier or easier to explain, or their difference.",
)
IMBALANCE = (
    "Accuracy is high for a model that never says so.",
    "Judge by average precision and log loss and choose the threshold by cost; do not resample, which spoils "
    "probabilities.",
)
AFTERWARDS = "It is probably known only afterwards: the model will look excellent here and fail in use."
COMPUTED = (f"It is the target by another name. {AFTERWARDS}", "Leave it out.")
SUSPECT = (
    AFTERWARDS, "Find out when it becomes known; leave it out unless that is before the prediction is made.",
)  # fmt: skip
OUTCOME = (
    "When a prediction is made it is not known: the model will look better here than it can be in use.",
    "Leave it out.",
)
DRIFT = "Look where in the profile; train on months like these, or replace the column by one that does not drift."
FINDINGS: dict[str, tuple[Callable[[], Iterable[Finding]], str, str, str]] = {
    "constant": (lambda: features(SPREAD * 0 + 7), "x is 7 in every one of 200 rows to learn from.", *CONSTANT),
    "empty": (lambda: features(SPREAD * np.nan), "x is missing in every one of 200 rows to learn from.", *CONSTANT),
    "quasi-constant": (
        lambda: features((ROW == 5) * 1.0), "x is 0 in 99.5% of 200 rows to learn from.",
        "The few other rows are hardly enough to learn from, and what is learnt from them may be chance.",
        "Leave it out unless the rare value is known to matter, or pool it with a related column.",
    ),
    "missing": (
        lambda: features(np.where(ROW % 10 == 0, np.nan, SPREAD)),
        "x is missing in 10.0% of rows (train 10.0%, validation 10.0%, test 10.0%).",
        "Trees send such rows down a learnt default branch; a share that differs between windows misleads them.", MISSING,
    ),
    "missing elsewhere": (
        lambda: of_columns(table(np.where(ROW % 10 == 0, np.nan, SPREAD)), features=False),
        "x is missing in 10.0% of rows (train 10.0%, validation 10.0%, test 10.0%).",
        "What is computed from it is missing there, too.", MISSING,
    ),
    "infinite": (
        lambda: features(np.where(ROW == 0, np.inf, SPREAD)), "x is infinite in 1 of 400 rows.",
        "XGBoost refuses infinite numbers, and every mean over the column is infinite.",
        "Mend the division or logarithm that it comes from; make it missing where it has no value.",
    ),
    "skewed upwards": (
        lambda: features(RARE), "x has a skewness of 4.79: a long tail of high numbers.", *SKEWED,
    ),
    "skewed downwards": (
        lambda: features(-RARE), "x has a skewness of -4.79: a long tail of low numbers.", *SKEWED,
    ),
    "outliers": (
        lambda: features(np.where(ROW < 2, -9999 * (-1) ** ROW, SPREAD)),
        "x: 2 of 400 rows (0.5%) lie more than 3 interquartile ranges beyond the quartiles 253 and 757; "
        "the farthest is -9,999.",
        "Trees bear them; a linear model is pulled towards them, and a number that stands for 'unknown' misleads both.",
        "Check whether they are real; make impossible ones missing, and cap real ones where a model is linear.",
    ),
    "many labels": (
        lambda: of_labels(table(labels(ROW % 60)), features=False), "x has 60 labels in 400 rows.",
        "Splits on many labels fit chance: training flatters them.",
        "Compare with and without it on later months; group labels, or replace them by a lagged rate.",
    ),
    "key": (
        lambda: of_labels(table(labels(ROW)), features=False), "x has 400 labels in 400 rows: as good as a key.",
        "A model can learn it by heart.", "Keep it out of the features.",
    ),
    "rare labels": (
        lambda: of_labels(table(labels(ROW % 40 == 0)), features=True),
        "x: 1 of 2 labels with fewer than 30 training rows (L1), in 2.5% of these rows.",
        "What is learnt about such a label is mostly chance.",
        "Pool rare labels, or describe them by something they share with others (region, distance, size).",
    ),
    "new labels": (
        lambda: of_labels(table(labels(np.where(ROW >= 390, ROW % 7, 9))), features=True),
        "x: new after training: L0, L5, L6, L1, L2 and 2 more, in 10 of 200 validation and test rows (5.0%).",
        "The model knows nothing about them and treats them as missing.",
        "Train on later months, or add columns that describe a label it has not seen.",
    ),
    "numbers twice": (lambda: pair(SPREAD, SPREAD), "x, y have the same value in every row.", *TWICE),
    "labels twice": (
        lambda: pair(labels(SPREAD % 5), labels(SPREAD % 5 + 9)),
        "x, y say the same in every row, up to the names of labels.", *TWICE,
    ),
    "correlated numbers": (
        lambda: pair(SPREAD, SPREAD + ROW % 2 * 3), "x and y nearly say the same: Spearman's rank correlation is 1.000.",
        *CORRELATED,
    ),
    "correlated labels": (
        lambda: pair(labels(SPREAD % 5), labels(np.where(ROW == 3, 9, SPREAD % 5))),
        "x and y nearly say the same: Cramér's V (bias-corrected) is 0.999.", *CORRELATED,
    ),
    "unknown outcomes": (
        lambda: of_target(table(late=np.where(ROW % 20 == 1, np.nan, LATE))),
        "late is unknown in 5.0% of rows: 20 flights were cancelled, diverted or not recorded.",
        "The model knows only flights that arrived, and these are fewer on the worst days.",
        "Read its probabilities as those of flights that take place; predict cancellations separately.",
    ),
    "few late": (
        lambda: of_target(table(late=(ROW % 10 == 0) * 1.0)), "10.0% of 400 known outcomes are late.", *IMBALANCE,
    ),
    "few on time": (
        lambda: of_target(table(late=(ROW % 10 != 0) * 1.0)), "10.0% of 400 known outcomes are on time.", *IMBALANCE,
    ),
    "none late": (
        lambda: of_target(table(late=ROW * 0.0)), "0.0% of 400 known outcomes are late.",
        "There is one class only, and nothing to tell apart.", "Widen the months or mend the target.",
    ),
    "another month": (
        lambda: of_target(table(late=np.where(MONTH == 3, (ROW % 2 == 0) * 1.0, LATE))),
        "25.0% of training flights are late, but 50.0% in 2013-04 (Cohen's h 0.52; 0.2 or more in 2013-04). "
        "Months run from 25.0% in 2013-01 to 50.0% in 2013-04.",
        "Probabilities learnt in training are too high or too low there, and a fixed threshold calls too many or too few "
        "flights late.",
        "Watch calibration by month; give the model lagged delay rates, or recalibrate on recent months.",
    ),
    "computed from a number": (
        lambda: of_leakage(table(LATE * 2)),
        "late can be computed from x: 'late from 2 on' is right for 100.0% of flights.", *COMPUTED,
    ),
    "computed below": (
        lambda: of_leakage(table(2 - LATE)),
        "late can be computed from x: 'late below 2' is right for 100.0% of flights.", *COMPUTED,
    ),
    "computed from labels": (
        lambda: of_leakage(table(labels(LATE))),
        "late can be computed from x: calling each label what most of its flights are is right for 100.0% of flights.",
        *COMPUTED,
    ),
    "known by order": (
        lambda: of_leakage(table(KNOWN * 500 + SPREAD)),
        "The order of x alone ranks late before punctual flights with ROC AUC 0.803.", *SUSPECT,
    ),
    "known by ranges": (
        lambda: of_leakage(table(KNOWN * np.where(SPREAD % 2, 2000, -1000) + SPREAD)),
        "The late share of ranges of x, learnt in every other month and judged in the rest, alone ranks late before "
        "punctual flights with ROC AUC 0.881.", *SUSPECT,
    ),
    "known by labels": (
        lambda: of_leakage(table(labels(SPREAD % 5 + 5 * ~KNOWN))),
        "The late share of labels of x, learnt in every other month and judged in the rest, alone ranks late before "
        "punctual flights with ROC AUC 0.895.", *SUSPECT,
    ),
    "known by what is missing": (
        lambda: of_leakage(table(np.where(KNOWN, np.nan, SPREAD))),
        "Whether x is missing alone ranks late before punctual flights with ROC AUC 0.900.", *SUSPECT,
    ),
    "moderate drift": (
        lambda: of_drift(table(labels(ROW % 2 * ((MONTH != 3) | (ROW % 5 > 1))))),
        "x is distributed otherwise in test than in training: the population stability index is 0.17 (moderate: 0.1 to "
        "0.25).",
        "The model is asked about flights that it has seen little of.", DRIFT,
    ),
    "large drift": (
        lambda: of_drift(table(labels(ROW % 2 * (MONTH != 3)))),
        "x is distributed otherwise in test than in training: the population stability index is 2.63 (large: 0.25 or "
        "more).",
        "The model is mostly asked about flights that it has seen little of.", DRIFT,
    ),
    "reads an outcome": (
        lambda: outcome("taxi"), "x is computed from taxi, which comes about with the flight.", *OUTCOME,
    ),
    "copies an outcome": (
        outcome, "x says the same as taxi, which comes about with the flight.", *OUTCOME,
    ),
    "noise": (
        lambda: useless(Importances({"x": -0.1}, {"random": 0.001})),
        "Shuffling x changes log loss on validation by -0.100000, a random column by up to +0.001000.",
        "The model gains nothing from it there: what it learnt from it is chance, or is in other columns, too.",
        "Compare with and without it on the backtest, one such column at a time, and leave it out if nothing is lost.",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("find", "says", "means", "advice"), FINDINGS.values(), ids=FINDINGS)
def test_a_finding(find: Callable[[], Iterable[Finding]], says: str, means: str, advice: str) -> None:
    (found,) = find()
    assert (found.says, found.means, found.advice) == (says, means, advice)


NOISE = Finding("noise", "warning", ("carrier",), 0.0, "", "", "")
REFUSED: list[tuple[Callable[[], Any], str]] = [
    (
        lambda: leave_out([CARRIER], ["x"]),
        "params.yaml: check_data.leave_out: no feature is called x; mend or remove it",
    ),
    (
        lambda: leave_out([CARRIER], ["*"]),
        "params.yaml: check_data.leave_out leaves no feature to train on; take something out of it",
    ),
    (
        lambda: select([CARRIER], [NOISE]),
        "check_data leaves no feature to train on: carrier (noise); take something out of check_data.leave_out in "
        "params.yaml, or widen windows.train",
    ),
    (lambda: find_pitfalls(table(ROW), table(ROW)), "columns that are features cannot be others, too: x"),
    (
        lambda: find_pitfalls(table(), Inspected({}, {}, *[np.empty(0, object)] * 3)),
        "features have 400 rows, other columns 0",
    ),
]


@pytest.mark.parametrize(("work", "said"), REFUSED)
def test_what_is_refused(work: Callable[[], Any], said: str) -> None:
    with pytest.raises((UserError, ValueError)) as refused:
        work()
    assert str(refused.value) == said


def test_why_a_feature_is_left_out() -> None:
    weather = CARRIER.model_copy(update={"name": "observed"})
    assert leave_out([CARRIER, weather], ["c*"])[1][0].because == "params.yaml leaves out c*"


def test_lists_and_shares() -> None:
    assert (listed("abcde"), listed("abcdefg")) == ("a, b, c, d, e", "a, b, c, d, e and 2 more")
    said = [share(value) for value in (0, 1e-6, 0.0234, 0.99999, 1)]
    assert said == ["0.0%", "< 0.05%", "2.3%", "> 99.95%", "100.0%"]
