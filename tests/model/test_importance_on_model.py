"""explain.overall.importance and explain.overall.permutation on a trained model: they find what the invented flights are late by."""

from __future__ import annotations

from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest
from feature_parameters import FEATURE_PARAMETERS
from scipy.stats import binom, chi2

from flight_delay.core.months import Window
from flight_delay.explain.explanation import Explanation, explain
from flight_delay.explain.overall.agreement import agreement
from flight_delay.explain.overall.importance import Importance, daily_sums, importance
from flight_delay.explain.overall.permutation import Drop, permutation_importance
from flight_delay.explain.overall.sampled import outside, sampled
from flight_delay.explain.sample import stratified
from flight_delay.model.booster import Trained, importances
from flight_delay.model.bundle import Bundle, Manifest
from flight_delay.model.calibration import Calibration
from flight_delay.model.decision import Decision
from flight_delay.model.encode import Encoding
from flight_delay.model.examples import Examples

DAYS, SEEDS, CONFIDENCE = 20, 200, 0.95


@pytest.fixture(scope="module")
def bundle(trained: Trained, encoding: Encoding) -> Bundle:
    window = Window(first="2013-01", through="2013-03")
    manifest = Manifest(
        format=2, features=encoding, feature_parameters=FEATURE_PARAMETERS, trained_on=window, trained_rows=1, trained_base_rate=0.5, stopped_on=window,
        rounds=1, xgboost="", model_sha256="",
    )  # fmt: skip
    return Bundle(trained.booster, manifest, Decision(format=1, calibration=Calibration(method="none"), threshold=0.2))


@pytest.fixture(scope="module")
def explained(bundle: Bundle, months: dict[str, Examples]) -> dict[str, Explanation]:
    """All flights of the invented months, on days of their own."""
    return {
        month: replace(explain(bundle, of), flight_date=np.datetime64(f"{month}-01") + np.arange(len(of)) % DAYS)
        for month, of in months.items()
    }


@pytest.fixture(scope="module")
def topic_of(encoding: Encoding) -> dict[str, str]:
    source = {feature.name: feature.of or feature.name for feature in encoding}
    return {name: "length" if of in ("block_minutes", "distance_miles") else of for name, of in source.items()}


@pytest.fixture(scope="module")
def group_of(encoding: Encoding) -> dict[str, str]:
    return {feature.name: feature.group for feature in encoding}


@pytest.fixture(scope="module")
def exact(explained: dict[str, Explanation], topic_of: dict[str, str], group_of: dict[str, str]) -> list[Importance]:
    return importance(daily_sums(of, topic_of, group_of) for of in explained.values())


@pytest.fixture(scope="module")
def drops(
    bundle: Bundle, explained: dict[str, Explanation], topic_of: dict[str, str], group_of: dict[str, str]
) -> list[Drop]:
    return permutation_importance(bundle, explained["2013-04"], topic_of, group_of)


def test_the_importance_of_months_is_the_mean_over_all_their_flights(
    exact: list[Importance], explained: dict[str, Explanation]
) -> None:
    every = Explanation.concat(explained.values())
    assert {row.name for row in exact if row.level == "feature"} == set(every.shap)
    for row in exact:
        if row.level == "feature":
            assert row.mean_abs_shap == pytest.approx(np.abs(every.shap[row.name]).mean(dtype=float), abs=1e-6)
            assert row.low <= row.mean_abs_shap <= row.high


def test_what_makes_flights_late_is_found_by_both_measures(exact: list[Importance], drops: list[Drop]) -> None:
    for rows in (exact, drops):
        assert [row.name for row in rows if row.level == "topic"][:2] == ["departure_minutes", "carrier"]
        assert next(row.name for row in rows if row.level == "group") == "schedule"
    assert all(row.low > 0 for row in drops if row.name in ("departure_minutes", "carrier", "schedule"))


def test_no_measure_finds_a_reason_to_disagree_on_what_makes_flights_late(
    exact: list[Importance], drops: list[Drop], bundle: Bundle, encoding: Encoding, topic_of: dict[str, str]
) -> None:
    rows = agreement(exact, drops, importances(bundle.booster, encoding), topic_of, days=4 * DAYS)
    assert {row.feature for row in rows[:2]} == {"departure_minutes", "carrier"}
    assert [row.words for row in rows[:2]] == ["", ""]
    assert {row.feature for row in rows} == set(bundle.booster.get_score())


def test_intervals_of_samples_hold_all_exact_values_at_once_as_often_as_they_say(
    exact: list[Importance], explained: dict[str, Explanation], topic_of: dict[str, str], group_of: dict[str, str]
) -> None:
    every = Explanation.concat(explained.values())
    first = dict(zip(explained, np.cumsum([0, *(len(of.late) for of in explained.values())]), strict=False))
    held, means, halves = 0, [], []
    for seed in range(SEEDS):
        chosen = stratified({month: of.late for month, of in explained.items()}, 1_000, seed)
        sample = every.take(np.concatenate([first[month] + positions for month, positions in chosen.items()]))
        rows = sampled(sample, len(every.late), topic_of, group_of, CONFIDENCE)
        held += not outside(rows, exact)
        means.append([row.mean_abs_shap for row in rows])
        halves.append([(row.high - row.low) / 2 for row in rows])
    # Fewer would hold by chance once in a thousand such tests if the confidence were just what is said.
    assert held >= binom.ppf(0.001, SEEDS, CONFIDENCE)
    # And every one of them is as wide as its estimate varies calls for, as far as so many seeds can tell (chi-square).
    wanted = NormalDist().inv_cdf(1 - (1 - CONFIDENCE) / (2 * len(rows)))
    found = np.mean(halves, axis=0) / np.std(means, axis=0, ddof=1)
    tail = 0.001 / len(rows)
    least, most = (wanted / np.sqrt(chi2.ppf(share, SEEDS - 1) / (SEEDS - 1)) for share in (1 - tail, tail))
    assert all((least < found) & (found < most))
