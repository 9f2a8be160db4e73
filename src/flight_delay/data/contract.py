"""Apply the contract of the data dictionary to parsed rows.

A row that breaks it in an essential column goes to the quarantine with its reasons; in an informative column, the value
is removed and counted as a warning."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import pandas as pd
import pandera.pandas as pandera
import pyarrow as pa

from flight_delay.data.canonical import ParsedFlights
from flight_delay.data.clock import duration_error
from flight_delay.data.dictionary import Dictionary
from flight_delay.data.dictionary_entries import ColumnEntry
from flight_delay.data.values import Mask
from flight_delay.data.zone_errors import count_hour_errors

# Rows in the quarantine: position among the rows of their month, reasons, and the row of the source as JSON.
QUARANTINE = pa.schema(
    [
        pa.field("row", pa.int64()),
        pa.field("reasons", pa.list_(pa.string())),
        pa.field("source", pa.string()),
    ]
)

# Tolerance between scheduled times and duration: airlines round, and move a flight at the last moment.
ELAPSED_TOLERANCE_MINUTES = 15


class QualityResult(NamedTuple):
    """Result of the contract for a month or a timetable.

    Attributes:
        flights: rows that keep the contract, as the canonical table in order of departure.
        reasons: reasons of a quarantined row, by its position in the source.
        warnings: number of rows by text; such rows may be among `flights`.
        missing: number of rows of the source without a value, by column.
        hour_errors: flights whose duration is wrong by whole hours, see `data.zone_errors`.
    """

    flights: pa.Table
    reasons: dict[int, list[str]]
    warnings: dict[str, int]
    missing: dict[str, int]
    hour_errors: pd.DataFrame


# Rules between columns; rules of outcomes do not apply to a timetable.
Rules = dict[str, Callable[[pd.DataFrame], Mask]]

# Contradictions, which break the contract.
_OUTCOME_CONTRADICTIONS: Rules = {
    "cancelled, and arrived": lambda f: _is_true(f["cancelled"]) & f["arrival_delay_minutes"].notna(),
    "diverted, and arrived as planned": lambda f: _is_true(f["diverted"]) & f["arrival_delay_minutes"].notna(),
    "cancelled and diverted": lambda f: _is_true(f["cancelled"]) & _is_true(f["diverted"]),
    "neither cancelled nor diverted, and never arrived": lambda f: (
        _is_false(f["cancelled"]) & _is_false(f["diverted"]) & f["arrival_delay_minutes"].isna()
    ),
}
SCHEDULE_CONTRADICTIONS: Rules = {
    # A wrong time zone or a mistake of the source.
    "scheduled times contradict scheduled_elapsed_minutes": lambda f: (
        duration_error(f).abs() > ELAPSED_TOLERANCE_MINUTES
    ),
}
CONTRADICTIONS = _OUTCOME_CONTRADICTIONS | SCHEDULE_CONTRADICTIONS
# Contradictions that only cause a warning.
_SCHEDULE_WARNINGS: Rules = {"origin is the destination": lambda f: f["origin"] == f["destination"]}
_WARNINGS: Rules = _SCHEDULE_WARNINGS | {
    "departure_delayed_label: a cancelled flight is labelled as delayed": lambda f: (
        _is_true(f["cancelled"]) & _is_true(f["departure_delayed_label"])
    ),
    "arrival_delayed_label: a flight that never arrived is labelled as delayed": lambda f: (
        f["arrival_delay_minutes"].isna() & _is_true(f["arrival_delayed_label"])
    ),
}


def apply_contract(parsed: ParsedFlights, dictionary: Dictionary) -> QualityResult:
    """Separate rows that keep the contract from those that break it.

    Args:
        parsed: rows of a month, or of a timetable.
        dictionary: describes their columns; `Dictionary.schedule_only` for a timetable.
    """
    flights = parsed.flights
    has_outcomes = bool(dictionary.outcome_columns)
    contradictions = CONTRADICTIONS if has_outcomes else SCHEDULE_CONTRADICTIONS
    broken_rules: dict[str, Mask] = {}
    warnings = dict(parsed.remarks)
    for name, problem, rows in _breaches(parsed, dictionary):
        if dictionary.columns[name].informative:
            warnings[f"{name}: {problem}; the value is left out"] = rows
            flights = flights.assign(**{name: flights[name].mask(rows)})
        else:
            broken_rules[f"{name}: {problem}"] = rows
    # Contradictions count only where every column is valid by itself.
    invalid = pd.DataFrame(broken_rules, index=flights.index).any(axis=1)
    broken_rules |= {reason: rule(flights) & ~invalid for reason, rule in contradictions.items()}
    warnings |= {text: rule(flights) for text, rule in (_WARNINGS if has_outcomes else _SCHEDULE_WARNINGS).items()}

    # The first of repeated flights stays; the order does not depend on that of the source.
    broken = pd.DataFrame(broken_rules).any(axis=1)
    ordered = flights[~broken].sort_values(["scheduled_departure_utc", "flight_id", *flights.columns], kind="stable")
    again = ordered["flight_id"].duplicated()
    broken_rules["flight_id: the same flight again"] = again.reindex(flights.index, fill_value=False)
    # Times go to Arrow without their zone, since pandas deprecates passing it; the schema adds it again.
    utc = {str(name): ordered[name].dt.tz_convert(None) for name in ordered.select_dtypes("datetimetz")}
    kept = ordered.assign(**utc)[~again]
    return QualityResult(
        flights=pa.Table.from_pandas(kept, schema=dictionary.schema, preserve_index=False),
        reasons=_by_row(broken_rules),
        warnings={text: int(rows.sum()) for text, rows in warnings.items()},
        missing={str(name): int(count) for name, count in parsed.flights.isna().sum().items()},
        hour_errors=count_hour_errors(flights),
    )


def quarantine_rows(raw: pd.DataFrame, reasons: Mapping[int, list[str]]) -> list[dict[str, Any]]:
    """Return the quarantined rows of a source, with the schema `QUARANTINE`."""
    rows = raw.iloc[list(reasons)].astype(object).where(raw.iloc[list(reasons)].notna(), None)
    return [
        {"row": position, "reasons": texts, "source": json.dumps(row, default=str, ensure_ascii=False)}
        for (position, texts), row in zip(reasons.items(), rows.to_dict("records"), strict=True)
    ]


def _checks(column: ColumnEntry) -> Iterator[pandera.Check]:
    """Yield the checks of a column; the error of a check is a reason's text."""
    if column.minimum is not None and column.maximum is not None:
        low, high = column.minimum, column.maximum
        bounds = (low, high) if column.type == "integer" else (pd.Timestamp(low), pd.Timestamp(high))
        yield pandera.Check.in_range(*bounds, error=f"is outside {low} … {high}")
    if column.allowed is not None:
        yield pandera.Check.isin(column.allowed, error=f"is none of {', '.join(column.allowed)}")
    if column.pattern is not None:
        yield pandera.Check.str_matches(f"^(?:{column.pattern})$", error=f"does not look like {column.pattern}")


