"""The quality gate: which rows keep the contract of the data dictionary, and what is to be said of the others.

A row that breaks it in an essential column is set aside with its reasons; one that breaks it in an informative column
loses that value and is warned of."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import pandas as pd
import pandera.pandas as pandera
import pyarrow as pa

from flight_delay.data.canonical import Mask, ParsedFlights
from flight_delay.data.dictionary import Dictionary
from flight_delay.data.dictionary_entries import ColumnEntry

# Rows of a source that are set aside: position among the rows of their month, why, and the row itself as JSON.
QUARANTINE = pa.schema(
    [
        pa.field("row", pa.int64()),
        pa.field("reasons", pa.list_(pa.string())),
        pa.field("source", pa.string()),
    ]
)

# By how much a schedule may disagree with itself: airlines round, and move a flight at the last moment.
ELAPSED_TOLERANCE_MINUTES = 15


class QualityResult(NamedTuple):
    """What came through the gate, and what did not.

    `flights` is the canonical table in order of departure; `reasons` holds, for each row of the source that is set
    aside, by its position there, the reasons; `warnings` counts, by what there is to say, rows that may come through all the same, and
    `missing`, by column, rows of the source without a value.
    """

    flights: pa.Table
    reasons: dict[int, list[str]]
    warnings: dict[str, int]
    missing: dict[str, int]


# What columns must not say together.
CONTRADICTIONS: dict[str, Callable[[pd.DataFrame], Mask]] = {
    "cancelled, and arrived": lambda f: _is_true(f["cancelled"]) & f["arrival_delay_minutes"].notna(),
    "diverted, and arrived as planned": lambda f: _is_true(f["diverted"]) & f["arrival_delay_minutes"].notna(),
    "cancelled and diverted": lambda f: _is_true(f["cancelled"]) & _is_true(f["diverted"]),
    "neither cancelled nor diverted, and never arrived": lambda f: (
        _is_false(f["cancelled"]) & _is_false(f["diverted"]) & f["arrival_delay_minutes"].isna()
    ),
    # A wrong time zone, or an unknown time written as 0:00, as in BTS files of the 1990s.
    "scheduled times contradict scheduled_elapsed_minutes": lambda f: (
        _to_minutes(f["scheduled_arrival_utc"] - f["scheduled_departure_utc"])
        .sub(pd.to_numeric(f["scheduled_elapsed_minutes"]))
        .abs()
        > ELAPSED_TOLERANCE_MINUTES
    ),
}
# What is odd and does no harm.
WARNINGS: dict[str, Callable[[pd.DataFrame], Mask]] = {
    "origin is the destination": lambda f: f["origin"] == f["destination"],
    "departure_delayed_label: a cancelled flight is labelled as delayed": lambda f: (
        _is_true(f["cancelled"]) & _is_true(f["departure_delayed_label"])
    ),
    "arrival_delayed_label: a flight that never arrived is labelled as delayed": lambda f: (
        f["arrival_delay_minutes"].isna() & _is_true(f["arrival_delayed_label"])
    ),
}


def apply_contract(reading: ParsedFlights, dictionary: Dictionary) -> QualityResult:
    """Let rows through that keep the contract.

    Args:
        reading: rows of a source, all of one month.
        dictionary: of the data.
    """
    flights = reading.flights
    aside: dict[str, Mask] = {}
    warned = dict(reading.remarks)
    for name, problem, rows in _breaches(reading, dictionary):
        if dictionary.columns[name].informative:
            warned[f"{name}: {problem}; the value is left out"] = rows
            flights = flights.assign(**{name: flights[name].mask(rows)})
        else:
            aside[f"{name}: {problem}"] = rows
    # Columns contradict each other only where each of them is right by itself.
    wrong = pd.DataFrame(aside, index=flights.index).any(axis=1)
    aside |= {reason: rule(flights) & ~wrong for reason, rule in CONTRADICTIONS.items()}
    warned |= {odd: rule(flights) for odd, rule in WARNINGS.items()}

    # Of those that are the same flight the first stays, in an order that does not depend on that of the source.
    broken = pd.DataFrame(aside).any(axis=1)
    ordered = flights[~broken].sort_values(["scheduled_departure_utc", "flight_id", *flights.columns], kind="stable")
    again = ordered["flight_id"].duplicated()
    aside["flight_id: the same flight again"] = again.reindex(flights.index, fill_value=False)
    # Without the zone, which the schema adds again: pandas deprecates to hand Arrow times that have one.
    utc = {str(name): ordered[name].dt.tz_convert(None) for name in ordered.select_dtypes("datetimetz")}
    kept = ordered.assign(**utc)[~again]
    return QualityResult(
        flights=pa.Table.from_pandas(kept, schema=dictionary.schema, preserve_index=False),
        reasons=_by_row(aside),
        warnings={odd: int(rows.sum()) for odd, rows in warned.items()},
        missing={str(name): int(count) for name, count in reading.flights.isna().sum().items()},
    )


def quarantine_rows(raw: pd.DataFrame, reasons: Mapping[int, list[str]]) -> list[dict[str, Any]]:
    """Rows of a source that are set aside, with the schema `QUARANTINE`."""
    rows = raw.iloc[list(reasons)].astype(object).where(raw.iloc[list(reasons)].notna(), None)
    return [
        {"row": position, "reasons": why, "source": json.dumps(row, default=str, ensure_ascii=False)}
        for (position, why), row in zip(reasons.items(), rows.to_dict("records"), strict=True)
    ]


def _checks(column: ColumnEntry) -> Iterator[pandera.Check]:
    """The dictionary's rules for a column; the name of a check is what is said of a value that fails it."""
    if column.minimum is not None and column.maximum is not None:
        low, high = column.minimum, column.maximum
        bounds = (low, high) if column.type == "integer" else (pd.Timestamp(low), pd.Timestamp(high))
        yield pandera.Check.in_range(*bounds, error=f"is outside {low} … {high}")
    if column.allowed is not None:
        yield pandera.Check.isin(column.allowed, error=f"is none of {', '.join(column.allowed)}")
    if column.pattern is not None:
        yield pandera.Check.str_matches(f"^(?:{column.pattern})$", error=f"does not look like {column.pattern}")


