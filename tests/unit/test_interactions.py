"""explain.global_.interactions: strengths, intervals and shares of pairs, from values that can be added up by hand."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from flight_delay.explain.global_.interactions import InteractionPair, Interactions, measure_interactions

FEATURES = ("b", "a", "c")
TOPIC_OF = {"a": "twins", "b": "alone", "c": "twins"}
# Half of what b and a, b and c, a and c do together on two flights; and what each does alone.
VALUES = np.array(
    [
        [[0.5, 0.1, -0.3], [0.1, -0.2, 0.4], [-0.3, 0.4, 0.0]],
        [[-0.1, 0.3, -0.3], [0.3, 0.2, 0.0], [-0.3, 0.0, 0.6]],
    ]
)


def measured(values: np.ndarray = VALUES, chunk: int = 1) -> Interactions:
    return measure_interactions((values[at : at + chunk] for at in range(0, len(values), chunk)), FEATURES, TOPIC_OF)


def test_strengths_are_as_computed_by_hand() -> None:
    first, second, third = measured().of_level("feature")
    assert first == InteractionPair("feature", "b", "c", 0.6, 0.6, 0.6)
    # 0.2 and 0.6: mean 0.4, standard deviation 0.2 √2, standard error 0.2.
    assert second == InteractionPair("feature", "a", "b", 0.4, 0.008007, 0.791993)
    # 0.8 and 0: the lower end would be below zero.
    assert third == InteractionPair("feature", "a", "c", 0.4, 0.0, 1.183986)


def test_topics_add_up_their_members_before_the_absolute_value() -> None:
    # 2 |0.1 - 0.3| and 2 |0.3 - 0.3|: what b does with the twins.
    (pair,) = measured().of_level("topic")
    assert pair[:4] == ("topic", "alone", "twins", 0.2)


def test_shares_are_of_all_effects() -> None:
    # Together 2 (0.1 + 0.3 + 0.4) + 2 (0.3 + 0.3) = 2.8; alone 0.7 + 0.9.
    # Topics: 0.4 together; b alone 0.6, the twins |-0.2 + 0.8| + |0.8|.
    assert measured().share == {"feature": round(2.8 / 4.4, 6), "topic": round(0.4 / 2.4, 6)}


def test_the_partner_of_a_feature_is_that_of_its_strongest_pair() -> None:
    pairs = (InteractionPair("feature", "a", "b", 0.3, 0.2, 0.4), InteractionPair("feature", "b", "c", 0.1, 0.0, 0.2))
    interactions = Interactions(
        (*pairs, InteractionPair("topic", "x", "y", 0.5, 0.4, 0.6)), {"feature": 0.1, "topic": 0.1}, 9
    )
    assert interactions.partners() == {"a": "b", "b": "a", "c": "b"}


def test_pairs_without_interaction_are_left_out() -> None:
    alone = VALUES * np.eye(3)
    interactions = measured(alone)
    assert interactions.pairs == ()
    assert interactions.share == {"feature": 0.0, "topic": 0.0}


@given(seed=st.integers(0, 999), rows=st.integers(2, 40), chunk=st.integers(1, 50))
def test_chunks_and_the_order_of_flights_change_nothing(seed: int, rows: int, chunk: int) -> None:
    random = np.random.default_rng(seed)
    half = random.normal(size=(rows, 3, 3)).astype(np.float32)
    values = half + half.transpose(0, 2, 1)
    interactions = measured(values, rows)
    again = measured(random.permutation(values), chunk)
    assert [pair[:3] for pair in again.pairs] == [pair[:3] for pair in interactions.pairs]
    np.testing.assert_allclose([pair[3:] for pair in again.pairs], [pair[3:] for pair in interactions.pairs], atol=2e-6)
    assert [pair.strength for pair in interactions.of_level("feature")] == sorted(
        (pair.strength for pair in interactions.of_level("feature")), reverse=True
    )
    assert all(0 <= pair.low <= pair.strength <= pair.high for pair in interactions.pairs)


def test_intervals_have_the_nominal_coverage() -> None:
    random = np.random.default_rng(7)
    every = random.normal(0.5, 1, size=(5_000, 3, 3))
    every = every + every.transpose(0, 2, 1)
    truth = {pair[:3]: pair.strength for pair in measured(every, 1_000).pairs}
    samples = 400
    hits = dict.fromkeys(truth, 0)
    for _ in range(samples):
        for pair in measured(every[random.choice(5_000, 200, replace=False)], 200).pairs:
            hits[pair[:3]] += pair.low <= truth[pair[:3]] <= pair.high
    # Fewer or more hits would come by chance once in a thousand times, for each of four pairs;
    # few flights are not quite normal.
    least, most = binom.ppf([0.0005, 0.9995], samples, [0.94, 0.96])
    assert all(least <= hit <= most for hit in hits.values()), hits
