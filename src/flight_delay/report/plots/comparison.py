"""Pictures that set the model beside others: the rungs of the ladder, parts of the data, and models of another age."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib import pyplot as plt

from flight_delay.evaluation.metrics import METRICS
from flight_delay.report.plots.labels import words
from flight_delay.report.plots.style import BLUE, DOTS_PER_INCH, GREEN, GREY, LOOK, ORANGE, picture, png

PARTS = 14  # of the data, that are drawn
MIN_SHARE = 0.03  # of flights, that a part has to be drawn


def draw_all(
    metrics: Mapping[str, Any], sliced: Sequence[Mapping[str, Any]], aged: Sequence[Mapping[str, Any]]
) -> dict[str, bytes]:
    """Draw every picture of a comparison, by name.

    Args:
        metrics: as written to reports/metrics.json.
        sliced: rows of reports/evaluate/slices.csv.
        aged: rows of reports/backtest/aging.csv.
    """
    rungs = {**{name: of["test"] for name, of in metrics["baselines"].items()}, "model": metrics["test"]}
    return {"ladder": ladder(rungs, metrics["ladder"]["intervals"]), "slices": slices(sliced), "aging": aging(aged)}


def ladder(
    metrics: Mapping[str, Mapping[str, float]], intervals: Mapping[str, Mapping[str, Mapping[str, float]]]
) -> bytes:
    """Metrics of every rung with their intervals, a panel per metric.

    Args:
        metrics: by rung, from the lowest to 'model', the metrics on the test window.
        intervals: by rung and metric, low and high end.
    """
    rungs = list(reversed(list(metrics)))
    best = max(metrics, key=lambda rung: metrics[rung]["roc_auc"])
    with plt.rc_context(LOOK):
        figure, panels = plt.subplots(
            1, len(METRICS), sharey=True, figsize=(9.6, 3.3), dpi=DOTS_PER_INCH, layout="constrained"
        )
        try:
            for axes, (name, metric) in zip(panels, METRICS.items(), strict=True):
                for place, rung in enumerate(rungs):
                    colour = BLUE if rung == "model" else GREY
                    ends, value = intervals[rung][name], metrics[rung][name]
                    axes.plot([ends["low"], ends["high"]], [place, place], color=colour)
                    axes.plot([value], [place], marker="o", markersize=7, color=colour)
                axes.axvline(metrics["model"][name], color=BLUE, linestyle=":", linewidth=1)
                axes.set_xlabel(metric.label if metric.higher_is_better else f"{metric.label} (less is better)")
                axes.grid(visible=False, axis="y")
            panels[0].set_yticks(range(len(rungs)), [words(rung) for rung in rungs])
            figure.suptitle(
                f"The ladder on test, with 95 % intervals: highest ROC AUC {metrics[best]['roc_auc']:.3f}, {words(best)}",
                x=0.01, ha="left", fontsize=LOOK["axes.titlesize"], fontweight="bold",
            )  # fmt: skip
            return png(figure)
        finally:
            plt.close(figure)


def slices(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Profit per flight, with intervals, in the larger parts of the data where it is lowest.

    Args:
        rows: as in reports/evaluate/slices.csv; all parts of a division together have all flights.
    """
    first = [row for row in rows if row["by"] == rows[0]["by"]]
    flights = sum(row["flights"] for row in first)
    mean = sum(row["profit_per_flight"] * row["flights"] for row in first) / flights
    known = [row for row in rows if row["flights"] >= MIN_SHARE * flights and row["low"] is not None]
    worst = sorted(known, key=lambda row: row["profit_per_flight"])[:PARTS]
    named = [(f"{row['by'].replace('_', ' ')} {row['label']}", row) for row in reversed(worst)]
    title = f"Least on {worst[0]['label']}: {worst[0]['profit_per_flight']:.0f} per flight, {mean:.0f} on all"
    with picture(title, "profit per flight, with 95 % interval", "") as (figure, axes):
        for place, (_, row) in enumerate(named):
            axes.plot([row["low"], row["high"]], [place, place], color=ORANGE)
            axes.plot([row["profit_per_flight"]], [place], marker="o", markersize=6, color=ORANGE)
        axes.axvline(mean, color=BLUE, linestyle="--", linewidth=1.5, label="all flights")
        axes.set_yticks(range(len(named)), [name for name, _ in named], fontsize=10)
        axes.grid(visible=False, axis="y")
        axes.legend(loc="best")
        return png(figure)


def aging(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """ROC AUC by month of the first model of the backtest, which nobody retrains, and of models that are trained every month.

    Args:
        rows: trained_through, age_months, month, roc_auc, in order of time.
    """
    frozen = {row["month"]: row["roc_auc"] for row in rows if row["trained_through"] == rows[0]["trained_through"]}
    fresh = {row["month"]: row["roc_auc"] for row in rows if row["age_months"] == 1}
    months = list(frozen)
    moved = [frozen[month] - fresh[month] for month in months[1:]]
    title = f"Not retraining moves ROC AUC by {sum(moved) / max(len(moved), 1):+.3f} on average"
    with picture(title, "month", "ROC AUC") as (figure, axes):
        places = range(len(months))
        axes.plot(places, [fresh[month] for month in months], marker="o", color=GREEN, label="retrained every month")
        axes.plot(
            places, [frozen[month] for month in months], marker="s", color=ORANGE, linestyle="--",
            label=f"trained once, through {rows[0]['trained_through']}",
        )  # fmt: skip
        axes.set_xticks(places, months, rotation=45, ha="right")
        axes.margins(y=0.25)
        axes.legend(loc="best")
        return png(figure)
