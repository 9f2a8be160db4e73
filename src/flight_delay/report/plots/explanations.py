"""All pictures of explanations of the test months, each with its alternative text."""

from __future__ import annotations

from flight_delay.data.dictionary import Dictionary
from flight_delay.explain.feature_groups import family_of
from flight_delay.explain.global_.result import Result
from flight_delay.explain.local.text import waterfall_words
from flight_delay.report.plots.dependence import beeswarm, beeswarm_text, dependence, dependence_text
from flight_delay.report.plots.flight import waterfall
from flight_delay.report.plots.importance import by_level, by_level_text, measures, measures_text
from flight_delay.report.plots.interactions import interactions, interactions_text
from flight_delay.report.plots.stability import stability, stability_text


def draw_pictures(
    result: Result, dictionary: Dictionary, dependence_features: int
) -> tuple[dict[str, bytes], dict[str, str]]:
    """Draw every picture.

    Args:
        result: what is drawn.
        dictionary: with the units of features.
        dependence_features: number of the most important features with a picture of dependence.

    Returns:
        PNG and alternative text, each by the name of the picture.
    """
    explainer, sample = result.explainer, result.sample
    labels, group_of, smallest = explainer.labels, explainer.group_of, explainer.topics.smallest_reason
    units = {
        feature.name: dictionary.features[family_of(feature.name)].unit
        for feature in explainer.bundle.manifest.features
        if feature.kind == "quantitative"
    }
    importances, partners = result.importances, result.interactions.partners()
    pictures = {
        "importance": (by_level(importances, group_of, labels), by_level_text(importances, labels)),
        "beeswarm": (beeswarm(sample, labels), beeswarm_text(sample)),
        "measures": (measures(result.measures, labels), measures_text(result.measures, labels)),
        "interactions": (interactions(result.interactions, labels), interactions_text(result.interactions, labels)),
        "stability": (stability(result.ranks, labels), stability_text(result.ranks, labels)),
    }
    for feature in result.feature_importances()[:dependence_features]:
        name = feature["feature"]
        shown = sample, name, partners.get(name), labels, units
        pictures[f"dependence_{name}"] = (dependence(*shown), dependence_text(*shown))
    for kind, flights in (("miss", result.misses), ("false_alarm", result.false_alarms)):
        for flight in flights[:1]:
            pictures[f"waterfall_{kind}"] = (waterfall(flight, smallest), waterfall_words(flight, smallest))
    return {name: png for name, (png, _) in pictures.items()}, {name: text for name, (_, text) in pictures.items()}
