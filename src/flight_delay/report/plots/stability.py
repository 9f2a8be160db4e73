"""Picture of the stability of importances: ranks of topics by month and by seed, and its alternative text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from flight_delay.explain.global_.stability import Rank, Source, kendall_tau, rank_table
from flight_delay.report.plots.style import in_few_colours, png, titled

MOST_NAMES = 12
SOURCES: Mapping[Source, str] = {"month": "months", "seed": "seeds"}


def stability(rows: Sequence[Rank], labels: Mapping[str, str]) -> bytes:
    """Draw ranks of the twelve most important topics, among these, by month and by seed.

    Args:
        rows: from `explain.global_.stability.rank_effects`, of months, seeds or both.
        labels: of topics.
    """
    tables = {source: rank_table(rows, "topic", source) for source in SOURCES}
    names = (
        pd.concat(tables.values(), axis=1).mean(axis=1).sort_values(ascending=False, kind="stable").index[:MOST_NAMES]
    )
    with titled("Ranks of topics", (9.4, 4.8), columns=2, sharey=True) as (figure, panels):
        for axes, (source, table) in zip(panels, tables.items(), strict=True):
            ranks = table.reindex(names).rank(ascending=False, method="first")
            places = range(len(ranks.columns))
            for number, name in enumerate(names):
                look = {"color": f"C{number % 10}", "marker": "os"[number // 10]}
                axes.plot(places, ranks.loc[name], label=labels[name], **look)
            axes.set(title=SOURCES[source], yticks=range(1, MOST_NAMES + 1))
            axes.set_xticks(places, ranks.columns, rotation=45)
            axes.grid(visible=False)
        panels[0].set(ylabel="rank")
        panels[0].invert_yaxis()
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside right center", fontsize=9.5)
        return in_few_colours(png(figure))


def stability_text(rows: Sequence[Rank], labels: Mapping[str, str]) -> str:
    """Alternative text of `stability`: agreement on the order, and the topic whose rank varies most."""
    parts = ["Ranks of topics by importance."]
    for source, plural in SOURCES.items():
        tau = kendall_tau(rows, "topic", source)
        if tau is not None:
            ranks = rank_table(rows, "topic", source).rank(ascending=False, method="min").astype(int)
            ranks = ranks[ranks.min(axis=1) <= MOST_NAMES]
            name = str((ranks.max(axis=1) - ranks.min(axis=1)).idxmax())
            low, high = ranks.loc[name].min(), ranks.loc[name].max()
            parts.append(
                f"Between {plural}, Kendall's tau is {tau:.2f}; {labels[name]} varies most, from {low} to {high}."
            )
    return " ".join(parts)
