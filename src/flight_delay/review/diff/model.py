"""Differences of XGBoost models in settings, features and trees."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from flight_delay.review.diff.content_difference import ContentDifference, join_differences
from flight_delay.review.diff.documents import compare_json

TOLERANCE = 1e-6  # of thresholds and of leaves in log-odds, which changes a probability by at most a millionth

# In a process of its own, which a damaged model may end.
_READ = (
    "import sys, xgboost;booster = "
    "xgboost.Booster(model_file=bytearray(sys.stdin.buffer.read()));sys.stdout.buffer.write(booster.save_raw('json'))"
)
_TIMEOUT_SECONDS = 120
_STATISTICS = ("base_weights", "loss_changes", "sum_hessian")


def read_model(content: bytes) -> dict[str, Any]:
    """Read a model in UBJSON.

    Raises:
        ValueError, KeyError, subprocess.SubprocessError: it is damaged, or has no trees.
    """
    command = [sys.executable, "-c", _READ]
    done = subprocess.run(command, input=content, capture_output=True, timeout=_TIMEOUT_SECONDS, check=True)
    return parse_model(done.stdout)


def parse_model(content: bytes) -> dict[str, Any]:
    """Parse a model in XGBoost's JSON, and name its trees.

    Format: https://xgboost.readthedocs.io/en/stable/tutorials/saving_model.html

    Raises:
        ValueError, KeyError: it has no trees.
    """
    learner: dict[str, Any] = json.loads(content)["learner"]
    parameters = learner["learner_model_param"]
    parameters["base_score"] = json.loads(parameters["base_score"])
    trees = learner.pop("gradient_booster")["model"]["trees"]
    kept = [{field: values for field, values in tree.items() if field not in _STATISTICS} for tree in trees]
    return {**learner, "num_trees": len(kept), "tree": kept}


def compare_model_dumps(before: dict[str, Any], after: dict[str, Any]) -> ContentDifference:
    """Compare two models; numbers within TOLERANCE do not matter.

    Of the parameters of training, a model stores only its objective: compare those in dvc.lock.
    """
    trees, trees_after = before["num_trees"], after["num_trees"]
    number = [] if trees == trees_after else [ContentDifference(f"{trees} -> {trees_after} trees", matters=True)]
    return join_differences([*number, compare_json(before, after, TOLERANCE)], "")
