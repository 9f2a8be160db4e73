"""Pictures of how good the model is. Every function takes numbers and returns a PNG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flight_delay.evaluation.curves import Curve
from flight_delay.report.plots.labels import COLOURS, words
from flight_delay.report.plots.style import BLUE, GREEN, GREY, ORANGE, picture, png


def draw_all(
    metrics: Mapping[str, Any],
    curves: Mapping[str, Mapping[str, Curve]],
    monthly: Sequence[Mapping[str, Any]],
) -> dict[str, bytes]:
    """Draw every picture of an evaluation, by name.

    Args:
        metrics: as written to reports/metrics.json.
        curves: 'roc', 'precision_recall' and 'calibration', each by model name.
        monthly: rows of metrics by month.
    """
    test = {"model": metrics["test"], **{name: of["test"] for name, of in metrics["baselines"].items()}}
    base_rate = metrics["test"]["base_rate"]
    return {
        "roc": roc(curves["roc"], {name: of["roc_auc"] for name, of in test.items()}),
        "precision_recall": precision_recall(
            curves["precision_recall"], {name: of["average_precision"] for name, of in test.items()}, base_rate
        ),
        "calibration": calibration(curves["calibration"], metrics["mean_prediction"]["test"], base_rate),
        "confusion": confusion(metrics["confusion"]["test"], metrics["threshold"]),
        "metric_by_month": metric_by_month(monthly),
    }


def roc(curves: Mapping[str, Curve], roc_auc: Mapping[str, float]) -> bytes:
    """ROC curves by model name."""
    title = f"ROC on the test months: AUC {roc_auc['model']:.3f}"
    with picture(title, "punctual flights called late (share)", "late flights found (share)") as (figure, axes):
        axes.plot([0, 1], [0, 1], color=GREY, linestyle=":", linewidth=1.5, label="chance 0.500")
        for name, curve in curves.items():
            label = f"{words(name)} {roc_auc[name]:.3f}"
            axes.plot(*_columns(curve)[:2], color=COLOURS[name], label=label, zorder=3 if name == "model" else 2)
        axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
        axes.legend(loc="lower right")
        return png(figure)


def precision_recall(curves: Mapping[str, Curve], average_precision: Mapping[str, float], base_rate: float) -> bytes:
    """Precision–recall curves by model name."""
    title = f"Precision and recall on the test months: AP {average_precision['model']:.3f}"
    with picture(title, "late flights found (recall)", "calls that are right (precision)") as (figure, axes):
        axes.axhline(
            base_rate, color=GREY, linestyle=":", linewidth=1.5, label=f"every flight called late {base_rate:.3f}"
        )
        for name, curve in curves.items():
            label = f"{words(name)} {average_precision[name]:.3f}"
            axes.plot(*_columns(curve)[:2], color=COLOURS[name], label=label, zorder=3 if name == "model" else 2)
        axes.set(xlim=(0, 1), ylim=(0, 1))
        axes.legend(loc="upper right")
        return png(figure)


def calibration(curves: Mapping[str, Curve], mean_predicted: float, base_rate: float) -> bytes:
    """Observed against predicted share of late flights, by model name."""
    title = f"Calibration on the test months: said {mean_predicted:.1%}, were {base_rate:.1%}"
    with picture(title, "predicted share of late flights", "observed share of late flights") as (figure, axes):
        end = max(max(row[:2]) for curve in curves.values() for row in curve.rows) * 1.1
        axes.plot([0, end], [0, end], color=GREY, linestyle=":", linewidth=1.5, label="perfect")
        for name, curve in curves.items():
            axes.plot(*_columns(curve)[:2], marker="o", markersize=5, color=COLOURS[name], label=words(name))
        axes.set(xlim=(0, end), ylim=(0, end))
        axes.legend(loc="upper left")
        return png(figure)


def confusion(counts: Mapping[str, int], threshold: float) -> bytes:
    """Confusion matrix with counts and shares of each actual class."""
    rows = [["true_negative", "false_positive"], ["false_negative", "true_positive"]]
    shares = [[counts[name] / sum(counts[other] for other in row) for name in row] for row in rows]
    title = f"Called late from {threshold:.0%} on: {shares[1][1]:.0%} of late flights found"
    with picture(title, "called", "actually") as (figure, axes):
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1.2, aspect="auto")
        for i, row in enumerate(rows):
            for j, name in enumerate(row):
                text = f"{counts[name]:,}\n{shares[i][j]:.0%} of row"
                axes.text(
                    j, i, text, ha="center", va="center", fontsize=13, color="white" if shares[i][j] > 0.75 else "black"
                )
        axes.set_xticks([0, 1], ["on time", "late"])
        axes.set_yticks([0, 1], ["on time", "late"])
        axes.grid(visible=False)
        axes.tick_params(length=0)
        return png(figure)


def metric_by_month(monthly: Sequence[Mapping[str, Any]]) -> bytes:
    """ROC AUC month by month: backtest (a model of its time for each month), validation and test (the shipped model)."""
    months = sorted({row["month"] for row in monthly})
    known = [row["roc_auc"] for row in monthly]
    title = f"ROC AUC by month: from {min(known):.3f} to {max(known):.3f}"
    with picture(title, "month", "ROC AUC") as (figure, axes):
        for judged, colour in (("backtest", GREEN), ("validation", ORANGE), ("test", BLUE)):
            points = [(months.index(row["month"]), row["roc_auc"]) for row in monthly if row["judged"] == judged]
            axes.plot(*zip(*points, strict=True), marker="o", color=colour, label=judged)
        axes.set_xticks(range(len(months)), months, rotation=45, ha="right")
        axes.set_ylim(min(0.5, *known) - 0.01, max(known) + 0.03)
        axes.axhline(0.5, color=GREY, linestyle=":", linewidth=1.5)
        axes.legend(loc="lower left", ncols=3)
        return png(figure)


def _columns(curve: Curve) -> list[list[float]]:
    return [list(column) for column in zip(*curve.rows, strict=True)]
