"""Score of a season: a simple game, and the profit of the decisions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from flight_delay.evaluation.costs import Payoffs
from flight_delay.evaluation.threshold import profit_per_row


class Score(NamedTuple):
    """Result of a season, for flights whose outcome is late or not.

    Attributes:
        flights: number of them.
        points: 1 for each right answer, 0 for a wrong one, -1 for none.
        always_on_time: points of the answer "on time" for each flight.
        unanswered: flights without an answer.
        mean_profit: per answered flight, by the payoffs of the decision threshold; None without any.
    """

    flights: int
    points: int
    always_on_time: int
    unanswered: int
    mean_profit: float | None


def score(is_late: Sequence[bool | None], predicted_late: Sequence[bool | None], payoffs: Payoffs) -> Score:
    """Score answers.

    Args:
        is_late: outcome of each flight; None if it did not arrive.
        predicted_late: answer to each flight; None if there was none.
        payoffs: per flight.
    """
    counted = [(late, answer) for late, answer in zip(is_late, predicted_late, strict=True) if late is not None]
    answered = [(late, answer) for late, answer in counted if answer is not None]
    target, predicted = (np.array([pair[at] for pair in answered], bool) for at in (0, 1))
    unanswered = len(counted) - len(answered)
    return Score(
        flights=len(counted),
        points=int((target == predicted).sum()) - unanswered,
        always_on_time=sum(not late for late, _ in counted),
        unanswered=unanswered,
        mean_profit=float(profit_per_row(target, predicted, payoffs).mean()) if answered else None,
    )
