"""Plots of the stage evaluate: training, ranking and calibration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from flight_delay.evaluation.evaluation import EvaluationResult
from flight_delay.report.plots.labels import model_label
from flight_delay.report.plots.plot import Plot
from flight_delay.report.plots.style import BLUE, GREEN, GREY, LIGHT_GREY, ORANGE, new_figure, plot_of

COLOURS = {"model": BLUE, "logistic": ORANGE}  # curves of other baselines are not drawn
PERIODS = {"backtest": GREEN, "validation": ORANGE, "test": BLUE}


def draw_evaluation(evaluation: EvaluationResult, curve: Mapping[str, Sequence[float]]) -> list[Plot]:
    """Draw every plot of this module.

    Args:
        evaluation: of the model on all splits.
        curve: see `plot_training_curve`.
    """
    return [
        plot_training_curve(curve),
        plot_roc(evaluation),
        plot_precision_recall(evaluation),
        plot_metric_by_month(evaluation.monthly),
        plot_calibration(evaluation),
        plot_calibration_by_month(evaluation.calibration_by_month),
        plot_confusion(evaluation.metrics["confusion"]["test"], evaluation.metrics["threshold"]),
    ]


def plot_training_curve(curve: Mapping[str, Sequence[float]]) -> Plot:
    """Draw log loss by round.

    Args:
        curve: columns round, train_log_loss and validation_log_loss.
    """
    best = int(np.argmin(curve["validation_log_loss"]))
    title = f"Training: best after {best + 1} rounds, log loss {curve['validation_log_loss'][best]:.4f}"
    with new_figure(title, "round", "log loss") as (figure, axes):
        axes.plot(curve["round"], curve["train_log_loss"], color=GREY, label="train")
        axes.plot(curve["round"], curve["validation_log_loss"], color=BLUE, label="validation")
        axes.axvline(curve["round"][best], color=ORANGE, linestyle="--", linewidth=1, label="best round")
        axes.legend(loc="upper right")
        return plot_of(figure, "training_curve", "model", "Log loss on train and validation by round")


def plot_roc(evaluation: EvaluationResult) -> Plot:
    """Draw ROC curves on test."""
    title = f"ROC on test: AUC {evaluation.metrics['test']['roc_auc']:.3f}"
    with new_figure(title, "false positive rate", "true positive rate (recall)") as (figure, axes):
        axes.plot([0, 1], [0, 1], color=GREY, linestyle=":", linewidth=1.5, label="chance 0.500")
        _draw_curves(axes, evaluation, "roc", "roc_auc")
        axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
        axes.legend(loc="lower right")
        text = "True positive rate against false positive rate, for the model and for logistic regression"
        return plot_of(figure, "roc", "evaluation", text)


def plot_precision_recall(evaluation: EvaluationResult) -> Plot:
    """Draw precision-recall curves on test."""
    test = evaluation.metrics["test"]
    title = f"Precision and recall on test: average precision {test['average_precision']:.3f}"
    with new_figure(title, "recall", "precision") as (figure, axes):
        label = f"all predicted late {test['base_rate']:.3f}"
        axes.axhline(test["base_rate"], color=GREY, linestyle=":", linewidth=1.5, label=label)
        _draw_curves(axes, evaluation, "precision_recall", "average_precision")
        axes.set(xlim=(0, 1), ylim=(0, 1))
        axes.legend(loc="upper right")
        text = "Precision against recall, for the model and for logistic regression"
        return plot_of(figure, "precision_recall", "evaluation", text)


def plot_metric_by_month(monthly: Sequence[Mapping[str, Any]]) -> Plot:
    """Draw ROC AUC by month in the backtest, on validation and on test.

    The backtest has its own models; the final model is evaluated on validation and test.
    """
    values = [row["roc_auc"] for row in monthly]
    with new_figure(f"ROC AUC by month: {min(values):.3f} to {max(values):.3f}", "month", "ROC AUC") as (figure, axes):
        _draw_months(axes, monthly, "roc_auc", "{}")
        axes.set_ylim(min(0.5, *values) - 0.01, max(values) + 0.03)
        axes.axhline(0.5, color=GREY, linestyle=":", linewidth=1.5)
        axes.legend(loc="lower left", ncols=3)
        text = "ROC AUC by month in the backtest, on validation and on test"
        return plot_of(figure, "metric_by_month", "evaluation", text)


def plot_calibration(evaluation: EvaluationResult) -> Plot:
    """Draw observed against predicted shares of late flights on test."""
    metrics, curves = evaluation.metrics, evaluation.curves["calibration"]
    predicted, observed = metrics["mean_prediction"]["test"], metrics["test"]["base_rate"]
    title = f"Calibration on test: predicted {predicted:.1%}, observed {observed:.1%}"
    with new_figure(title, "predicted share of late flights", "observed share of late flights") as (figure, axes):
        end = max(max(row[:2]) for curve in curves.values() for row in curve.rows) * 1.1
        axes.plot([0, end], [0, end], color=GREY, linestyle=":", linewidth=1.5, label="perfect")
        _draw_curves(axes, evaluation, "calibration", marker="o", markersize=5)
        axes.set(xlim=(0, end), ylim=(0, end))
        axes.legend(loc="upper left")
        text = "Observed against predicted share of late flights, in bins of equal size"
        return plot_of(figure, "calibration", "calibration", text)


def plot_calibration_by_month(rows: Sequence[Mapping[str, Any]]) -> Plot:
    """Draw mean prediction and observed share of late flights by month.

    Args:
        rows: month, evaluated_on ('backtest', 'validation', 'test'), predicted, observed.
    """
    worst = max(rows, key=lambda row: abs(row["predicted"] - row["observed"]))
    title = f"Largest gap in {worst['month']}: predicted {worst['predicted']:.1%}, observed {worst['observed']:.1%}"
    with new_figure(title, "month", "share of late flights") as (figure, axes):
        observed = dict(sorted((row["month"], row["observed"]) for row in rows))
        axes.bar(range(len(observed)), list(observed.values()), color=LIGHT_GREY, label="observed")
        _draw_months(axes, rows, "predicted", "predicted, {}")
        axes.set_ylim(top=1.3 * max(max(row["predicted"], row["observed"]) for row in rows))
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.grid(visible=False, axis="x")
        axes.legend(loc="upper left", ncols=2)
        return plot_of(
            figure, "calibration_by_month", "calibration", "Predicted and observed share of late flights by month"
        )


def plot_confusion(counts: Mapping[str, int], threshold: float) -> Plot:
    """Draw the confusion matrix with counts and shares of each actual class."""
    rows = [["true_negative", "false_positive"], ["false_negative", "true_positive"]]
    shares = [[counts[name] / sum(counts[other] for other in row) for name in row] for row in rows]
    title = f"Threshold {threshold:.0%}: recall {shares[1][1]:.0%}"
    with new_figure(title, "predicted", "actual") as (figure, axes):
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1.2, aspect="auto")
        for i, row in enumerate(rows):
            for j, name in enumerate(row):
                text = f"{counts[name]:,}\n{shares[i][j]:.0%} of row"
                colour = "white" if shares[i][j] > 0.75 else "black"
                axes.text(j, i, text, ha="center", va="center", fontsize=13, color=colour)
        axes.set_xticks([0, 1], ["on time", "late"])
        axes.set_yticks([0, 1], ["on time", "late"])
        axes.grid(visible=False)
        axes.tick_params(length=0)
        return plot_of(figure, "confusion", "profit", "Confusion matrix of the model on test")


def _draw_curves(axes: Axes, evaluation: EvaluationResult, curve: str, metric: str = "", **options: Any) -> None:
    """Draw a curve of every model, labelled with its metric on test, if any."""
    metrics = evaluation.metrics
    for name, points in evaluation.curves[curve].items():
        test = metrics["test"] if name == "model" else metrics["baselines"][name]["test"]
        label = f"{model_label(name)} {test[metric]:.3f}" if metric else model_label(name)
        x, y = list(zip(*points.rows, strict=True))[:2]
        axes.plot(x, y, color=COLOURS[name], label=label, zorder=3 if name == "model" else 2, **options)


def _draw_months(axes: Axes, rows: Sequence[Mapping[str, Any]], column: str, label: str) -> None:
    """Draw a line for each period.

    Rows have month, evaluated_on (the period) and the column.
    """
    months = sorted({row["month"] for row in rows})
    for period, colour in PERIODS.items():
        values = {months.index(row["month"]): row[column] for row in rows if row["evaluated_on"] == period}
        axes.plot(list(values), list(values.values()), marker="o", color=colour, label=label.format(period))
    axes.set_xticks(range(len(months)), months, rotation=45, ha="right")
