"""Topics: features that are explained together, with their sentences."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from string import Formatter
from typing import Annotated, Literal

from pydantic import Field, model_validator

from flight_delay.core.errors import UserError
from flight_delay.core.params import Parameters
from flight_delay.core.references import read_reference
from flight_delay.data.dictionary import DICTIONARY_FILE, load_dictionary
from flight_delay.explain.format import ShownAs
from flight_delay.features.history import rate_families
from flight_delay.model.encode import Encoding

REASON_CODES = Path("references/reason_codes.yaml")

Text = Annotated[str, Field(min_length=1)]
FROM_LIST = Field(strict=False)  # YAML has no tuples
_DAYS = re.compile(r"_(\d+)d$")
_SENTENCES = {
    **dict.fromkeys(("raises", "lowers"), frozenset({"value", "usual", "subject", "days", "rate"})),
    **dict.fromkeys(("plain", "unknown"), frozenset({"value", "subject", "days"})),
    "missing": {"subject", "days"},
}


class Quote(Parameters):
    """A feature or family whose value is quoted, and sentences with the value."""

    feature: Text
    days: Annotated[tuple[Annotated[int, Field(ge=1)], ...], FROM_LIST] = ()
    shown_as: ShownAs
    usual: Literal["training_mean", "all_flights", "late_share"]
    higher: Literal["raises", "lowers", "either"]
    raises: Text
    lowers: Text
    plain: Text
    unknown: Text
    missing: Text

    @model_validator(mode="after")
    def _can_be_filled(self) -> Quote:
        if (self.feature in rate_families()) != bool(self.days):
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
        """Return the feature to quote among the present ones, or None."""
        if not self.days:
            return self.feature if self.feature in present else None
        by_days = {days_of(name) or 0: name for name in present if family_of(name) == self.feature}
        return next((by_days[days] for days in (*self.days, *sorted(by_days)) if days in by_days), None)


class Sentences(Parameters):
    """An entry of reason_codes.yaml; topics of several features need `label`."""

    label: Text | None = None
    subject: Text
    quotes: Annotated[tuple[Quote, ...], FROM_LIST] = ()
    otherwise: Text

    @model_validator(mode="after")
    def _speaks_of_its_own(self) -> Sentences:
        if _fields(self.otherwise) or _fields(self.subject):
            raise ValueError("subject and otherwise have no fields to fill")
        return self


class ReasonCodes(Parameters):
    """Content of reason_codes.yaml."""

    format: Literal[1]
    smallest_reason: Annotated[float, Field(ge=0, lt=1)]
    topics: dict[str, Sentences]


class Topic(Sentences):
    """Features that are explained together."""

    label: Text
    features: tuple[Text, ...]

    def quoted(self, present: Collection[str]) -> tuple[Quote, str] | None:
        """Return the first quote with a present feature, and the feature, or None."""
        return next(((quote, name) for quote in self.quotes if (name := quote.named(present))), None)


class Topics(Parameters):
    """All topics by name, and labels of features in the data dictionary."""

    smallest_reason: float
    topics: dict[str, Topic]
    feature_labels: dict[str, str]

    def labels(self, features: Encoding) -> dict[str, str]:
        """Label topics and encoded features; leave out features without a label."""
        labels = {name: topic.label for name, topic in self.topics.items()}
        for feature in features:
            name = feature.source_feature or feature.name
            if label := self.feature_labels.get(family_of(name)):
                label = label if name == family_of(name) else f"{label}, {days_of(name)} days"
                labels[feature.name] = f"{label}, missing" if feature.source_feature else label
        return labels

    def topic_of(self, features: Encoding) -> dict[str, str]:
        """Map encoded features to topics, an indicator to that of its feature.

        Raises:
            UserError: the data dictionary has no entry for a feature.
        """
        declared = {feature: name for name, topic in self.topics.items() for feature in topic.features}
        topics = {
            feature.name: declared.get(family_of(feature.source_feature or feature.name), "") for feature in features
        }
        if missing := [name for name, topic in topics.items() if not topic]:
            raise UserError(f"{DICTIONARY_FILE}: features: no entry for {', '.join(map(repr, missing))}; add it")
        return topics


def load_topics(path: Path = REASON_CODES, dictionary: Path = DICTIONARY_FILE) -> Topics:
    """Read topics from the data dictionary, and their sentences from `path`.

    A feature whose entry names no topic is a topic of its own; its default sentence is its label.

    Raises:
        UserError: a file is missing, or an entry is unknown, missing or does not fit; the message names it.
    """
    codes, entries = read_reference(path, ReasonCodes), load_dictionary(dictionary).features
    members: dict[str, list[str]] = {name: [] for name in codes.topics}
    for name, entry in entries.items():
        if entry.topic and entry.topic not in members:
            raise UserError(
                f"{dictionary}: features.{name}.topic: {path} has no topic '{entry.topic}'; add it there or "
                "choose another"
            )
        members.setdefault(entry.topic or name, []).append(name)
    topics = {}
    for name, features in members.items():
        own = [entries[feature].label or feature.replace("_", " ") for feature in features]
        sentences = codes.topics.get(name) or Sentences(subject=own[0], otherwise=own[0])
        if not features:
            raise UserError(f"{path}: topics.{name}: no feature of {dictionary} has this topic; remove it")
        if foreign := [quote.feature for quote in sentences.quotes if quote.feature not in features]:
            raise UserError(f"{path}: topics.{name}: quotes '{foreign[0]}', which is not among its features; mend it")
        if len(features) > 1 and not sentences.label:
            raise UserError(f"{path}: topics.{name}: a topic of several features needs a label; add it")
        topics[name] = Topic(**dict(sentences) | {"label": sentences.label or own[0], "features": tuple(features)})
    labels = {name: entry.label for name, entry in entries.items() if entry.label}
    return Topics(smallest_reason=codes.smallest_reason, topics=topics, feature_labels=labels)


def days_of(name: str) -> int | None:
    """Return the number of days in the name of a history feature, or None."""
    match = _DAYS.search(name)
    return int(match[1]) if match else None


def family_of(name: str) -> str:
    """Return the family of a history feature, and other names unchanged.

    The family of 'late_rate_route_7d' is 'late_rate_route'.
    """
    family = _DAYS.sub("", name)
    return family if family in rate_families() else name


def _fields(template: str) -> set[str]:
    try:
        fields = {name for _, name, _, _ in Formatter().parse(template) if name is not None}
    except ValueError as error:
        raise ValueError(f"'{template}' is not a template ({error})") from None
    return fields