def _breaches(parsed: ParsedFlights, dictionary: Dictionary) -> Iterator[tuple[str, str, Mask]]:
    """Yield column, problem and rows of every breach of the contract.

    Each cause is reported once: a value that could not be parsed is not counted as missing or out of range, and a
    computed column is not counted as missing where a column that it is computed from breaks the contract.
    """
    none = pd.Series(False, index=parsed.flights.index)
    unread, broken = dict.fromkeys(parsed.flights.columns, none), none
    for (name, problem), rows in parsed.unreadable.items():
        unread[name] = unread[name] | rows
        broken = broken | (none if dictionary.columns[name].informative else rows)
        yield name, problem, rows
    computed_last = sorted(
        _violations(parsed, dictionary), key=lambda breach: not dictionary.columns[breach[0]].sources
    )
    for name, problem, rows in computed_last:
        column = dictionary.columns[name]
        unexplained = rows & ~(unread[name] if column.sources else broken)
        broken = broken | (none if column.informative else unexplained)
        if unexplained.any():
            yield name, problem, unexplained


def _violations(parsed: ParsedFlights, dictionary: Dictionary) -> Iterator[tuple[str, str, Mask]]:
    # Single checks, since a pandera schema builds a table of failure cases for each error, which is slow.
    for name, column in dictionary.columns.items():
        values = parsed.flights[name]
        missing = values.isna()
        if not column.nullable and missing.any():
            yield name, "is missing", missing
        for check in _checks(column):
            passed = check(values).check_output.reindex(values.index, fill_value=True).astype(bool)
            if not passed.all():
                yield name, str(check.error), ~passed


def _by_row(broken_rules: dict[str, Mask]) -> dict[int, list[str]]:
    reasons: dict[int, list[str]] = {}
    for reason, rows in broken_rules.items():
        for position in rows.index[rows]:
            reasons.setdefault(int(position), []).append(reason)
    return dict(sorted(reasons.items()))


def _is_true(flags: pd.Series) -> Mask:
    return flags.eq(True).fillna(False).astype(bool)


def _is_false(flags: pd.Series) -> Mask:
    return flags.eq(False).fillna(False).astype(bool)
