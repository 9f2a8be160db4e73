"""Plots of the stage learning_curves: training months and tree depth."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.axes import Axes

from flight_delay.evaluation.learning_curves import CurveModel, Point
from flight_delay.report.plots.plot import Plot
from flight_delay.report.plots.style import BLUE, GREY, ORANGE, new_figure, plot_of


def draw_learning_curves(
    by_months: Mapping[int, CurveModel], by_depth: Mapping[int, CurveModel], used_depth: int, validation: str
) -> list[Plot]:
    """Draw the curves of a model.

    Args:
        by_months: models by number of training months.
        by_depth: models by maximum depth.
        used_depth: maximum depth of the model, one of these.
        validation: the months on which the models are evaluated.
    """
    return [plot_learning_curve(by_months, validation), plot_validation_curve(by_depth, used_depth, validation)]


def plot_learning_curve(models: Mapping[int, CurveModel], validation: str) -> Plot:
    """Draw ROC AUC on train and validation by number of training months."""
    points = {months: model.point for months, model in models.items()}
    (fewest, first), *_, (most, last) = points.items()
    title = f"{_count(fewest)}: ROC AUC {first.validation_roc_auc:.3f} on {validation}, "
    title += f"{_count(most)}: {last.validation_roc_auc:.3f}"
    with new_figure(title, f"training months, the last ones before {validation}", "ROC AUC") as (figure, axes):
        _draw_curves(axes, points, "roc_auc", validation)
        text = "Learning curve: ROC AUC on train and validation by number of training months"
        return plot_of(figure, "learning_curve", "learning_curves", text)


def plot_validation_curve(models: Mapping[int, CurveModel], used_depth: int, validation: str) -> Plot:
    """Draw the share of the base rate's log loss that is saved, by depth.

    There is a curve for train and one for validation.
    """
    points = {depth: model.point for depth, model in models.items()}
    best = min(points, key=lambda depth: points[depth].validation_log_loss)
    title = f"Log loss {points[used_depth].validation_log_loss:.4f} at depth {used_depth}, which is used"
    if best != used_depth:
        title = f"{title}; {points[best].validation_log_loss:.4f} at {best}"
    with new_figure(title, "maximum depth", "log loss saved against the base rate (share)") as (figure, axes):
        axes.axvline(used_depth, color=ORANGE, linestyle="--", linewidth=1.5, label="depth that is used")
        axes.yaxis.set_major_formatter(lambda share, _: f"{share:.1%}")
        _draw_curves(axes, points, "skill", validation)
        text = "Validation curve: log loss saved against the base rate on train and validation by maximum depth"
        return plot_of(figure, "validation_curve", "learning_curves", text)


def _draw_curves(axes: Axes, points: Mapping[int, Point], measure: str, validation: str) -> None:
    for period, colour, label in (("train", GREY, "train"), ("validation", BLUE, validation)):
        values = [getattr(point, f"{period}_{measure}") for point in points.values()]
        axes.plot(list(points), values, color=colour, marker="o", label=label)
    axes.set_xticks(list(points))
    axes.margins(y=0.15)
    axes.legend(loc="best")


def _count(months: int) -> str:
    return f"{months} month{'s' if months > 1 else ''}"
