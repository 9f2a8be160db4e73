"""Reason codes: up to four sentences that explain a prediction."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from flight_delay.explain.explainer import Explainer
from flight_delay.explain.explanation import Explanation, sum_by_group
from flight_delay.explain.local.templates import NO_FACTS, Facts, find_quotation
from flight_delay.explain.probability_scale import to_probability_contributions

MAX_REASONS = 4


class Contribution(NamedTuple):
    """Contribution of a topic to the log-odds and to the probability."""

    topic: str
    label: str
    log_odds: float  # before calibration
    probability: float


class Reason(NamedTuple):
    """A reason code: contribution, sentence, and the values in the sentence."""

    topic: str
    label: str
    log_odds: float
    probability: float
    sentence: str
    facts: Facts


class Reasons(NamedTuple):
    """Prediction for a flight with contributions and reasons, the largest first.

    `base` is the probability without any contribution: base and contributions add up to `probability`, but for the last
    digits of its float32.
    """

    flight_id: str
    probability: float
    base: float
    expected_log_odds: float  # of the base, before calibration
    predicted_late: bool  # whether the probability reaches the threshold
    contributions: tuple[Contribution, ...]  # of every topic
    reasons: tuple[Reason, ...]


def select_reasons(explanation: Explanation, explainer: Explainer) -> list[Reasons]:
    """Select the reason codes of flights.

    They are the largest contributions in the direction of the prediction: those that raise the probability where it is
    above the base, else those that lower it. US Regulation B requires the same: the specific, principal reasons of an
    outcome, and not more than four (12 CFR 1002.9(b)(2) and its commentary,
    https://www.consumerfinance.gov/rules-policy/regulations/1002/9/). The direction is relative to the base, not to the
    threshold, which depends on costs: a flight below the base may be predicted late, but the contributions that lower
    its probability outweigh the others. Contributions below `topics.smallest_reason` have no sentence.

    Args:
        explanation: of the flights; sentences may quote all its features, also those that the model does not use.
        explainer: of their model.

    Returns:
        In the order of the explanation.
    """
    topics, decision = explainer.topics, explainer.bundle.decision
    log_odds = sum_by_group(explanation.shap, explainer.topic_of)
    base, probability = to_probability_contributions(log_odds, explanation.expected, decision.calibration)
    names = [name for name in topics.topics if name in log_odds]  # ties keep the order of the file
    effects, points = (np.column_stack([values[name] for name in names]) for values in (log_odds, probability))
    order = np.argsort(-np.abs(effects), axis=1, kind="stable")
    direction = np.sign(effects.sum(axis=1))
    quotations = {
        name: find_quotation(topics.topics[name], explainer.reference, explanation.features) for name in names
    }
    is_late = explanation.probability >= np.float32(decision.threshold)
    result = []
    for row, flight_id in enumerate(explanation.flight_id):
        contributions = tuple(
            Contribution(names[at], topics.topics[names[at]].label, float(effects[row, at]), float(points[row, at]))
            for at in order[row]
        )
        principal = [
            part
            for part in contributions
            if direction[row] and part.probability * direction[row] >= topics.smallest_reason
        ]
        reasons = []
        for part in principal[:MAX_REASONS]:
            quotation, otherwise = quotations[part.topic], topics.topics[part.topic].otherwise
            filled = quotation.fill(row, raises=part.log_odds > 0) if quotation else (otherwise, NO_FACTS)
            reasons.append(Reason(*part, *filled))
        result.append(
            Reasons(
                flight_id=str(flight_id),
                probability=float(explanation.probability[row]),
                base=float(base[row]),
                expected_log_odds=float(explanation.expected[row]),
                predicted_late=bool(is_late[row]),
                contributions=contributions,
                reasons=tuple(reasons),
            )
        )
    return result
