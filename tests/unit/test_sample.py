"""explain.sample: a sample in which months and outcomes have the shares that they have in the data."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_delay.explain.sample import stratified_sample
from flight_delay.model.examples import Outcome

OUTCOMES = {
    "2013-11": np.arange(3_000) % 5 == 0,
    "2013-12": np.arange(1_000) % 2 == 0,
}
MONTHS = st.dictionaries(
    st.sampled_from(["2013-10", "2013-11", "2013-12"]),
    st.lists(st.booleans(), min_size=1, max_size=60).map(np.array),
    min_size=1,
)


def test_months_and_outcomes_have_the_shares_that_they_have_in_the_data() -> None:
    chosen = stratified_sample(OUTCOMES, 400, seed=1)
    assert {month: len(positions) for month, positions in chosen.items()} == {"2013-11": 300, "2013-12": 100}
    assert {month: OUTCOMES[month][positions].sum() for month, positions in chosen.items()} == {
        "2013-11": 60,
        "2013-12": 50,
    }


@given(MONTHS, st.integers(1, 200), st.integers(0, 9))
def test_no_flight_is_chosen_twice_and_every_stratum_is_within_one_of_its_share(
    outcomes: dict[str, Outcome], rows: int, seed: int
) -> None:
    share = min(1, rows / sum(map(len, outcomes.values())))
    chosen = stratified_sample(outcomes, rows, seed)
    assert list(chosen) == list(outcomes)
    assert sum(map(len, chosen.values())) == min(rows, sum(map(len, outcomes.values())))
    for month, positions in chosen.items():
        assert (np.diff(positions) > 0).all()
        for outcome in (False, True):
            in_data = (outcomes[month] == outcome).sum()
            assert (outcomes[month][positions] == outcome).sum() == pytest.approx(share * in_data, abs=1)


def test_the_choice_is_that_of_the_seed() -> None:
    first, again, other = (stratified_sample(OUTCOMES, 400, seed) for seed in (1, 1, 2))
    assert all(np.array_equal(first[month], again[month]) for month in OUTCOMES)
    assert not any(np.array_equal(first[month], other[month]) for month in OUTCOMES)
