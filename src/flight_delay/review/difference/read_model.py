"""What an XGBoost model holds, as JSON: a process of its own, since XGBoost ends the process that hands it a damaged one.

Run as `python -m flight_delay.review.difference.read_model`: it reads the model from standard input and writes to standard output.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import xgboost as xgb


def held_in(content: bytes) -> dict[str, Any]:
    """The settings and the model, both as XGBoost gives them, and the attributes."""
    booster = xgb.Booster(model_file=bytearray(content))
    return {
        "settings": json.loads(booster.save_config()),
        "model": json.loads(bytes(booster.save_raw("json"))),
        "attributes": booster.attributes(),
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(held_in(sys.stdin.buffer.read())))
