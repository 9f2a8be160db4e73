"""Explanations for machines: one JSON object, in one line."""

from __future__ import annotations

import json
from typing import Any

from flight_delay.explain.explainer import Explainer
from flight_delay.explain.local.load import Explained
from flight_delay.explain.local.what_if import Departure, WhatIf

DIGITS = 6


def flight_record(flight: Explained, explainer: Explainer) -> str:
    """A flight with its probability, the call, all contributions and its reasons; numbers to six decimals.

    `model` is the checksum of the bundle, `base_rate` the share of its training flights that was late. `late` is null where the flight did not arrive.
    """
    reasons = flight.reasons
    return _line(
        {
            "flight_id": reasons.flight_id,
            "destination": flight.destination,
            "model": explainer.bundle.checksum,
            "probability": reasons.probability,
            "threshold": explainer.bundle.decision.threshold,
            "called_late": reasons.called_late,
            "late": flight.late,
            "base_rate": explainer.reference.late,
            "base": reasons.base,
            "expected_log_odds": reasons.expected_log_odds,
            "contributions": [of._asdict() for of in reasons.contributions],
            "reasons": [of._asdict() | {"facts": of.facts._asdict()} for of in reasons.reasons],
        }
    )


def what_if_record(answer: WhatIf) -> str:
    """What the model says of a flight over times of departure."""
    points = [_departure(point) for point in answer.points]
    return _line(answer._asdict() | {"own": _departure(answer.own), "points": points})


def _departure(point: Departure) -> dict[str, Any]:
    return point._asdict() | {"supported": point.supported}


def _line(record: Any) -> str:
    return json.dumps(_rounded(record), ensure_ascii=False, allow_nan=False)


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _rounded(of) for name, of in value.items()}
    if isinstance(value, list):
        return [_rounded(of) for of in value]
    return round(value, DIGITS) if isinstance(value, float) else value
