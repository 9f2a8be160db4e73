"""model: the exact wording of its messages."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flight_delay.core.errors import UserError
from flight_delay.core.params import load_params
from flight_delay.model.booster import BoosterParameters
from flight_delay.model.examples import require_both_classes
from flight_delay.model.selection import read_selection
from flight_delay.model.sharded import Workers, train_sharded
from flight_delay.model.training_data import load_training_data

CLASSES = "params.yaml: the target has one class in splits.train"
WIDEN = "rows are positive; widen the split or change build_features.late_threshold_minutes"


def targets(*target: bool) -> Callable[[Path], None]:
    return lambda _: require_both_classes([np.array(target, bool)], "splits.train")


def selection(folder: Path) -> None:
    (folder / "selected_features.json").write_text("[]")
    read_selection(folder / "selected_features.json")


def train_model(**changes: Any) -> Callable[[Path], None]:
    def load(folder: Path) -> None:
        section = {**load_params("train_model", BoosterParameters).model_dump(), **changes}
        (folder / "params.yaml").write_text(json.dumps({"train_model": section}))
        load_params("train_model", BoosterParameters, folder / "params.yaml")

    return load


def lost_worker(_: Path) -> None:
    def run_together(function: Callable[[Any], Any], arguments: Sequence[Any]) -> list[Any]:
        raise BrokenExecutor

    train_sharded(load_training_data((), str, [], [], 2), len, Workers(2, run_together, "127.0.0.1", 1))


@pytest.mark.parametrize(
    ("work", "expected"),
    [
        (
            train_model(sharded=True, subsample=0.8),
            "params.yaml: 'train_model': sharded training needs all rows, not subsample: 0.8; set it to 1.0",
        ),
        (
            train_model(sharded=True, subsample=1.0, external_memory=True),
            "params.yaml: 'train_model': sharded and external_memory exclude each other; set one to false",
        ),
        (
            lost_worker,
            "params.yaml: train_model.sharded: a worker was lost or failed during training; look in its log for the reason (often memory), and run the stage again",
        ),
        (targets(False, False), f"{CLASSES}: 0 of 2 {WIDEN}"),
        (targets(True), f"{CLASSES}: 1 of 1 {WIDEN}"),
        (
            selection,
            "selected_features.json: not a selection of features (Input should be an object); `dvc repro --force` makes it",
        ),
    ],
)
def test_what_is_refused(tmp_path: Path, work: Callable[[Path], None], expected: str) -> None:
    with pytest.raises(UserError) as refused:
        work(tmp_path)
    assert str(refused.value).replace(f"{tmp_path}/", "") == expected


KNOTS: dict[str, Any] = {"method": "isotonic", "probability": (0.1, 0.3), "calibrated": (0.2, 0.4)}
