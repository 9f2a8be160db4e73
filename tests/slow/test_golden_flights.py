"""Predictions for golden flights, of this checkout and of the released model; see tests/model/golden/README.md."""

from __future__ import annotations

import csv
import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from flight_delay.model.booster import predict

# The worst that 20 other seeds did: 0.995, 0.014 and 0.075 (golden/README.md).
MIN_RANK_CORRELATION, MAX_MEAN_DIFFERENCE, MAX_DIFFERENCE = 0.99, 0.02, 0.10
# Of the file, which holds six digits of a float32.
ROUNDING = 2e-6


def _renew() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "renew", Path(__file__).resolve().parents[1] / "model/golden/renew.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


renew = _renew()
with renew.FLIGHTS.open() as file:
    GOLDEN = list(csv.DictReader(file))
FLIGHT_IDS = [flight["flight_id"] for flight in GOLDEN]
SAID = np.array([float(flight["probability"]) for flight in GOLDEN])


class Differences(NamedTuple):
    """How far probabilities are from those that the released model gave."""

    rank_correlation: float
    mean: float
    largest: float

    @staticmethod
    def measure(probability: Any) -> Differences:
        apart = np.abs(probability - SAID)
        # The same probability for every flight ranks none of them.
        rank = 0.0 if np.ptp(probability) == 0 else float(scipy.stats.spearmanr(SAID, probability).statistic)
        return Differences(rank, float(apart.mean()), float(apart.max()))

    @property
    def beyond(self) -> list[str]:
        """The margins that are not kept."""
        kept = {
            "rank_correlation": self.rank_correlation >= MIN_RANK_CORRELATION,
            "mean": self.mean <= MAX_MEAN_DIFFERENCE,
            "largest": self.largest <= MAX_DIFFERENCE,
        }
        return [name for name, well in kept.items() if not well]


class Checkout(NamedTuple):
    """A checkout with data and model; `matrix` is what the model reads of golden flights, in the order of the file."""

    root: Path
    booster: Any
    manifest: Any
    matrix: Any


@pytest.fixture(scope="module")
def checkout(whole_year: Any) -> Checkout:
    """The checkout of all of the year, with what the model reads of golden flights."""
    root = whole_year.root
    booster, manifest = renew.model_of(root)
    months = sorted({flight["flight_date"][:7] for flight in GOLDEN})
    return Checkout(root, booster, manifest, renew.matrix_of(renew.flights_of(root, months), manifest, FLIGHT_IDS))


def test_the_model_says_what_the_released_one_said(checkout: Checkout) -> None:
    differences = Differences.measure(predict(checkout.booster, checkout.matrix))
    assert differences.beyond == [], (
        f"{differences}; if the model is meant to be another one, see tests/model/golden/README.md"
    )


def test_the_released_model_says_the_same_to_the_last_digit_and_chooses_the_same_flights(checkout: Checkout) -> None:
    released = renew.RELEASED.read_text().split()[0]
    if renew.md5_of(checkout.root) != released:
        pytest.skip("the model of this checkout is not the released one")
    assert Differences.measure(predict(checkout.booster, checkout.matrix)).largest <= ROUNDING
    assert list(renew.choose(renew.candidates(checkout.root))["flight_id"]) == FLIGHT_IDS


