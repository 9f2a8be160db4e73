"""Pictures of why the model says what it says, drawn by the shap package."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import shap
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from flight_delay.explain.explanation import Explanation
from flight_delay.plots.style import BLUE, DOTS_PER_INCH, GREY, LOOK, ORANGE, SIZE_INCHES, picture, png

MOST_CATEGORIES = 12
MOST_FEATURES = 15  # the others are added up, or left out
LOG_ODDS = "effect on the log-odds of being late"


def draw_all(explanation: Explanation, importance: Sequence[Mapping[str, Any]], dependence: int) -> dict[str, bytes]:
    """Draw every picture of an explanation, by name.

    Args:
        explanation: of a sample of flights.
        importance: rows of global importance, the most important feature first.
        dependence: for how many of the most important features to draw a dependence picture.
    """
    names = [row["feature"] for row in importance]
    return {
        "beeswarm": beeswarm(explanation),
        "bar": bar(explanation),
        "importances": importances(importance),
        **{f"dependence_{name}": dependence_of(explanation, name) for name in names[:dependence]},
    }


def beeswarm(explanation: Explanation) -> bytes:
    """A point per flight and feature; categories, which have no order, are grey."""
    # shap spreads points with numpy's global random state.
    np.random.seed(0)
    with plt.rc_context(LOOK), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "All-NaN slice", RuntimeWarning)  # the grey categories
        figure = plt.figure(figsize=SIZE_INCHES, dpi=DOTS_PER_INCH, layout="constrained")
        shap.plots.beeswarm(_for_shap(explanation), show=False, plot_size=None, max_display=MOST_FEATURES + 1)
        _headed(figure, f"What moves {_size(explanation)} predictions")
        plt.gca().set(xlabel=LOG_ODDS)
        try:
            return png(figure)
        finally:
            plt.close(figure)


def bar(explanation: Explanation) -> bytes:
    """Mean absolute effect of every feature."""
    with plt.rc_context(LOOK):
        figure, axes = plt.subplots(figsize=SIZE_INCHES, dpi=DOTS_PER_INCH, layout="constrained")
        shap.plots.bar(_for_shap(explanation), show=False, ax=axes, max_display=MOST_FEATURES + 1)
        top = max(explanation.shap, key=lambda name: float(np.abs(explanation.shap[name]).mean()))
        _headed(figure, f"Importance by SHAP: {_words(top)} first")
        axes.set(xlabel="mean absolute effect (log-odds)")
        axes.set_xlim(0, axes.get_xlim()[1] * 1.1)  # room for the last number
        axes.grid(visible=False)
        for drawn in (*axes.patches, *axes.texts):
            drawn.set_color(BLUE)
        try:
            return png(figure)
        finally:
            plt.close(figure)


def importances(importance: Sequence[Mapping[str, Any]]) -> bytes:
    """SHAP importance beside XGBoost's gain, as shares of all features, so that both fit on one scale; of the first ones."""
    kinds = {"mean_abs_shap": ("mean absolute SHAP value", BLUE), "total_gain": ("XGBoost total gain", ORANGE)}
    rows = list(reversed(importance[:MOST_FEATURES]))
    with picture("", "share of the sum over all features", "") as (figure, axes):
        _headed(figure, "Importance by SHAP and by gain")
        for offset, (kind, (label, colour)) in zip((0.2, -0.2), kinds.items(), strict=True):
            total = sum(row[kind] for row in importance) or 1.0
            places = np.arange(len(rows)) + offset
            axes.barh(places, [row[kind] / total for row in rows], height=0.38, color=colour, label=label)
        axes.set_yticks(range(len(rows)), [_words(row["feature"]) for row in rows])
        axes.grid(visible=False, axis="y")
        axes.legend(loc="lower right")
        return png(figure)


def dependence_of(explanation: Explanation, name: str) -> bytes:
    """Effect of a feature over its values; of a categorical one, the most frequent categories in order of their effect."""
    values, effects = explanation.features[name], explanation.shap[name]
    spread = float(np.quantile(effects, 0.95) - np.quantile(effects, 0.05))
    categories: list[str] = []
    if values.dtype == object:
        values, effects, categories = _ranked(values, effects)
    with picture(f"{_words(name).capitalize()}: effects span {spread:.2f} log-odds", _words(name), LOG_ODDS) as (
        figure,
        axes,
    ):
        one = shap.Explanation(values=effects, data=values, feature_names=_words(name))
        np.random.seed(0)
        jitter = 0.5 if categories else 0
        shap.plots.scatter(
            one, ax=axes, show=False, color=BLUE, hist=not categories, x_jitter=jitter, alpha=0.35, dot_size=9
        )
        axes.set(xlabel=_words(name), ylabel=LOG_ODDS)
        axes.axhline(0, color=GREY, linewidth=1)
        if categories:
            axes.set_xticks(range(len(categories)), [name or "missing" for name in categories])
        return png(figure)


def _ranked(values: Any, effects: Any) -> tuple[Any, Any, list[str]]:
    """Replace the most frequent categories by their rank in mean effect, and leave the other rows out."""
    frequent = [name for name, _ in Counter(values).most_common(MOST_CATEGORIES)]
    ranked = sorted(frequent, key=lambda name: float(effects[values == name].mean()))
    rank = {name: float(place) for place, name in enumerate(ranked)}
    places = np.array([rank.get(value, np.nan) for value in values])
    kept = ~np.isnan(places)
    return places[kept], effects[kept], ranked


def _for_shap(explanation: Explanation) -> shap.Explanation:
    numbers = [
        np.full(len(values), np.nan) if values.dtype == object else values for values in explanation.features.values()
    ]
    return shap.Explanation(
        values=np.column_stack(list(explanation.shap.values())),
        base_values=explanation.expected,
        data=np.column_stack(numbers).astype(np.float64),
        feature_names=[_words(name) for name in explanation.features],
    )


def _headed(figure: Figure, title: str) -> None:
    """Put the title above the whole picture: long names of features leave little room above the axes."""
    figure.suptitle(title, x=0.01, ha="left", fontsize=LOOK["axes.titlesize"], fontweight=LOOK["axes.titleweight"])


def _size(explanation: Explanation) -> str:
    return f"{len(explanation.flight_id):,}"


def _words(name: str) -> str:
    return name.replace("_", " ")
