"""explain.local.reasons and explain.local.templates: at most four sentences, ordered and signed
like their contributions."""

from __future__ import annotations

import re
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from explanations import bundle_of, explanation_of
from hypothesis import given
from reference import REFERENCE

from flight_delay.explain.explainer import Explainer
from flight_delay.explain.explanation import Explanation
from flight_delay.explain.feature_groups import days_of, load_topics
from flight_delay.explain.format import format_value
from flight_delay.explain.local.reasons import Reasons, select_reasons
from flight_delay.model.calibration import Calibration, to_probability
from flight_delay.model.encode import EncodedFeature

TOPICS = load_topics()
GROUPS: dict[str, Any] = {"late": "history", "flights": "density", "departures": "density", "observed": "weather"}
VALUES: dict[str, Any] = {
    "day_of_week": "Fri", "carrier": "UA", "destination": "LAX", "departure_minutes": 1025.0,
    "departures_from_origin_so_far": 200.0, "distance_miles": 2454.0, "flights_from_origin_in_hour": 25.0,
    "late_rate_all_7d": 0.21, "late_rate_all_30d": 0.2, "late_rate_route_7d": 0.17, "late_rate_route_30d": 0.1,
    "late_rate_flight_30d": 0.0, "observed_visibility": 2.0,
}  # fmt: skip


def feature(name: str) -> EncodedFeature:
    kind: Any = "categorical" if isinstance(VALUES[name], str) else "quantitative"
    return EncodedFeature(name=name, kind=kind, group=GROUPS.get(name.split("_", maxsplit=1)[0], "schedule"))


def explainer(**options: Any) -> Explainer:
    return Explainer(bundle_of(None, tuple(map(feature, VALUES)), **{"threshold": 0.3} | options), TOPICS, REFERENCE)


def column(value: float | str | None) -> Any:
    return np.array([value], object if value is None or isinstance(value, str) else np.float32)


def explained(effects: dict[str, float], values: dict[str, Any] | None = None, expected: float = -1.1) -> Explanation:
    features = {name: column(value) for name, value in (VALUES | (values or {})).items()}
    shap = {name: np.array([effects.get(name, 0.0)], np.float32) for name in VALUES}
    probability = to_probability(expected + sum(effect.astype(float) for effect in shap.values())).astype(np.float32)
    return explanation_of(shap, features, probability=probability, expected=np.array([expected], np.float32))


def reasons(effects: dict[str, float], values: dict[str, Any] | None = None, **options: Any) -> Reasons:
    return select_reasons(explained(effects, values), explainer(**options))[0]


def test_facts_are_the_numbers_of_a_sentence() -> None:
    [reason] = reasons({"late_rate_route_7d": 0.5}).reasons
    assert reason.facts.feature == "late_rate_route_7d"
    assert reason.facts[1:] == pytest.approx((0.38, 0.38, 0.21), abs=1e-6)
    [reason] = reasons({"carrier": 0.5}, {"carrier": None}).reasons
    assert reason.facts == ("carrier", None, None, 0.25)


def test_without_the_rate_of_all_flights_no_rate_is_quoted() -> None:
    explanation = explained({"late_rate_route_7d": 0.5})
    del explanation.features["late_rate_all_7d"]
    [flight] = select_reasons(explanation, explainer())
    assert flight.reasons[0].sentence == TOPICS.topics["late_route"].otherwise
    assert flight.reasons[0].facts == (None, None, None, None)


def test_reasons_have_the_direction_of_the_prediction() -> None:
    raised = reasons({"carrier": 0.9, "day_of_week": -0.5, "destination": 0.3})
    assert [reason.topic for reason in raised.reasons] == ["carrier", "destination"]
    lowered = reasons({"carrier": -0.9, "day_of_week": 0.5, "destination": -0.3})
    assert [reason.topic for reason in lowered.reasons] == ["carrier", "destination"]
    assert [part.topic for part in lowered.contributions][:3] == ["carrier", "day_of_week", "destination"]


def test_the_direction_is_relative_to_the_base_and_not_to_the_threshold() -> None:
    effects = {"carrier": -0.9, "day_of_week": 0.3}
    called = reasons(effects, threshold=0.1)
    assert called.predicted_late
    assert reasons(effects, threshold=called.probability).predicted_late
    assert not reasons(effects, threshold=called.probability + 1e-6).predicted_late
    for flight in (called, reasons(effects)):
        assert [reason.topic for reason in flight.reasons] == ["carrier"]


