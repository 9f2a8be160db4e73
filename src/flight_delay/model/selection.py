"""Which features a model is trained on, and why others were dropped: written before training, read by everything that trains."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from flight_delay.core.files import write_json
from flight_delay.core.params import Parameters, read_validated_json
from flight_delay.features.feature import Feature


class Dropped(Parameters):
    """A feature that no model is trained on, by which rule, and what was seen."""

    feature: str
    rule: Literal["left_out", "constant", "duplicated", "noise"]
    because: str


class Selection(Parameters):
    """The features to train on, in order, and those that were dropped."""

    features: tuple[Feature, ...]
    dropped: tuple[Dropped, ...]


def write_selection(path: Path, selection: Selection) -> None:
    """Write a selection as JSON."""
    write_json(path, selection.model_dump(mode="json"))


def read_selection(path: Path) -> Selection:
    """Read a selection.

    Raises:
        UserError: it is missing or is none.
    """
    return read_validated_json(path, Selection, "a selection of features")
