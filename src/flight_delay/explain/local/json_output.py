"""Format explanations as JSON lines, with numbers to six decimals."""

from __future__ import annotations

import json
from typing import Any

from flight_delay.explain.explainer import Explainer
from flight_delay.explain.local.load import ExplainedFlight
from flight_delay.explain.local.what_if import Departure, WhatIf

DIGITS = 6


def format_flight_json(flight: ExplainedFlight, explainer: Explainer) -> str:
    """Format prediction, contributions and reasons of a flight.

    `model` is the checksum of the bundle, `base_rate` the late rate of its training flights; `late` is null where the
    flight did not arrive.
    """
    reasons = flight.reasons
    return _format(
        {
            "flight_id": reasons.flight_id,
            "destination": flight.destination,
            "model": explainer.bundle.checksum,
            "probability": reasons.probability,
            "threshold": explainer.bundle.decision.threshold,
            "predicted_late": reasons.predicted_late,
            "late": flight.late,
            "base_rate": explainer.reference.late,
            "base": reasons.base,
            "expected_log_odds": reasons.expected_log_odds,
            "contributions": [contribution._asdict() for contribution in reasons.contributions],
            "reasons": [reason._asdict() | {"facts": reason.facts._asdict()} for reason in reasons.reasons],
        }
    )


def format_what_if_json(answer: WhatIf) -> str:
    """Format the predictions for a flight at other times of departure."""
    points = [_departure(point) for point in answer.points]
    return _format(answer._asdict() | {"own": _departure(answer.own), "points": points})


def _departure(point: Departure) -> dict[str, Any]:
    return point._asdict() | {"supported": point.is_supported}


def _format(record: dict[str, Any]) -> str:
    rounded = json.loads(json.dumps(record, allow_nan=False), parse_float=lambda text: round(float(text), DIGITS))
    return json.dumps(rounded, ensure_ascii=False)
