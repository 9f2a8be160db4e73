"""Pictures of importance: how far groups and features move predictions, and three measures beside each other. Each has
one or two sentences that say what it shows, for those who do not see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from flight_delay.explain.overall.agreement import Agreement, in_words
from flight_delay.explain.overall.importance import Importance, Level
from flight_delay.plots.style import BLUE, DOTS_PER_INCH, GREEN, GREY, LOOK, ORANGE, png

MOST_FEATURES = 15
COLOURS = {"schedule": BLUE, "density": ORANGE, "history": GREEN, "weather": "#CC79A7"}
DARK = "#333333"


def by_level(
    importances: Sequence[Importance], group_of: Mapping[str, str], labels: Mapping[str, str] | None = None
) -> bytes:
    """Mean absolute effect of the groups and of the first features, on one scale, with intervals over days.

    Args:
        importances: of all levels, the most important of each first.
        group_of: the group of each feature.
        labels: features and groups in words; others are called by their names.
    """
    groups = [row for row in _level(importances, "group") if row.mean_abs_shap > 0]
    features = [row for row in _level(importances, "feature") if row.mean_abs_shap > 0][:MOST_FEATURES]
    heights = [max(len(rows), 1) for rows in (groups, features)]
    with plt.rc_context(LOOK):
        figure, (above, below) = plt.subplots(
            2, 1, sharex=True, figsize=(6.4, 0.28 * sum(heights) + 1.1), height_ratios=heights, dpi=DOTS_PER_INCH,
            layout="constrained",
        )  # fmt: skip
        try:
            _bars(above, groups, [row.name for row in groups], labels or {})
            _bars(below, features, [group_of[row.name] for row in features], labels or {})
            first = f": {in_words(groups[0].name, labels or {})} by {groups[0].mean_abs_shap:.2f}" if groups else ""
            _headed(figure, f"How far predictions are moved{first}")
            figure.supxlabel(
                "mean absolute effect (log-odds), with 95 % interval over days", fontsize=LOOK["font.size"]
            )
            return png(figure)
        finally:
            plt.close(figure)


def by_level_words(importances: Sequence[Importance], labels: Mapping[str, str] | None = None) -> str:
    """What the picture of `by_level` shows, in sentences."""
    said = []
    for level, of in (("group", "groups"), ("feature", "features")):
        rows = [row for row in importances if row.level == level and row.mean_abs_shap > 0]
        if rows:
            order = ", ".join(f"{in_words(row.name, labels or {})} {row.mean_abs_shap:.2f}" for row in rows[:4])
            said.append(
                f"Of {len(rows)} {of}, {in_words(rows[0].name, labels or {})} moves predictions most: by "
                f"{rows[0].mean_abs_shap:.2f} log-odds on average (95 % interval {rows[0].low:.2f} to {rows[0].high:.2f}); "
                f"in order: {order}."
            )
    return " ".join(said) or "No feature moves predictions."


def measures(agreements: Sequence[Agreement], labels: Mapping[str, str] | None = None) -> bytes:
    """SHAP, permutation and gain beside each other, as shares of the sum over features; where they disagree is marked.

    A diamond is the drop when all features of the topic are shuffled together. Drops below 0 count as 0 in the sum.

    Args:
        agreements: the most important by SHAP first; the first ones are drawn, and those where measures disagree.
        labels: features in words; others are called by their names.
    """
    rows = [row for row in agreements if row.shap_rank <= MOST_FEATURES or row.words]
    places = np.arange(len(rows))
    drops = sum(max(row.drop, 0.0) for row in agreements) or 1.0
    shares = {
        "SHAP": [row.mean_abs_shap / (sum(of.mean_abs_shap for of in agreements) or 1.0) for row in rows],
        "permutation": [row.drop / drops for row in rows],
        "XGBoost gain": [row.total_gain / (sum(of.total_gain for of in agreements) or 1.0) for row in rows],
    }
    marked = [bool(row.words) for row in rows]
    with plt.rc_context(LOOK):
        figure, panels = plt.subplots(
            1, 3, sharey=True, figsize=(8.4, 0.29 * len(rows) + 1.5), dpi=DOTS_PER_INCH, layout="constrained"
        )
        try:
            for axes, (measure, of) in zip(panels, shares.items(), strict=True):
                axes.barh(places, of, height=0.7, color=[ORANGE if mark else BLUE for mark in marked])
                axes.set_xlabel(measure)
                axes.xaxis.set_major_formatter(lambda share, _: f"{100 * share:.0f} %")
                axes.xaxis.set_major_locator(MaxNLocator(3))
                axes.grid(visible=False, axis="y")
            whiskers = np.array([(row.drop - row.drop_low, row.drop_high - row.drop) for row in rows]).T / drops
            panels[1].errorbar(
                shares["permutation"],
                places,
                xerr=whiskers.reshape(2, -1),
                fmt="none",
                ecolor=DARK,
                elinewidth=1,
            )
            panels[1].plot(
                [row.topic_drop / drops for row in rows], places, linestyle="", marker="D", markersize=5, color=GREY,
                markerfacecolor="white", label="its whole topic",
            )  # fmt: skip
            panels[1].axvline(0, color=GREY, linewidth=1)
            panels[1].legend(loc="upper center", bbox_to_anchor=(0.5, -0.11), fontsize=10)
            widest = max([*shares["SHAP"], *shares["XGBoost gain"], 1e-9])
            for axes in (panels[0], panels[2]):
                axes.set_xlim(0, 1.08 * widest)
            panels[0].set_yticks(places, [in_words(row.feature, labels or {}) for row in rows])
            for label, mark in zip(panels[0].get_yticklabels(), marked, strict=True):
                label.set(color=ORANGE if mark else "black", fontweight="bold" if mark else "normal")
            panels[0].set_ylim(len(rows) - 0.4, -0.6)
            figure.supxlabel("share of the sum over features; lines are 95 % intervals", fontsize=LOOK["font.size"])
            _headed(figure, f"Three measures disagree on {sum(marked)} of {len(agreements)} features (orange)")
            return png(figure)
        finally:
            plt.close(figure)


def measures_words(agreements: Sequence[Agreement], labels: Mapping[str, str] | None = None) -> str:
    """What the picture of `measures` shows, in sentences."""
    if not agreements:
        return "No feature is used."
    first = [
        in_words(min(agreements, key=lambda row: getattr(row, rank)).feature, labels or {})
        for rank in ("shap_rank", "permutation_rank", "gain_rank")
    ]
    apart = [in_words(row.feature, labels or {}) for row in agreements if row.words]
    disagree = f"They disagree on {len(apart)} of {len(agreements)} features: {', '.join(apart)}." if apart else (
        f"They disagree on none of {len(agreements)} features."
    )  # fmt: skip
    if len(set(first)) == 1:
        return f"SHAP, permutation and gain all put {first[0]} first. {disagree}"
    return f"SHAP puts {first[0]} first, permutation {first[1]}, gain {first[2]}. {disagree}"


def _level(importances: Sequence[Importance], level: Level) -> list[Importance]:
    return [row for row in importances if row.level == level]


def _bars(axes: Axes, rows: Sequence[Importance], groups: Sequence[str], labels: Mapping[str, str]) -> None:
    places = np.arange(len(rows))
    values = np.array([row.mean_abs_shap for row in rows])
    axes.barh(places, values, height=0.7, color=[COLOURS.get(group, GREY) for group in groups])
    for place, row in zip(places, rows, strict=True):
        axes.plot([row.low, row.high], [place, place], color=DARK, linewidth=1.5)
    axes.set_yticks(places, [in_words(row.name, labels) for row in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")


def _headed(figure: Figure, title: str) -> None:
    """Put the title above the whole picture: long names leave little room above the axes."""
    figure.suptitle(title, x=0.01, ha="left", fontsize=LOOK["axes.titlesize"], fontweight=LOOK["axes.titleweight"])
