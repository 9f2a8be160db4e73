"""checks.profile: nothing is lost between the columns and their bins."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from varied_columns import COLUMNS, LATE, ROWS, SPLIT, varied_table

from flight_delay.checks.profile import ColumnProfile, profile
from flight_delay.checks.table import SPLITS

PROFILES = {column.name: column for column in profile(varied_table())}


@pytest.mark.parametrize("column", PROFILES.values(), ids=PROFILES)
def test_every_row_and_outcome_is_in_one_bin(column: ColumnProfile) -> None:
    assert len(column.bins) <= 21
    assert {tuple(part) for part in (column.rows, column.share, column.rate, column.known)} == {SPLITS}
    for split in SPLITS:
        rows = split == SPLIT
        late = LATE[rows][~np.isnan(LATE[rows])]
        share, rate, known = column.share[split], column.rate[split], column.known[split]
        assert column.rows[split] == rows.sum()
        assert len(share) == len(rate) == len(known) == len(column.bins)
        assert sum(share) == pytest.approx(1, abs=1e-5)
        assert sum(known) == len(late)
        late_flights = sum(part * outcomes for part, outcomes in zip(rate, known, strict=True) if part)
        assert late_flights == pytest.approx(late.sum(), abs=0.01)
        assert column.missing[split] == (share[-1] if column.bins[-1] == "missing" else 0)


def test_bins_hold_what_their_names_say() -> None:
    delay, column = COLUMNS["delay"], PROFILES["delay"]
    edges = [float(edge) for edge in column.edges]
    assert edges == sorted(edges)
    assert np.unique(np.diff(edges)).size == 1
    assert column.bins[:2] == (f"< {edges[0]:g}", f"{edges[0]:g} – {edges[1]:g}")
    assert column.bins[-2:] == (f"≥ {edges[-1]:g}", "missing")
    in_second = (delay >= edges[0]) & (delay < edges[1])
    train = SPLIT == "train"
    assert column.share["train"][1] == round(in_second[train].mean(), 6)
    assert column.rate["train"][1] == round(np.nanmean(LATE[train & in_second]), 6)
    assert column.known["train"][1] == (train & in_second & ~np.isnan(LATE)).sum()


def test_few_values_have_bins_of_their_own() -> None:
    assert PROFILES["few"].bins == tuple("0123456")
    assert PROFILES["flag"].bins == ("0", "1")
    assert PROFILES["few"].edges == ()


def test_the_most_frequent_labels_of_training_have_bins_and_the_others_share_one() -> None:
    labels, counts = np.unique(COLUMNS["carrier"][SPLIT == "train"].astype(str), return_counts=True)
    expected = sorted((-count, label) for label, count in zip(labels, counts, strict=True) if label != "None")[:12]
    assert PROFILES["carrier"].bins == (*(label for _, label in expected), "other", "missing")
    assert set(PROFILES["origin"].bins) == {"EWR", "JFK", "LGA"}
    assert list(PROFILES["origin"].top.values()) == sorted(PROFILES["origin"].top.values(), reverse=True)
    assert sum(PROFILES["origin"].top.values()) == pytest.approx(1, abs=1e-5)


def test_quantiles_are_values_of_the_column_and_dates_are_dates() -> None:
    known = COLUMNS["delay"][~np.isnan(COLUMNS["delay"])]
    expected = np.quantile(known, [0, 0.05, 0.5, 0.95, 1], method="inverted_cdf")
    assert PROFILES["delay"].quantiles == dict(zip(["min", "p05", "median", "p95", "max"], expected, strict=True))
    assert PROFILES["date"].quantiles["min"] == PROFILES["departure"].quantiles["min"] == "2013-01-01"
    assert PROFILES["date"].quantiles["max"] == "2013-04-30"
    assert all(isinstance(edge, str) for edge in PROFILES["date"].edges)


def test_a_column_without_a_value_has_the_bin_of_missing_ones_only() -> None:
    column = PROFILES["nothing"]
    assert (column.bins, column.distinct, column.quantiles) == (("missing",), 0, {})
    assert set(column.missing.values()) == {1.0}


def test_profiles_are_json_and_do_not_depend_on_the_order_of_rows() -> None:
    text = json.dumps([column.as_json() for column in PROFILES.values()], allow_nan=False)
    order = np.random.default_rng(1).permutation(ROWS)
    assert json.dumps([column.as_json() for column in profile(varied_table(order))], allow_nan=False) == text


def test_splits_without_rows_are_left_out() -> None:
    (column,) = profile(varied_table(SPLIT != "validation", minutes=COLUMNS["minutes"]))
    assert list(column.share) == ["train", "test"]
    (column,) = profile(varied_table(SPLIT == "", minutes=COLUMNS["minutes"]))
    assert column.share == {}
    assert len(column.bins) > 10


@given(st.lists(st.floats(-1e12, 1e12), min_size=1, max_size=80), st.integers(0, 3))
def test_any_numbers_have_at_most_twenty_bins_with_ends_in_order(values: list[float], seed: int) -> None:
    numbers = np.random.default_rng(seed).choice(np.array(values), ROWS)
    (column,) = profile(varied_table(x=numbers))
    edges = [float(edge) for edge in column.edges]
    assert len(column.bins) <= 20
    assert edges == sorted(set(edges))
    assert column.distinct == np.unique(numbers).size
    assert sum(column.share["train"]) == pytest.approx(1, abs=1e-5)
    assert not edges or numbers.min() < edges[0] <= edges[-1] <= numbers.max()
