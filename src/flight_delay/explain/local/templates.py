"""Select the quoted value of a topic, compare it, and fill the sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from flight_delay.explain.feature_groups import Quote, Topic, days_of
from flight_delay.explain.format import format_percent, format_value
from flight_delay.explain.reference import Reference, hour_of
from flight_delay.features.columns import Column, Columns
from flight_delay.model.encode import is_missing

# A late rate of fewer training flights is not compared: its standard error is above four percentage points.
MIN_FLIGHTS = 100


class Facts(NamedTuple):
    """Values in a sentence: feature, its value, and two compared values.

    `value` is None where it is missing. `compared` is compared with `usual`, which reason_codes.yaml defines: training
    mean, all flights or late share. Both are None where they do not exist.
    """

    feature: str | None
    value: float | str | None
    compared: float | None
    usual: float | None


NO_FACTS = Facts(None, None, None, None)


@dataclass(frozen=True)
class Quotation:
    """Quoted values of a topic; every column has the shape (rows,).

    `values` are those of the quoted feature (for excess rates, the rates). `compared` is compared with `usual`, and NaN
    where there is nothing to compare. `unknown` is true where reference values do not include the value.
    """

    topic: Topic
    quote: Quote
    feature: str
    values: Column
    missing: Column
    unknown: Column
    compared: Column
    usual: Column

    def fill(self, row: int, *, raises: bool) -> tuple[str, Facts]:
        """Return the sentence for a flight, and its values.

        `raises` is true if the topic raises the probability of the flight, false if it lowers it.
        """
        value = None if self.missing[row] else self.values[row]
        compared, usual = (
            None if np.isnan(column[row]) else float(column[row]) for column in (self.compared, self.usual)
        )
        facts = Facts(self.feature, value if value is None or isinstance(value, str) else float(value), compared, usual)
        return self._sentence(facts, raises, is_unknown=bool(self.unknown[row])), facts

    def _sentence(self, facts: Facts, raises: bool, is_unknown: bool) -> str:
        quote = self.quote
        fields: dict[str, Any] = {"subject": self.topic.subject, "days": days_of(self.feature)}
        if facts.value is None:
            return quote.missing.format(**fields)
        fields["value"] = format_value(facts.value, quote.shown_as)
        if is_unknown:
            return quote.unknown.format(**fields)
        if facts.compared is None or facts.usual is None or not _agrees(quote, facts.compared > facts.usual, raises):
            return quote.plain.format(**fields)
        here, there = (
            format_percent(share) if quote.usual == "late_share" else format_value(share, quote.shown_as)
            for share in (facts.compared, facts.usual)
        )
        if here == there:
            return quote.plain.format(**fields)
        return (quote.raises if raises else quote.lowers).format(**fields, rate=here, usual=there)


def find_quotation(topic: Topic, reference: Reference, columns: Columns) -> Quotation | None:
    """Find the quoted values of a topic, or None if no quotable feature exists.

    Args:
        topic: with its sentences.
        reference: values to compare with.
        columns: features of the flights, each of shape (rows,).
    """
    choice = topic.quoted(columns)
    if choice is None:
        return None
    quote, feature = choice
    values = columns[feature]
    missing, unknown = is_missing(values), np.zeros(len(values), bool)
    if quote.usual == "all_flights":
        rate = str(feature).split("_rate_", maxsplit=1)[0]
        overall = columns.get(f"{rate}_rate_all_{days_of(feature)}d")
        if overall is None:
            return None
        usual = overall.astype(np.float64)
        # An excess of 0 means no flights, or the same rate as all flights; the feature does not distinguish them.
        unknown = values == 0
        values = compared = (usual + values).clip(0, 1)
        missing |= np.isnan(compared)
    elif quote.usual == "late_share":
        is_clock = quote.shown_as == "clock"
        shares = reference.hours if is_clock else reference.categories.get(feature, {})
        keys = [hour_of(float(value)) if is_clock else str(value) for value in np.where(missing, 0, values)]
        unknown = np.array([key not in shares for key in keys], bool) & ~missing
        rates = {key: share.late for key, share in shares.items() if share.flights >= MIN_FLIGHTS}
        compared = np.where(missing, np.nan, [rates.get(key, np.nan) for key in keys])
        usual = np.full(len(values), reference.late)
    else:
        mean = reference.means.get(feature)
        compared = values.astype(np.float64)
        usual = np.full(len(values), np.nan if mean is None else mean)
    return Quotation(topic, quote, feature, values, missing, unknown, compared, usual)


def _agrees(quote: Quote, is_higher: bool, raises: bool) -> bool:
    return quote.higher == "either" or (quote.higher == "raises") == (is_higher == raises)
