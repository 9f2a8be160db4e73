"""features.registry: every entry of the dictionary has its function or family, and the other way round."""

from __future__ import annotations

import inspect
import re
from typing import Any

import numpy as np
import pytest
from feature_parameters import FEATURE_PARAMETERS

from flight_delay.core.errors import UserError
from flight_delay.data.dictionary import Dictionary
from flight_delay.data.dictionary_entries import FeatureEntry
from flight_delay.features import history, schedule, weather
from flight_delay.features.builder import FeatureBuilder
from flight_delay.features.columns import Columns
from flight_delay.features.feature import Feature
from flight_delay.features.parameters import FeatureParameters
from flight_delay.features.registry import feature_functions, groups_by_name, list_features

PARAMETERS: dict[str, Any] = {
    "late_threshold_minutes": 15, "horizon_hours": 24, "history_days": [3, 7], "smoothing_flights": 20.0,
    "weather": "none",
}  # fmt: skip


def entry(**changes: Any) -> FeatureEntry:
    return FeatureEntry(
        **{"description": "x", "group": "schedule", "kind": "quantitative", "unit": "minutes", **changes}
    )


def refusal(entries: dict[str, FeatureEntry]) -> str:
    with pytest.raises(UserError) as refused:
        list_features(entries, (7,), with_weather=True)
    message = str(refused.value)
    assert message.startswith("references/data_dictionary.yaml: features: ")
    assert len(message.splitlines()) == 1
    return message


def named(message: str) -> list[str]:
    return re.findall(r"'(\w+)'", message)


def test_every_entry_has_its_function_or_family_and_the_other_way_round(dictionary: Dictionary) -> None:
    assert set(dictionary.features) == {*feature_functions(), *history.rate_families(), *weather.weather_features()}
    assert {name: entry.group for name, entry in dictionary.features.items()} == groups_by_name()


@pytest.mark.parametrize(
    ("missing", "extra"),
    [
        ([], ["tail_age"]),
        *(([name], []) for name in ("day_of_week", "late_rate_route", "observed_pressure")),
        (["carrier", "origin"], ["seats", "tail_age"]),
    ],
)
def test_entries_without_functions_and_functions_without_entries_are_named(
    dictionary: Dictionary, missing: list[str], extra: list[str]
) -> None:
    entries = {name: entry for name, entry in dictionary.features.items() if name not in missing}
    assert sorted(named(refusal(entries | dict.fromkeys(extra, entry())))) == sorted(missing + extra)


@pytest.mark.parametrize(
    ("name", "group", "right"),
    [
        ("late_rate_all", "schedule", "history"),
        ("observed_humidity", "density", "weather"),
        ("block_minutes", "weather", "schedule"),
        ("flights_on_route_on_day", "history", "density"),
    ],
)
def test_an_entry_in_a_group_that_is_not_its_own_is_named(
    dictionary: Dictionary, name: str, group: str, right: str
) -> None:
    moved = entry(group=group, description="of {days} days" if group == "history" else "x")
    message = refusal({**dictionary.features, name: moved})
    assert named(message) == [name]
    assert re.findall(r"\b(?:schedule|density|history|weather)\b", message) == [right, group]


def test_features_are_in_the_order_of_their_entries_and_those_of_history_are_one_for_each_number_of_days(
    dictionary: Dictionary,
) -> None:
    expected = []
    for name, entry in dictionary.features.items():
        expected += [f"{name}_7d", f"{name}_3d"] if entry.group == "history" else [name]
    assert [feature.name for feature in list_features(dictionary.features, (7, 3), with_weather=True)] == expected
    backwards = dict(reversed(dictionary.features.items()))
    assert [feature.name for feature in list_features(backwards, (7,), with_weather=False)][-1] == "day_of_week"


def test_a_feature_has_kind_group_and_effect_of_its_entry(dictionary: Dictionary) -> None:
    every = list_features(dictionary.features, (7,), with_weather=True)
    without = list_features(dictionary.features, (7,), with_weather=False)
    assert without == tuple(feature for feature in every if feature.group != "weather")
    for feature in every:
        entry = dictionary.features[feature.name.removesuffix("_7d")]
        assert (feature.kind, feature.group, feature.effect) == (entry.kind, entry.group, entry.effect)


def test_without_observations_weather_is_missing_and_nothing_else() -> None:
    feature = Feature(name="observed_pressure", kind="quantitative", group="weather")
    columns = {
        "origin": np.array(["EWR"], object),
        "scheduled_departure_utc": np.array(["2013-03-05"], "datetime64[ms]"),
    }
    np.testing.assert_array_equal(computed(columns, feature)["observed_pressure"], np.array([np.nan], np.float32))


def computed(columns: Columns, feature: Feature) -> Columns:
    none = {name: np.empty(0) for name in weather.MEASUREMENTS}
    none |= {"airport": np.empty(0, object), "observed_utc": np.empty(0, "datetime64[ms]")}
    return FeatureBuilder(FEATURE_PARAMETERS, (feature,)).build(columns, history.COUNTS.empty_table(), none)


@pytest.mark.parametrize(
    ("name", "values", "kind", "right"),
    [
        ("carrier", ["UA", None], "quantitative", "categorical"),
        ("distance_miles", [100.0, np.nan], "categorical", "quantitative"),
    ],
)
def test_values_of_another_kind_than_the_entry_says_are_named(
    name: str, values: list[Any], kind: Any, right: str
) -> None:
    columns = {name: np.array(values, object if right == "categorical" else float)}
    with pytest.raises(
        UserError, match=rf"^references/data_dictionary\.yaml: features\.{name}: .*\b{right}\b.*\b{kind}\b"
    ):
        computed(columns, Feature(name=name, kind=kind, group="schedule"))


def test_what_a_module_keeps_for_itself_or_imports_is_no_feature(monkeypatch: pytest.MonkeyPatch) -> None:
    def _twice(carrier: Any) -> Any:
        return carrier

    _twice.__module__ = schedule.__name__
    monkeypatch.setattr(schedule, "_twice", _twice, raising=False)
    monkeypatch.setattr(schedule, "getsource", inspect.getsource, raising=False)
    assert not {"_twice", "getsource"} & set(feature_functions())


@pytest.mark.parametrize(
    "change",
    [
        {"history_days": []},
        {"history_days": [3, 7, 3]},
        {"history_days": [0]},
        {"history_days": [367]},
        {"horizon_hours": 0},
        {"late_threshold_minutes": 0},
        {"smoothing_flights": 0.0},
        {"weather": "forecast"},
    ],
)
def test_invalid_parameters_are_refused(change: dict[str, Any]) -> None:
    assert FeatureParameters(**PARAMETERS).history_days == [3, 7]
    with pytest.raises(ValueError, match=next(iter(change))):
        FeatureParameters(**{**PARAMETERS, **change})
