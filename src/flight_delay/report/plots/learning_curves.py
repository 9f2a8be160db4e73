"""Pictures of what more months, and trees of another depth, would bring."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from matplotlib.axes import Axes

from flight_delay.evaluation.learning_curves import CurveModel
from flight_delay.report.plots.style import BLUE, GREY, ORANGE, picture, png


def learning_curve(learnt: Mapping[int, CurveModel], judged: str) -> bytes:
    """ROC AUC on the months learnt from and on those after them, by number of months."""
    points = {months: of.point for months, of in learnt.items()}
    (fewest, first), *_, (most, last) = points.items()
    title = (
        f"{_count(fewest)}: ROC AUC {first.validation_roc_auc:.3f} on {judged}, "
        f"{_count(most)}: {last.validation_roc_auc:.3f}"
    )
    with picture(title, f"months to learn from, the last ones before {judged}", "ROC AUC") as (figure, axes):
        axes.plot(list(points), [of.train_roc_auc for of in points.values()], **_line(GREY), label="months learnt from")
        axes.plot(list(points), [of.validation_roc_auc for of in points.values()], **_line(BLUE), label=judged)
        _finish(axes, points)
        return png(figure)


def complexity(learnt: Mapping[int, CurveModel], used: int, judged: str) -> bytes:
    """Share of the base rate's log loss that is saved where the model learnt and later, by depth of trees."""
    points = {depth: of.point for depth, of in learnt.items()}
    best = min(points, key=lambda depth: points[depth].validation_logloss)
    title = f"Log loss {points[used].validation_logloss:.4f} with depth {used}, as used"
    if best != used:
        title = f"{title}; {points[best].validation_logloss:.4f} with {best}"
    with picture(title, "largest depth of a tree", "log loss saved against the base rate (share)") as (figure, axes):
        axes.plot(list(points), [of.train_skill for of in points.values()], **_line(GREY), label="months learnt from")
        axes.plot(list(points), [of.validation_skill for of in points.values()], **_line(BLUE), label=judged)
        axes.axvline(used, color=ORANGE, linestyle="--", linewidth=1.5, label="depth that is used")
        axes.yaxis.set_major_formatter(lambda share, _: f"{share:.1%}")
        _finish(axes, points)
        return png(figure)


def _finish(axes: Axes, points: Iterable[int]) -> None:
    axes.set_xticks(list(points))
    axes.margins(y=0.15)
    axes.legend(loc="best")


def _line(colour: str) -> dict[str, Any]:
    return {"color": colour, "marker": "o"}


def _count(months: int) -> str:
    return f"{months} month{'s' if months > 1 else ''}"
