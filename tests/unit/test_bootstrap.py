"""evaluation.bootstrap: drawn days, metrics on them as scikit-learn has them, intervals and verdicts."""

from __future__ import annotations

import json
import warnings
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from flight_delay.evaluation.bootstrap import (
    Interval,
    bootstrap,
    bootstrap_mean,
    compare_draws,
    compare_models,
    day_weights,
    interval,
    point_estimates,
)
from flight_delay.evaluation.metrics import METRICS

DAYS, ROWS = 20, 600
RANDOM = np.random.default_rng(7)
DAY = RANDOM.integers(DAYS, size=ROWS)
DATE = np.datetime64("2013-11-20") + DAY
LATE = RANDOM.random(ROWS) < 0.25
SCORE = 1 / (1 + np.exp(1 - RANDOM.normal(2.0 * LATE, 1)))
PROBABILITIES = {
    "distinct": SCORE.astype(np.float32),
    "many ties": (np.round(SCORE * 8) / 8).astype(np.float32),
    "one for all": np.full(ROWS, 0.25),
    "perfect": LATE.astype(np.float32),
    "backwards": 1 - SCORE,
}


def test_as_many_days_are_drawn_as_there_are_and_every_row_finds_its_own() -> None:
    weights, day = day_weights(DATE, 500, 1)
    assert weights.shape == (500, DAYS)
    assert (weights.sum(axis=1) == DAYS).all()
    assert (np.unique(DATE)[day] == DATE).all()


def test_days_are_drawn_alike_often_with_replacement() -> None:
    # A day is drawn Binomial(20, 1/20) times: 1 on average, with variance 0.95, not at all in 36 % of draws.
    weights, _ = day_weights(DATE, 4000, 1)
    assert weights.mean(axis=0) == pytest.approx(np.ones(DAYS), abs=0.08)
    assert weights.var() == pytest.approx(0.95, abs=0.03)
    assert (weights == 0).mean() == pytest.approx((1 - 1 / DAYS) ** DAYS, abs=0.01)


def test_draws_differ_from_each_other_and_depend_on_the_seed_only() -> None:
    weights, _ = day_weights(DATE, 50, 1)
    assert len(np.unique(weights, axis=0)) == 50
    assert (day_weights(DATE, 50, 1)[0] == weights).all()
    assert (day_weights(DATE, 50, 2)[0] != weights).any()


def test_an_interval_has_equally_many_draws_below_and_above() -> None:
    values = np.random.default_rng(1).permutation(1001) / 1000
    assert interval(values) == Interval(pytest.approx(0.025), pytest.approx(0.975))
    assert interval(np.append(values, [np.nan] * 500)) == interval(values)


def test_means_per_flight_are_weighted_by_the_flights_of_the_drawn_days() -> None:
    profit = np.array([5.0, 1.0, 0.0, -2.0, 7.0])
    date = np.array([2, 1, 1, 2, 3])
    drawn = bootstrap_mean({"profit": profit, "flights": np.ones(5)}, date, draws=30, seed=4)
    weights, day = day_weights(date, 30, 4)
    assert drawn["profit"] == pytest.approx([np.average(profit, weights=weight[day]) for weight in weights])
    assert drawn["flights"] == pytest.approx(np.ones(30))


def test_means_per_flight_pair_with_metrics_of_the_same_seed() -> None:
    loss = -np.log(np.where(LATE, SCORE, 1 - SCORE))
    means = bootstrap_mean({"loss": loss}, DATE, draws=20, seed=9)["loss"]
    assert means == pytest.approx(bootstrap(LATE, {"a": SCORE}, DATE, draws=20, seed=9)["a"]["log_loss"])


def test_a_plainly_better_model_is_better_by_every_metric_and_the_other_is_worse() -> None:
    whole, drawn = point_estimates(LATE, PROBABILITIES), bootstrap(LATE, PROBABILITIES, DATE, draws=200, seed=1)
    for model, than in (("distinct", "one for all"), ("one for all", "backwards"), ("perfect", "distinct")):
        ahead = compare_models(drawn, whole, model=model, reference=than)
        behind = compare_models(drawn, whole, model=than, reference=model)
        assert {name: comparison.verdict for name, comparison in ahead.items()} == dict.fromkeys(METRICS, "better")
        assert {name: comparison.verdict for name, comparison in behind.items()} == dict.fromkeys(METRICS, "worse")
        assert ahead["roc_auc"].difference > 0 > ahead["log_loss"].difference
        for name in METRICS:
            assert ahead[name].difference == pytest.approx(-behind[name].difference)
            assert ahead[name].low <= ahead[name].difference <= ahead[name].high


