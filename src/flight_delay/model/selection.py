"""The selected features, and why others were dropped."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from flight_delay.core.files import write_json
from flight_delay.core.params import Parameters, read_validated_json
from flight_delay.features.feature import Feature


class DroppedFeature(Parameters):
    """A feature that no model is trained on, the rule, and the reason."""

    feature: str
    rule: Literal["excluded", "constant", "duplicated", "noise"]
    reason: str


class Selection(Parameters):
    """The features to train on, in order, and the dropped ones."""

    features: tuple[Feature, ...]
    dropped: tuple[DroppedFeature, ...]


def write_selection(path: Path, selection: Selection) -> None:
    """Write a selection as JSON."""
    write_json(path, selection.model_dump(mode="json"))


def read_selection(path: Path) -> Selection:
    """Read a selection.

    Raises:
        UserError: the file is missing or is not a selection.
    """
    return read_validated_json(path, Selection, "a selection of features")
