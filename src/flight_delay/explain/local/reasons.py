"""Reason codes: at most four short sentences that say why a flight is given a probability above or below the usual one,
in the order of what they contribute. The sentences are those of references/reason_codes.yaml."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from flight_delay.explain.explanation import Explanation, together
from flight_delay.explain.feature_groups import Topics
from flight_delay.explain.local.templates import Quoted, quoted_of
from flight_delay.explain.probability_scale import in_probability
from flight_delay.explain.reference import Reference
from flight_delay.features.columns import Columns
from flight_delay.model.bundle import Bundle

MOST = 4


class Contribution(NamedTuple):
    """What a topic adds to the log-odds before calibration, and to the probability."""

    topic: str
    label: str
    log_odds: float
    probability: float


class Facts(NamedTuple):
    """What a sentence is about: a feature and its value (None where missing), and what is compared with what is usual.

    `compared` and `usual` are those of the file's `usual`: mean, all flights or late share; None where there is none.
    """

    feature: str | None
    value: float | str | None
    compared: float | None
    usual: float | None


class Reason(NamedTuple):
    """A reason code: a contribution, and what to say of it."""

    topic: str
    label: str
    log_odds: float
    probability: float
    sentence: str
    facts: Facts


class Reasons(NamedTuple):
    """Why a flight has its probability.

    Attributes:
        flight_id: the flight.
        probability: of being late.
        base: the probability where no topic contributes anything; with all contributions it adds up to `probability`, but
            for the last digits of its float32.
        expected_log_odds: the same in log-odds before calibration.
        called_late: whether the probability reaches the threshold.
        contributions: of every topic, the largest first.
        reasons: the reason codes, the largest first.
    """

    flight_id: str
    probability: float
    base: float
    expected_log_odds: float
    called_late: bool
    contributions: tuple[Contribution, ...]
    reasons: tuple[Reason, ...]


def reasons_of(
    explanation: Explanation,
    bundle: Bundle,
    topics: Topics,
    reference: Reference,
    most: int = MOST,
    quotable: Columns | None = None,
) -> list[Reasons]:
    """Reason codes of flights.

    They are the largest contributions on the side to which the flight leans: those that raise the probability where it is
    above the base, else those that lower it. US Regulation B asks for the same: specific reasons, the principal ones, those
    that brought the outcome about and not what spoke against it, and not more than four (12 CFR 1002.9(b)(2) and its
    commentary, https://www.consumerfinance.gov/rules-policy/regulations/1002/9/). The four largest of both signs would mix
    what led to the outcome with what did not; all contributions stand beside them for whoever asks for those. The side is
    that of the base, not of the threshold: the threshold is a matter of costs, and a flight that is called late below the
    base has no raising reasons that outweigh the others. What moves the probability by less than
    `topics.smallest_reason` is not worth a sentence, and a flight at the base has no reasons.

    Args:
        explanation: of the flights.
        bundle: their model.
        topics: and their sentences.
        reference: what is usual, for this model.
        most: reasons for a flight.
        quotable: columns of data/processed of the same flights, each of shape (rows,), that sentences quote, whether the
            model uses them or not, so that sentences are the same for every model; by default those that it uses.

    Returns:
        In the order of the explanation.
    """
    columns = explanation.features | (quotable or {})
    log_odds = together(explanation.shap, topics.topic_of(bundle.manifest.features))
    base, probability = in_probability(log_odds, explanation.expected, bundle.decision.calibration)
    names = [name for name in topics.topics if name in log_odds]  # ties keep the order of the file
    effects, moves = (np.column_stack([of[name] for name in names]) for of in (log_odds, probability))
    order = np.argsort(-np.abs(effects), axis=1, kind="stable")
    side = np.sign(effects.sum(axis=1))
    quoted = {name: quoted_of(name, topics, reference, columns) for name in names}
    late = explanation.probability >= np.float32(bundle.decision.threshold)
    result = []
    for row, flight_id in enumerate(explanation.flight_id):
        contributions = tuple(
            Contribution(names[at], topics.label(names[at]), float(effects[row, at]), float(moves[row, at]))
            for at in order[row]
        )
        result.append(
            Reasons(
                flight_id=str(flight_id),
                probability=float(explanation.probability[row]),
                base=float(base[row]),
                expected_log_odds=float(explanation.expected[row]),
                called_late=bool(late[row]),
                contributions=contributions,
                reasons=tuple(
                    _reason(of, quoted[of.topic], row)
                    for of in contributions
                    if of.probability * side[row] >= topics.smallest_reason and side[row]
                )[:most],
            )
        )
    return result


def _reason(of: Contribution, quoted: Quoted, row: int) -> Reason:
    return Reason(*of, quoted.sentence(row, raises=of.log_odds > 0), Facts(*quoted.facts(row)))
