"""All pictures of explanations, each with a sentence or two that say what it shows; and the one that the shap package draws."""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np
import shap
from matplotlib import pyplot as plt

from flight_delay.explain.explanation import Explanation
from flight_delay.explain.flight.text import waterfall_words
from flight_delay.explain.overall.dependence import points_per_tenth
from flight_delay.explain.overall.found import Found
from flight_delay.plots.dependence import dependence
from flight_delay.plots.dependence_words import dependence_words
from flight_delay.plots.flight import waterfall
from flight_delay.plots.importance import by_level, by_level_words, measures, measures_words
from flight_delay.plots.interactions import interactions, interactions_words
from flight_delay.plots.naming import Naming
from flight_delay.plots.stability import stability, stability_words
from flight_delay.plots.style import DOTS_PER_INCH, LOOK, SIZE_INCHES, png

MOST_FEATURES = 15  # the others are added up


class Drawn(NamedTuple):
    """A picture, and what it shows in words, for those who cannot see it."""

    png: bytes
    shows: str


def draw_all(found: Found, naming: Naming, dependence_features: int) -> dict[str, Drawn]:
    """Draw every picture, by name.

    Args:
        found: what is to be shown.
        naming: words and units of features and topics.
        dependence_features: how many of the most important features have a picture of dependence.
    """
    sample, labels = found.sample, naming.labels
    calibration, group_of = found.model.bundle.decision.calibration, found.model.group_of
    tenth = points_per_tenth(float(sample.expected[0]), calibration)
    partners = found.interactions.partners()
    first = [row["feature"] for row in found.features()[:dependence_features]]
    smallest = found.model.topics.smallest_reason
    examples = {"waterfall_miss": found.misses[:1], "waterfall_false_alarm": found.false_alarms[:1]}
    return {
        "importance": Drawn(by_level(found.importances, group_of, labels), by_level_words(found.importances, labels)),
        "beeswarm": Drawn(beeswarm(sample, naming), _beeswarm_words(sample)),
        "measures": Drawn(measures(found.agreements, labels), measures_words(found.agreements, labels)),
        "interactions": Drawn(
            interactions(found.interactions, "topic", naming), interactions_words(found.interactions, "topic", naming)
        ),
        "stability": Drawn(stability(found.standings, naming), stability_words(found.standings, naming)),
        **{
            f"dependence_{name}": Drawn(
                dependence(sample, name, partners.get(name), naming, tenth),
                dependence_words(sample, name, partners.get(name), naming),
            )
            for name in first
        },
        **{
            name: Drawn(waterfall(of, smallest), waterfall_words(of, smallest))
            for name, some in examples.items()
            for of in some
        },
    }


def beeswarm(explanation: Explanation, naming: Naming) -> bytes:
    """A point per flight and feature; categories, which have no order, are grey."""
    # shap spreads points with numpy's global random state.
    np.random.seed(0)
    with plt.rc_context(LOOK), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "All-NaN slice", RuntimeWarning)  # the grey categories
        figure = plt.figure(figsize=SIZE_INCHES, dpi=DOTS_PER_INCH, layout="constrained")
        shap.plots.beeswarm(_for_shap(explanation, naming), show=False, plot_size=None, max_display=MOST_FEATURES + 1)
        # Above the whole picture: long names of features leave little room above the axes.
        figure.suptitle(
            f"What moves {len(explanation.flight_id):,} predictions",
            x=0.01, ha="left", fontsize=LOOK["axes.titlesize"], fontweight=LOOK["axes.titleweight"],
        )  # fmt: skip
        plt.gca().set(xlabel="effect on the log-odds of being late")
        try:
            return png(figure)
        finally:
            plt.close(figure)


def _beeswarm_words(explanation: Explanation) -> str:
    return (
        f"SHAP values of {len(explanation.flight_id):,} flights, a point for each flight and feature: on the right the feature made "
        "a delay likelier; the colour says whether its value was low (blue) or high (red), grey is a category."
    )


def _for_shap(explanation: Explanation, naming: Naming) -> shap.Explanation:
    columns = [explanation.features[name] for name in explanation.shap]
    numbers = [np.full(len(values), np.nan) if values.dtype == object else values for values in columns]
    return shap.Explanation(
        values=np.column_stack(list(explanation.shap.values())),
        base_values=explanation.expected,
        data=np.column_stack(numbers).astype(np.float64),
        feature_names=[naming.label(name) for name in explanation.shap],
    )
