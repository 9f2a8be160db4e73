"""Learning curves: which months a point of them learns from, its numbers, and what the curves say, in a sentence each.

Models are judged on the window that they were stopped on, so all of them look a little too good, in the same way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from flight_delay.core.errors import UserError
from flight_delay.evaluation.bootstrap import DRAWS, SEED, Comparison, bootstrap_sum, compare_values
from flight_delay.evaluation.metrics import log_loss_per_row
from flight_delay.evaluation.scoring import probability_metrics
from flight_delay.model.examples import Outcome
from flight_delay.model.predictions import Predictions

# Of how far ROC AUC in training is above one half: where less of it is found on later flights, variance is said to rule.
CARRIED_OVER = 0.9


class Point(NamedTuple):
    """A point of a curve, to six digits. Skill is the share of log loss that is saved against saying the window's own share of late
    flights of every flight (McFadden's R², 1974): unlike log loss, it compares windows that differ in how many are late."""

    rows: int
    rounds: int
    train_logloss: float
    validation_logloss: float
    train_skill: float
    validation_skill: float
    train_roc_auc: float
    validation_roc_auc: float


class Learnt(NamedTuple):
    """A model trained for a curve: its numbers, and what it says of later flights than those that it learnt from."""

    point: Point
    validation: Predictions


def last_months(months: Sequence[str], numbers: Sequence[int]) -> dict[int, list[str]]:
    """The last months of training, by how many of them.

    Args:
        months: of the training window, in order.
        numbers: how many to take.

    Raises:
        UserError: there are fewer months than one of the numbers.
    """
    for number in numbers:
        if number > len(months):
            raise UserError(
                f"params.yaml: learning_curves.training_months: {number} months cannot be taken of {len(months)}, which is what "
                "windows.train has; take it out or widen the window"
            )
    return {number: list(months[-number:]) for number in numbers}


def measure(rounds: int, train: Predictions, validation: Predictions) -> Learnt:
    """Put together the numbers of a model, from what it says of the flights that it learnt from and of later ones.

    Both have late flights and flights on time. Of the former no predictions are kept: there are too many.
    """
    of_train, of_validation = (probability_metrics(of.target, of.probability) for of in (train, validation))
    point = Point(
        rows=len(train),
        rounds=rounds,
        train_logloss=of_train["log_loss"],
        validation_logloss=of_validation["log_loss"],
        train_skill=round(1 - of_train["log_loss"] / _entropy(train.target), 6),
        validation_skill=round(1 - of_validation["log_loss"] / _entropy(validation.target), 6),
        train_roc_auc=of_train["roc_auc"],
        validation_roc_auc=of_validation["roc_auc"],
    )
    return Learnt(point, validation)


def compare_log_loss(model: Predictions, than: Predictions) -> Comparison:
    """How far the log loss of a model is above another's on the same flights, with an interval over days.

    Raises:
        UserError: the flights are of fewer than two days.
    """
    losses = {
        name: log_loss_per_row(predictions.target, predictions.probability)
        for name, predictions in (("model", model), ("than", than))
    }
    drawn = bootstrap_sum(losses, model.date, draws=DRAWS, seed=SEED)
    difference = float(losses["model"].mean() - losses["than"].mean())
    return compare_values(drawn["model"], drawn["than"], difference, higher_is_better=False)


def read_months(by_months: Mapping[int, Learnt], judged: str) -> str:
    """Say whether more months to learn from would help.

    Args:
        by_months: at least two models by number of months, which rises.
        judged: the window after those months.

    Raises:
        UserError: that window has fewer than two days.
    """
    fewer, more = list(by_months)[-2:]
    added = compare_log_loss(by_months[more].validation, by_months[fewer].validation)
    size = f"log loss on {judged} {_moved(added)} from {fewer} to {more} months"
    return {
        "better": f"More months would still help: {size}.",
        "worse": f"More months would not help, what is long ago misleads: {size}.",
        "undecided": f"Whether more months would help, these days do not say: {size}.",
    }[added.verdict]


def read_fit(by_months: Mapping[int, Learnt], judged: str) -> str:
    """Say whether what a model lacks is rather bias or variance, by the model that learnt from the most months, which is the last."""
    months, (of, _) = list(by_months.items())[-1]
    gap = f"With {months} months ROC AUC is {of.train_roc_auc:.3f} on these and {of.validation_roc_auc:.3f} on {judged}"
    if of.validation_roc_auc - 0.5 >= CARRIED_OVER * (of.train_roc_auc - 0.5):
        return (
            f"{gap}: nearly all that was learnt carries over, so bias is what is left, to be met with better features."
        )
    return (
        f"{gap}: part of what was learnt does not carry over, so there is more variance than bias (chance that was learnt, or "
        "months that differ), to be met with more months or simpler trees."
    )


def read_rounds(validation_logloss: Sequence[float], max_rounds: int, judged: str) -> str:
    """Say whether more rounds would help, from log loss round by round."""
    losses = np.asarray(validation_logloss)
    best = int(losses.argmin()) + 1
    lowest = f"log loss on {judged} is lowest after {best} rounds ({losses[best - 1]:.4f})"
    if best == max_rounds:
        return f"More rounds would help: {lowest}, which is train_model.max_rounds."
    half = int(np.flatnonzero(losses <= (losses[0] + losses[best - 1]) / 2)[0]) + 1
    further = len(losses) - best
    return f"More rounds would not help: {lowest}, half of the way was done after {half}, and {further} more bring nothing."


def read_depth(used: int, by_depth: Mapping[int, Learnt], judged: str) -> str:
    """Say whether shallower or deeper trees would help.

    Args:
        used: depth of the model.
        by_depth: models by depth, one of that depth among them.
        judged: the window after the months that they learnt from.

    Raises:
        UserError: that window has fewer than two days.
    """
    against = {depth: compare_log_loss(of.validation, by_depth[used].validation) for depth, of in by_depth.items()}
    # Where depths make no difference, no other one than that which is used.
    best = min(against, key=lambda depth: (against[depth].difference, depth != used))
    tried = ", ".join(map(str, by_depth))
    if best == used:
        return f"Neither shallower nor deeper trees would help: of depths {tried}, log loss on {judged} is lowest with {used}."
    kind = "deeper" if best > used else "shallower"
    size = (
        f"log loss on {judged} {_moved(against[best])} from depth {used}, which is used, to {best}, the best of {tried}"
    )
    if against[best].verdict == "better":
        return f"{kind.capitalize()} trees would help: {size}."
    return f"Whether {kind} trees would help, these days do not say: {size}."


def _moved(of: Comparison) -> str:
    """A difference in words, with its interval in the same direction."""
    low, high = (of.low, of.high) if of.difference > 0 else (-of.high, -of.low)
    verb = "rose" if of.difference > 0 else "fell"
    return f"{verb} by {abs(of.difference):.4f} (95 % interval {low:z.4f} … {high:z.4f})".replace("-", "−")


def _entropy(target: Outcome) -> float:
    """Log loss of saying the share of late flights of every flight."""
    share = target.mean()
    return float(-(share * np.log(share) + (1 - share) * np.log(1 - share)))