def test_a_difference_is_that_on_all_flights_with_the_interval_of_pairs_of_draws() -> None:
    whole, drawn = point_estimates(LATE, PROBABILITIES), bootstrap(LATE, PROBABILITIES, DATE, draws=100, seed=1)
    compared = compare_models(drawn, whole, model="distinct", reference="many ties")["roc_auc"]
    pairs = drawn["distinct"]["roc_auc"] - drawn["many ties"]["roc_auc"]
    assert compared.difference == round(whole["distinct"]["roc_auc"] - whole["many ties"]["roc_auc"], 6)
    assert compared[1:3] == tuple(np.round(np.quantile(pairs, [0.025, 0.975]), 6))
    assert compared.high - compared.low < np.ptp(interval(drawn["distinct"]["roc_auc"])) / 2


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(1, 2, "better"), (-2, -1, "worse"), (-1, 1, "not_significant"), (0, 1, "not_significant"),
     (-1, 0, "not_significant"), (2e-6, 1, "better"), (2e-7, 1, "not_significant"), (-1, -2e-7, "not_significant"),
     (0, 0, "not_significant")],
)  # fmt: skip
def test_a_verdict_needs_the_whole_interval_as_written_on_one_side_of_zero(
    low: float, high: float, verdict: str
) -> None:
    values, than = np.repeat([low, high], 50) + 5.0, np.full(100, 5.0)
    opposite = {"better": "worse", "worse": "better", "not_significant": "not_significant"}[verdict]
    compared = compare_draws(values, than, 0.5)
    assert compared == (0.5, pytest.approx(low, abs=1e-6), pytest.approx(high, abs=1e-6), verdict)
    assert compare_draws(values, than, 0.5, higher_is_better=False) == (*compared[:3], opposite)


def test_a_comparison_is_written_as_json_with_six_digits_and_no_negative_zero() -> None:
    compared = compare_draws(np.repeat([-1e-9, 0.12345678], 50), np.zeros(100), -1e-9)
    written = [f'"{name}": {value}' for name, value in (("difference", 0.0), ("low", 0.0), ("high", 0.123457))]
    assert json.dumps(compared._asdict()) == f'{{{", ".join(written)}, "verdict": "not_significant"}}'


def simulated(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Days and values of 40 days of 50 flights, with a mean of 0 and an effect that all flights of a day share."""
    random = np.random.default_rng(seed)
    day = np.repeat(np.arange(40), 50)
    return day, random.normal(size=40)[day] + random.normal(size=2000)


def test_intervals_over_days_hold_the_truth_as_often_as_they_say_and_those_over_flights_do_not() -> None:
    over_days, over_flights = [], []
    for seed in range(100):
        day, values = simulated(seed)
        over_days.append(interval(bootstrap_mean({"a": values}, day, draws=200, seed=seed)["a"]))
        if seed < 25:
            every_flight = np.arange(len(values))
            over_flights.append(interval(bootstrap_mean({"a": values}, every_flight, draws=200, seed=seed)["a"]))
    assert 0.87 <= np.mean([low <= 0 <= high for low, high in over_days]) <= 0.99
    assert np.mean([low <= 0 <= high for low, high in over_flights]) < 0.6
    widths = (np.mean([high - low for low, high in intervals]) for intervals in (over_days[:25], over_flights))
    # The standard error is sqrt(1 / 40 + 1 / 2000) over days, and sqrt(2 / 2000) over flights taken as independent.
    assert np.divide(*widths) == pytest.approx(np.sqrt((1 / 40 + 1 / 2000) / (2 / 2000)), rel=0.15)


Flights = list[tuple[bool, float, int]]

# Of at least two days and both classes, with few and with many probabilities.
FLIGHTS = st.sampled_from([st.sampled_from([0.0, 0.25, 0.5, 1.0]), st.floats(0, 1, width=32)]).flatmap(
    lambda probabilities: st.lists(
        st.tuples(st.booleans(), probabilities, st.integers(0, 5)), min_size=2, max_size=40
    ).filter(lambda flights: len({flight[0] for flight in flights}) == 2 and len({flight[2] for flight in flights}) > 1)
)


def arrays(flights: Flights) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    late, probability, day = zip(*flights, strict=True)
    return np.array(late), np.array(probability, np.float32), np.datetime64("2013-02-27") + np.array(day)


@given(FLIGHTS)
def test_every_draw_is_what_scikit_learn_says_of_the_weighted_flights(flights: Flights) -> None:
    """So are all flights, a draw that has each day once; a model is measured beside another as alone."""
    late, probability, date = arrays(flights)
    models = {"turned": 1 - probability, "a": probability}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        drawn = bootstrap(late, models, date, draws=4, seed=1)
        whole = point_estimates(late, models)
    weights, day = day_weights(date, 4, 1)
    for name, metric in METRICS.items():
        score = getattr(metrics, metric.scikit_learn)
        for model, values in models.items():
            measured = [*drawn[model][name], whole[model][name]]
            for value, weight in zip(measured, [*weights[:, day], np.ones(len(late))], strict=True):
                if len(np.unique(late[weight > 0])) < 2:
                    assert np.isnan(value)
                    continue
                expected = score(late, values.astype(np.float64), sample_weight=weight)
                assert value == pytest.approx(expected, rel=1e-12, abs=1e-12)


@given(FLIGHTS, st.randoms(use_true_random=False))
def test_the_order_of_flights_does_not_matter(flights: Flights, random: Random) -> None:
    shuffled = list(flights)
    random.shuffle(shuffled)
    results = []
    for late, probability, date in (arrays(flights), arrays(shuffled)):
        drawn = bootstrap(late, {"a": probability}, date, draws=8, seed=1)["a"]
        means = bootstrap_mean({"a": probability}, date, draws=8, seed=1)["a"]
        results.append((drawn, means, point_estimates(late, {"a": probability})["a"]))
    (drawn, means, whole), (drawn_shuffled, means_shuffled, whole_shuffled) = results
    for name in ("roc_auc", "average_precision"):  # from counts, so exactly
        assert np.array_equal(drawn[name], drawn_shuffled[name], equal_nan=True)
        assert whole[name] == whole_shuffled[name]
    assert drawn["log_loss"] == pytest.approx(drawn_shuffled["log_loss"], nan_ok=True)
    assert means == pytest.approx(means_shuffled)
