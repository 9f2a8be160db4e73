"""What people have to say of the model: uses, ethics, ratings and care, read from references/model_card.yaml.

No figures: those are in what the stages wrote. The page is made elsewhere."""

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
    """What the model is made for, and for whom."""

    uses: Texts
    users: Texts


class OutOfScope(Parameters):
    """A use that the model is not made for."""

    use: Text
    because: Text


class Reading(Parameters):
    """How a metric is read by those who have not met it."""

    metric: Text
    means: Text


class Harm(Parameters):
    """Who may be harmed by wrong calls, and how."""

    who: Text
    how: Text


class Consideration(Parameters):
    """What is to be known of a matter of ethics."""

    topic: Text
    says: Text


class Ethics(Parameters):
    """Harms, matters to know of, and what must not be done with the model."""

    harms: Annotated[list[Harm], Field(min_length=1)]
    considerations: Annotated[list[Consideration], Field(min_length=1)]
    must_not: Texts


class Rating(Parameters):
    """The impact that a loss would have, in the words of FIPS 199 (https://doi.org/10.6028/NIST.FIPS.199)."""

    level: Literal["low", "moderate", "high"]
    because: Text


class Ratings(Parameters):
    """The three security objectives of FIPS 199, each rated."""

    confidentiality: Rating
    integrity: Rating
    availability: Rating


class ModelCard(Parameters):
    """The sections of a model card (https://doi.org/10.1145/3287560.3287596) that no artefact can fill."""

    intended_use: IntendedUse
    out_of_scope: Annotated[list[OutOfScope], Field(min_length=1)]
    metrics: Annotated[list[Reading], Field(min_length=1)]
    factors: Text
    limits: Texts
    ethics: Ethics
    ratings: Ratings
    when_wrong: Texts
    maintainers: Text
    licence: Text


def load_card(path: Path = CARD_FILE) -> ModelCard:
    """Read the model card.

    Raises:
        UserError: it is missing, is not YAML, or an entry is missing, unknown, twice there or without text; the message names it.
    """
    return read_reference(path, ModelCard)
