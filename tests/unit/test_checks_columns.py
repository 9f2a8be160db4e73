"""checks of columns, labels and pairs: each problem is found where it is planted, and a clean table has none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.stats
from encoded_tables import encoded_table
from hypothesis import given
from hypothesis import strategies as st

from flight_delay.checks.findings import CHECKS, Finding, join_names, share, sort_findings
from flight_delay.checks.pairs import cramers_v, rank_correlated
from flight_delay.checks.suite import run_checks
from flight_delay.checks.table import encode_column

ROWS = 8_000


def clean(seed: int = 1) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    return {
        "normal": random.normal(100, 20, ROWS),
        "uniform": random.uniform(-5, 5, ROWS).astype(np.float32),
        "carrier": np.array(["AA", "B6", "DL", "UA", "WN"], object)[random.integers(0, 5, ROWS)],
        "origin": np.array(["EWR", "JFK"], object)[random.integers(0, 2, ROWS)],
    }


def findings_of(**columns: np.ndarray) -> list[Finding]:
    return run_checks(encoded_table(**{**clean(), **columns}))


def the_only(findings: list[Finding], check: str) -> Finding:
    assert [finding.check for finding in findings] == [check]
    return findings[0]


@pytest.mark.parametrize("seed", range(3))
def test_a_clean_table_has_no_findings(seed: int) -> None:
    assert run_checks(encoded_table(**clean(seed))) == []


def test_the_same_column_twice_is_found_also_with_other_names_of_labels() -> None:
    names = {"AA": "American", "B6": "JetBlue", "DL": "Delta", "UA": "United", "WN": "Southwest"}
    renamed = np.array([names[label] for label in clean()["carrier"]], object)
    assert the_only(findings_of(airline=renamed), "duplicated").columns == ("airline", "carrier")
    twice, thrice = clean()["uniform"].copy(), clean()["uniform"].astype(np.float64)
    assert the_only(findings_of(twice=twice, thrice=thrice), "duplicated").columns == ("thrice", "twice", "uniform")


@given(
    st.lists(st.tuples(*[st.one_of(st.integers(0, 6), st.just(np.nan))] * 2), min_size=30, max_size=60), st.booleans()
)
def test_rank_correlation_is_that_of_scipy_on_the_rows_with_both_values(
    pairs: list[tuple[float, float]], is_monotone: bool
) -> None:
    one, other = (np.array(side, float) for side in zip(*pairs, strict=True))
    other = np.where(np.isnan(other), np.nan, -(one**3)) if is_monotone else other
    both = ~np.isnan(one) & ~np.isnan(other)
    columns = [encode_column(name, values, "quantitative") for name, values in (("one", one), ("other", other))]
    result = [coefficient for _, _, coefficient in rank_correlated(columns, 0.9)]
    if both.sum() < 30 or len(set(one[both])) < 2 or len(set(other[both])) < 2:
        assert result == []
    else:
        expected = scipy.stats.spearmanr(one[both], other[both]).statistic
        assert result == ([pytest.approx(expected, abs=1e-9)] if abs(expected) >= 0.9 else [])


def test_association_of_labels_is_one_for_the_same_and_about_zero_for_independent_ones() -> None:
    labels = np.random.default_rng(11).integers(0, 30, (2, 2_000)).astype(str).astype(object)
    one, other = (encode_column(name, values, "categorical") for name, values in zip("ab", labels, strict=True))
    assert cramers_v(one, one) == pytest.approx(1)
    assert cramers_v(one, other) == cramers_v(other, one) < 0.05  # without the correction for bias 0.12
    assert np.isnan(cramers_v(encode_column("key", np.arange(2_000).astype(str).astype(object), "categorical"), one))


@given(
    st.lists(st.one_of(st.none(), st.floats(width=32)), min_size=1), st.sampled_from(["quantitative", "categorical"])
)
def test_codes_are_the_column(values: list[Any], kind: Any) -> None:
    column = np.array(values, object if kind == "categorical" else float)
    encoded = encode_column("column", column, kind)
    assert encoded.counts.sum() == len(values)
    for value, position in zip(values, encoded.codes, strict=True):
        is_missing = value is None or np.isnan(value) or (kind == "quantitative" and np.isinf(value))
        assert (position == len(encoded.values)) == is_missing
        assert is_missing or float(encoded.values[position]) == value


def test_findings_are_sorted_and_rounded() -> None:
    ordered = [
        Finding("constant", ("a",), 1, "", "error"), Finding("leakage_suspect", ("a",), 0.9, "", "error"),
        Finding("missing", ("b",), 0.2000000001, ""), Finding("missing", ("a",), 0.1, ""),
        Finding("drift", ("a",), 0.1, ""),
    ]  # fmt: skip
    assert sort_findings(ordered[::-1]) == ordered
    assert ordered[2].value == 0.2
    for check, texts in CHECKS.items():
        entry = Finding(check, (), 0, "").as_json()
        assert (entry["meaning"], entry["advice"]) == texts


def test_lists_are_abbreviated_and_a_share_is_zero_or_all_only_where_it_is_exact() -> None:
    assert join_names("abcdefg").startswith(join_names("abcde") + " ")
    texts = [share(value) for value in (0, 1e-6, 0.0234, 0.99999, 1)]
    assert texts == ["0.0%", "< 0.05%", "2.3%", "> 99.95%", "100.0%"]
