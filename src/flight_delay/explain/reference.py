"""Reference values of the training flights, with which flights are compared.

They are means, late rates and numbers of flights by time of departure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from flight_delay.core.errors import UserError
from flight_delay.core.params import Parameters, read_validated_json
from flight_delay.explain.format import format_clock
from flight_delay.features.columns import Column
from flight_delay.model.bundle import Bundle
from flight_delay.model.examples import Examples

HALF_HOUR_MINUTES = 30


class LateShare(Parameters):
    """Number of training flights, and the share of them that were late."""

    flights: Annotated[int, Field(ge=1)]
    late: Annotated[float, Field(ge=0, le=1)]


class Reference(Parameters):
    """Reference values of the flights that a model was trained on.

    Attributes:
        bundle: checksum of the model.
        months: of training.
        rows: number of flights.
        late: the share of them that were late.
        means: of quantitative features, six significant digits; None where all values are missing.
        categories: by categorical feature and category.
        hours: by hour of departure, '00' … '23'.
        departures: number of flights by origin and half hour of departure, such as '17:30', where there are any.
        routes: the same by origin and destination, such as 'EWR-LAX'.
    """

    format: Literal[1]
    bundle: str
    months: tuple[str, ...]
    rows: int
    late: float
    means: dict[str, float | None]
    categories: dict[str, dict[str, LateShare]]
    hours: dict[str, LateShare]
    departures: dict[str, dict[str, int]]
    routes: dict[str, dict[str, int]]

    def count_training_flights(self, origin: str, destination: str | None, half_hour: str) -> int:
        """Count training flights of a half hour, such as '17:30', from an origin.

        If a destination is given, only flights to it are counted.
        """
        if destination is None:
            return self.departures.get(origin, {}).get(half_hour, 0)
        return self.routes.get(f"{origin}-{destination}", {}).get(half_hour, 0)


def half_hour_of(minutes: float) -> str:
    """Return the half hour of a time in minutes after midnight, such as '17:30'."""
    return format_clock(minutes // HALF_HOUR_MINUTES * HALF_HOUR_MINUTES)


def hour_of(minutes: float) -> str:
    """Return the hour of a time in minutes after midnight, '00' … '23'.

    The midnight that ends a day belongs to '23'.
    """
    return f"{min(int(minutes) // 60, 23):02d}"


def fit_reference(bundle: Bundle, read: Callable[[str], Examples], months: Iterable[str]) -> Reference:
    """Compute reference values month by month, so that memory holds one month.

    Args:
        bundle: the model.
        read: reads the examples of a month with all features that may be quoted, used by the model or not; origin,
            destination and departure_minutes are among them.
        months: of training.
    """
    names, sums = list(months), dict[str, Any]()
    counts: dict[tuple[str, ...], pd.DataFrame] = {}  # flights and late flights by category, of features and pairs
    for month in names:
        examples = read(month)
        columns = dict(examples.features)
        minutes = columns["departure_minutes"]
        columns[_ROUTE] = _join(columns["origin"], columns["destination"])
        columns[_HOUR], columns[_HALF_HOUR] = _map_unique(minutes, hour_of), _map_unique(minutes, half_hour_of)
        features = [name for name, values in examples.features.items() if values.dtype == object]
        keys = [*((name,) for name in (*features, _HOUR)), ("origin", _HALF_HOUR), (_ROUTE, _HALF_HOUR)]
        late = pd.Series(examples.target)
        for key in keys:
            table = late.groupby([columns[name] for name in key]).agg(["size", "sum"])
            counts[key] = counts[key].add(table, fill_value=0) if key in counts else table
        for name, values in examples.features.items():
            if values.dtype != object:
                total = np.array([np.nansum(values, dtype=np.float64), (~np.isnan(values)).sum()])
                sums[name] = sums.get(name, 0) + total
        sums[_LATE] = sums.get(_LATE, 0) + np.array([late.sum(), len(late)])
    n_late, rows = sums.pop(_LATE, (0, 0))
    departures, routes = (_nested_counts(counts.pop((name, _HALF_HOUR), None)) for name in ("origin", _ROUTE))
    hours = _late_shares(counts.pop((_HOUR,), pd.DataFrame()))
    return Reference(
        format=1,
        bundle=bundle.checksum,
        months=tuple(names),
        rows=int(rows),
        late=_round(n_late / max(rows, 1)),
        means={name: _round(total / count) if count else None for name, (total, count) in sums.items()},
        hours=hours,
        categories={name: _late_shares(table) for (name,), table in counts.items()},
        departures=departures,
        routes=routes,
    )


def load_reference(path: Path, bundle: Bundle) -> Reference:
    """Read reference values.

    Raises:
        UserError: they are missing or of another version of the model.
    """
    reference = read_validated_json(path, Reference, "a reference of this format")
    if reference.bundle != bundle.checksum:
        raise UserError(f"{path}: explanation and model are of different versions; run `dvc repro --force`")
    return reference


_HOUR, _HALF_HOUR, _ROUTE, _LATE = " hour", " half hour", " route", " late"  # no feature has a space in its name


def _map_unique(minutes: Column, name: Callable[[float], str]) -> Column:
    values = pd.Series(minutes)
    names = values.map({value: name(float(value)) for value in values.dropna().unique()})
    return names.astype(object).to_numpy(object)


def _join(origin: Column, destination: Column) -> Column:
    ends = pd.DataFrame({"origin": origin, "destination": destination}, dtype=object)
    return (ends["origin"] + "-" + ends["destination"]).to_numpy(object)


def _late_shares(table: pd.DataFrame) -> dict[str, LateShare]:
    rows = zip(table.index.astype(str), *table.to_numpy(dtype=float).T.reshape(2, -1), strict=True)
    return {name: LateShare(flights=int(flights), late=_round(late / flights)) for name, flights, late in rows}


def _nested_counts(table: pd.DataFrame | None) -> dict[str, dict[str, int]]:
    nested: dict[str, dict[str, int]] = {}
    for group, half_hour, flights in [] if table is None else table["size"].reset_index().itertuples(index=False):
        nested.setdefault(str(group), {})[str(half_hour)] = int(flights)
    return nested


def _round(value: float) -> float:
    return float(f"{value:.6g}")
