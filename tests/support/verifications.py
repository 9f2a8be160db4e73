"""Outcomes of verifying a small commit."""

from __future__ import annotations

from typing import Any

from flight_delay.review.diff.files import Difference
from flight_delay.review.environment import Environment
from flight_delay.review.verification.verify import OutputCheck, Verification

ENVIRONMENT = Environment("Linux", 2, "3.11.7", {"xgboost": "3.2.0", "pandas": "3.1.1"}, is_fresh=False)
DATA, MODEL = OutputCheck("make", "data", "d1", "d1"), OutputCheck("train", "model", "m1", "m1")
MISSING = OutputCheck("train", "curve", "c1", None)
SMALL = Difference("model", "leaves differ by 1e-9", matters=False)
LARGE = Difference("model", "other trees", matters=True)


def verified(*outputs: OutputCheck, **changes: Any) -> Verification:
    return Verification("abc123", list(outputs), [], ENVIRONMENT, [])._replace(**changes)


def other_model(*differences: Difference, known: bool = True) -> OutputCheck:
    return MODEL._replace(reproduced="m2", differences=differences if known else None)
