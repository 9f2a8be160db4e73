"""Filling the sentences of a topic: whose value is quoted, what it is compared with, and which sentence fits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from flight_delay.explain.feature_groups import Quote, Topic, Topics, days_of
from flight_delay.explain.reference import Reference, hour_of
from flight_delay.explain.words import percent, shown
from flight_delay.features.columns import Column, Columns
from flight_delay.model.encode import is_missing

# A late share of fewer training flights is not compared: its standard error is above four percentage points.
MIN_FLIGHTS = 100


@dataclass(frozen=True)
class Quoted:
    """What there is to say of a topic for some flights; every column has the shape (rows,).

    `value` is the quoted feature's (for excess rates the rate itself), `compared` what is held against `usual`: NaN where
    nothing can be. Without a feature to quote, all that is None.
    """

    topic: Topic
    quote: Quote | None = None
    feature: str | None = None
    value: Column | None = None
    missing: Column | None = None
    unknown: Column | None = None
    compared: Column | None = None
    usual: Column | None = None

    def facts(self, row: int) -> tuple[str | None, float | str | None, float | None, float | None]:
        """Feature, value, what is compared, and what is usual, of a flight; None where there is none."""
        if self.value is None or self.missing is None or self.compared is None or self.usual is None:
            return None, None, None, None
        value = None if self.missing[row] else self.value[row]
        numbers = (float(of[row]) for of in (self.compared, self.usual))
        compared, usual = (None if np.isnan(number) else number for number in numbers)
        return self.feature, value if value is None or isinstance(value, str) else float(value), compared, usual

    def sentence(self, row: int, *, raises: bool) -> str:
        """The sentence for a flight whose topic raises, or lowers, the probability."""
        _, value, compared, usual = self.facts(row)
        quote, days = self.quote, days_of(self.feature or "")
        if quote is None or self.unknown is None:
            return self.topic.otherwise
        if value is None:
            return quote.missing.format(subject=self.topic.subject, days=days)
        said = {"value": shown(value, quote.shown_as), "subject": self.topic.subject, "days": days}
        if self.unknown[row]:
            return quote.unknown.format(**said)
        if compared is None or usual is None or not _agrees(quote, compared > usual, raises=raises):
            return quote.plain.format(**said)
        shares = quote.usual == "late_share"
        here, there = (percent(of) if shares else shown(of, quote.shown_as) for of in (compared, usual))
        if here == there:
            return quote.plain.format(**said)
        return (quote.raises if raises else quote.lowers).format(**said, rate=here, usual=there)


def quoted_of(name: str, topics: Topics, reference: Reference, columns: Columns) -> Quoted:
    """What there is to say of a topic.

    Args:
        name: of the topic.
        topics: all of them.
        reference: what is usual.
        columns: features of the flights, each of shape (rows,).
    """
    topic = topics.topics[name]
    chosen = topic.quoted(columns)
    if chosen is None:
        return Quoted(topic)
    quote, feature = chosen
    values = columns[feature]
    missing, unknown = is_missing(values), np.zeros(len(values), bool)
    if quote.usual == "all_flights":
        rate = str(feature).split("_rate_", maxsplit=1)[0]
        overall = columns.get(f"{rate}_rate_all_{days_of(feature)}d")
        if overall is None:
            return Quoted(topic)
        usual = overall.astype(np.float64)
        # No flights, or just as many late ones as of all: both leave no excess, and the numbers do not say which.
        unknown = values == 0
        values = compared = (usual + values).clip(0, 1)
        missing |= np.isnan(compared)
    elif quote.usual == "late_share":
        shares = reference.hours if quote.shown_as == "clock" else reference.categories.get(feature, {})
        keys = [None if gone else _key(value, quote) for value, gone in zip(values, missing, strict=True)]
        unknown = np.array([key is not None and key not in shares for key in keys], bool)
        seen = {key: of.late for key, of in shares.items() if of.flights >= MIN_FLIGHTS}
        compared = np.array([seen.get(key or "", np.nan) for key in keys], np.float64)
        usual = np.full(len(values), reference.late)
    else:
        mean = reference.means.get(feature)
        compared = values.astype(np.float64)
        usual = np.full(len(values), np.nan if mean is None else mean)
    return Quoted(topic, quote, feature, values, missing, unknown, compared, usual)


def _key(value: float | str, quote: Quote) -> str:
    return hour_of(float(value)) if quote.shown_as == "clock" else str(value)


def _agrees(quote: Quote, higher: bool, *, raises: bool) -> bool:
    return quote.higher == "either" or (quote.higher == "raises") == (higher == raises)
