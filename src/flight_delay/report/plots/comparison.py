"""Plots of the stage evaluate: baselines, staleness, profit and slices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.ticker import PercentFormatter

from flight_delay.evaluation.evaluation import EvaluationResult
from flight_delay.evaluation.metrics import METRICS
from flight_delay.report.plots.labels import model_label
from flight_delay.report.plots.plot import Plot
from flight_delay.report.plots.style import BLUE, GREEN, GREY, ORANGE, new_figure, plot_of

MAX_SLICES = 14
MIN_SLICE_SHARE = 0.03  # of all flights


def draw_comparisons(
    evaluation: EvaluationResult, profit_in_backtest: Mapping[str, Sequence[float]], aged: Sequence[Mapping[str, Any]]
) -> list[Plot]:
    """Draw every plot of this module.

    Args:
        evaluation: of the model on all splits.
        profit_in_backtest: see `plot_profit`.
        aged: see `plot_staleness`.
    """
    profit_on_test = dict(zip(evaluation.profit.header, zip(*evaluation.profit.rows, strict=True), strict=True))
    return [
        plot_baselines(evaluation.metrics),
        plot_staleness(aged),
        plot_profit(profit_in_backtest, profit_on_test, evaluation.metrics["threshold"]),
        plot_slices([row._asdict() for row in evaluation.slices]),
    ]


def plot_baselines(metrics: Mapping[str, Any]) -> Plot:
    """Draw metrics of model and baselines on test, with intervals.

    Args:
        metrics: the content of reports/metrics.json.
    """
    test = {"model": metrics["test"]} | {name: row["test"] for name, row in reversed(metrics["baselines"].items())}
    intervals = metrics["baseline_comparison"]["intervals"]
    best = max(test, key=lambda name: test[name]["roc_auc"])
    title = f"Model and baselines on test: highest ROC AUC {test[best]['roc_auc']:.3f}, {model_label(best)}"
    with new_figure(title, size=(9.6, 3.3), ncols=len(METRICS), sharey=True) as (figure, panels):
        for axes, (name, metric) in zip(panels, METRICS.items(), strict=True):
            for place, model in enumerate(test):
                colour = BLUE if model == "model" else GREY
                ends = intervals[model][name]
                axes.plot([ends["low"], ends["high"]], [place, place], color=colour)
                axes.plot([test[model][name]], [place], marker="o", markersize=7, color=colour)
            axes.axvline(metrics["test"][name], color=BLUE, linestyle=":", linewidth=1)
            axes.set_xlabel(metric.label if metric.higher_is_better else f"{metric.label} (lower is better)")
            axes.grid(visible=False, axis="y")
        panels[0].set_yticks(range(len(test)), [model_label(name) for name in test])
        labels = ", ".join(metric.label for metric in METRICS.values())
        text = f"{labels} of the model and every baseline, with 95 % intervals"
        return plot_of(figure, "baseline_comparison", "evaluation", text)


def plot_staleness(rows: Sequence[Mapping[str, Any]]) -> Plot:
    """Draw ROC AUC by month of the first model and of retrained models.

    Args:
        rows: last_training_month, age_months, month, roc_auc of the backtest's models, in order of time.
    """
    first = rows[0]["last_training_month"]
    stale = {row["month"]: row["roc_auc"] for row in rows if row["last_training_month"] == first}
    retrained = {row["month"]: row["roc_auc"] for row in rows if row["age_months"] == 1}
    months = list(stale)
    changes = [stale[month] - retrained[month] for month in months[1:]]
    title = f"Without retraining, ROC AUC changes by {sum(changes) / max(len(changes), 1):+.3f} on average"
    with new_figure(title, "month", "ROC AUC") as (figure, axes):
        axes.plot([retrained[month] for month in months], marker="o", color=GREEN, label="retrained every month")
        style = {"marker": "s", "color": ORANGE, "linestyle": "--"}
        axes.plot(list(stale.values()), **style, label=f"trained once, to {first}")
        axes.set_xticks(range(len(months)), months, rotation=45, ha="right")
        axes.margins(y=0.25)
        axes.legend(loc="best")
        text = "ROC AUC by month of a model that is trained once, and of models that are retrained every month"
        return plot_of(figure, "model_staleness", "evaluation", text)


def plot_profit(backtest: Mapping[str, Sequence[float]], test: Mapping[str, Sequence[float]], threshold: float) -> Plot:
    """Draw profit per flight by threshold.

    Args:
        backtest: columns threshold and mean_profit, from 0 (all predicted late) to 1 (all predicted on time).
        test: the same on the test split.
        threshold: chosen on the backtest.
    """
    thresholds, values = test["threshold"], test["mean_profit"]

    def profit_at(value: float) -> float:
        return values[min(range(len(thresholds)), key=lambda place: abs(thresholds[place] - value))]

    title = f"Threshold {threshold:.0%}: {profit_at(threshold):.1f} per flight on test (best {max(values):.1f})"
    with new_figure(title, "threshold", "profit per flight") as (figure, axes):
        axes.axhline(profit_at(0), color=GREY, linestyle=":", linewidth=1.5, label="test, all predicted late")
        axes.axhline(profit_at(1), color=GREY, linestyle="-.", linewidth=1.5, label="test, all predicted on time")
        label = "backtest, where the threshold was chosen"
        axes.plot(backtest["threshold"], backtest["mean_profit"], color=GREEN, label=label)
        axes.plot(thresholds, values, color=BLUE, label="test")
        axes.axvline(threshold, color=ORANGE, linestyle="--", linewidth=1.5, label="threshold")
        axes.plot([threshold], [profit_at(threshold)], marker="o", color=BLUE)
        axes.set_xlim(0, 1)
        axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.legend(loc="best")
        return plot_of(figure, "profit", "profit", "Profit per flight by threshold, in the backtest and on test")


def plot_slices(rows: Sequence[Mapping[str, Any]]) -> Plot:
    """Draw the lowest profits per flight of larger slices, with intervals.

    Args:
        rows: of `evaluation.slices`; the slices of each division hold all flights.
    """
    division = [row for row in rows if row["by"] == rows[0]["by"]]
    flights = sum(row["rows"] for row in division)
    mean = sum(row["mean_profit"] * row["rows"] for row in division) / flights
    large = [row for row in rows if row["rows"] >= MIN_SLICE_SHARE * flights and row["low"] is not None]
    worst = sorted(large, key=lambda row: row["mean_profit"])[:MAX_SLICES]
    title = f"Lowest for {worst[0]['label']}: {worst[0]['mean_profit']:.0f} per flight, {mean:.0f} for all"
    with new_figure(title, "profit per flight, with 95 % interval") as (figure, axes):
        places = range(len(worst))
        axes.hlines(places, [row["low"] for row in worst], [row["high"] for row in worst], color=ORANGE, linewidth=2)
        axes.plot([row["mean_profit"] for row in worst], places, "o", markersize=6, color=ORANGE)
        axes.axvline(mean, color=BLUE, linestyle="--", linewidth=1.5, label="all flights")
        labels = [f"{row['by'].replace('_', ' ')} {row['label']}" for row in worst]
        axes.set_yticks(places, labels, fontsize=10)
        axes.invert_yaxis()
        axes.grid(visible=False, axis="y")
        axes.legend(loc="lower left")
        return plot_of(figure, "slices", "slices", "Profit per flight of the slices where it is lowest")
