"""promotion.collect: data quality and size of a commit, and the comparison of the model in MLflow with the commit's."""

from __future__ import annotations

import hashlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flight_delay.model.predictions import Predictions
from flight_delay.promotion.candidate_metrics import ModelSize
from flight_delay.promotion.collect import compare_replay, read_quality, read_size
from flight_delay.promotion.evidence import DataQuality
from flight_delay.tracking.registry.loaded_model import Speed

IDS, PROBABILITY = ["a", "b", "c"], [0.1, 0.2, 0.3]
BUNDLE = {"model.ubj": b"trees", "decision.json": b"{}"}
FILES = {
    "reports/check_data/findings.json": [
        {"check": "leakage_suspect", "columns": ["x", "y"], "severity": "error"},
        {"check": "noise", "columns": ["z"], "severity": "warning"},
    ],
    "reports/quality.json": {"quarantined_share": 0.002},
    "models/bundle/manifest.json": {
        "features": [{"kind": "quantitative"}, {"kind": "indicator"}, {"kind": "categorical"}],
        "rounds": 3,
    },
    "reports/train/importances.json": {"x": {"weight": 4.0}, "y": {"weight": 1.0}},
}


@pytest.fixture
def commit() -> Any:
    """The files of a commit, as far as they are read here."""
    md5 = {f"models/bundle/{name}": hashlib.md5(content).hexdigest() for name, content in BUNDLE.items()}  # noqa: S324
    outs = [{"path": path, "md5": value} for path, value in {**md5, "reports/data": "d"}.items()]
    params = {"make_dataset": {"max_quarantined_share": 0.01}}
    return SimpleNamespace(lock={"train_model": {"outs": outs}}, params=params, read_json=FILES.get)


def test_quality_and_size_are_read_from_the_commit(commit: Any) -> None:
    assert read_quality(commit) == DataQuality(["leakage_suspect of x, y"], 0.002, 0.01)
    assert read_size(commit) == ModelSize(2, 13)  # indicators are no input; 2 * 5 splits + 3 trees


@pytest.mark.parametrize(
    ("ids", "probability", "bundle", "files", "different"),
    [
        (["c", "b", "a"], [0.3, 0.2, 0.1], BUNDLE, [], 0),  # in another order
        (IDS, [0.1, 0.2, np.nextafter(np.float32(0.3), np.float32(1))], BUNDLE, [], 1),
        (["a", "x", "c"], PROBABILITY, BUNDLE, [], 1),
        ([], [], BUNDLE, [], 3),
        (IDS, PROBABILITY, {**BUNDLE, "decision.json": b"{ }"}, ["decision.json"], 0),
        (IDS, PROBABILITY, {"model.ubj": b"trees", "x": b""}, ["decision.json", "x"], 0),
    ],
)
def test_predictions_and_files_are_compared_with_those_of_the_commit(
    tmp_path: Path, commit: Any, ids, probability, bundle: dict[str, bytes], files: list[str], different: int
) -> None:
    for folder in ("bundle", "scores", "recorded"):
        (tmp_path / folder).mkdir()
    for name, content in bundle.items():
        (tmp_path / "bundle" / name).write_bytes(content)
    dates, late = np.array(["2013-05-01"] * 3, "datetime64[D]"), np.array([True] * 3)
    recorded = Predictions(np.array(IDS, object), dates, late, np.array(PROBABILITY, np.float32))
    for month, scores in {"2013-04": (IDS, PROBABILITY), "2013-05": (ids, probability)}.items():
        recorded.write(tmp_path / "recorded", month)
        columns = {"flight_id": pa.array(scores[0], pa.string()), "probability": pa.array(scores[1], pa.float32())}
        pq.write_table(pa.table(columns), tmp_path / "scores" / f"{month}.parquet")
    folders = (tmp_path / "bundle", tmp_path / "scores", tmp_path / "recorded")
    assert compare_replay(commit, *folders, Speed(1, 2)) == (files, 6, different, Speed(1, 2))
