"""Pictures by the shap package: effects of all features (beeswarm), and of one feature over its values (dependence)."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import numpy as np
import pandas as pd
import shap
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MultipleLocator, PercentFormatter

from flight_delay.explain.explanation import Explanation
from flight_delay.explain.global_.dependence import (
    MOST_CATEGORIES,
    frequent_categories,
    median_effects,
    rank_correlation,
)
from flight_delay.explain.words import clock, percent
from flight_delay.features.columns import Column
from flight_delay.model.encode import is_missing
from flight_delay.report.plots.style import BLUE, png, titled

MOST_FEATURES = 15  # the others are added up
MOST_POINTS = 1500
MOST_PARTNERS = 4  # categories of a partner with a colour of their own
FILL = "#C8C8C8"
CLOCK, SHARE = "minutes after midnight", "share"  # units of the data dictionary

Units = Mapping[str, str | None]


def beeswarm(explanation: Explanation, labels: Mapping[str, str]) -> bytes:
    """Draw a point per flight and feature; categories, which have no order, are grey."""
    columns = [explanation.features[name] for name in explanation.shap]
    numbers = [np.full(len(values), np.nan) if values.dtype == object else values for values in columns]
    values = shap.Explanation(
        values=np.column_stack(list(explanation.shap.values())),
        base_values=explanation.expected,
        data=np.column_stack(numbers).astype(np.float64),
        feature_names=[labels[name] for name in explanation.shap],
    )
    np.random.seed(0)  # noqa: NPY002 (shap spreads points with this state)
    with titled(f"SHAP values of {len(explanation.flight_id):,} flights") as (figure, _), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "All-NaN slice", RuntimeWarning)  # the grey categories
        shap.plots.beeswarm(values, show=False, plot_size=None, max_display=MOST_FEATURES + 1)
        plt.gca().set(xlabel="effect on the log-odds of being late")
        return png(figure)


def beeswarm_text(explanation: Explanation) -> str:
    """Alternative text of `beeswarm`."""
    return (
        f"SHAP values of {len(explanation.flight_id):,} flights, a point for each flight and feature: on the right the feature made "
        "a delay likelier; the colour says whether its value was low (blue) or high (red), grey is a category."
    )


def dependence(
    explanation: Explanation, name: str, partner: str | None, labels: Mapping[str, str], units: Units
) -> bytes:
    """Draw effects over the values of a feature, coloured by a partner; the black line is the median effect.

    The grey histogram shows where flights lie; ticks at the left axis are flights without a value.

    Args:
        explanation: of a sample of flights; at most 1,500 are drawn as points, all of them count for the median.
        name: the feature.
        partner: the feature with the strongest interaction; None where there is none.
        labels: of features.
        units: of features.
    """
    np.random.seed(0)  # noqa: NPY002 (shap shuffles points with this state)
    rows = np.random.default_rng(0).permutation(len(explanation.flight_id))[:MOST_POINTS]
    medians = median_effects(explanation.features[name], explanation.shap[name])
    places, line = medians.index, "k-"
    if explanation.features[name].dtype == object:
        places, line = pd.RangeIndex(len(medians)), "ko"
    with titled(_capitalized(labels[name])) as (figure, axes), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "All-NaN slice", RuntimeWarning)  # a partner without values
        color = BLUE if partner is None else _column(explanation, partner, labels, rows, MOST_PARTNERS)
        column = _column(explanation, name, labels, rows)
        shap.plots.scatter(column, color=color, ax=axes, show=False, alpha=0.6, dot_size=10, hist=False)
        axes.plot(places, medians, line)
        _histogram(axes, column.data)
        axes.set(xlabel=_axis_label(name, labels, units), ylabel="effect on the log-odds of being late")
        if units.get(name) == CLOCK:
            axes.xaxis.set_major_locator(MultipleLocator(240))
            axes.xaxis.set_major_formatter(FuncFormatter(lambda minutes, _: clock(minutes)))
        elif units.get(name) == SHARE:
            axes.xaxis.set_major_formatter(PercentFormatter(1))
        return png(figure)


def dependence_text(
    explanation: Explanation, name: str, partner: str | None, labels: Mapping[str, str], units: Units
) -> str:
    """Alternative text of `dependence`: where the median effect is lowest and highest, and its direction."""
    values, effects = explanation.features[name], explanation.shap[name]
    text = f"Effect of {labels[name]} on the log-odds of being late, flight by flight"
    text += f", coloured by {labels[partner]}" if partner else ""
    medians = median_effects(values, effects)
    if len(medians):
        places = int(medians.argmin()), int(medians.argmax())
        low, high = (f"{_value(medians.index[at], units.get(name))} ({medians.iloc[at]:+.3f})" for at in places)
        text += f": the median is lowest at {low} and highest at {high}"
    if values.dtype != object:
        text += f"; rank correlation {rank_correlation(values, effects):+.2f}"
    missing = is_missing(values)
    text += f"; {percent(float(missing.mean()))} of the flights have no value" if missing.any() else ""
    return f"{text}."


def _column(
    explanation: Explanation, name: str, labels: Mapping[str, str], rows: Column, most: int = MOST_CATEGORIES
) -> shap.Explanation:
    """Some rows of a feature for shap; categories become numbers in ascending order of their median effect."""
    values, effects = explanation.features[name], explanation.shap[name][rows]
    if values.dtype != object:
        return shap.Explanation(values=effects, data=values[rows].astype(np.float64), feature_names=labels[name])
    categories = frequent_categories(values, most)
    order = list(median_effects(values, explanation.shap[name], most).index)
    numbers = np.array([float(order.index(category)) for category in categories[rows]])
    return shap.Explanation(values=effects, data=numbers, display_data=categories[rows], feature_names=labels[name])


def _histogram(axes: Axes, values: Column) -> None:
    """Draw how many flights have such values, along the lower edge."""
    counts, edges = np.histogram(values[~np.isnan(values)], bins=40)
    axes.autoscale(False)
    axes.bar(
        edges[:-1], 0.12 * counts / max(counts.max(), 1), np.diff(edges), align="edge", color=FILL, zorder=0,
        transform=axes.get_xaxis_transform(),
    )  # fmt: skip


def _axis_label(name: str, labels: Mapping[str, str], units: Units) -> str:
    unit = units.get(name)
    return f"{labels[name]} ({unit})" if unit and unit not in (CLOCK, SHARE) else labels[name]


def _value(value: float | str, unit: str | None) -> str:
    if isinstance(value, str):
        return value
    written = {CLOCK: clock, SHARE: percent}.get(unit or "")
    return written(value) if written else f"{value:,.4g} {unit or ''}".strip()


def _capitalized(text: str) -> str:
    return text[:1].upper() + text[1:]
