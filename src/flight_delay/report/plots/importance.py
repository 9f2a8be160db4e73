"""Pictures of importance: mean absolute effects of groups and features, and three measures side by side, with alternative texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, PercentFormatter

from flight_delay.explain.global_.importance import Importance, Level
from flight_delay.explain.global_.measures import Measures
from flight_delay.report.plots.style import BLUE, GREEN, GREY, ORANGE, png, titled

MOST_FEATURES = 15
COLOURS = {"schedule": BLUE, "density": ORANGE, "history": GREEN, "weather": "#CC79A7"}
DARK = "#333333"


def by_level(importances: Sequence[Importance], group_of: Mapping[str, str], labels: Mapping[str, str]) -> bytes:
    """Draw the mean absolute effect of the groups and of the first features, on one scale, with intervals over days.

    Args:
        importances: of all levels, the most important of each first.
        group_of: the group of each feature.
        labels: of features and groups.
    """
    groups = _with_effect(importances, "group")
    features = _with_effect(importances, "feature")[:MOST_FEATURES]
    heights = [max(len(rows), 1) for rows in (groups, features)]
    size = 6.4, 0.28 * sum(heights) + 1.1
    with titled("Mean absolute SHAP value", size, rows=2, sharex=True, height_ratios=heights) as (
        figure,
        (above, below),
    ):
        _bars(above, groups, [row.name for row in groups], labels)
        _bars(below, features, [group_of[row.name] for row in features], labels)
        figure.supxlabel("mean absolute effect (log-odds), with 95 % interval over days", fontsize=11)
        return png(figure)


def by_level_text(importances: Sequence[Importance], labels: Mapping[str, str]) -> str:
    """Alternative text of `by_level`."""
    levels: dict[Level, str] = {"group": "groups", "feature": "features"}
    parts = []
    for level, plural in levels.items():
        if rows := _with_effect(importances, level):
            effects = ", ".join(
                f"{labels[row.name]} {row.mean_abs_shap:.2f} ({row.low:.2f} to {row.high:.2f})" for row in rows[:4]
            )
            parts.append(f"Of {len(rows)} {plural}, the most important are {effects}.")
    return f"Mean absolute SHAP values in log-odds, with 95 % intervals over days. {' '.join(parts)}"


def measures(rows: Sequence[Measures], labels: Mapping[str, str]) -> bytes:
    """Draw SHAP, permutation importance and gain side by side, as shares of the sum over features; negative drops count as 0 there.

    A diamond is the drop when all features of the topic are permuted together.

    Args:
        rows: the most important by SHAP first; the first ones are drawn.
        labels: of features.
    """
    table = pd.DataFrame(rows, columns=Measures._fields).set_index("feature")
    totals = table[["mean_abs_shap", "drop", "total_gain"]].clip(lower=0).sum()
    shown = table.iloc[:MOST_FEATURES]
    places = np.arange(len(shown))
    size = 8.4, 0.29 * len(shown) + 1.5
    with titled("Importance by three measures", size, columns=3, sharey=True) as (figure, panels):
        for axes, (column, total) in zip(panels, totals.items(), strict=True):
            axes.barh(places, shown[column] / (total or 1), height=0.7, color=BLUE)
            axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
            axes.xaxis.set_major_locator(MaxNLocator(3))
            axes.grid(visible=False, axis="y")
        for axes, name in zip(panels, ("SHAP", "permutation", "XGBoost gain"), strict=True):
            axes.set_xlabel(name)
        drop_total = totals["drop"] or 1
        panels[1].hlines(
            places, shown["drop_low"] / drop_total, shown["drop_high"] / drop_total, color=DARK, linewidth=1
        )
        panels[1].plot(
            shown["topic_drop"] / drop_total, places, "D", color=GREY, markerfacecolor="white", label="its whole topic"
        )
        panels[1].legend(loc="upper center", bbox_to_anchor=(0.5, -0.11), fontsize=10)
        panels[0].set_yticks(places, [labels[name] for name in shown.index])
        panels[0].set_ylim(len(shown) - 0.4, -0.6)
        figure.supxlabel("share of the sum over features; lines are 95 % intervals", fontsize=11)
        return png(figure)


def measures_text(rows: Sequence[Measures], labels: Mapping[str, str]) -> str:
    """Alternative text of `measures`."""
    if not rows:
        return "Importance by SHAP, permutation and gain: no feature is used."
    names = [labels[min(rows, key=lambda row: row[rank]).feature] for rank in (2, 3, 4)]
    return "Importance of features by three measures. First by SHAP: {}, by permutation: {}, by gain: {}.".format(
        *names
    )


def _with_effect(importances: Sequence[Importance], level: Level) -> list[Importance]:
    return [row for row in importances if row.level == level and row.mean_abs_shap > 0]


def _bars(axes: Axes, rows: Sequence[Importance], groups: Sequence[str], labels: Mapping[str, str]) -> None:
    places = np.arange(len(rows))
    axes.barh(
        places, [row.mean_abs_shap for row in rows], height=0.7, color=[COLOURS.get(group, GREY) for group in groups]
    )
    axes.hlines(places, [row.low for row in rows], [row.high for row in rows], color=DARK, linewidth=1.5)
    axes.set_yticks(places, [labels[row.name] for row in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
