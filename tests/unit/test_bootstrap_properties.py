"""evaluation.bootstrap: what holds for whatever flights there are."""

from __future__ import annotations

import warnings
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from flight_delay.evaluation.bootstrap import bootstrap, bootstrap_mean, day_weights, point_estimates
from flight_delay.evaluation.metrics import METRICS

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
        drawn = bootstrap(late, models, date, draws=8, seed=1)
        whole = point_estimates(late, models)
    weights, day = day_weights(date, 8, 1)
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
