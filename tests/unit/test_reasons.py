"""explain.flight.reasons and explain.flight.quoting: at most four sentences, in the order and on the side of what they contribute."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from flight_delay.core.months import Window
from flight_delay.explain.explanation import Explanation
from flight_delay.explain.flight.reasons import Reasons, reasons_of
from flight_delay.explain.reference import LateShare, Reference
from flight_delay.explain.topics import load_topics
from flight_delay.features.columns import Columns
from flight_delay.model.bundle import Bundle, Manifest
from flight_delay.model.calibration import Calibration, probability_of
from flight_delay.model.decision import Decision
from flight_delay.model.encode import EncodedFeature

TOPICS = load_topics()
GROUPS: dict[str, Any] = {"late": "history", "flights": "density", "departures": "density", "observed": "weather"}
VALUES: dict[str, Any] = {
    "day_of_week": "Fri", "carrier": "UA", "destination": "LAX", "departure_minutes": 1025.0,
    "departures_from_origin_so_far": 200.0, "distance_miles": 2454.0, "flights_from_origin_in_hour": 25.0,
    "late_rate_all_7d": 0.21, "late_rate_all_30d": 0.2, "late_rate_route_7d": 0.17, "late_rate_route_30d": 0.1,
    "late_rate_flight_30d": 0.0, "observed_visibility": 2.0,
}  # fmt: skip
MEANS = {
    "distance_miles": 1000.0,
    "flights_from_origin_in_hour": 19.6,
    "late_rate_all_7d": 0.25,
    "observed_visibility": 9.2,
}
REFERENCE = Reference(
    format=1, bundle="", months=("2013-01", "2013-02"), rows=10_000, late=0.25, means=MEANS,
    categories={
        "day_of_week": {"Fri": LateShare(flights=900, late=0.31)},
        "carrier": {"UA": LateShare(flights=5_000, late=0.22), "AS": LateShare(flights=99, late=0.9)},
        "destination": {"LAX": LateShare(flights=300, late=0.252)},
    },
    hours={"17": LateShare(flights=800, late=0.35), "23": LateShare(flights=100, late=0.1)}, departures={}, routes={},
)  # fmt: skip


def feature(name: str) -> EncodedFeature:
    kind: Any = "categorical" if isinstance(VALUES[name], str) else "quantitative"
    return EncodedFeature(name=name, kind=kind, group=GROUPS.get(name.split("_", maxsplit=1)[0], "schedule"))


def bundle_of(threshold: float = 0.3, calibration: Calibration | None = None) -> Bundle:
    window = Window(first="2013-01", through="2013-02")
    manifest = Manifest(
        format=1, features=tuple(map(feature, VALUES)), trained_on=window, trained_rows=1, trained_base_rate=0.5,
        stopped_on=window, rounds=1, xgboost="", model_sha256="",
    )  # fmt: skip
    decision = Decision(format=1, calibration=calibration or Calibration(method="none"), threshold=threshold)
    return Bundle(None, manifest, decision)


def column(value: float | str | None) -> Any:
    return np.array([value], object if value is None or isinstance(value, str) else np.float32)


def explanation_of(
    effects: dict[str, float], values: dict[str, Any] | None = None, expected: float = -1.1
) -> Explanation:
    features = {name: column(value) for name, value in (VALUES | (values or {})).items()}
    shap = {name: np.array([effects.get(name, 0.0)], np.float32) for name in VALUES}
    probability = probability_of(expected + sum(of.astype(float) for of in shap.values())).astype(np.float32)
    return Explanation(
        flight_id=np.array(["2013-11-01-UA-1-EWR-1705"], object), flight_date=np.array(["2013-11-01"], "datetime64[D]"),
        late=np.array([False]), probability=probability, expected=np.array([expected], np.float32), features=features, shap=shap,
    )  # fmt: skip


def reasons(effects: dict[str, float], values: dict[str, Any] | None = None, **options: Any) -> Reasons:
    quotable: Columns | None = options.pop("quotable", None)
    return reasons_of(explanation_of(effects, values), bundle_of(**options), TOPICS, REFERENCE, quotable=quotable)[0]


def sentence(name: str, effect: float, value: Any = ..., **others: Any) -> str:
    """What is said of a flight that only one feature moves."""
    changed = {**({} if value is ... else {name: value}), **others}
    [reason] = reasons({name: effect}, changed).reasons
    return reason.sentence


@pytest.mark.parametrize(
    ("name", "value", "raised", "lowered"),
    [
        ("carrier", "UA", "the airline is UA, seen together with what else is known of the flight",
         "the airline is UA: usually only 22 % of such flights are late, of all flights 25 %"),
        ("day_of_week", "Fri", "it is a Friday: usually 31 % of flights on that weekday are late, of all flights 25 %",
         "it is a Friday, seen together with what else is known of the flight"),
        ("departure_minutes", 1025.0, "departure at 17:05: usually 35 % of flights in that hour are late, of all flights 25 %",
         "departure at 17:05, seen together with what else is known of the flight"),
        ("departure_minutes", 1440.0, "departure at 24:00, seen together with what else is known of the flight",
         "departure at 24:00: usually only 10 % of flights in that hour are late, of all flights 25 %"),
        ("distance_miles", 2454.0, "a flight of 2,454 miles, usually 1,000 miles", "a flight of 2,454 miles, usually 1,000 miles"),
        ("flights_from_origin_in_hour", 25.0, "flights leaving the airport in the same hour: 25, usually 20",
         "flights leaving the airport in the same hour (25), seen together with the rest of the schedule"),
        ("flights_from_origin_in_hour", 9.0, "flights leaving the airport in the same hour (9), seen together with the rest of the schedule",
         "flights leaving the airport in the same hour: only 9, usually 20"),
        ("late_rate_route_7d", 0.17, "late arrivals on this route in the last 7 days: 38 %, of all flights 21 %",
         "late arrivals on this route in the last 7 days (38 %), seen together with those of longer and shorter spans"),
        ("late_rate_route_7d", -0.15, "late arrivals on this route in the last 7 days (6.0 %), seen together with those of longer and shorter spans",
         "late arrivals on this route in the last 7 days: only 6.0 %, of all flights 21 %"),
        ("late_rate_all_7d", 0.2, "late arrivals of all flights in the last 7 days (20 %), seen together with those of longer and shorter spans",
         "late arrivals of all flights in the last 7 days: only 20 %, usually 25 %"),
        ("observed_visibility", 2.0, "how far one could see at the airport of departure the day before: only 2 miles, usually 9 miles",
         "how far one could see at the airport of departure the day before (2 miles), seen together with what else is known"),
    ],
)  # fmt: skip
def test_a_comparison_is_made_only_where_it_points_the_way_of_the_effect(
    name: str, value: Any, raised: str, lowered: str
) -> None:
    assert (sentence(name, 0.5, value), sentence(name, -0.5, value)) == (raised, lowered)


@pytest.mark.parametrize(
    ("name", "value", "others", "said"),
    [
        ("carrier", "XX", {}, "the airline is XX, of which the model has seen no flights"),
        ("carrier", None, {}, "the airline is not known"),
        ("carrier", "AS", {}, "the airline is AS, seen together with what else is known of the flight"),  # 99 flights
        ("destination", "LAX", {}, "the destination is LAX, seen together with what else is known of the flight"),  # 25 %, too
        ("departure_minutes", 60.0, {}, "departure at 01:00, an hour in which the model has seen no flights"),
        ("departure_minutes", np.nan, {}, "the time of departure is not known"),
        ("distance_miles", np.nan, {}, "the length of the flight is not known"),
        ("late_rate_route_7d", np.nan, {}, "nothing is known of earlier flights on this route"),
        ("late_rate_route_7d", 0.1, {"late_rate_all_7d": np.nan}, "nothing is known of earlier flights on this route"),
        ("late_rate_flight_30d", 0.0, {}, "nothing out of the ordinary is known of earlier flights with this number"),
        ("late_rate_flight_30d", np.nan, {}, "nothing is known of earlier flights with this number"),
        ("late_rate_route_7d", 0.9, {}, "late arrivals on this route in the last 7 days: 100 %, of all flights 21 %"),
    ],
)  # fmt: skip
def test_what_is_missing_unknown_or_rare_has_a_sentence_of_its_own(
    name: str, value: Any, others: dict[str, Any], said: str
) -> None:
    assert sentence(name, 0.5, value, **others) == said


def test_facts_hold_the_numbers_of_a_sentence() -> None:
    [reason] = reasons({"late_rate_route_7d": 0.5}).reasons
    assert reason.facts.feature == "late_rate_route_7d"
    assert reason.facts[1:] == pytest.approx((0.38, 0.38, 0.21), abs=1e-6)
    [reason] = reasons({"carrier": 0.5}, {"carrier": None}).reasons
    assert reason.facts == ("carrier", None, None, 0.25)


def test_without_the_rate_of_all_flights_no_rate_is_quoted() -> None:
    explanation = explanation_of({"late_rate_route_7d": 0.5})
    explanation = replace(
        explanation, features={n: of for n, of in explanation.features.items() if n != "late_rate_all_7d"}
    )
    [of] = reasons_of(explanation, bundle_of(), TOPICS, REFERENCE)
    assert of.reasons[0].sentence == "late arrivals on this route in recent days"
    assert of.reasons[0].facts == (None, None, None, None)
    quotable = {"late_rate_all_7d": column(0.1)}
    [of] = reasons_of(explanation, bundle_of(), TOPICS, REFERENCE, quotable=quotable)
    assert of.reasons[0].sentence == "late arrivals on this route in the last 7 days: 27 %, of all flights 10 %"


def test_reasons_are_those_of_the_side_to_which_the_flight_leans() -> None:
    raised = reasons({"carrier": 0.9, "day_of_week": -0.5, "destination": 0.3})
    assert [of.topic for of in raised.reasons] == ["carrier", "destination"]
    lowered = reasons({"carrier": -0.9, "day_of_week": 0.5, "destination": -0.3})
    assert [of.topic for of in lowered.reasons] == ["carrier", "destination"]
    assert [of.topic for of in lowered.contributions][:3] == ["carrier", "day_of_week", "destination"]


def test_the_side_is_that_of_the_base_and_not_of_the_threshold() -> None:
    effects = {"carrier": -0.9, "day_of_week": 0.3}
    called = reasons(effects, threshold=0.1)
    assert called.called_late
    assert [of.topic for of in called.reasons] == ["carrier"] == [of.topic for of in reasons(effects).reasons]


def test_a_flight_is_called_late_from_the_threshold_on() -> None:
    probability = reasons({"carrier": 0.9}).probability
    assert reasons({"carrier": 0.9}, threshold=probability).called_late
    assert not reasons({"carrier": 0.9}, threshold=probability + 1e-6).called_late


def test_a_flight_at_the_base_has_no_reasons() -> None:
    assert reasons({}).reasons == ()
    even = reasons({"carrier": 0.5, "day_of_week": -0.5})
    assert even.reasons == ()
    assert [of.probability > 0 for of in even.contributions[:2]] == [False, True]  # a tie keeps the order of the file
    level = Calibration(method="isotonic", probability=(0.1, 0.9), calibrated=(0.3, 0.3))
    assert reasons({"carrier": 0.5}, calibration=level).reasons == ()


def test_what_moves_little_is_not_worth_a_sentence() -> None:
    base = reasons({}).base
    slope = base * (1 - base)
    assert len(reasons({"carrier": 0.0051 / slope}).reasons) == 1
    assert reasons({"carrier": 0.0047 / slope}).reasons == ()


def test_as_many_reasons_as_are_asked_for_and_at_most_four() -> None:
    effects = dict.fromkeys(("carrier", "day_of_week", "destination", "distance_miles", "observed_visibility"), 0.4)
    assert len(reasons(effects).reasons) == 4
    [of] = reasons_of(explanation_of(effects), bundle_of(), TOPICS, REFERENCE, most=2)
    assert [reason.topic for reason in of.reasons] == ["day_of_week", "carrier"]


EFFECTS = st.dictionaries(st.sampled_from(sorted(VALUES)), st.floats(-2, 2, width=32), max_size=len(VALUES))
NUMBERS = st.one_of(st.floats(0, 1440, width=32), st.just(np.nan))
RATES = st.one_of(st.floats(-0.5, 1, width=32), st.sampled_from([np.nan, 0.0]))
NAMES = st.sampled_from(["UA", "AS", "XX", "Fri", "LAX", None])
DRAWN = st.fixed_dictionaries(
    {name: NAMES if isinstance(value, str) else RATES if "rate" in name else NUMBERS for name, value in VALUES.items()}
)


@given(EFFECTS, DRAWN)
def test_reasons_have_sign_and_order_of_their_contributions(effects: dict[str, float], values: dict[str, Any]) -> None:
    of = reasons(effects, values)
    sizes = [abs(contribution.log_odds) for contribution in of.contributions]
    assert sizes == sorted(sizes, reverse=True)
    assert of.base + sum(part.probability for part in of.contributions) == pytest.approx(of.probability, abs=1e-6)
    assert len(of.reasons) <= 4
    moves = [reason.probability for reason in of.reasons]
    assert [abs(move) for move in moves] == sorted(map(abs, moves), reverse=True)
    assert all(abs(move) >= TOPICS.smallest_reason and move * (of.probability - of.base) > 0 for move in moves)
    chosen = [reason[:4] for reason in of.reasons]
    assert chosen == [part for part in of.contributions if tuple(part) in chosen]
    for reason in of.reasons:
        assert reason.probability * reason.log_odds > 0
        assert not re.search(r"[{}]|nan|None|SHAP|log-odds", reason.sentence)
        assert reason.sentence[0].islower()
        quote = TOPICS.topics[reason.topic].quotes[0]
        if ("usually" in reason.sentence or "of all flights" in reason.sentence) and quote.higher != "either":
            if "seen together" in reason.sentence or reason.facts.compared is None or reason.facts.usual is None:
                continue
            assert (reason.facts.compared > reason.facts.usual) == ((reason.log_odds > 0) == (quote.higher == "raises"))


TWINS = (
    ("late_rate_route_7d", "late_rate_route_30d"), ("late_rate_all_7d", "late_rate_all_30d"),
    ("departure_minutes", "departures_from_origin_so_far"),
)  # fmt: skip


@given(EFFECTS, DRAWN, st.sampled_from(TWINS))
def test_it_does_not_matter_which_of_two_twins_a_tree_used(
    effects: dict[str, float], values: dict[str, Any], twins: tuple[str, str]
) -> None:
    one, other = twins
    swapped = effects | {one: effects.get(other, 0.0), other: effects.get(one, 0.0)}
    assert reasons(effects, values).reasons == reasons(swapped, values).reasons


@given(st.lists(st.tuples(EFFECTS, DRAWN), min_size=2, max_size=4))
def test_flights_are_explained_alike_alone_and_together(flights: list[tuple[dict[str, float], dict[str, Any]]]) -> None:
    each = [explanation_of(*flight) for flight in flights]
    joined = reasons_of(Explanation.concat(each), bundle_of(), TOPICS, REFERENCE)
    assert repr(joined) == repr([reasons_of(of, bundle_of(), TOPICS, REFERENCE)[0] for of in each])
