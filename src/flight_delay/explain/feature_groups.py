"""Topics: features that mean the same or go together, and the sentences that may be said of them. They are declared in
references/reason_codes.yaml and read here; sentences are filled in elsewhere."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable
from pathlib import Path
from string import Formatter
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from flight_delay.core.errors import UserError
from flight_delay.core.params import Parameters
from flight_delay.core.references import read_reference
from flight_delay.explain.format import ShownAs
from flight_delay.features.history import families
from flight_delay.features.registry import groups
from flight_delay.model.encode import Encoding

REASON_CODES = Path("references/reason_codes.yaml")

Text = Annotated[str, Field(min_length=1)]
_DAYS = re.compile(r"_(\d+)d$")
_SENTENCES = {
    "raises": {"value", "usual", "subject", "days", "rate"},
    "lowers": {"value", "usual", "subject", "days", "rate"},
    "plain": {"value", "subject", "days"},
    "unknown": {"value", "subject", "days"},
    "missing": {"subject", "days"},
}


class Quote(Parameters):
    """A feature, or a family of them, whose value a sentence quotes, and the sentences; the file says what each is for."""

    feature: Text
    days: tuple[Annotated[int, Field(ge=1)], ...] = ()
    shown_as: ShownAs
    usual: Literal["training_mean", "all_flights", "late_share"]
    higher: Literal["raises", "lowers", "either"]
    raises: Text
    lowers: Text
    plain: Text
    unknown: Text
    missing: Text

    @field_validator("days", mode="before")
    @classmethod
    def _listed(cls, days: object) -> object:
        return tuple(days) if isinstance(days, list) else days  # YAML has no tuples

    @model_validator(mode="after")
    def _can_be_filled(self) -> Quote:
        if (self.feature in families()) != bool(self.days):
            raise ValueError(f"days are for families of history, and for all of them; '{self.feature}' is wrong here")
        for name, allowed in _SENTENCES.items():
            unfit = {"rate"} if self.usual != "late_share" else set()
            unfit |= set() if self.days else {"days"}
            unknown = sorted(_fields(getattr(self, name)) - (allowed - unfit))
            if unknown:
                raise ValueError(
                    f"'{name}' of {self.feature} has the field {{{unknown[0]}}}, which is not filled there"
                )
        return self

    def named(self, present: Collection[str]) -> str | None:
        """The name of the feature to quote among those that the data have; None where they have none."""
        if not self.days:
            return self.feature if self.feature in present else None
        by_days = {days_of(name) or 0: name for name in present if family_of(name) == self.feature}
        return next((by_days[days] for days in (*self.days, *sorted(by_days)) if days in by_days), None)


class Topic(Parameters):
    """Features that are spoken of together."""

    label: Text
    subject: Text
    features: tuple[Text, ...]
    quotes: tuple[Quote, ...]
    otherwise: Text

    @field_validator("features", "quotes", mode="before")
    @classmethod
    def _listed(cls, of: object) -> object:
        return tuple(of) if isinstance(of, list) else of

    @model_validator(mode="after")
    def _speaks_of_its_own(self) -> Topic:
        unknown = [name for name in self.features if name not in groups()]
        if unknown or not self.features:
            said = f"'{unknown[0]}' is no feature of this project" if unknown else "there is no feature"
            raise ValueError(f"features: {said}")
        if foreign := [quote.feature for quote in self.quotes if quote.feature not in self.features]:
            raise ValueError(f"quotes '{foreign[0]}', which is not among its features")
        if _fields(self.otherwise) or _fields(self.subject):
            raise ValueError("subject and otherwise have no fields to fill")
        return self

    def quoted(self, present: Collection[str]) -> tuple[Quote, str] | None:
        """Which feature of the data a sentence quotes, and how; None where they have none that can be."""
        return next(((quote, name) for quote in self.quotes if (name := quote.named(present))), None)


class Topics(Parameters):
    """All topics, by name."""

    format: Literal[1]
    smallest_reason: Annotated[float, Field(ge=0, lt=1)]
    topics: Annotated[dict[str, Topic], Field(min_length=1)]

    @model_validator(mode="after")
    def _in_one_topic(self) -> Topics:
        times = Counter(name for topic in self.topics.values() for name in topic.features)
        if twice := [name for name, count in times.items() if count > 1]:
            raise ValueError(f"'{twice[0]}' is in more than one topic, or twice in one")
        return self

    def label(self, topic: str) -> str:
        """Short words for a topic, such as 'time of day'."""
        return self.topics[topic].label

    def covering(self, features: Encoding) -> Topics:
        """These topics, and one for each feature that is in none of them: it is called by its name, until somebody finds words for it."""
        declared = {name for topic in self.topics.values() for name in topic.features}
        lacking = dict.fromkeys(family_of(feature.of or feature.name) for feature in features)
        added = {}
        for name in lacking:
            if name not in declared:
                words = name.replace("_", " ")
                added[name] = Topic(label=words, subject=words, features=(name,), quotes=(), otherwise=words)
        return self.model_copy(update={"topics": {**self.topics, **added}})

    def labels(self, features: Encoding) -> dict[str, str]:
        """Words for topics, and for the features that have one to themselves or look back so many days; others are called by their names."""
        found = {name: topic.label for name, topic in self.topics.items()}
        of = self.topic_of(features)
        for feature in features:
            name = feature.of or feature.name
            topic, days = self.topics[of[feature.name]], days_of(name)
            if topic.features == (family_of(name),):
                words = topic.label if name == family_of(name) else f"{topic.label}, {days} days"
                found[feature.name] = f"{words}, missing" if feature.of else words
        return found

    def topic_of(self, features: Encoding) -> dict[str, str]:
        """The topic of every encoded feature; that of an indicator is the topic of the feature that it is of.

        Raises:
            UserError: a feature is in no topic.
        """
        found = self._topics_of(feature.of or feature.name for feature in features)
        return {feature.name: found[feature.of or feature.name] for feature in features}

    def require(self, entries: Iterable[str]) -> None:
        """Check that features, or families of history, of the data dictionary are in a topic each.

        Raises:
            UserError: one is in no topic.
        """
        self._topics_of(entries)

    def _topics_of(self, names: Iterable[str]) -> dict[str, str]:
        declared = {name: topic for topic, of in self.topics.items() for name in of.features}
        found = {name: declared.get(family_of(name)) for name in names}
        if lacking := [name for name, topic in found.items() if topic is None]:
            raise UserError(
                f"{REASON_CODES}: {', '.join(map(repr, lacking))}: in no topic; add it to the features of one, "
                "or a topic for it"
            )
        return {name: topic for name, topic in found.items() if topic}


def load_topics(path: Path = REASON_CODES) -> Topics:
    """Read topics and their sentences.

    Raises:
        UserError: the file is missing, or an entry is unknown, missing or does not fit; the message names it.
    """
    return read_reference(path, Topics)


def days_of(name: str) -> int | None:
    """How many days back a feature of history looks, from its name; None for other features."""
    found = _DAYS.search(name)
    return int(found[1]) if found else None


def family_of(name: str) -> str:
    """The family of a feature of history, such as 'late_rate_route' of 'late_rate_route_7d'; other features are their own."""
    family = _DAYS.sub("", name)
    return family if family in families() else name


def _fields(template: str) -> set[str]:
    try:
        fields = {name for _, name, _, _ in Formatter().parse(template) if name is not None}
    except ValueError as error:
        raise ValueError(f"'{template}' is not a template ({error})") from None
    return fields
