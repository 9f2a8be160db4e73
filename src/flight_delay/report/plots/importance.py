"""Plots of the stage interpret: importance, its stability, and interactions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, PercentFormatter

from flight_delay.explain.global_.importance import Importance, Level
from flight_delay.explain.global_.interactions import Interactions
from flight_delay.explain.global_.measures import Measures
from flight_delay.explain.global_.result import GlobalExplanation
from flight_delay.explain.global_.stability import Rank, Varied, rank_table
from flight_delay.report.plots.plot import Plot
from flight_delay.report.plots.style import BLUE, DARK_GREY, GREEN, GREY, ORANGE, PURPLE, new_figure, plot_of

MAX_FEATURES = 15
MAX_PAIRS = 12
MAX_TOPICS = 12
GROUP_COLOURS = {"schedule": BLUE, "density": ORANGE, "history": GREEN, "weather": PURPLE}
LEVELS: dict[Level, str] = {"group": "groups", "feature": "features"}
SOURCES: Mapping[Varied, str] = {"month": "months", "seed": "seeds"}
MEASURES = {"mean_abs_shap": "SHAP", "drop": "permutation", "total_gain": "XGBoost gain"}

Labels = Mapping[str, str]  # of features, topics and groups


def draw_importance(result: GlobalExplanation) -> list[Plot]:
    """Draw every plot of this module."""
    labels = result.explainer.labels
    return [
        plot_importance(result.importances, result.explainer.group_of, labels),
        plot_importance_measures(result.measures, labels),
        plot_interactions(result.interactions, labels),
        plot_rank_stability(result.ranks, labels),
    ]


def plot_importance(importances: Sequence[Importance], group_of: Mapping[str, str], labels: Labels) -> Plot:
    """Draw mean absolute SHAP values of groups and of the first features.

    Intervals are over days.

    Args:
        importances: of all levels, the most important of each first.
        group_of: the group of each feature.
        labels: of features and groups.
    """
    rows = {
        level: [row for row in importances if (row.level, row.mean_abs_shap > 0) == (level, True)] for level in LEVELS
    }
    shown = {"group": rows["group"], "feature": rows["feature"][:MAX_FEATURES]}
    heights = [max(len(of_level), 1) for of_level in shown.values()]
    parts = [
        f"the most important {plural}: "
        + ", ".join(
            f"{labels[row.name]} {row.mean_abs_shap:.2f} ({row.low:.2f} to {row.high:.2f})" for row in rows[level][:4]
        )
        for level, plural in LEVELS.items()
        if rows[level]
    ]
    text = "; ".join(["Mean absolute SHAP values in log-odds, with 95 % intervals over days", *parts])
    xlabel = "mean absolute SHAP value (log-odds), with 95 % interval over days"
    options: dict[str, Any] = {"nrows": 2, "sharex": True, "height_ratios": heights}
    size = 6.4, 0.28 * sum(heights) + 1.1
    with new_figure("Mean absolute SHAP value", xlabel, size=size, **options) as (figure, panels):
        for axes, of_level in zip(panels, shown.values(), strict=True):
            places = np.arange(len(of_level))
            colours = [GROUP_COLOURS.get(group_of.get(row.name, row.name), GREY) for row in of_level]
            axes.barh(places, [row.mean_abs_shap for row in of_level], height=0.7, color=colours)
            axes.hlines(
                places, [row.low for row in of_level], [row.high for row in of_level], color=DARK_GREY, linewidth=1.5
            )
            _label_rows(axes, [labels[row.name] for row in of_level])
        return plot_of(figure, "importance", "explanations", text)


def plot_importance_measures(rows: Sequence[Measures], labels: Labels) -> Plot:
    """Draw SHAP, permutation importance and gain as shares of their sums.

    Negative drops count as 0 in the sum. A diamond is the drop when all features of the topic are permuted together.

    Args:
        rows: the most important by SHAP first; the first ones are drawn.
        labels: of features.
    """
    table = pd.DataFrame(rows, columns=Measures._fields).set_index("feature")
    totals = table[list(MEASURES)].clip(lower=0).sum().replace(0, 1)
    shown = table.iloc[:MAX_FEATURES]
    first = (
        [labels[str(table[rank].idxmin())] for rank in ("shap_rank", "permutation_rank", "gain_rank")] if rows else []
    )
    text = "Importance of features by three measures"
    text += "; first by SHAP: {}, by permutation: {}, by gain: {}".format(*first) if first else ": no feature is used"
    places = np.arange(len(shown))
    xlabel, size = "share of the sum over features; lines are 95 % intervals", (8.4, 0.29 * len(shown) + 1.5)
    with new_figure("Importance by three measures", xlabel, size=size, ncols=len(MEASURES), sharey=True) as (
        figure,
        panels,
    ):
        for axes, (column, name) in zip(panels, MEASURES.items(), strict=True):
            axes.barh(places, shown[column] / totals[column], height=0.7, color=BLUE)
            axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
            axes.xaxis.set_major_locator(MaxNLocator(3))
            axes.grid(visible=False, axis="y")
            axes.set_xlabel(name)
        drops = shown[["drop_low", "drop_high", "topic_drop"]] / totals["drop"]
        panels[1].hlines(places, drops["drop_low"], drops["drop_high"], color=DARK_GREY, linewidth=1)
        panels[1].plot(drops["topic_drop"], places, "D", color=GREY, markerfacecolor="white", label="its whole topic")
        panels[1].legend(loc="upper center", bbox_to_anchor=(0.5, -0.11), fontsize=10)
        _label_rows(panels[0], [labels[str(name)] for name in shown.index])
        return plot_of(figure, "measures", "explanations", text)


def plot_interactions(interactions: Interactions, labels: Labels) -> Plot:
    """Draw the strongest interactions of topics, with intervals for sampling."""
    pairs = interactions.of_level("topic")[:MAX_PAIRS]
    largest = "; ".join(
        f"{labels[pair.first]} and {labels[pair.second]} {pair.strength:.3f} ({pair.low:.3f} to {pair.high:.3f})"
        for pair in pairs[:3]
    )
    text = "Mean absolute interactions of topics in log-odds, with 95 % intervals for the sampling of "
    text += f"{interactions.flights:,} flights: {largest or 'there are none'}"
    xlabel = f"mean absolute interaction (log-odds), with 95 % interval; {interactions.flights:,} flights"
    title = f"Interactions of topics: {interactions.share['topic']:.0%} of all effects"
    with new_figure(title, xlabel, squeeze=False) as (figure, [[axes]]):
        strengths = np.array([pair.strength for pair in pairs])
        margins = [strengths - [pair.low for pair in pairs], [pair.high for pair in pairs] - strengths]
        axes.barh(range(len(pairs)), strengths, height=0.8, xerr=margins, color=BLUE, capsize=3)
        _label_rows(axes, [f"{labels[pair.first]} × {labels[pair.second]}" for pair in pairs], fontsize=9)
        axes.set_xlim(left=0)
        return plot_of(figure, "interactions", "explanations", text)


def plot_rank_stability(rows: Sequence[Rank], labels: Labels) -> Plot:
    """Draw the ranks of the most important topics by month and by seed.

    Ranks are among these topics.

    Args:
        rows: from `explain.global_.stability.rank_effects`, of months, seeds or both.
        labels: of topics.
    """
    tables = {source: rank_table(rows, "topic", source) for source in SOURCES}
    means = pd.concat(tables.values(), axis=1).mean(axis=1)
    names = means.sort_values(ascending=False, kind="stable").index[:MAX_TOPICS]
    text = "; ".join(["Ranks of topics by importance", *(_describe_ranks(rows, source, labels) for source in SOURCES)])
    with new_figure("Ranks of topics", size=(9.4, 4.8), ncols=2, sharey=True) as (figure, panels):
        for axes, (source, table) in zip(panels, tables.items(), strict=True):
            ranks = table.reindex(names).rank(ascending=False, method="first")
            places = range(len(ranks.columns))
            for number, name in enumerate(names):
                style = {"color": f"C{number % 10}", "marker": "os"[number // 10]}
                axes.plot(places, ranks.loc[name], label=labels[name], **style)
            axes.set(title=SOURCES[source], yticks=range(1, MAX_TOPICS + 1))
            axes.set_xticks(places, ranks.columns, rotation=45)
            axes.grid(visible=False)
        panels[0].set(ylabel="rank")
        panels[0].invert_yaxis()
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside right center", fontsize=9.5)
        return plot_of(figure, "stability", "explanations", text, few_colours=True)


def _describe_ranks(rows: Sequence[Rank], source: Varied, labels: Labels) -> str:
    table = rank_table(rows, "topic", source)
    if min(table.shape) < 2:
        return f"there are no {SOURCES[source]} to compare"
    tau = np.nanmean(table.corr(method="kendall").to_numpy()[np.triu_indices(table.shape[1], 1)])
    ranks = table.rank(ascending=False, method="min").astype(int)
    ranks = ranks[ranks.min(axis=1) <= MAX_TOPICS]
    name = str((ranks.max(axis=1) - ranks.min(axis=1)).idxmax())
    low, high = ranks.loc[name].min(), ranks.loc[name].max()
    return f"Kendall's tau between {SOURCES[source]} is {tau:.2f}, {labels[name]} varies most, from {low} to {high}"


def _label_rows(axes: Axes, labels: Sequence[str], **options: Any) -> None:
    """Label horizontal bars, the first at the top."""
    axes.set_yticks(range(len(labels)), labels, **options)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
