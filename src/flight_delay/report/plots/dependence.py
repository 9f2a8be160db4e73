"""Plots of the stage interpret by the shap package.

A beeswarm shows the effects of all features, a dependence plot those of one feature over its values."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import pandas as pd
import shap
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MultipleLocator, PercentFormatter

from flight_delay.data.dictionary import Dictionary
from flight_delay.explain.explanation import Explanation
from flight_delay.explain.feature_groups import family_of
from flight_delay.explain.format import format_clock, format_percent
from flight_delay.explain.global_.dependence import (
    MAX_CATEGORIES,
    frequent_categories,
    median_effects,
    rank_correlation,
)
from flight_delay.explain.global_.result import GlobalExplanation
from flight_delay.features.columns import Column
from flight_delay.model.encode import is_missing
from flight_delay.report.plots.plot import Plot
from flight_delay.report.plots.style import BLUE, LIGHT_GREY, new_figure, plot_of

MAX_FEATURES = 15  # the others are added up
MAX_POINTS = 1500
MAX_PARTNER_CATEGORIES = 4  # with a colour of their own
CLOCK, SHARE = "minutes after midnight", "share"  # units of the data dictionary
EFFECT = "SHAP value (log-odds of being late)"

Labels = Mapping[str, str]
Units = Mapping[str, str | None]


def draw_dependence(result: GlobalExplanation, dictionary: Dictionary, n_features: int) -> list[Plot]:
    """Draw the beeswarm, and dependence plots of the most important features.

    Args:
        result: of the stage.
        dictionary: with the units of features.
        n_features: number of dependence plots.
    """
    labels, partners = result.explainer.labels, result.interactions.partners()
    units = {
        feature.name: dictionary.features[family_of(feature.name)].unit
        for feature in result.explainer.bundle.manifest.features
        if feature.kind == "quantitative"
    }
    names = [row["feature"] for row in result.feature_importances()[:n_features]]
    plots = (plot_dependence(result.sample, name, partners.get(name), labels, units) for name in names)
    return [plot_beeswarm(result.sample, labels), *plots]


def plot_beeswarm(explanation: Explanation, labels: Labels) -> Plot:
    """Draw a point per row and feature.

    Categories are grey, because they have no order.
    """
    columns = [explanation.features[name] for name in explanation.shap]
    numbers = [np.full(len(values), np.nan) if values.dtype == object else values for values in columns]
    values = shap.Explanation(
        values=np.column_stack(list(explanation.shap.values())),
        base_values=explanation.expected,
        data=np.column_stack(numbers).astype(np.float64),
        feature_names=[labels[name] for name in explanation.shap],
    )
    with new_figure(f"SHAP values of {len(explanation.expected):,} flights") as (figure, _), _reproducible():
        shap.plots.beeswarm(values, show=False, plot_size=None, max_display=MAX_FEATURES + 1)
        plt.gca().set(xlabel=EFFECT)
        text = (
            "A point for each flight and feature: on the right the feature raises the probability of a delay; "
            "blue is a low value of the feature, red a high one, grey a category"
        )
        return plot_of(figure, "beeswarm", "explanations", text)


def plot_dependence(explanation: Explanation, name: str, partner: str | None, labels: Labels, units: Units) -> Plot:
    """Draw effects over the values of a feature, coloured by a partner.

    The black line is the median effect, the grey histogram the distribution of values; ticks at the left axis are rows
    without a value.

    Args:
        explanation: of a sample; at most 1,500 rows are drawn as points, the median is that of all rows.
        name: the feature.
        partner: the feature with the strongest interaction; None where there is none.
        labels: of features.
        units: of features.
    """
    rows = np.random.default_rng(0).permutation(len(explanation.expected))[:MAX_POINTS]
    medians = median_effects(explanation.features[name], explanation.shap[name])
    is_category = explanation.features[name].dtype == object
    text = describe_dependence(explanation, name, partner, labels, units)
    title = labels[name][:1].upper() + labels[name][1:]
    unit = units.get(name)
    xlabel = f"{labels[name]} ({unit})" if unit and unit not in (CLOCK, SHARE) else labels[name]
    with new_figure(title) as (figure, axes), _reproducible():
        color = BLUE if partner is None else _select_rows(explanation, partner, labels, rows, MAX_PARTNER_CATEGORIES)
        column = _select_rows(explanation, name, labels, rows)
        shap.plots.scatter(column, color=color, ax=axes, show=False, alpha=0.6, dot_size=10, hist=False)
        axes.plot(range(len(medians)) if is_category else medians.index, medians, "ko" if is_category else "k-")
        _draw_histogram(axes, column.data)
        axes.set(xlabel=xlabel, ylabel=EFFECT)
        if unit == CLOCK:
            axes.xaxis.set_major_locator(MultipleLocator(240))
            axes.xaxis.set_major_formatter(FuncFormatter(lambda minutes, _: format_clock(minutes)))
        elif unit == SHARE:
            axes.xaxis.set_major_formatter(PercentFormatter(1))
        return plot_of(figure, f"dependence_{name}", "explanations", text)


def describe_dependence(explanation: Explanation, name: str, partner: str | None, labels: Labels, units: Units) -> str:
    """Describe a dependence plot: extremes of the median effect, direction."""
    values, effects = explanation.features[name], explanation.shap[name]
    text = f"SHAP values of {labels[name]}" + (f", coloured by {labels[partner]}" if partner else "")
    medians = median_effects(values, effects)
    if len(medians):
        places = int(medians.argmin()), int(medians.argmax())
        low, high = (f"{_format(medians.index[at], units.get(name))} ({medians.iloc[at]:+.3f})" for at in places)
        text += f": the median is lowest at {low} and highest at {high}"
    if values.dtype != object:
        text += f"; rank correlation {rank_correlation(values, effects):+.2f}"
    missing = is_missing(values)
    return text + (f"; {format_percent(float(missing.mean()))} of the flights have no value" if missing.any() else "")


@contextmanager
def _reproducible() -> Iterator[None]:
    """Fix the random state of shap, and ignore columns without numbers.

    Shap spreads and shuffles points at random.
    """
    np.random.seed(0)  # noqa: NPY002 (shap uses the global state)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "All-NaN slice", RuntimeWarning)
        yield


def _select_rows(
    explanation: Explanation, name: str, labels: Labels, rows: Column, max_categories: int = MAX_CATEGORIES
) -> shap.Explanation:
    """Select rows of a feature for shap.

    Categories become numbers in ascending order of their median effect.
    """
    values, effects = explanation.features[name], explanation.shap[name][rows]
    if values.dtype != object:
        return shap.Explanation(values=effects, data=values[rows].astype(np.float64), feature_names=labels[name])
    categories = frequent_categories(values, max_categories)[rows]
    order = median_effects(values, explanation.shap[name], max_categories).index
    numbers = pd.Index(order).get_indexer(categories).astype(np.float64)
    return shap.Explanation(values=effects, data=numbers, display_data=categories, feature_names=labels[name])


def _draw_histogram(axes: Axes, values: Column) -> None:
    """Draw the distribution of values along the lower edge."""
    counts, edges = np.histogram(values[~np.isnan(values)], bins=40)
    axes.autoscale(False)
    heights, transform = 0.12 * counts / max(counts.max(), 1), axes.get_xaxis_transform()
    axes.stairs(heights, edges, fill=True, color=LIGHT_GREY, zorder=0, transform=transform)


def _format(value: float | str, unit: str | None) -> str:
    if isinstance(value, str):
        return value
    formatter = {CLOCK: format_clock, SHARE: format_percent}.get(unit or "")
    return formatter(value) if formatter else f"{value:,.4g} {unit or ''}".strip()
