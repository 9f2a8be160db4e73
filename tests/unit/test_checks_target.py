"""checks of the target, leakage and drift: each problem is found where it is planted, in any order of rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from encoded_tables import MONTHS, SPLITS, encoded_table

from flight_delay.checks.drift import check_drift
from flight_delay.checks.findings import Finding
from flight_delay.checks.suite import run_checks
from flight_delay.checks.table import EncodedTable
from flight_delay.model.encode import cohens_h

ROWS = 12_000
MONTH = np.arange(ROWS) * 4 // ROWS
TARGET = (np.random.default_rng(0).random(ROWS) < 0.25).astype(float)
RANDOM = np.random.default_rng(1)
CHANCE = RANDOM.random((4, ROWS))


def findings_of(target: np.ndarray = TARGET, **columns: np.ndarray) -> list[Finding]:
    return run_checks(encoded_table(ROWS, target, **columns))


def the_only(findings: list[Finding], check: str) -> Finding:
    assert [finding.check for finding in findings] == [check]
    return findings[0]


# Columns that predict the target too well, and in which way. Each leaves one row in ten to chance.
KNOWS = np.where(CHANCE[0] < 0.9, TARGET, CHANCE[1] < 0.25)
LEAKS: dict[str, tuple[np.ndarray, str]] = {
    "rising": (KNOWS * 2 + CHANCE[2], "order"),
    "falling": (50 - KNOWS * 2 - CHANCE[2], "order"),
    "both ends": (np.where(KNOWS == 1, np.sign(CHANCE[3] - 0.5) * 3, 0) + CHANCE[2], "ranges"),
    "label": (
        np.where(KNOWS == 1, np.floor(CHANCE[2] * 10), 10 + np.floor(CHANCE[2] * 10)).astype(str).astype(object),
        "labels",
    ),
    "missing number": (np.where(KNOWS == 1, np.nan, CHANCE[2]), "missing"),
    "missing label": (np.where(KNOWS == 1, None, "there"), "missing"),
}


@pytest.mark.parametrize(("column", "way"), LEAKS.values(), ids=LEAKS)
def test_a_column_that_predicts_the_target_too_well_is_an_error(column: np.ndarray, way: str) -> None:
    finding = next(finding for finding in findings_of(column=column) if finding.check == "leakage_suspect")
    assert (finding.severity, finding.columns) == ("error", ("column",))
    assert 0.85 < finding.value < 0.99
    assert way in finding.message


def test_a_useful_column_and_a_key_are_no_leaks() -> None:
    useful = TARGET + 2 * RANDOM.normal(size=ROWS)
    key = np.array([f"row {n}" for n in range(ROWS)], object)
    assert [finding.check for finding in findings_of(useful=useful, key=key) if finding.severity == "error"] == []


def test_a_column_is_no_leak_because_one_class_is_rare() -> None:
    target = np.zeros(ROWS)
    target[:: ROWS // 40] = 1
    assert "leakage_suspect" not in {finding.check for finding in findings_of(target, column=CHANCE[0])}


def test_rows_with_an_unknown_target_do_not_count_as_known() -> None:
    target = np.where(CHANCE[3] < 0.3, np.nan, TARGET)
    findings = findings_of(target, column=np.where(np.isnan(target), 1000, CHANCE[0]))
    assert "leakage_suspect" not in {finding.check for finding in findings}


@pytest.mark.parametrize(("part", "is_error"), [(0.25, False), (0.05, False), (0.005, True), (0.0, True), (1.0, True)])
def test_imbalance_below_one_in_a_hundred_is_an_error(part: float, is_error: bool) -> None:
    target = (np.random.default_rng(5).permutation(ROWS) < part * ROWS).astype(float)
    findings = findings_of(target)
    assert [(finding.check, finding.severity) for finding in findings] == [("imbalance", "error")] * is_error
    assert not findings or findings[0].value == pytest.approx(max(part, 1 - part), abs=1e-3)


def test_a_month_with_another_base_rate_is_named() -> None:
    target = np.where((MONTH == 3) & (CHANCE[0] < 0.2), 1.0, TARGET)
    finding = the_only(findings_of(target), "target_shift")
    assert ["2013-04" in finding.message, "2013-03" in finding.message] == [True, False]
    assert finding.value == pytest.approx(cohens_h(target[MONTH < 2].mean(), target[MONTH == 3].mean()), abs=1e-6)
    in_training = np.where((MONTH == 1) & (CHANCE[0] < 0.05), 1.0, TARGET)
    assert findings_of(in_training) == []


def test_cohens_h_is_that_worked_out_by_hand() -> None:
    assert cohens_h(0.5, 0.25) == cohens_h(0.25, 0.5) == pytest.approx(np.pi / 6)
    assert cohens_h(0.3, 0.3) == 0
    assert cohens_h(0, 1) == pytest.approx(np.pi)


SHIFTED = {
    "a number": np.where(MONTH == 3, CHANCE[0] + 0.4, CHANCE[0]),
    "a label": np.where((MONTH == 3) & (CHANCE[0] < 0.4), "B", np.where(CHANCE[1] < 0.5, "A", "B")).astype(object),
    "zeros": np.where((MONTH == 3) & (CHANCE[0] < 0.3), 0.0, CHANCE[1] - 0.5),
    "missing": np.where((MONTH == 3) & (CHANCE[0] < 0.3), np.nan, CHANCE[1]),
    "a new label": np.where((MONTH == 3) & (CHANCE[0] < 0.3), "new", "old").astype(object),
}


@pytest.mark.parametrize("column", SHIFTED.values(), ids=SHIFTED)
def test_drift_is_found_in_the_split_where_it_is(column: np.ndarray) -> None:
    (finding,) = (finding for finding in findings_of(column=column) if finding.check == "drift")
    assert [name in finding.message for name in ("column", "test", "validation")] == [True, True, False]
    assert finding.severity == "warning"
    assert ("large" in finding.message) == (finding.value >= 0.25)


def test_seasonal_columns_are_not_checked_for_drift_but_for_everything_else() -> None:
    table = encoded_table(ROWS, TARGET, **SHIFTED)
    drifted = {finding.columns[0] for finding in check_drift(table, {"zeros", "no such column"})}
    assert drifted == set(SHIFTED) - {"zeros"}
    every, without = (run_checks(table, seasonal=seasonal) for seasonal in ((), SHIFTED))
    assert [finding for finding in every if finding.check != "drift"] == without != []


def test_a_few_rows_do_not_drift_by_chance() -> None:
    for seed in range(30):
        rows = np.random.default_rng(seed).choice(ROWS, 200, replace=False)
        some = EncodedTable(
            {"x": CHANCE[0][rows]}, {"x": "quantitative"}, TARGET[rows], MONTHS[MONTH[rows]], SPLITS[MONTH[rows]]
        )
        assert list(check_drift(some)) == []


def test_the_order_of_rows_does_not_matter() -> None:
    columns = {name: column for name, (column, _) in LEAKS.items()} | SHIFTED
    columns |= {"near": columns["rising"] + 1e-3 * CHANCE[3], "again": columns["a label"]}
    target = np.where(CHANCE[3] < 0.05, np.nan, TARGET)
    expected = run_checks(encoded_table(ROWS, target, **columns))
    assert len(expected) > 10
    order = np.random.default_rng(0).permutation(ROWS)
    assert run_checks(encoded_table(ROWS, target, order, **columns)) == expected


def test_findings_of_other_checks_are_listed_among_the_others() -> None:
    noise = Finding("noise", ("x",), 0.0, "")
    assert run_checks(encoded_table(ROWS, TARGET, x=CHANCE[0]), [noise]) == [noise]


@pytest.mark.parametrize("split", ["", "test"])
def test_a_table_without_training_rows_and_one_without_rows_are_checked(split: str) -> None:
    table = encoded_table(ROWS, TARGET, x=CHANCE[0], y=np.full(ROWS, "a", object))
    assert the_only(run_checks(replace(table, split=np.full(ROWS, split, object))), "constant").columns == ("y",)
    none = np.empty(0, object)
    assert run_checks(EncodedTable({"x": np.empty(0), "y": none}, table.kinds, np.empty(0), none, none)) == []
