"""model.baselines: the late share of an airline in an hour is counted, and pulled towards that of all flights."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_delay.features.columns import Columns
from flight_delay.model.baselines import PRIOR_FLIGHTS, group_rate
from flight_delay.model.examples import Examples

Flight = tuple[str | None, float | None, bool]

FLIGHTS = st.lists(
    st.tuples(
        st.sampled_from(["AA", "UA", None]), st.none() | st.sampled_from([0.0, 59.0, 60.0, 61.0, 1439.0]), st.booleans()
    ),
    min_size=1,
    max_size=80,
)


def columns(flights: list[Flight]) -> Columns:
    return {
        "carrier": np.array([carrier for carrier, _, _ in flights], object),
        "departure_minutes": np.array([minutes for _, minutes, _ in flights], np.float32),
    }


def examples(flights: list[Flight]) -> Examples:
    keys = np.arange(len(flights)).astype(str).astype(object)
    dates = np.full(len(flights), "2013-01-01", "datetime64[D]")
    return Examples(keys, dates, columns(flights), np.array([late for _, _, late in flights], bool))


def group(flight: Flight) -> tuple[str | None, int | None]:
    return flight[0], None if flight[1] is None else int(flight[1]) // 60


@given(FLIGHTS, FLIGHTS)
def test_rates_are_those_of_counting_one_flight_after_the_other(train: list[Flight], later: list[Flight]) -> None:
    overall = sum(late for _, _, late in train) / len(train)
    counts: dict[Any, list[int]] = defaultdict(lambda: [0, 0])
    for flight in train:
        counts[group(flight)][0] += flight[2]
        counts[group(flight)][1] += 1
    predicted = group_rate(examples(train))(columns(later))
    expected = []
    for flight in later:
        late, of = counts.get(group(flight), [0, 0])
        expected.append((late + PRIOR_FLIGHTS * overall) / (of + PRIOR_FLIGHTS))
    assert predicted.shape == (len(later),)
    assert predicted == pytest.approx(expected, abs=1e-12)


def test_rates_are_those_worked_out_by_hand() -> None:
    train: list[Flight] = [("AA", 600.0, True)] * 60 + [("AA", 700.0, False)] * 20 + [("UA", 600.0, False)] * 120
    predicted = group_rate(examples(train))(columns([("AA", 659.0, False), ("AA", 660.0, False)]))
    assert predicted.tolist() == pytest.approx([(60 + 20 * 0.3) / 80, (0 + 20 * 0.3) / 40])


@pytest.mark.parametrize("unseen", [("XX", 600.0), ("AA", 1200.0), (None, 600.0), ("AA", None), (None, None)])
def test_an_airline_or_hour_that_training_did_not_have_gets_the_base_rate(unseen: tuple[Any, Any]) -> None:
    train: list[Flight] = [("AA", 600.0, True)] * 3 + [("UA", 60.0, False)] * 7
    predicted = group_rate(examples(train))(columns([(*unseen, False), ("AA", 600.0, False)]))
    assert predicted[0] == 0.3
    assert predicted[1] > 0.3


def test_flights_without_an_airline_are_a_group_of_their_own() -> None:
    train: list[Flight] = [(None, 600.0, True)] * 50 + [("AA", 600.0, False)] * 50
    predicted = group_rate(examples(train))(columns([(None, 600.0, False), ("AA", 600.0, False)]))
    assert predicted.tolist() == pytest.approx([60 / 70, 10 / 70])
    nobody = group_rate(examples([(None, 600.0, True), (None, 700.0, False)]))
    assert nobody(columns([("AA", 600.0, False)])).tolist() == [0.5]


def test_a_flight_alone_gets_what_it_gets_among_many_and_other_columns_do_not_matter(invent: Any) -> None:
    later = invent(200, seed=12)
    predict = group_rate(invent(3_000, seed=11))
    of_all = predict(later.features)
    assert np.unique(of_all).size > 20
    for row in range(20):
        alone = {name: later.features[name][row : row + 1] for name in ("departure_minutes", "carrier")}
        assert predict(alone).tolist() == of_all[row : row + 1].tolist()
