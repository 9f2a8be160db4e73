"""From probabilities to calls, and from calls to money: payoffs, the threshold that earns most, and how far payoffs may
be wrong before the calls are worth nothing. Positive means late. Sums are exact, so that ties fall the same everywhere."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from flight_delay.evaluation.costs import Payoffs
from flight_delay.evaluation.curves import Curve
from flight_delay.evaluation.scoring import confusion
from flight_delay.model.examples import Outcome
from flight_delay.model.predictions import Probability

# Names of payoffs, and of what `metrics.confusion` counts.
CELLS = {
    "late_called_late": "true_positive",
    "late_called_on_time": "false_negative",
    "on_time_called_late": "false_positive",
    "on_time_called_on_time": "true_negative",
}
THRESHOLDS = tuple(percent / 100 for percent in range(1, 100))
DIGITS = 6


class Strategies(NamedTuple):
    """Profit per flight of what needs no model: the same call for every flight, and, for scale, only correct calls."""

    always_on_time: float
    always_late: float
    perfect: float


class Range(NamedTuple):
    """Values from `low` to `high`, both included; None where there is no bound."""

    low: float | None
    high: float | None


def profit_per_flight(
    target: Outcome, predicted_positive: Outcome, payoffs: Payoffs
) -> np.ndarray[tuple[int], np.dtype[Any]]:
    """What each flight earns.

    Args:
        late: outcomes, shape (rows,).
        called_late: what the flights were called, shape (rows,).
        payoffs: per flight.

    Returns:
        Units of the currency, float64 of shape (rows,).
    """
    if_late = np.where(predicted_positive, payoffs.late_called_late, payoffs.late_called_on_time)
    if_on_time = np.where(predicted_positive, payoffs.on_time_called_late, payoffs.on_time_called_on_time)
    return np.where(target, if_late, if_on_time)


def bayes_threshold(payoffs: Payoffs) -> float:
    """The threshold that earns most where probabilities are calibrated.

    Calling a flight late that is late with probability p is expected to earn p * gain_late - (1 - p) * gain_on_time
    more than calling it on time, a gain being what the right call earns over the wrong one. Elkan (2001), The
    foundations of cost-sensitive learning, equation 2, with payoffs for his costs.
    """
    return float(_bayes(payoffs))


def best_threshold(target: Outcome, probability: Probability, payoffs: Payoffs) -> float:
    """The threshold that earns most on these flights, of 0.01, 0.02, … 0.99; a finer grid would follow their noise.

    Of thresholds that earn the same, the one nearest to `bayes_threshold`, the lower one of two. They differ on other
    flights only. Of those theory knows something and the middle of a plateau nothing: where no probability is above
    0.2, the middle depends on where the grid ends.

    Args:
        late: outcomes, shape (rows,).
        probability: predicted probability of being late, shape (rows,).
        payoffs: per flight.
    """
    earned = {threshold: _profit(confusion(target, probability, threshold), payoffs) for threshold in THRESHOLDS}
    best, theory = max(earned.values()), _bayes(payoffs)
    return min(
        (threshold for threshold, profit in earned.items() if profit == best),
        key=lambda threshold: abs(Fraction(str(threshold)) - theory),
    )


def profit_curve(target: Outcome, probability: Probability, payoffs: Payoffs) -> Curve:
    """Profit per flight and share of flights that are called late, by threshold: 0 (every flight), 0.01, … 1.

    Args:
        late: outcomes, shape (rows,), at least one.
        probability: predicted probability of being late, shape (rows,).
        payoffs: per flight.
    """
    rows = []
    for threshold in (0.0, *THRESHOLDS, 1.0):
        counts = confusion(target, probability, threshold)
        predicted_positive = counts["true_positive"] + counts["false_positive"]
        rows.append((threshold, float(_profit(counts, payoffs) / len(target)), predicted_positive / len(target)))
    return Curve(("threshold", "profit_per_flight", "called_late_share"), rows)


def strategies(target: Outcome, payoffs: Payoffs) -> Strategies:
    """What would be earned without a model: profits per flight, to six digits, from outcomes of shape (rows,)."""
    perfect = confusion(target, target, 1)
    every = [_constant(perfect, predicted_positive=False), _constant(perfect, predicted_positive=True), perfect]
    return Strategies(*(round(float(_profit(counts, payoffs) / len(target)), DIGITS) for counts in every))


def break_even(counts: Mapping[str, int], payoffs: Payoffs) -> dict[str, Range | None]:
    """How far each payoff may move, the others and the calls staying, until one call for all flights earns more.

    The profit of the calls less that of either constant answer is linear in every payoff, and zero at a bound.

    Args:
        counts: of the calls, as `metrics.confusion` gives them.
        payoffs: per flight.

    Returns:
        By name of the payoff, the range in which the calls earn at least as much as both constant answers, to six
        digits, rounded inwards; None where no value makes them do so. Whether a range leaves `Payoffs` is not asked.
    """
    rivals = [_constant(counts, predicted_positive=predicted_positive) for predicted_positive in (False, True)]
    leads = [_profit(counts, payoffs) - _profit(rival, payoffs) for rival in rivals]
    ranges: dict[str, Range | None] = {}
    for name, cell in CELLS.items():
        low, high, hopeless = None, None, False
        # Against one of the rivals a payoff helps or does nothing, against the other it harms or does nothing.
        for rival, lead in zip(rivals, leads, strict=True):
            slope = counts[cell] - rival[cell]
            if slope > 0:
                low = math.ceil((_exact(payoffs, name) - lead / slope) * 10**DIGITS) / 10**DIGITS
            elif slope < 0:
                high = math.floor((_exact(payoffs, name) - lead / slope) * 10**DIGITS) / 10**DIGITS
            else:
                hopeless = hopeless or lead < 0
        crossed = low is not None and high is not None and low > high
        ranges[name] = None if hopeless or crossed else Range(low, high)
    return ranges


def thresholds_by_miss_cost(payoffs: Payoffs, factors: Iterable[float]) -> dict[float, float]:
    """Where `bayes_threshold` goes when a missed delay costs so many times as much.

    Args:
        payoffs: per flight.
        factors: by which `late_called_on_time` is multiplied.

    Returns:
        Threshold by factor, to six digits.

    Raises:
        ValueError: with a factor the payoffs make no sense.
    """
    changed = {
        factor: Payoffs(**{**dict(payoffs), "late_called_on_time": payoffs.late_called_on_time * factor})
        for factor in factors
    }
    return {factor: round(bayes_threshold(of), DIGITS) for factor, of in changed.items()}


def _exact(payoffs: Payoffs, name: str) -> Fraction:
    """A payoff as the decimal that was written down: 0.1 is a tenth, not the float nearest to it."""
    return Fraction(str(getattr(payoffs, name)))


def _profit(counts: Mapping[str, int], payoffs: Payoffs) -> Fraction:
    return sum((counts[cell] * _exact(payoffs, name) for name, cell in CELLS.items()), Fraction(0))


def _bayes(payoffs: Payoffs) -> Fraction:
    gain_late = _exact(payoffs, "late_called_late") - _exact(payoffs, "late_called_on_time")
    gain_on_time = _exact(payoffs, "on_time_called_on_time") - _exact(payoffs, "on_time_called_late")
    return gain_on_time / (gain_on_time + gain_late)


def _constant(counts: Mapping[str, int], *, predicted_positive: bool) -> dict[str, int]:
    """Counts of the same flights when every one is called the same."""
    target = counts["true_positive"] + counts["false_negative"]
    on_time = counts["false_positive"] + counts["true_negative"]
    if predicted_positive:
        return {"true_positive": target, "false_negative": 0, "false_positive": on_time, "true_negative": 0}
    return {"true_positive": 0, "false_negative": target, "false_positive": 0, "true_negative": on_time}
