"""checks: the exact wording of findings and errors. Every finding is made by a table that has no other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest
from encoded_tables import encoded_table

from flight_delay.checks.columns import check_columns
from flight_delay.checks.drift import check_drift
from flight_delay.checks.feature_selection import exclude_features, select_features
from flight_delay.checks.findings import Finding
from flight_delay.checks.labels import check_labels
from flight_delay.checks.leakage import check_leakage
from flight_delay.checks.noise import ProbeImportances, no_better_than_noise
from flight_delay.checks.outcomes import check_outcomes
from flight_delay.checks.pairs import check_pairs
from flight_delay.checks.target import check_target
from flight_delay.core.errors import UserError
from flight_delay.features.feature import Feature

ROW = np.arange(400)
MONTH = ROW // 100
LATE = (ROW % 4 == 0) * 1.0
KNOWN = (ROW % 4 == 0) & (ROW % 20 != 0)  # four of five positive rows
SPREAD = ROW * 7919 % 1009 * 1.0  # numbers without order or duplicates
CARRIER = Feature(name="carrier", kind="categorical", group="schedule")


def labels(numbers: Any) -> Any:
    return np.array([f"L{int(number)}" for number in numbers], object)


def of_column(check: Any, x: Any, target: Any = LATE) -> Callable[[], Iterable[Finding]]:
    return lambda: check(encoded_table(target=target, x=x))


def of_target(target: Any) -> Callable[[], Iterable[Finding]]:
    return lambda: check_target(encoded_table(400, target))


def of_pair(x: Any, y: Any) -> Callable[[], Iterable[Finding]]:
    return lambda: check_pairs(encoded_table(x=x, y=y).encoded.values())


def of_outcome(*sources: str) -> Callable[[], Iterable[Finding]]:
    return lambda: check_outcomes(encoded_table(x=SPREAD), encoded_table(taxi=SPREAD), {"taxi"}, {"x": sources})


# Check, effect size, what finds it, message.
FINDINGS: list[tuple[str, float, Callable[[], Iterable[Finding]], str]] = [
    ("constant", 1, of_column(check_columns, SPREAD * 0 + 7), "x is 7 in every one of 200 rows to learn from."),
    ("constant", 1, of_column(check_columns, SPREAD * np.nan), "x is missing in every one of 200 rows to learn from."),
    ("constant", 1, of_column(check_columns, np.where(ROW < 200, 1.0, SPREAD)), "x is 1 in every one of 200 rows to learn from."),
    ("constant", 1, of_column(check_columns, labels(ROW * 0)), "x is L0 in every one of 200 rows to learn from."),
    ("quasi_constant", 0.995, of_column(check_columns, (ROW == 5) * 1.0), "x is 0 in 99.5% of 200 training rows."),
    ("missing", 0.1, of_column(check_columns, np.where(ROW % 10 == 0, np.nan, SPREAD)), "x is missing in 10.0% of rows (train 10.0%, validation 10.0%, test 10.0%)."),
    ("missing", 0.1, of_column(check_columns, np.where((MONTH == 2) & (ROW % 10 == 0), np.nan, SPREAD)), "x is missing in 2.5% of rows (train 0.0%, validation 10.0%, test 0.0%)."),
    ("infinite", 0.0025, of_column(check_columns, np.where(ROW == 0, np.inf, SPREAD)), "x is infinite in 1 of 400 rows."),
    ("high_cardinality", 60, of_column(check_labels, labels(np.where(ROW < 200, ROW % 60, ROW % 2))), "x has 60 labels in 400 rows."),
    ("rare_labels", 0.025, of_column(check_labels, labels(ROW % 40 == 0)), "x: 1 of 2 labels have fewer than 30 training rows (L1), 2.5% of these rows in total."),
    ("new_labels", 0.05, of_column(check_labels, labels(np.where(ROW >= 390, ROW % 7, 9))), "x: labels that are not in training: L0, L5, L6, L1, L2 and 2 more, in 10 of 200 validation and test rows (5.0%)."),
    ("duplicated", 1, of_pair(SPREAD, SPREAD), "x, y have the same value in every row."),
    ("duplicated", 1, of_pair(labels(SPREAD % 5), labels(SPREAD % 5 + 9)), "x, y have the same labels up to their names in every row."),
    ("correlated", 0.999997, of_pair(SPREAD, SPREAD + ROW % 2 * 3), "x and y are nearly equivalent: Spearman's rank correlation is 1.000."),
    ("correlated", 0.998733, of_pair(labels(SPREAD % 5), labels(np.where(ROW == 3, 9, SPREAD % 5))), "x and y are nearly equivalent: Cramér's V (bias-corrected) is 0.999."),
    ("imbalance", 1, of_target(ROW * 0.0), "late: 0.0% of 400 known rows are late."),
    ("imbalance", 1, of_target(ROW * 0.0 + 1), "late: 0.0% of 400 known rows are on time."),
    ("target_shift", 0.523599, of_target(np.where(MONTH == 3, (ROW % 2 == 0) * 1.0, LATE)), "late: the rate is 25.0% in training, but 50.0% in 2013-04 (Cohen's h 0.52; 0.2 or more in 2013-04)."),
    ("leakage_suspect", 1, of_column(check_leakage, LATE * 2), "x alone predicts the target with ROC AUC 1.000, by its order."),
    ("leakage_suspect", 0.881133, of_column(check_leakage, KNOWN * np.where(SPREAD % 2, 2000, -1000) + SPREAD), "x alone predicts the target with ROC AUC 0.881, by the rates of its ranges in other rows."),
    ("leakage_suspect", 0.8954, of_column(check_leakage, labels(SPREAD % 5 + 5 * ~KNOWN)), "x alone predicts the target with ROC AUC 0.895, by the rates of its labels in other rows."),
    ("leakage_suspect", 0.9, of_column(check_leakage, np.where(KNOWN, np.nan, SPREAD)), "x alone predicts the target with ROC AUC 0.900, by whether it is missing."),
    ("drift", 0.165918, of_column(check_drift, labels(ROW % 2 * ((MONTH != 3) | (ROW % 5 > 1)))), "x drifts from training to test: the population stability index is 0.17 (moderate: 0.1 to 0.25)."),
    ("drift", 2.625398, of_column(check_drift, labels(ROW % 2 * (MONTH != 3))), "x drifts from training to test: the population stability index is 2.63 (large: 0.25 or more)."),
    ("leakage_suspect", 1, of_outcome("taxi"), "x is computed from taxi, which is known only with the target."),
    ("leakage_suspect", 1, of_outcome(), "x is equivalent to taxi, which is known only with the target."),
    ("noise", -0.1, lambda: no_better_than_noise(ProbeImportances({"x": -0.1}, {"random": 0.001})), "Shuffling x changes log loss on validation by -0.100000, a random column by up to +0.001000."),
]  # fmt: skip


ERRORS = {"infinite", "imbalance", "leakage_suspect"}


@pytest.mark.parametrize(("check", "value", "find", "message"), FINDINGS, ids=[row[-1] for row in FINDINGS])
def test_a_finding(check: str, value: float, find: Callable[[], Iterable[Finding]], message: str) -> None:
    (finding,) = [finding for finding in find() if finding.message == message]
    assert (finding.check, finding.value) == (check, value)
    assert (finding.severity == "error") == (check in ERRORS)


# Just below the bounds of the findings above; keys are no duplicates.
NONE: list[Callable[[], Iterable[Finding]]] = [
    of_column(check_columns, (ROW % 100 == 5) * 1.0),
    of_column(check_columns, np.where(ROW == 0, np.nan, SPREAD)),
    of_column(check_labels, labels(np.where(ROW < 60, ROW % 2, 2))),
    of_pair(labels(ROW), labels(ROW + 1000)),
]


@pytest.mark.parametrize("find", NONE)
def test_no_finding(find: Callable[[], Iterable[Finding]]) -> None:
    assert list(find()) == []


REFUSED: list[tuple[Callable[[], Any], str]] = [
    (
        lambda: exclude_features([CARRIER], ["x"]),
        "params.yaml: check_data.exclude_features: no feature matches x; correct or remove it",
    ),
    (
        lambda: exclude_features([CARRIER], ["*"]),
        "params.yaml: check_data.exclude_features excludes every feature; remove a pattern",
    ),
    (
        lambda: select_features([CARRIER], [Finding("noise", ("carrier",), 0.0, "")]),
        "check_data leaves no feature to train on: carrier (noise); remove a pattern of check_data.exclude_features in "
        "params.yaml, or widen splits.train",
    ),
]


@pytest.mark.parametrize(("work", "message"), REFUSED)
def test_what_is_refused(work: Callable[[], Any], message: str) -> None:
    with pytest.raises(UserError) as refused:
        work()
    assert str(refused.value) == message


def test_the_reason_of_an_excluded_feature_is_the_first_pattern_that_matches() -> None:
    weather = CARRIER.model_copy(update={"name": "observed"})
    assert exclude_features([CARRIER, weather], ["c*", "carrier"])[1][0].reason == "params.yaml leaves out c*"