def _breaches(reading: ParsedFlights, dictionary: Dictionary) -> Iterator[tuple[str, str, Mask]]:
    """Column, problem and rows of every breach of the contract, each cause once.

    What could not be read is not missing or out of range as well, and what is made here from other columns is missing
    only because one of them is.
    """
    none = pd.Series(False, index=reading.flights.index)
    unread, broken = dict.fromkeys(reading.flights.columns, none), none
    for (name, problem), rows in reading.unreadable.items():
        unread[name] = unread[name] | rows
        broken = broken | (none if dictionary.columns[name].informative else rows)
        yield name, problem, rows
    made_here_last = sorted(_violations(reading, dictionary), key=lambda of: not dictionary.columns[of[0]].sources)
    for name, problem, rows in made_here_last:
        column = dictionary.columns[name]
        unexplained = rows & ~(unread[name] if column.sources else broken)
        broken = broken | (none if column.informative else unexplained)
        if unexplained.any():
            yield name, problem, unexplained


def _violations(reading: ParsedFlights, dictionary: Dictionary) -> Iterator[tuple[str, str, Mask]]:
    # One check after the other: a schema would write an error with a table of its cases for each, which takes longer.
    for name, column in dictionary.columns.items():
        values = reading.flights[name]
        missing = values.isna()
        if not column.nullable and missing.any():
            yield name, "is missing", missing
        for check in _checks(column):
            passed = check(values).check_output.reindex(values.index, fill_value=True).astype(bool)
            if not passed.all():
                yield name, str(check.error), ~passed


def _by_row(aside: dict[str, Mask]) -> dict[int, list[str]]:
    reasons: dict[int, list[str]] = {}
    for reason, rows in aside.items():
        for position in rows.index[rows]:
            reasons.setdefault(int(position), []).append(reason)
    return dict(sorted(reasons.items()))


def _is_true(flags: pd.Series) -> Mask:
    return flags.eq(True).fillna(False).astype(bool)


def _is_false(flags: pd.Series) -> Mask:
    return flags.eq(False).fillna(False).astype(bool)


def _to_minutes(durations: pd.Series) -> pd.Series:
    minutes: pd.Series = durations.dt.total_seconds() / 60
    return minutes
