"""Which pictures are on the page, in which of its sections, and what they show. They are drawn elsewhere; those of explanations
come with words of what they show, since that depends on the model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple


class Picture(NamedTuple):
    """A picture on the page: its file below reports/ without ending, and what it shows, for those who cannot see it."""

    name: str
    shows: str


# By the part of the page that shows them.
PICTURES = {
    "training": (Picture("evaluate/training_curve", "Log loss on training and validation window, round by round"),),
    "ladder": (Picture("evaluate/ladder", "ROC AUC, average precision and log loss of every rung, with intervals"),),
    "quality": (
        Picture("evaluate/roc", "ROC curves of the model and of logistic regression on the test months"),
        Picture(
            "evaluate/precision_recall",
            "Precision against recall of the model and of logistic regression on the test months",
        ),
    ),
    "months": (
        Picture("evaluate/metric_by_month", "ROC AUC by month, in the backtest and on the windows after training"),
        Picture("evaluate/aging", "ROC AUC by month of a model that is trained once, and of models retrained every month"),
    ),
    "money": (
        Picture("evaluate/profit", "Profit per flight over the threshold, on the backtest and on the test months"),
        Picture("evaluate/confusion", "Confusion matrix of the model on the test months"),
    ),
    "slices": (Picture("evaluate/slices", "Profit per flight where it is lowest, with intervals"),),
    "probabilities": (
        Picture("evaluate/calibration", "Observed against predicted share of late flights, in groups of equal size"),
        Picture("evaluate/said_and_seen", "Predicted and observed share of late flights by month"),
    ),
    "learning": (
        Picture("learning_curves/learning_curve", "ROC AUC by number of months learnt from, on these and on later ones"),
        Picture("learning_curves/complexity", "Log loss saved against the base rate, by depth of trees"),
    ),
}  # fmt: skip


def shown(names: Iterable[str], explanations: Mapping[str, str]) -> dict[str, tuple[Picture, ...]]:
    """The pictures of the page by part; profiles in the order of their names given, those of explanations in that of their words.

    Args:
        names: of all pictures.
        explanations: what pictures of explanations show, by their names below reports/interpret/.
    """
    parts: dict[str, list[Picture]] = {"importance": [], "explanation": [], "waterfalls": []}
    for name, words in explanations.items():
        part = (
            "waterfalls" if name.startswith("waterfall_") else "importance" if name == "importance" else "explanation"
        )
        parts[part].append(Picture(f"interpret/{name}", words.removesuffix(".")))
    profiles = (
        Picture(name, "Columns by window: share of flights, and share of them that is late")
        for name in names
        if name.startswith("check_data/")
    )
    return {**PICTURES, **{part: tuple(of) for part, of in parts.items()}, "profiles": tuple(profiles)}