def test_a_flight_at_the_base_has_no_reasons() -> None:
    assert reasons({}).reasons == ()
    even = reasons({"carrier": 0.5, "day_of_week": -0.5})
    assert even.reasons == ()
    # A tie keeps the order of the file.
    assert [part.probability > 0 for part in even.contributions[:2]] == [False, True]
    level = Calibration(method="isotonic", probability=(0.1, 0.9), calibrated=(0.3, 0.3))
    assert reasons({"carrier": 0.5}, calibration=level).reasons == ()


def test_small_contributions_have_no_sentence() -> None:
    base = reasons({}).base
    slope = base * (1 - base)
    assert len(reasons({"carrier": 0.0051 / slope}).reasons) == 1
    assert reasons({"carrier": 0.0047 / slope}).reasons == ()


def test_there_are_at_most_four_reasons() -> None:
    effects = dict.fromkeys(("carrier", "day_of_week", "destination", "distance_miles", "observed_visibility"), 0.4)
    assert len(reasons(effects).reasons) == 4


EFFECTS = st.dictionaries(st.sampled_from(sorted(VALUES)), st.floats(-2, 2, width=32), max_size=len(VALUES))
NUMBERS = st.one_of(st.floats(0, 1440, width=32), st.just(np.nan))
RATES = st.one_of(st.floats(-0.5, 1, width=32), st.sampled_from([np.nan, 0.0]))
NAMES = st.sampled_from(["UA", "AS", "XX", "Fri", "LAX", None])
DRAWN = st.fixed_dictionaries(
    {name: NAMES if isinstance(value, str) else RATES if "rate" in name else NUMBERS for name, value in VALUES.items()}
)


@given(EFFECTS, DRAWN)
def test_reasons_have_sign_and_order_of_their_contributions(effects: dict[str, float], values: dict[str, Any]) -> None:
    flight = reasons(effects, values)
    sizes = [abs(contribution.log_odds) for contribution in flight.contributions]
    assert sizes == sorted(sizes, reverse=True)
    assert flight.base + sum(part.probability for part in flight.contributions) == pytest.approx(
        flight.probability, abs=1e-6
    )
    assert len(flight.reasons) <= 4
    moves = [reason.probability for reason in flight.reasons]
    assert [abs(move) for move in moves] == sorted(map(abs, moves), reverse=True)
    assert all(abs(move) >= TOPICS.smallest_reason and move * (flight.probability - flight.base) > 0 for move in moves)
    chosen = [reason[:4] for reason in flight.reasons]
    assert chosen == [part for part in flight.contributions if tuple(part) in chosen]
    for reason in flight.reasons:
        assert reason.probability * reason.log_odds > 0
        assert not re.search(r"[{}]|nan|None|SHAP|log-odds", reason.sentence)
        assert reason.sentence[0].islower()
        topic, facts = TOPICS.topics[reason.topic], reason.facts
        quote, feature = topic.quoted(VALUES) or pytest.fail(reason.topic)
        if quote.higher == "either" or facts.value is None or facts.compared is None or facts.usual is None:
            continue
        fields = {
            "value": format_value(facts.value, quote.shown_as),
            "subject": topic.subject,
            "days": days_of(feature),
        }
        if reason.sentence not in (quote.plain.format(**fields), quote.unknown.format(**fields)):
            assert (facts.compared > facts.usual) == ((reason.log_odds > 0) == (quote.higher == "raises"))


TWINS = (
    ("late_rate_route_7d", "late_rate_route_30d"), ("late_rate_all_7d", "late_rate_all_30d"),
    ("departure_minutes", "departures_from_origin_so_far"),
)  # fmt: skip


@given(EFFECTS, DRAWN, st.sampled_from(TWINS))
def test_reasons_do_not_depend_on_which_correlated_feature_a_tree_uses(
    effects: dict[str, float], values: dict[str, Any], twins: tuple[str, str]
) -> None:
    one, other = twins
    swapped = effects | {one: effects.get(other, 0.0), other: effects.get(one, 0.0)}
    assert reasons(effects, values).reasons == reasons(swapped, values).reasons


@given(st.lists(st.tuples(EFFECTS, DRAWN), min_size=2, max_size=4))
def test_flights_are_explained_alike_alone_and_together(flights: list[tuple[dict[str, float], dict[str, Any]]]) -> None:
    each = [explained(*flight) for flight in flights]
    joined = select_reasons(Explanation.concat(each), explainer())
    assert repr(joined) == repr([select_reasons(explanation, explainer())[0] for explanation in each])
