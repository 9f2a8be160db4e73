"""pitfalls of columns, labels and pairs: each is found where it is planted, and nothing is found where nothing is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from flight_delay.checks.findings import CHECKS, Finding, in_order, listed, share
from flight_delay.checks.pairs import cramers_v, spearman
from flight_delay.checks.run import find_pitfalls
from flight_delay.checks.table import Inspected, code

ROWS = 8_000
MONTHS = np.array(["2013-01", "2013-02", "2013-03", "2013-04"], object)
WINDOWS = np.array(["train", "train", "validation", "test"], object)


def inspected(**columns: np.ndarray) -> Inspected:
    """Flights of four months, two to train on, a quarter of them late whatever the columns say."""
    rows = len(next(iter(columns.values()))) if columns else ROWS
    month = np.arange(rows) * 4 // rows
    kinds: Any = {name: "categorical" if of.dtype == object else "quantitative" for name, of in columns.items()}
    late = (np.random.default_rng(0).random(rows) < 0.25).astype(float)
    return Inspected(columns, kinds, late, MONTHS[month], WINDOWS[month])


def clean(seed: int = 1) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    return {
        "normal": random.normal(100, 20, ROWS),
        "uniform": random.uniform(-5, 5, ROWS).astype(np.float32),
        "carrier": np.array(["AA", "B6", "DL", "UA", "WN"], object)[random.integers(0, 5, ROWS)],
        "origin": np.array(["EWR", "JFK"], object)[random.integers(0, 2, ROWS)],
    }


def found(**columns: np.ndarray) -> list[Finding]:
    return find_pitfalls(inspected(**{**clean(), **columns}), inspected())


def the_only(findings: list[Finding], check: str) -> Finding:
    assert [finding.check for finding in findings] == [check]
    return findings[0]


@pytest.mark.parametrize("seed", range(10))
def test_a_clean_table_has_no_pitfalls(seed: int) -> None:
    others = {f"other_{name}": of for name, of in clean(seed + 100).items()}
    assert find_pitfalls(inspected(**clean(seed)), inspected(**others)) == []


@pytest.mark.parametrize(("missing", "warned"), [(0.0, False), (0.005, False), (0.02, True), (0.6, True)])
def test_missing_values_are_warned_of_from_one_per_cent_on(missing: float, warned: bool) -> None:
    column = np.random.default_rng(3).normal(size=ROWS)
    column[np.random.default_rng(4).permutation(ROWS)[: int(missing * ROWS)]] = np.nan
    findings = found(column=column)
    if warned:
        finding = the_only(findings, "missing")
        assert (finding.columns, finding.severity) == (("column",), "warning")
        assert finding.value == pytest.approx(missing, rel=0.2)
        assert f" {missing:.1%} " in finding.says
    else:
        assert findings == []


def test_values_that_are_missing_in_one_window_only_are_warned_of() -> None:
    column = clean(5)["normal"]
    column[ROWS // 2 : ROWS // 2 + ROWS // 50] = np.nan
    checks = {finding.check: finding for finding in found(column=column)}
    assert checks["missing"].value == pytest.approx(0.08, abs=0.001)  # of the validation window


@pytest.mark.parametrize("empty", [np.full(ROWS, 7.0), np.full(ROWS, np.nan), np.full(ROWS, "x", object)])
def test_a_constant_column_is_a_warning_and_where_it_is_a_feature_it_is_dropped(empty: np.ndarray) -> None:
    others = find_pitfalls(inspected(**clean()), inspected(column=empty))
    for findings in (found(column=empty), others):
        finding = the_only(findings, "constant")
        assert (finding.severity, finding.columns, finding.value) == ("warning", ("column",), 1.0)
        assert f" {ROWS // 2:,} " in finding.says


def test_what_varies_only_after_training_is_constant() -> None:
    column = np.where(np.arange(ROWS) < ROWS // 2, 1.0, clean()["uniform"])
    assert "constant" in {finding.check for finding in found(column=column)}


def test_a_column_with_one_value_in_nearly_all_rows_is_quasi_constant() -> None:
    column = np.full(ROWS, "usual", object)
    column[::250] = "rare"
    assert the_only([of for of in found(column=column) if of.check != "rare_labels"], "quasi_constant").value == 0.996
    column[::100] = "rare"
    assert found(column=column) == []


def test_skewed_numbers_and_far_outliers_are_named_with_their_extreme() -> None:
    tail = np.exp(np.random.default_rng(6).normal(0, 1, ROWS))
    skewed = next(finding for finding in found(column=tail) if finding.check == "skewed")
    assert skewed.value == pytest.approx(scipy.stats.skew(tail), rel=1e-6)
    assert "high" in skewed.says
    (falling,) = (finding for finding in found(tail=-tail) if finding.check == "skewed")
    assert (falling.value, "low" in falling.says) == (skewed.value, True)
    column = clean(7)["normal"]
    column[11] = -9999
    (outliers,) = (finding for finding in found(column=column) if finding.check == "outliers")
    assert [number in outliers.says for number in ("1 of 8,000", "(< 0.05%)", "-9,999")] == [True] * 3
    assert outliers.severity == "warning"


def test_infinite_numbers_are_an_error() -> None:
    column = clean(7)["normal"]
    column[[3, 5]] = np.inf, -np.inf
    finding = the_only(found(column=column), "outliers")
    assert (finding.severity, finding.value) == ("error", 2 / ROWS)


def test_too_many_labels_keys_and_rare_labels_are_named() -> None:
    random = np.random.default_rng(8)
    many = np.array([f"label {n}" for n in range(60)], object)[random.integers(0, 60, ROWS)]
    assert the_only(found(column=many), "high_cardinality").value == 60
    key = np.array([f"flight {n}" for n in range(ROWS)], object)
    others = find_pitfalls(inspected(**clean()), inspected(key=key))
    assert "key" in the_only(others, "high_cardinality").says.removeprefix("key")
    assert "key" not in the_only(found(column=many), "high_cardinality").says
    rare = clean(20)["carrier"]
    rare[:20] = "OO"
    finding = the_only(found(column=rare), "rare_labels")
    assert "1 of 6" in finding.says
    assert "(OO)" in finding.says
    assert finding.value == 20 / (ROWS / 2)


def test_labels_that_training_has_not_seen_are_named_the_most_frequent_first() -> None:
    column = clean(20)["carrier"]
    for name, rows in zip("ABCDEFG", range(8, 1, -1), strict=True):
        start = ROWS // 2 + 10 * ord(name)
        column[start : start + rows] = name
    finding = the_only(found(column=column), "new_labels")
    assert f" {listed('ABCDEFG')}, " in finding.says
    assert finding.value == 35 / (ROWS / 2)


def test_the_same_column_twice_is_found_also_with_other_names_of_labels() -> None:
    names = {"AA": "American", "B6": "JetBlue", "DL": "Delta", "UA": "United", "WN": "Southwest"}
    renamed = np.array([names[label] for label in clean()["carrier"]], object)
    assert the_only(found(airline=renamed), "duplicated").columns == ("airline", "carrier")
    twice, thrice = clean()["uniform"].copy(), clean()["uniform"].astype(np.float64)
    assert the_only(found(twice=twice, thrice=thrice), "duplicated").columns == ("thrice", "twice", "uniform")
    across = find_pitfalls(inspected(**clean()), inspected(airline=renamed))
    assert the_only(across, "duplicated").columns == ("airline", "carrier")


def test_two_keys_are_not_duplicates_and_two_times_are_not_correlated() -> None:
    keys = {name: np.array([f"{name}{n}" for n in range(ROWS)], object) for name in "ab"}
    times = np.datetime64("2013-01-01T00:00", "ms") + np.arange(ROWS) * np.timedelta64(1, "h")
    later = times + np.random.default_rng(9).integers(1, 9, ROWS) * np.timedelta64(1, "h")
    others = find_pitfalls(inspected(**clean()), inspected(**keys, times=times, later=later))
    assert {finding.check for finding in others} == {"high_cardinality"}


def test_columns_that_nearly_say_the_same_are_found() -> None:
    random = np.random.default_rng(10)
    backwards = -np.exp(clean()["normal"] / 30) + random.normal(0, 0.1, ROWS)
    finding = next(of for of in found(backwards=backwards) if of.check == "correlated")
    assert finding.columns == ("backwards", "normal")
    label = np.where(random.random(ROWS) < 0.01, "AA", clean()["carrier"])
    assert the_only(found(label=label.astype(object)), "correlated").columns == ("carrier", "label")


@given(st.lists(st.tuples(*[st.one_of(st.integers(0, 6), st.just(np.nan))] * 2), min_size=30, max_size=60))
def test_rank_correlation_is_that_of_scipy_on_the_rows_where_both_are_known(pairs: list[tuple[float, float]]) -> None:
    one, other = (np.array(side, float) for side in zip(*pairs, strict=True))
    both = ~np.isnan(one) & ~np.isnan(other)
    ours = spearman(code("one", one, "quantitative"), code("other", other, "quantitative"))
    if both.sum() < 30 or len(set(one[both])) < 2 or len(set(other[both])) < 2:
        assert ours is None
    else:
        assert ours == pytest.approx(scipy.stats.spearmanr(one[both], other[both]).statistic, abs=1e-9)


def test_association_of_labels_is_one_for_the_same_and_about_none_for_chance() -> None:
    random = np.random.default_rng(11)
    labels = random.integers(0, 30, (2, 2_000)).astype(str).astype(object)
    one, other = (code(name, of, "categorical") for name, of in zip("ab", labels, strict=True))
    assert cramers_v(one, one) == pytest.approx(1)
    assert cramers_v(one, other) == cramers_v(other, one)
    assert cramers_v(code("key", np.arange(2_000).astype(str).astype(object), "categorical"), one) is None
    assert (cramers_v(one, other) or 0) < 0.05  # without the correction for bias 0.12


@given(
    st.lists(st.one_of(st.none(), st.floats(width=32)), min_size=1), st.sampled_from(["quantitative", "categorical"])
)
def test_codes_are_the_column(values: list[Any], kind: Any) -> None:
    column = np.array(values, object if kind == "categorical" else float)
    coded = code("column", column, kind)
    assert coded.counts.sum() == len(values)
    for value, position in zip(values, coded.codes, strict=True):
        lost = value is None or np.isnan(value) or (kind == "quantitative" and np.isinf(value))
        assert (position == len(coded.values)) == lost
        assert lost or float(coded.values[position]) == value


def test_findings_are_in_order_of_weight_and_round() -> None:
    made = [
        Finding(check, severity, (name,), value, "", "", "")  # type: ignore[arg-type]
        for check, severity, name, value in [
            ("drift", "warning", "a", 0.1), ("missing", "warning", "a", 0.1), ("missing", "warning", "b", 0.2000000001),
            ("leakage_suspect", "error", "a", 0.9), ("constant", "error", "a", 1),
        ]
    ]  # fmt: skip
    order = [(of.check, of.columns, of.value) for of in in_order(made)]
    assert order == [
        ("constant", ("a",), 1.0), ("leakage_suspect", ("a",), 0.9), ("missing", ("b",), 0.2), ("missing", ("a",), 0.1),
        ("drift", ("a",), 0.1),
    ]  # fmt: skip
    assert len(set(CHECKS)) == 15


def test_shares_are_never_nothing_or_everything_for_what_is_close() -> None:
    said = [share(value) for value in (0, 1e-6, 0.0234, 0.99999, 1)]
    assert said == ["0.0%", "< 0.05%", "2.3%", "> 99.95%", "100.0%"]
    assert listed("abc") == "a, b, c"
    assert listed("abcde").endswith("d, e")
    assert "2" in listed("abcdefg").removeprefix(listed("abcde"))
