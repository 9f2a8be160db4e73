"""The features of this project. A feature is an entry of the data dictionary and a function of its name,
whose arguments are the canonical columns that it reads; those of history and weather come in families."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Protocol

from flight_delay.core.errors import UserError
from flight_delay.features import calendar, history, schedule, traffic, weather
from flight_delay.features.columns import Column
from flight_delay.features.feature import Effect, Feature, Group, Kind

_MODULES: dict[ModuleType, Group] = {calendar: "schedule", schedule: "schedule", traffic: "density"}


class DictionaryEntry(Protocol):
    """What the data dictionary says of a feature."""

    @property
    def group(self) -> Group: ...
    @property
    def kind(self) -> Kind: ...
    @property
    def effect(self) -> Effect | None: ...


def feature_functions() -> dict[str, Callable[..., Column]]:
    """The functions that compute a feature each, by name."""
    return {name: function for module in _MODULES for name, function in _public_functions(module)}


def groups_by_name() -> dict[str, Group]:
    """The groups of all features, and of all families of history, by name: where each is computed."""
    by_name: dict[str, Group] = {
        name: group for module, group in _MODULES.items() for name, _ in _public_functions(module)
    }
    return (
        by_name
        | dict.fromkeys(history.rate_families(), "history")
        | dict.fromkeys(weather.weather_features(), "weather")
    )


def list_features(
    entries: Mapping[str, DictionaryEntry], history_days: Sequence[int], *, with_weather: bool
) -> tuple[Feature, ...]:
    """The features of the processed tables, in order.

    Args:
        entries: of the data dictionary, by name.
        history_days: how far back features of history look.
        with_weather: whether weather features are among them.

    Raises:
        UserError: an entry has no function or family, or is of another group, or one of these has no entry.
    """
    known = groups_by_name()
    unknown, undescribed = sorted(set(entries) - set(known)), sorted(set(known) - set(entries))
    elsewhere = [name for name, entry in entries.items() if known.get(name, entry.group) != entry.group]
    if unknown or undescribed or elsewhere:
        said = [f"'{name}' has an entry and no function in src/flight_delay/features" for name in unknown]
        said += [f"'{name}' has a function and no entry" for name in undescribed]
        said += [f"'{name}' is of the group {known[name]}, not {entries[name].group}" for name in elsewhere]
        raise UserError(
            f"references/data_dictionary.yaml: features: {'; '.join(said)}; add or mend the entry or the function"
        )
    features = []
    for name, entry in entries.items():
        if entry.group == "history":
            names = [history.feature_name(name, days) for days in history_days]
        else:
            names = [name] if with_weather or entry.group != "weather" else []
        features += [Feature(name=of, kind=entry.kind, group=entry.group, effect=entry.effect) for of in names]
    return tuple(features)


def source_columns(feature: Feature) -> tuple[str, ...]:
    """Names of the canonical columns that a feature is computed from.

    History also counts outcomes of *other* flights, as of the day on which they became known: those are not among them.
    """
    if feature.group == "history":
        return history.HISTORY_COLUMNS
    if feature.group == "weather":
        return weather.WEATHER_COLUMNS
    return tuple(inspect.signature(feature_functions()[feature.name]).parameters)


def all_source_columns(features: Sequence[Feature]) -> list[str]:
    """Names of all canonical columns that features are computed from."""
    return sorted({name for feature in features for name in source_columns(feature)})


def _public_functions(module: ModuleType) -> list[tuple[str, Callable[..., Column]]]:
    return [
        (name, function)
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and not name.startswith("_")
    ]
