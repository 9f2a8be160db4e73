"""What is usual: means and late shares of the training flights, that a flight is compared with, and the times of departure
of which there are any. Learnt when a model is explained, and read wherever one of its flights is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from flight_delay.core.errors import UserError
from flight_delay.core.params import Parameters, read_validated_json
from flight_delay.explain.words import clock
from flight_delay.features.columns import Column, Columns
from flight_delay.model.bundle import Bundle
from flight_delay.model.examples import Examples

HALF_HOUR_MINUTES = 30


class LateShare(Parameters):
    """How many training flights there are, and the share of them that were late."""

    flights: Annotated[int, Field(ge=1)]
    late: Annotated[float, Field(ge=0, le=1)]


class Reference(Parameters):
    """What is usual on the flights that a model was trained on.

    Attributes:
        bundle: checksum of the model.
        months: that it was learnt from.
        rows: how many flights these have.
        late: the share of them that were late.
        means: of quantitative features, six significant digits; None for one that no flight has.
        categories: by categorical feature and category.
        hours: by hour of departure, '00' … '23'.
        departures: number of flights by origin and half hour of departure, such as '17:30'; those without any are left out.
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

    def support(self, origin: str, destination: str | None, half_hour: str) -> int:
        """Number of training flights that left an origin (for a destination, if given) in a half hour such as '17:30'."""
        key, of = (origin, self.departures) if destination is None else (f"{origin}-{destination}", self.routes)
        return of.get(key, {}).get(half_hour, 0)


def half_hour_of(minutes: float) -> str:
    """The half hour of a time of departure in minutes after midnight, such as '17:30'."""
    return clock(minutes // HALF_HOUR_MINUTES * HALF_HOUR_MINUTES)


def learn(bundle: Bundle, read: Callable[[str], Examples], months: Iterable[str]) -> Reference:
    """Learn what is usual, month by month, so that memory holds one.

    Args:
        bundle: the model.
        read: gives the examples of a month, with every feature that may be quoted, whether the model uses it or not;
            origin, destination and departure_minutes are among them.
        months: that the model was trained on.
    """
    names, rows, late = list(months), 0, 0
    sums: dict[str, tuple[float, int]] = {}
    categories: dict[str, Counter[str]] = {}
    late_of: dict[str, Counter[str]] = {}
    departures: dict[str, Counter[str]] = {}
    routes: dict[str, Counter[str]] = {}
    for month in names:
        examples = read(month)
        rows, late = rows + len(examples), late + int(examples.target.sum())
        minutes = examples.features["departure_minutes"]
        half_hours = _named(minutes, half_hour_of)
        text = {name: of for name, of in examples.features.items() if of.dtype == object}
        for name, values in {**text, _HOURS: _named(minutes, hour_of)}.items():
            _count(categories.setdefault(name, Counter()), values)
            _count(late_of.setdefault(name, Counter()), values[examples.target])
        for name, values in examples.features.items():
            if name not in text:
                total, count = sums.get(name, (0.0, 0))
                sums[name] = (
                    total + float(np.nansum(values, dtype=np.float64)),
                    count + int((~np.isnan(values)).sum()),
                )
        _count_times(departures, examples.features["origin"], half_hours)
        _count_times(routes, routes_of(examples.features), half_hours)
    shares = {
        name: {of: LateShare(flights=n, late=_six(late_of[name][of] / n)) for of, n in sorted(counts.items())}
        for name, counts in categories.items()
    }
    return Reference(
        format=1,
        bundle=bundle.checksum,
        months=tuple(names),
        rows=rows,
        late=_six(late / max(rows, 1)),
        means={name: _six(total / count) if count else None for name, (total, count) in sums.items()},
        hours=shares.pop(_HOURS, {}),
        categories=shares,
        departures=_in_order(departures),
        routes=_in_order(routes),
    )


def load(path: Path, bundle: Bundle) -> Reference:
    """Read what is usual.

    Raises:
        UserError: it is missing, or was learnt for another version of the model.
    """
    reference = read_validated_json(path, Reference, "a reference of this format")
    if reference.bundle != bundle.checksum:
        raise UserError(f"{path}: explanation and model are of different versions; `dvc repro` makes both")
    return reference


def hour_of(minutes: float) -> str:
    """The hour of a time of departure, '00' … '23'; the midnight that ends a day is in its last hour."""
    return f"{min(int(minutes) // 60, 23):02d}"


def routes_of(columns: Columns) -> Column:
    """Origin and destination, such as 'EWR-LAX'; missing where one of them is; shape (rows,)."""
    ends = pd.DataFrame({name: columns[name] for name in ("origin", "destination")}, dtype=object)
    return (ends["origin"] + "-" + ends["destination"]).to_numpy(object)


_HOURS = " hours"  # beside names of features, of which none has a space


def _named(minutes: Column, name: Callable[[float], str]) -> Column:
    values, position = np.unique(minutes, return_inverse=True)
    return np.array([None if np.isnan(value) else name(float(value)) for value in values], object)[position]


def _count(counts: Counter[str], values: Column) -> None:
    counts.update({str(of): int(n) for of, n in pd.Series(values).value_counts().items()})


def _count_times(counts: dict[str, Counter[str]], groups: Column, half_hours: Column) -> None:
    pairs = pd.DataFrame({"group": groups, "time": half_hours}).groupby(["group", "time"]).size()
    for (group, time), flights in zip(pairs.index, pairs, strict=True):
        counts.setdefault(group, Counter())[time] += int(flights)


def _in_order(counts: dict[str, Counter[str]]) -> dict[str, dict[str, int]]:
    return {group: dict(sorted(of.items())) for group, of in sorted(counts.items())}


def _six(value: float) -> float:
    return float(f"{value:.6g}")
