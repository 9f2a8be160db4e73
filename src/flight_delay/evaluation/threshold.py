"""Choose the decision threshold by profit, and measure its sensitivity.

Sums are exact fractions, so that ties are resolved the same way on every machine."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from flight_delay.evaluation.costs import CELLS, Payoffs
from flight_delay.evaluation.curves import Curve
from flight_delay.evaluation.scoring import confusion_counts
from flight_delay.features.columns import Column
from flight_delay.model.examples import Outcome
from flight_delay.model.predictions import Probability

THRESHOLDS = tuple(percent / 100 for percent in range(1, 100))
DIGITS = 6


class ConstantStrategies(NamedTuple):
    """Profit per row of constant predictions, and of only correct ones."""

    always_negative: float
    always_positive: float
    perfect: float


class BreakEvenRange(NamedTuple):
    """Values from `low` to `high`, both included; None where there is no bound."""

    low: float | None
    high: float | None


def profit_per_row(target: Outcome, predicted_positive: Outcome, payoffs: Payoffs) -> Column:
    """Compute the payoff of each row, float64 of shape (rows,)."""
    true_positive, false_negative, false_positive, true_negative = (getattr(payoffs, cell) for cell in CELLS)
    if_positive = np.where(predicted_positive, true_positive, false_negative)
    if_negative = np.where(predicted_positive, false_positive, true_negative)
    profit: Column = np.where(target, if_positive, if_negative)
    return profit


def bayes_threshold(payoffs: Payoffs) -> float:
    """Compute the optimal threshold for calibrated probabilities.

    For a row with probability p, the expected profit of predicting positive minus that of predicting negative is
    p * gain_positive - (1 - p) * gain_negative; a gain is the payoff of the correct prediction minus that of the wrong
    one. Elkan (2001), The foundations of cost-sensitive learning, equation 2, with payoffs for costs.
    """
    return float(_bayes(payoffs))


def best_threshold(target: Outcome, probability: Probability, payoffs: Payoffs) -> float:
    """Choose the most profitable threshold of 0.01, 0.02, … 0.99.

    A finer grid would fit noise. Of equally profitable thresholds, the one nearest to `bayes_threshold` is chosen, and
    the lower one of two such thresholds. These thresholds differ on other rows only; for those, the theoretical optimum
    is a better guess than the middle of the plateau, which depends on the ends of the grid.

    Args:
        target: observed target, shape (rows,).
        probability: predicted probability of the positive class, shape (rows,).
        payoffs: per row.
    """
    profits = {at: _profit(confusion_counts(target, probability, at), payoffs) for at in THRESHOLDS}
    highest, theory = max(profits.values()), _bayes(payoffs)
    return min(
        (threshold for threshold, profit in profits.items() if profit == highest),
        key=lambda threshold: abs(Fraction(str(threshold)) - theory),
    )


def profit_curve(target: Outcome, probability: Probability, payoffs: Payoffs) -> Curve:
    """Compute profit and share of positive predictions by threshold, 0 to 1.

    Args:
        target: observed target, shape (rows,), at least one.
        probability: predicted probability of the positive class, shape (rows,).
        payoffs: per row.
    """
    rows = []
    for threshold in (0.0, *THRESHOLDS, 1.0):
        counts = confusion_counts(target, probability, threshold)
        positives = counts["true_positive"] + counts["false_positive"]
        rows.append((threshold, float(_profit(counts, payoffs) / len(target)), positives / len(target)))
    return Curve(("threshold", "mean_profit", "predicted_positive_share"), rows)


def constant_strategies(target: Outcome, payoffs: Payoffs) -> ConstantStrategies:
    """Compute the profit per row without a model, to six digits."""
    perfect = confusion_counts(target, target, 1)
    every = [_constant_counts(perfect, positive=False), _constant_counts(perfect, positive=True), perfect]
    return ConstantStrategies(*(round(float(_profit(counts, payoffs) / len(target)), DIGITS) for counts in every))


def break_even(counts: Mapping[str, int], payoffs: Payoffs) -> dict[str, BreakEvenRange | None]:
    """Compute how far payoffs may change before a constant is more profitable.

    The other payoffs and the predictions are fixed. The difference in profit to either constant prediction is linear
    in every payoff, and zero at a bound.

    Args:
        counts: confusion matrix of the predictions, from `scoring.confusion_counts`.
        payoffs: per row.

    Returns:
        By name of the payoff, the range in which the predictions are at least as profitable as both constant ones, to
        six digits, rounded inwards; None if there is no such value. Ranges may include values that `Payoffs` rejects.
    """
    constants = [_constant_counts(counts, positive=positive) for positive in (False, True)]
    leads = [_profit(counts, payoffs) - _profit(constant, payoffs) for constant in constants]
    ranges: dict[str, BreakEvenRange | None] = {}
    for cell in CELLS:
        low, high, is_impossible = None, None, False
        # A higher payoff never reduces the lead over one of the constants, and never increases it over the other.
        for constant, lead in zip(constants, leads, strict=True):
            slope = counts[cell] - constant[cell]
            if slope > 0:
                low = math.ceil((_exact(payoffs, cell) - lead / slope) * 10**DIGITS) / 10**DIGITS
            elif slope < 0:
                high = math.floor((_exact(payoffs, cell) - lead / slope) * 10**DIGITS) / 10**DIGITS
            else:
                is_impossible = is_impossible or lead < 0
        is_empty = low is not None and high is not None and low > high
        ranges[cell] = None if is_impossible or is_empty else BreakEvenRange(low, high)
    return ranges


def thresholds_by_false_negative_cost(payoffs: Payoffs, factors: Iterable[float]) -> dict[float, float]:
    """Compute `bayes_threshold` by factor of the payoff of a false negative.

    Raises:
        ValueError: the payoffs are invalid with a factor.
    """
    cost = payoffs.false_negative
    changed = {factor: Payoffs(**{**dict(payoffs), "false_negative": cost * factor}) for factor in factors}
    return {factor: round(bayes_threshold(with_factor), DIGITS) for factor, with_factor in changed.items()}


def _exact(payoffs: Payoffs, name: str) -> Fraction:
    """Convert a payoff to its decimal: 0.1 is a tenth, not the nearest float."""
    return Fraction(str(getattr(payoffs, name)))


def _profit(counts: Mapping[str, int], payoffs: Payoffs) -> Fraction:
    return sum((counts[cell] * _exact(payoffs, cell) for cell in CELLS), Fraction(0))


def _bayes(payoffs: Payoffs) -> Fraction:
    true_positive, false_negative, false_positive, true_negative = (_exact(payoffs, name) for name in CELLS)
    gain_negative = true_negative - false_positive
    return gain_negative / (gain_negative + true_positive - false_negative)


def _constant_counts(counts: Mapping[str, int], *, positive: bool) -> dict[str, int]:
    """Compute the confusion matrix of a constant prediction."""
    positives = counts["true_positive"] + counts["false_negative"]
    negatives = counts["false_positive"] + counts["true_negative"]
    cells = (positives, 0, negatives, 0) if positive else (0, positives, 0, negatives)
    return dict(zip(CELLS, cells, strict=True))
