"""List features and the functions that compute them.

A feature is an entry of the data dictionary and a function of the same name, whose arguments are the canonical columns
that it reads. Features of history and weather come in families."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType

from flight_delay.core.errors import UserError
from flight_delay.data.dictionary_entries import FeatureEntry
from flight_delay.features import calendar, history, schedule, traffic, weather
from flight_delay.features.columns import Column
from flight_delay.features.feature import Feature, Group

_MODULES: dict[ModuleType, Group] = {calendar: "schedule", schedule: "schedule", traffic: "density"}


def feature_functions() -> dict[str, Callable[..., Column]]:
    """Return the functions that compute a feature each, by name."""
    return {name: function for module in _MODULES for name, function in _public_functions(module)}


def groups_by_name() -> dict[str, Group]:
    """Return the group of each feature, and of each family of history, by name."""
    by_name: dict[str, Group] = {
        name: group for module, group in _MODULES.items() for name, _ in _public_functions(module)
    }
    return (
        by_name
        | dict.fromkeys(history.rate_families(), "history")
        | dict.fromkeys(weather.weather_features(), "weather")
    )


def list_features(
    entries: Mapping[str, FeatureEntry], history_days: Sequence[int], *, with_weather: bool
) -> tuple[Feature, ...]:
    """List the features of the processed tables, in order.

    Args:
        entries: entries of the data dictionary, by name.
        history_days: window lengths of history features, in days.
        with_weather: whether weather features are included.

    Raises:
        UserError: an entry has no function or family, or a different group, or a function has no entry.
    """
    known = groups_by_name()
    unknown, undescribed = sorted(set(entries) - set(known)), sorted(set(known) - set(entries))
    elsewhere = [name for name, entry in entries.items() if known.get(name, entry.group) != entry.group]
    if unknown or undescribed or elsewhere:
        problems = [f"'{name}' has an entry, but no function in src/flight_delay/features" for name in unknown]
        problems += [f"'{name}' has a function, but no entry" for name in undescribed]
        problems += [f"'{name}' has the group {known[name]}, not {entries[name].group}" for name in elsewhere]
        raise UserError(
            f"references/data_dictionary.yaml: features: {'; '.join(problems)}; "
            "add or correct the entry or the function"
        )
    features = []
    for name, entry in entries.items():
        if entry.group == "history":
            names = [history.feature_name(name, days) for days in history_days]
        else:
            names = [name] if with_weather or entry.group != "weather" else []
        features += [Feature(name=full, kind=entry.kind, group=entry.group, effect=entry.effect) for full in names]
    return tuple(features)


def source_columns(feature: Feature) -> tuple[str, ...]:
    """List the canonical columns of a flight that a feature is computed from.

    The outcomes of *other* flights, which history counts by the day on which they became known, are not listed.
    """
    if feature.group == "history":
        return history.HISTORY_COLUMNS
    if feature.group == "weather":
        return weather.WEATHER_COLUMNS
    return tuple(inspect.signature(feature_functions()[feature.name]).parameters)


def all_source_columns(features: Sequence[Feature]) -> list[str]:
    """List all canonical columns that features are computed from."""
    return sorted({name for feature in features for name in source_columns(feature)})


def _public_functions(module: ModuleType) -> list[tuple[str, Callable[..., Column]]]:
    return [
        (name, function)
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and not name.startswith("_")
    ]