@pytest.mark.filterwarnings("error")
def test_another_model_is_found_out_by_every_margin(checkout: Checkout) -> None:
    booster, matrix = checkout.booster, checkout.matrix
    gain = booster.get_score(importance_type="total_gain")
    first, second = (booster.feature_names.index(name) for name in sorted(gain, key=gain.get, reverse=True)[:2])
    swapped = matrix.copy()
    swapped[:, [first, second]] = matrix[:, [second, first]]
    others = {
        "two columns swapped": predict(booster, swapped),
        "columns moved": predict(booster, np.roll(matrix, 1, axis=1)),
        "few rounds": predict(booster[: booster.num_boosted_rounds() // 6], matrix),
        "the base rate": np.full(len(matrix), checkout.manifest.trained_base_rate),
        "the other way round": 1 - SAID,
    }
    every = ["rank_correlation", "mean", "largest"]
    assert {name: Differences.measure(entry).beyond for name, entry in others.items()} == dict.fromkeys(others, every)


def test_golden_flights_are_spread_over_days_airlines_origins_and_probabilities() -> None:
    test = [flight for flight in GOLDEN if flight["flight_date"] >= "2013-11"]
    assert len({flight["flight_date"] for flight in test}) == 61
    # A flight_id begins with the date; airline, number, origin and departure follow.
    parts = [flight["flight_id"].split("-") for flight in test]
    assert len({entry[3] for entry in parts}) == 16
    assert {entry[5] for entry in parts} == {"EWR", "JFK", "LGA"}
    assert len(set(FLIGHT_IDS)) == len(GOLDEN)
    counted, _ = np.histogram(SAID, bins=[0, 0.1, 0.2, 0.3, 0.4, 0.5, 1])
    assert counted.min() >= 10, counted


def test_golden_flights_lack_what_flights_may_lack(checkout: Checkout) -> None:
    columns = {entry.name: checkout.matrix[:, place] for place, entry in enumerate(checkout.manifest.features)}
    assert np.isnan(columns["late_rate_all_3d"]).sum() >= renew.PER_GAP


def test_flights_are_chosen_by_evenly_spaced_places_in_the_order_of_probability() -> None:
    flights = invented(60)
    flights.loc[0:49, "is_test"] = True
    # One day and one airline: of 50 flights the first, the middle and the last.
    assert list(renew.choose(flights)["probability"]) == [0.6, 0.35, 0.11]
    assert list(renew.choose(flights.sample(frac=1, random_state=1))["flight_id"]) == ["001", "026", "050"]


def test_flights_that_lack_something_are_chosen_wherever_they_are() -> None:
    flights = invented(60).assign(is_test=True)
    flights.loc[5, "late_rate_flight_60d"] = 0.0
    flights.loc[7, ["late_rate_all_60d", "is_test"]] = [np.nan, False]
    flights.loc[8, ["late_rate_flight_60d", "is_test"]] = [0.0, False]
    assert list(renew.choose(flights)["flight_id"]) == ["001", "006", "008", "032", "060"]
    # Of 22 that lack the same, 20: the places nearest to multiples of 21/19, so neither the 6th nor the 17th.
    flights = invented(22).assign(is_test=True, late_rate_flight_60d=0.0)
    assert set(flights["flight_id"]) - set(renew.choose(flights)["flight_id"]) == {"006", "017"}


def test_every_day_and_every_airline_at_every_origin_has_its_flights() -> None:
    flights = invented(60).assign(is_test=True)
    flights.loc[30:, "flight_date"] = "2013-11-02"
    flights.loc[10:12, "carrier"] = "HA"
    flights.loc[12, "origin"] = "LGA"
    chosen = list(renew.choose(flights)["flight_id"])
    assert chosen == ["001", "011", "012", "013", "016", "030", "031", "046", "060"]


def test_a_golden_flight_that_is_not_in_the_data_is_named(checkout: Checkout) -> None:
    flights = {"flight_id": np.array(["1", "2"], object)}
    with pytest.raises(KeyError, match=r"\b1 .*\bdata/processed\b.*\b3\b"):
        renew.matrix_of(flights, checkout.manifest, ["2", "3"])


def invented(rows: int) -> pd.DataFrame:
    """Flights of one day, airline and origin, one less likely to be late than the one before."""
    return pd.DataFrame(
        {
            "flight_id": [f"{row:03d}" for row in range(1, rows + 1)], "flight_date": "2013-11-01", "carrier": "AA",
            "origin": "JFK", "probability": np.arange(rows, 0, -1) / 100, "is_test": False,
            "late_rate_flight_60d": 0.1, "late_rate_all_60d": 0.2,
        }
    )  # fmt: skip
