"""evaluation.bootstrap: what holds for whatever flights there are."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from flight_delay.evaluation.bootstrap import bootstrap, bootstrap_mean, day_weights, point_estimates

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
    late, probability, date = arrays(flights)
    drawn = bootstrap(late, {"a": probability}, date, draws=8, seed=1)["a"]
    weights, day = day_weights(date, 8, 1)
    exact = probability.astype(np.float64)
    for draw, weight in enumerate(weights[:, day]):
        if len(np.unique(late[weight > 0])) < 2:
            assert all(np.isnan(values[draw]) for values in drawn.values())
            continue
        for name, metric in (
            ("roc_auc", metrics.roc_auc_score),
            ("average_precision", metrics.average_precision_score),
            ("log_loss", metrics.log_loss),
        ):
            assert drawn[name][draw] == pytest.approx(metric(late, exact, sample_weight=weight), rel=1e-12, abs=1e-12)


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


@given(FLIGHTS)
def test_a_model_is_measured_the_same_alone_and_beside_others(flights: Flights) -> None:
    late, probability, date = arrays(flights)
    alone = bootstrap(late, {"a": probability}, date, draws=8, seed=1)
    beside = bootstrap(late, {"b": 1 - probability, "a": probability}, date, draws=8, seed=1)
    assert list(beside) == ["b", "a"]
    for name, values in alone["a"].items():
        assert np.array_equal(values, beside["a"][name], equal_nan=True)
