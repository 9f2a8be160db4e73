"""pitfalls of the target, leakage and drift: each is found where it is planted; the order of rows does not matter."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from flight_delay.checks.drift import population_stability_index
from flight_delay.checks.findings import Finding, share
from flight_delay.checks.leakage import roc_auc
from flight_delay.checks.run import find_pitfalls
from flight_delay.checks.table import Inspected
from flight_delay.checks.target import cohens_h
from flight_delay.features.feature import TARGET

ROWS = 12_000
MONTHS = np.array(["2013-01", "2013-02", "2013-03", "2013-04"], object)
WINDOWS = np.array(["train", "train", "validation", "test"], object)
MONTH = np.arange(ROWS) * 4 // ROWS
LATE = (np.random.default_rng(0).random(ROWS) < 0.25).astype(float)
RANDOM = np.random.default_rng(1)
CHANCE = RANDOM.random((4, ROWS))
COUNTS = st.lists(st.tuples(*[st.integers(0, 1000)] * 2), min_size=2, max_size=20).map(lambda of: np.array(of).T)


def inspected(late: np.ndarray = LATE, **columns: np.ndarray) -> Inspected:
    """Flights of four months, two to train on."""
    kinds: Any = {name: "categorical" if of.dtype == object else "quantitative" for name, of in columns.items()}
    return Inspected(columns, kinds, late, MONTHS[MONTH], WINDOWS[MONTH])


def found(late: np.ndarray = LATE, **columns: np.ndarray) -> list[Finding]:
    return find_pitfalls(inspected(late, **columns), inspected(late))


def the_only(findings: list[Finding], check: str) -> Finding:
    assert [finding.check for finding in findings] == [check]
    return findings[0]


# Columns that know too much, and in which way. Each leaves one flight in ten to chance.
KNOWS = np.where(CHANCE[0] < 0.9, LATE, CHANCE[1] < 0.25)
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


def test_a_column_that_knows_the_target_is_an_error_and_the_way_is_told() -> None:
    told: dict[str, set[str]] = {}
    for column, way in LEAKS.values():
        finding = next(finding for finding in found(column=column) if finding.check == "leakage_suspect")
        assert (finding.severity, finding.columns) == ("error", ("column",))
        assert 0.85 < finding.value < 0.99
        told.setdefault(way, set()).add(finding.says.replace(f"{finding.value:.3f}", "AREA"))
    assert [len(of) for of in told.values()] == [1] * 4  # columns that know it in one way are told of alike
    assert len(set.union(*told.values())) == 4


@pytest.mark.parametrize(
    ("column", "says"),
    [
        (np.where(LATE == 1, 15 + 100 * CHANCE[0], 14 - 30 * CHANCE[1]).round(), "'late from 15 on'"),
        (np.where(LATE == 1, 0.0, 1.0), "'late below 1'"),
        (
            np.where(LATE == 1, np.floor(CHANCE[0] * 9), -np.floor(CHANCE[0] * 9) - 1).astype(int).astype(object),
            "label",
        ),
        (np.where(LATE == 1, None, "on time"), "label"),
    ],
)
def test_a_column_that_the_target_can_be_computed_from_is_said_to_be_the_target(column: np.ndarray, says: str) -> None:
    finding = next(finding for finding in found(column=column) if finding.check == "leakage_suspect")
    assert says in finding.says
    assert [name in finding.says for name in (TARGET, "column", share(finding.value))] == [True] * 3
    assert finding.value > 0.999


def test_one_wrong_flight_in_two_thousand_does_not_hide_that_the_target_is_computed() -> None:
    column = np.where(np.arange(ROWS) % 2_000 == 7, 1 - LATE, LATE)
    assert 0.999 < the_only(found(column=column), "leakage_suspect").value < 1


def test_what_is_only_useful_and_what_is_unique_is_no_suspect() -> None:
    useful = LATE + 2 * RANDOM.normal(size=ROWS)
    key = np.array([f"flight {n}" for n in range(ROWS)], object)
    assert [of.check for of in found(useful=useful, key=key) if of.severity == "error"] == []


def test_a_column_is_not_called_a_leak_because_late_flights_are_rare() -> None:
    late = np.zeros(ROWS)
    late[:: ROWS // 40] = 1
    assert "leakage_suspect" not in {finding.check for finding in found(late, column=CHANCE[0])}


def test_flights_of_unknown_outcome_do_not_count_as_known() -> None:
    late = np.where(CHANCE[3] < 0.3, np.nan, LATE)
    column = np.where(np.isnan(late), 1000, CHANCE[0])
    findings = {finding.check: finding for finding in found(late, column=column)}
    assert "leakage_suspect" not in findings
    assert findings["missing"].columns == ("late",)
    assert findings["missing"].value == pytest.approx(0.3, abs=0.02)


@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=2).filter(lambda of: len({x for x, _ in of}) == 2)
)
def test_the_area_under_the_curve_is_that_of_scikit_learn(flights: list[tuple[bool, int]]) -> None:
    counts = np.zeros((6, 2), int)
    for late, score in flights:
        counts[score, int(late)] += 1
    assert roc_auc(counts) == pytest.approx(roc_auc_score(*zip(*flights, strict=True)), abs=1e-9)


@pytest.mark.parametrize(
    ("part", "severity"),
    [(0.25, None), (0.15, "warning"), (0.85, "warning"), (0.005, "error"), (0.0, "error"), (1.0, "error")],
)
def test_imbalance_is_warned_of_below_a_fifth_and_an_error_below_one_in_a_hundred(part: float, severity: str) -> None:
    late = (np.random.default_rng(5).permutation(ROWS) < part * ROWS).astype(float)
    findings = found(late)
    assert [(of.check, of.severity) for of in findings] == ([("imbalance", severity)] if severity else [])
    assert not findings or findings[0].value == pytest.approx(max(part, 1 - part), abs=1e-3)


def test_a_month_with_another_share_of_late_flights_is_named() -> None:
    late = np.where((MONTH == 3) & (CHANCE[0] < 0.2), 1.0, LATE)
    finding = the_only(found(late), "target_shift")
    assert "2013-04" in finding.says
    assert "2013-03" not in finding.says
    assert finding.value == pytest.approx(cohens_h(late[MONTH < 2].mean(), late[MONTH == 3].mean()), abs=1e-6)
    in_training = np.where((MONTH == 1) & (CHANCE[0] < 0.05), 1.0, LATE)
    assert found(in_training) == []


def test_the_distance_of_shares_is_that_worked_out_by_hand() -> None:
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
def test_drift_is_found_in_the_window_where_it_is(column: np.ndarray) -> None:
    (finding,) = (of for of in found(column=column) if of.check == "drift")
    assert [name in finding.says for name in ("column", "test", "validation")] == [True, True, False]
    assert finding.severity == "warning"
    assert ("large" in finding.says) == (finding.value >= 0.25)


def test_a_few_rows_do_not_drift_by_chance() -> None:
    for seed in range(30):
        rows = np.random.default_rng(seed).choice(ROWS, 200, replace=False)
        some = Inspected(
            {"x": CHANCE[0][rows]}, {"x": "quantitative"}, LATE[rows], MONTHS[MONTH[rows]], WINDOWS[MONTH[rows]]
        )
        assert "drift" not in {finding.check for finding in find_pitfalls(some, replace(some, columns={}))}


@given(COUNTS)
def test_the_stability_index_is_no_less_than_zero_and_symmetric(counts: np.ndarray) -> None:
    one, other = counts
    index = population_stability_index(one, other)
    assert index >= 0
    assert index == pytest.approx(population_stability_index(other, one))
    assert index == pytest.approx(population_stability_index(one[::-1], other[::-1]))
    assert population_stability_index(one, one) == 0


def test_the_stability_index_is_that_worked_out_by_hand() -> None:
    # Shares are 0.25 and 0.75 against the other way round, as good as without the half rows that are added.
    one = np.array([1_000_000, 3_000_000])
    assert population_stability_index(one, one[::-1]) == pytest.approx(2 * 0.5 * np.log(3), rel=1e-5)


def test_the_order_of_rows_does_not_matter() -> None:
    columns = {name: column for name, (column, _) in LEAKS.items()} | SHIFTED
    columns["near"] = columns["rising"] + 1e-3 * CHANCE[3]
    late = np.where(CHANCE[3] < 0.05, np.nan, LATE)
    table = inspected(late, **columns)
    expected = find_pitfalls(table, inspected(late, again=columns["a label"]))
    assert len(expected) > 10
    for seed in range(3):
        order = np.random.default_rng(seed).permutation(ROWS)
        shuffled = [
            Inspected({name: of[order] for name, of in columns.items()}, kinds, late[order], table.month[order], table.window[order])
            for columns, kinds in ((table.columns, table.kinds), ({"again": columns["a label"]}, {"again": "categorical"}))
        ]  # fmt: skip
        assert find_pitfalls(*shuffled) == expected


def test_findings_made_elsewhere_are_listed_among_the_others() -> None:
    noise = Finding("noise", "warning", ("x",), 0.0, "", "", "")
    assert find_pitfalls(inspected(x=CHANCE[0]), inspected(), [noise]) == [noise]


def test_tables_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\bx$"):
        find_pitfalls(inspected(x=CHANCE[0]), inspected(x=CHANCE[0]))
    shorter = Inspected({}, {}, LATE[:9], MONTHS[MONTH[:9]], WINDOWS[MONTH[:9]])
    with pytest.raises(ValueError, match=r"\b12000\b.*\b9$"):
        find_pitfalls(inspected(), shorter)


@pytest.mark.parametrize("window", ["", "test"])
def test_a_table_without_training_rows_and_one_without_rows_are_inspected(window: str) -> None:
    elsewhere = replace(inspected(x=CHANCE[0], y=np.full(ROWS, "a", object)), window=np.full(ROWS, window, object))
    assert the_only(find_pitfalls(elsewhere, inspected()), "constant").columns == ("y",)
    none = np.empty(0, object)
    empty = Inspected({"x": np.empty(0), "y": none}, elsewhere.kinds, np.empty(0), none, none)
    assert find_pitfalls(empty, replace(empty, columns={})) == []
