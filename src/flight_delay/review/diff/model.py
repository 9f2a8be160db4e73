"""Differences of XGBoost models: settings, features, number of trees, splits and leaves."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from flight_delay.review.diff.content_difference import ContentDifference, join_differences
from flight_delay.review.diff.documents import compare_json

LEAF = 1e-6  # log-odds: smaller differences of a leaf change no probability by more than a millionth

# A damaged model may end the process that reads it, so that another one does.
_READ = (
    "import sys, xgboost;"
    "booster = xgboost.Booster(model_file=bytearray(sys.stdin.buffer.read()));"
    "sys.stdout.buffer.write(booster.save_raw('json'))"
)
_TIMEOUT_SECONDS = 120
_STATISTICS = {"base_weights", "loss_changes", "sum_hessian"}  # of training, not used in predictions


class Model(NamedTuple):
    """Settings with names and types of features, and the trees, both as in XGBoost's JSON
    (https://xgboost.readthedocs.io/en/stable/tutorials/saving_model.html)."""

    settings: dict[str, Any]
    trees: list[dict[str, Any]]


def read_model(content: bytes) -> Model:
    """Read a model in UBJSON.

    Raises:
        ValueError, KeyError, subprocess.SubprocessError: it is damaged, or not of trees.
    """
    command = [sys.executable, "-c", _READ]
    done = subprocess.run(command, input=content, capture_output=True, timeout=_TIMEOUT_SECONDS, check=True)
    return parse_model(done.stdout)


def parse_model(content: bytes) -> Model:
    """Parse a model in JSON.

    Raises:
        ValueError, KeyError: it is not of trees.
    """
    settings = json.loads(content)["learner"]
    parameters = settings["learner_model_param"]
    parameters["base_score"] = json.loads(parameters["base_score"])
    return Model(settings, settings.pop("gradient_booster")["model"]["trees"])


def compare_models(before: Model, after: Model) -> ContentDifference:
    """Compare two models. Leaves and base scores within LEAF do not matter; other settings, splits and numbers of trees do.

    Of the parameters of training a model holds only its objective: compare those in dvc.lock.
    """
    findings = []
    if len(before.trees) != len(after.trees):
        findings.append(ContentDifference(f"{len(before.trees)} -> {len(after.trees)} trees", matters=True))
    distances = [_leaf_distance(*pair) for pair in zip(before.trees, after.trees, strict=False)]
    if differing := [distance for distance in distances if distance != 0]:
        other_splits = sum(not np.isfinite(distance) for distance in differing)
        largest = max((distance for distance in differing if np.isfinite(distance)), default=0)
        leaves = f", largest difference of a leaf elsewhere {largest:.3g}" if largest else ""
        summary = f"{len(differing)} of {len(distances)} trees differ, {other_splits} in their splits{leaves}"
        findings.append(ContentDifference(summary, matters=bool(other_splits) or largest > LEAF))
    if before.settings != after.settings:
        findings.append(compare_json(before.settings, after.settings, LEAF))
    return join_differences(findings, "the same settings, features and trees, written differently")


def _leaf_distance(before: Mapping[str, Any], after: Mapping[str, Any]) -> float:
    """Largest absolute difference of leaves in log-odds; infinite where splits differ."""
    fields = (before.keys() | after.keys()) - _STATISTICS - {"split_conditions"}
    if any(before.get(field) != after.get(field) for field in fields):
        return float("inf")
    is_leaf = np.array(before["left_children"]) < 0
    distance = np.abs(np.subtract(before["split_conditions"], after["split_conditions"]))
    return float("inf") if distance[~is_leaf].any() else float(np.nan_to_num(distance.max(), nan=np.inf))
