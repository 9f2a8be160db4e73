"""checks.profile: nothing is lost between the columns and their bins."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_delay.checks.profile import ColumnProfile, profile
from flight_delay.checks.table import SPLITS, EncodedTable

ROWS = 4_000
RANDOM = np.random.default_rng(0)
SPLIT = np.array([*SPLITS, ""], object)[np.arange(ROWS) * 4 // ROWS]
MONTH = np.array(["2013-01", "2013-02", "2013-03", "2013-04"], object)[np.arange(ROWS) * 4 // ROWS]
LATE = np.where(RANDOM.random(ROWS) < 0.1, np.nan, RANDOM.random(ROWS) < 0.3)

COLUMNS: dict[str, np.ndarray] = {
    "delay": np.where(RANDOM.random(ROWS) < 0.1, np.nan, RANDOM.exponential(30, ROWS).round() - 10),
    "minutes": RANDOM.integers(300, 1400, ROWS).astype(np.float32),
    "few": RANDOM.integers(0, 7, ROWS),
    "flag": RANDOM.random(ROWS) < 0.5,
    "carrier": np.array([*"ABCDEFGHIJKLMNOPQRST", None], object)[RANDOM.integers(0, 21, ROWS)],
    "origin": np.array(["EWR", "JFK", "LGA"], object)[RANDOM.integers(0, 3, ROWS)],
    "date": np.datetime64("2013-01-01") + np.arange(ROWS) * 120 // ROWS,
    "departure": np.datetime64("2013-01-01T00:00", "ms") + np.arange(ROWS) * np.timedelta64(40, "m"),
    "nothing": np.full(ROWS, np.nan),
    "key": np.array([f"flight {n:04d}" for n in range(ROWS)], object),
}


def inspected(columns: dict[str, np.ndarray], order: Any = np.s_[:]) -> EncodedTable:
    kinds: Any = {name: "categorical" if column.dtype == object else "quantitative" for name, column in columns.items()}
    return EncodedTable(
        {name: column[order] for name, column in columns.items()}, kinds, LATE[order], MONTH[order], SPLIT[order]
    )


PROFILES = {column_profile.name: column_profile for column_profile in profile(inspected(COLUMNS))}


@pytest.mark.parametrize("column_profile", PROFILES.values(), ids=PROFILES)
def test_every_row_and_outcome_is_in_one_bin(column_profile: ColumnProfile) -> None:
    assert (
        list(column_profile.rows)
        == list(column_profile.share)
        == list(column_profile.rate)
        == list(column_profile.known)
        == list(SPLITS)
    )
    for split in SPLITS:
        rows = split == SPLIT
        late = LATE[rows][~np.isnan(LATE[rows])]
        assert column_profile.rows[split] == rows.sum()
        assert (
            len(column_profile.share[split])
            == len(column_profile.rate[split])
            == len(column_profile.known[split])
            == len(column_profile.bins)
            <= 21
        )
        assert sum(column_profile.share[split]) == pytest.approx(1, abs=1e-5)
        assert sum(column_profile.known[split]) == len(late)
        late_flights = sum(
            share * known
            for share, known in zip(column_profile.rate[split], column_profile.known[split], strict=True)
            if share
        )
        assert late_flights == pytest.approx(late.sum(), abs=0.01)
        missing = column_profile.share[split][-1] if column_profile.bins[-1] == "missing" else 0
        assert column_profile.missing[split] == missing


def test_bins_hold_what_their_names_say() -> None:
    delay, column_profile = COLUMNS["delay"], PROFILES["delay"]
    edges = [float(edge) for edge in column_profile.edges]
    assert edges == sorted(edges)
    assert np.unique(np.diff(edges)).size == 1
    assert column_profile.bins[:2] == (f"< {edges[0]:g}", f"{edges[0]:g} – {edges[1]:g}")
    assert column_profile.bins[-2:] == (f"≥ {edges[-1]:g}", "missing")
    in_second = (delay >= edges[0]) & (delay < edges[1])
    train = SPLIT == "train"
    assert column_profile.share["train"][1] == round(in_second[train].mean(), 6)
    assert column_profile.rate["train"][1] == round(np.nanmean(LATE[train & in_second]), 6)
    assert column_profile.known["train"][1] == (train & in_second & ~np.isnan(LATE)).sum()


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
    column_profile = PROFILES["nothing"]
    assert (column_profile.bins, column_profile.distinct, column_profile.quantiles) == (("missing",), 0, {})
    assert set(column_profile.missing.values()) == {1.0}


def test_profiles_are_json_and_do_not_depend_on_the_order_of_rows() -> None:
    text = json.dumps([column_profile.as_json() for column_profile in PROFILES.values()], allow_nan=False)
    order = np.random.default_rng(1).permutation(ROWS)
    assert (
        json.dumps([column_profile.as_json() for column_profile in profile(inspected(COLUMNS, order))], allow_nan=False)
        == text
    )


def test_splits_without_rows_are_left_out() -> None:
    (column_profile,) = profile(inspected({"x": COLUMNS["minutes"]}, SPLIT != "validation"))
    assert list(column_profile.share) == ["train", "test"]
    (column_profile,) = profile(inspected({"x": COLUMNS["minutes"]}, SPLIT == ""))
    assert column_profile.share == {}
    assert len(column_profile.bins) > 10


@given(st.lists(st.floats(-1e12, 1e12), min_size=1, max_size=80), st.integers(0, 3))
def test_any_numbers_have_at_most_twenty_bins_with_ends_in_order(values: list[float], seed: int) -> None:
    column = np.random.default_rng(seed).choice(np.array(values), ROWS)
    (column_profile,) = profile(inspected({"x": column}))
    edges = [float(edge) for edge in column_profile.edges]
    assert len(column_profile.bins) <= 20
    assert edges == sorted(set(edges))
    assert column_profile.distinct == np.unique(column).size
    assert sum(column_profile.share["train"]) == pytest.approx(1, abs=1e-5)
    assert not edges or column.min() < edges[0] <= edges[-1] <= column.max()
