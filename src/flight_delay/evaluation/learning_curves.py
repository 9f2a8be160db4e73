"""Measure the points of learning curves, and interpret the curves.

Models are evaluated on the split of their early stopping, so that all metrics are slightly optimistic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from flight_delay.core.errors import UserError
from flight_delay.evaluation.bootstrap import Comparison, bootstrap_mean, compare_draws
from flight_delay.evaluation.scoring import probability_metrics
from flight_delay.model.examples import Outcome
from flight_delay.model.predictions import Predictions, log_loss_per_row

# Ratio of ROC AUC above one half in validation to that in training; below, variance is the larger part of the error.
GENERALIZATION_RATIO = 0.9


class Point(NamedTuple):
    """A point of a curve, to six digits.

    Skill is the share of log loss that is saved over predicting the base rate of the split (McFadden's R², 1974):
    unlike log loss, it is comparable between splits with different base rates.
    """

    rows: int
    rounds: int
    train_log_loss: float
    validation_log_loss: float
    train_skill: float
    validation_skill: float
    train_roc_auc: float
    validation_roc_auc: float


class CurveModel(NamedTuple):
    """A model of a curve: its point and its predictions of the validation split."""

    point: Point
    validation: Predictions


def last_months(months: Sequence[str], numbers: Sequence[int]) -> dict[int, list[str]]:
    """Take the last months of the training split, by number of months.

    Raises:
        UserError: there are fewer months than one of the numbers.
    """
    for number in numbers:
        if number > len(months):
            raise UserError(
                f"params.yaml: learning_curves.training_months: {number} is more than the {len(months)} months of "
                "splits.train; remove it or widen the split"
            )
    return {number: list(months[-number:]) for number in numbers}


def measure(rounds: int, train: Predictions, validation: Predictions) -> CurveModel:
    """Compute the point of a model from its predictions of both splits.

    Training predictions are not kept, to save memory.
    """
    metrics = [probability_metrics(split.target, split.probability) for split in (train, validation)]
    losses, areas = ([of_split[name] for of_split in metrics] for name in ("log_loss", "roc_auc"))
    skills = [
        round(1 - loss / _entropy(split.target), 6) for loss, split in zip(losses, (train, validation), strict=True)
    ]
    return CurveModel(Point(len(train), rounds, *losses, *skills, *areas), validation)


def compare_log_loss(model: Predictions, reference: Predictions) -> Comparison:
    """Compare the log loss of two models on the same rows.

    Raises:
        UserError: the rows are of fewer than two days.
    """
    losses = {
        name: log_loss_per_row(predictions.target, predictions.probability)
        for name, predictions in (("model", model), ("reference", reference))
    }
    draws = bootstrap_mean(losses, model.date)
    difference = float(losses["model"].mean() - losses["reference"].mean())
    return compare_draws(draws["model"], draws["reference"], difference, higher_is_better=False)


def interpret_months(by_months: Mapping[int, CurveModel], split: str) -> str:
    """Write whether more months of training data reduce log loss.

    Args:
        by_months: at least two models by number of months, in ascending order.
        split: name of the validation split.

    Raises:
        UserError: the validation split has fewer than two days.
    """
    fewer, more = list(by_months)[-2:]
    comparison = compare_log_loss(by_months[more].validation, by_months[fewer].validation)
    change = f"log loss on {split} {_change(comparison)} from {fewer} to {more} months"
    return {
        "better": f"More months reduce log loss: {change}.",
        "worse": f"More months increase log loss, older data are misleading: {change}.",
        "not_significant": f"More months make no significant difference: {change}.",
    }[comparison.verdict]


def interpret_fit(by_months: Mapping[int, CurveModel], split: str) -> str:
    """Write whether bias or variance is larger, by the last model."""
    months, (point, _) = list(by_months.items())[-1]
    train, validation = point.train_roc_auc, point.validation_roc_auc
    gap = f"with {months} months, ROC AUC is {train:.3f} in training and {validation:.3f} on {split}"
    if validation - 0.5 >= GENERALIZATION_RATIO * (train - 0.5):
        return f"The model generalizes well, the remaining error is mostly bias; better features may help: {gap}."
    return f"The model overfits or months differ (variance); more months or simpler trees may help: {gap}."


def interpret_rounds(validation_log_loss: Sequence[float], num_boost_round: int, split: str) -> str:
    """Write whether more boosting rounds reduce log loss, from log loss by round."""
    losses = np.asarray(validation_log_loss)
    best = int(losses.argmin()) + 1
    lowest = f"log loss on {split} is lowest after {best} rounds ({losses[best - 1]:.4f})"
    if best == num_boost_round:
        return f"More rounds may reduce log loss: {lowest}, which is train_model.num_boost_round."
    half = int(np.flatnonzero(losses <= (losses[0] + losses[best - 1]) / 2)[0]) + 1
    further = len(losses) - best
    return f"More rounds do not help: {lowest}, half of the decrease after {half}, and {further} more do not reduce it."


def interpret_depth(used: int, by_depth: Mapping[int, CurveModel], split: str) -> str:
    """Write whether shallower or deeper trees reduce log loss.

    Args:
        used: depth of the model.
        by_depth: models by depth, one of that depth among them.
        split: name of the validation split.

    Raises:
        UserError: the validation split has fewer than two days.
    """
    comparisons = {
        depth: compare_log_loss(model.validation, by_depth[used].validation) for depth, model in by_depth.items()
    }
    # Among depths of equal log loss, the used one is preferred.
    best = min(comparisons, key=lambda depth: (comparisons[depth].difference, depth != used))
    tried = ", ".join(map(str, by_depth))
    if best == used:
        return f"Depth {used} is the best of {tried}: it has the lowest log loss on {split}."
    kind = "Deeper" if best > used else "Shallower"
    is_better = comparisons[best].verdict == "better"
    change = f"log loss on {split} {_change(comparisons[best])} from depth {used} (used) to {best} (best of {tried})"
    return f"{kind} trees {'reduce log loss' if is_better else 'make no significant difference'}: {change}."


def _change(comparison: Comparison) -> str:
    """Format a difference with its interval in the same direction."""
    is_rise = comparison.difference > 0
    low, high = (comparison.low, comparison.high) if is_rise else (-comparison.high, -comparison.low)
    size = f"{abs(comparison.difference):.4f} (95 % interval {low:z.4f} … {high:z.4f})".replace("-", "−")
    return f"{'rises' if is_rise else 'falls'} by {size}"


def _entropy(target: Outcome) -> float:
    """Compute the log loss of predicting the base rate for every row."""
    share = target.mean()
    return float(-(share * np.log(share) + (1 - share) * np.log(1 - share)))
