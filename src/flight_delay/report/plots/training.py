"""Pictures of how training went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from flight_delay.report.plots.style import BLUE, GREY, ORANGE, picture, png


def training_curve(curve: Mapping[str, Sequence[float]]) -> bytes:
    """Log loss on both windows, round by round (columns round, train_logloss, validation_logloss)."""
    best = int(np.argmin(curve["validation_logloss"]))
    title = f"Training: best after {best + 1} rounds, log loss {curve['validation_logloss'][best]:.4f}"
    with picture(title, "round", "log loss") as (figure, axes):
        axes.plot(curve["round"], curve["train_logloss"], color=GREY, label="train")
        axes.plot(curve["round"], curve["validation_logloss"], color=BLUE, label="validation")
        axes.axvline(curve["round"][best], color=ORANGE, linestyle="--", linewidth=1, label="best round")
        axes.legend(loc="upper right")
        return png(figure)
