"""data.contract on real flights: a month of the package keeps the contract (tests/slow: all of the year),
and the faults of a known sample are found."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pandas as pd
import pyarrow.compute as pc
import pytest

from flight_delay.data.canonical import parse_flights
from flight_delay.data.contract import QualityResult, apply_contract
from flight_delay.data.dictionary import Dictionary, find_layout

REPOSITORY = Path(__file__).resolve().parents[2]
SAMPLE = REPOSITORY / "tests/data/allyears2k.csv.gz"


def column_of(finding: str, dictionary: Dictionary) -> str:
    """The column that a reason or warning is about: the first that it names."""
    return next(word for word in re.findall(r"\w+", finding) if word in dictionary.columns)


def test_a_month_of_the_package_comes_through(gated_march: QualityResult) -> None:
    assert gated_march.flights.num_rows == 28_834
    assert gated_march.reasons == {}


@pytest.fixture(scope="module")
def sample() -> pd.DataFrame:
    return pd.read_csv(SAMPLE, dtype=str, keep_default_na=False, encoding="latin-1")


@pytest.fixture(scope="module")
def gated(sample: pd.DataFrame, dictionary: Dictionary, zones: dict[str, str]) -> QualityResult:
    layout = find_layout(sample.columns, dictionary.required_columns, "the sample", "")
    assert layout == "bts_classic"
    return apply_contract(parse_flights(sample, layout, dictionary, zones), dictionary)


def test_what_is_wrong_in_the_sample_is_set_aside(
    sample: pd.DataFrame, gated: QualityResult, dictionary: Dictionary
) -> None:
    assert len(sample) == 43_978
    counts = Counter(reason for reasons in gated.reasons.values() for reason in reasons)
    assert [(column_of(reason, dictionary), rows) for reason, rows in counts.most_common()] == [
        ("scheduled_arrival_minutes", 13),
        ("scheduled_departure_minutes", 12),
    ]
    assert gated.flights.num_rows == 43_978 - 13
    aside = sample.loc[list(gated.reasons)]
    assert set(aside["CRSArrTime"]) == {"0"}
    assert set(aside["ArrTime"]) == set(aside["CRSElapsedTime"]) == {"NA"}


def test_restored_times_fit_the_duration_to_the_minute(sample: pd.DataFrame, gated: QualityResult) -> None:
    assert (sample["CRSDepTime"] == "0").sum() == (sample["CRSArrTime"] == "0").sum() == 569
    elapsed = pc.subtract(gated.flights["scheduled_arrival_utc"], gated.flights["scheduled_departure_utc"])
    minutes = pc.divide(elapsed.cast("int64"), 60_000)
    assert minutes.to_pylist() == gated.flights["scheduled_elapsed_minutes"].to_pylist()


def test_what_is_odd_in_the_sample_is_warned_of(
    sample: pd.DataFrame, gated: QualityResult, dictionary: Dictionary
) -> None:
    cancelled, never = sample["Cancelled"] == "1", sample["ArrDelay"] == "NA"
    assert sorted((column_of(warning, dictionary), rows) for warning, rows in gated.warnings.items() if rows) == [
        ("arrival_delayed_label", 1_195),
        ("departure_delayed_label", 1_086),
        ("scheduled_arrival_minutes", 556),
        ("scheduled_departure_minutes", 557),
        ("tail_number", 3_998),
    ]
    assert (cancelled & (sample["IsDepDelayed"] == "YES")).sum() == 1_086
    assert (never & (sample["IsArrDelayed"] == "YES")).sum() == 1_195


def test_tail_numbers_with_broken_bytes_are_left_out_and_others_kept(
    sample: pd.DataFrame, gated: QualityResult
) -> None:
    broken = sample["TailNum"].str.contains(r"[^\x00-\x7f]")
    assert broken.sum() > 3_000
    given = {tail for tail in gated.flights["tail_number"].to_pylist() if tail is not None}
    assert given <= set(sample.loc[~broken, "TailNum"])
    assert all(tail.isascii() for tail in given)


def test_the_sample_keeps_its_values(sample: pd.DataFrame, gated: QualityResult) -> None:
    """The sums of what came through are those of the rows that were not set aside."""
    kept = sample.drop(index=list(gated.reasons))
    for name, source in (
        ("arrival_delay_minutes", "ArrDelay"), ("departure_delay_minutes", "DepDelay"), ("distance_miles", "Distance"),
        ("scheduled_elapsed_minutes", "CRSElapsedTime"), ("late_aircraft_delay_minutes", "LateAircraftDelay"),
    ):  # fmt: skip
        numbers = pd.to_numeric(kept[source].where(kept[source] != "NA"))
        assert pc.sum(gated.flights[name]).as_py() == numbers.sum(), name
        assert gated.flights[name].null_count == numbers.isna().sum(), name
    assert pc.sum(gated.flights["cancelled"]).as_py() == (kept["Cancelled"] == "1").sum()
