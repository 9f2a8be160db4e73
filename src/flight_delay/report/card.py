"""Hand-written part of the model card, without any figure.

It holds uses, ethics, security and failure modes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from flight_delay.core.params import Parameters
from flight_delay.core.references import read_reference

CARD_FILE = Path("references/model_card.yaml")

Text = Annotated[str, Field(pattern=r"\S")]
Texts = Annotated[list[Text], Field(min_length=1)]


class IntendedUse(Parameters):
    """Uses and users of the model."""

    uses: Texts
    users: Texts


class OutOfScope(Parameters):
    """A use that the model does not support."""

    use: Text
    reason: Text


class MetricMeaning(Parameters):
    """Meaning of a metric."""

    metric: Text
    meaning: Text


class Harm(Parameters):
    """Harm to a group of people by wrong predictions."""

    who: Text
    how: Text


class Consideration(Parameters):
    """An ethical consideration."""

    topic: Text
    text: Text


class Ethics(Parameters):
    """Harms, considerations, and uses that are prohibited."""

    harms: Annotated[list[Harm], Field(min_length=1)]
    considerations: Annotated[list[Consideration], Field(min_length=1)]
    must_not: Texts


class SecurityRating(Parameters):
    """Impact of a loss by the levels of FIPS 199.

    Source: https://doi.org/10.6028/NIST.FIPS.199
    """

    level: Literal["low", "moderate", "high"]
    reason: Text


class Security(Parameters):
    """Ratings of the three security objectives of FIPS 199."""

    confidentiality: SecurityRating
    integrity: SecurityRating
    availability: SecurityRating


class ModelCard(Parameters):
    """Sections of a model card that no artefact can fill.

    Source: https://doi.org/10.1145/3287560.3287596
    """

    intended_use: IntendedUse
    out_of_scope: Annotated[list[OutOfScope], Field(min_length=1)]
    metrics: Annotated[list[MetricMeaning], Field(min_length=1)]
    factors: Text
    limitations: Texts
    ethics: Ethics
    security: Security
    failure_modes: Texts
    maintainers: Text
    licence: Text


def load_card(path: Path = CARD_FILE) -> ModelCard:
    """Read the model card.

    Raises:
        UserError: it is missing or not YAML, or an entry is missing, unknown, duplicated or empty.
    """
    return read_reference(path, ModelCard)
