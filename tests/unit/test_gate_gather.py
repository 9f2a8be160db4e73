"""promotion.gather: what cannot be found out is said and stops nothing else; answers are compared bit for bit."""

from __future__ import annotations

import hashlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flight_delay.core.errors import UserError
from flight_delay.model.predictions import Predictions
from flight_delay.promotion import gather as gathering
from flight_delay.promotion.evidence import Committed, Loaded, Outcome, Quality, Speed, Unknown
from flight_delay.promotion.gate import Promote
from flight_delay.promotion.gather import Asked, Champion, Sources, gather
from flight_delay.promotion.measures import Size
from flight_delay.repository.artefacts import Artefacts

BOUNDS = Promote(
    model="m",
    min_slice_flights=1,
    max_slice_worsening=0.02,
    calibration_bins=2,
    max_calibration_error=0.05,
    max_one_flight_milliseconds=100.0,
    min_flights_per_second=1000.0,
)
COMMIT = Committed("c" * 40, None)
IDS, PROBABILITY = ["a", "b", "c"], [0.1, 0.2, 0.3]
CONTENT = {"model.ubj": b"trees", "decision.json": b"{}"}
SPEED = Speed(1.0, 2.0)


class Commit:
    """The files of a commit, as far as they are asked for; the others are nowhere."""

    def __init__(self, months: dict[str, list[float]]) -> None:
        self.months, self.params = months, {"make_dataset": {"max_quarantined_share": 0.01}}
        md5 = {f"models/bundle/{name}": hashlib.md5(of).hexdigest() for name, of in CONTENT.items()}  # noqa: S324
        outs = [{"path": path, "md5": of} for path, of in {**md5, "reports/data": "d"}.items()]
        self.lock = {"train_model": {"outs": outs}}

    def files(self, path: str) -> list[str]:
        return [f"{path}/{month}.parquet" for month in self.months]

    def read_json(self, path: str) -> Any:
        findings = [
            {"check": "leakage_suspect", "columns": ["x", "y"], "severity": "error"},
            {"check": "noise", "columns": ["z"], "severity": "warning"},
        ]
        features = [{"kind": "quantitative"}, {"kind": "indicator"}, {"kind": "categorical"}]
        return {
            "reports/check_data/findings.json": findings,
            "reports/quality.json": {"quarantined_share": 0.002},
            "models/bundle/manifest.json": {"features": features, "rounds": 3},
            "reports/train/importances.json": {"x": {"weight": 4.0}, "y": {"weight": 1.0}},
        }[path]

    def copy(self, path: str, target: Path) -> None:
        target.parent.mkdir(exist_ok=True)
        if path.startswith("reports"):
            flight_date = np.array(["2013-05-01"] * 3, "datetime64[D]")
            probability = np.array(self.months[target.stem], np.float32)
            recorded = Predictions(np.array(IDS, object), flight_date, np.array([True] * 3), probability)
            recorded.write(target.parent, target.stem)

    def read_bytes(self, path: str) -> bytes:
        raise UserError(f"{path} is nowhere")


def answers(folder: Path, said: dict[str, tuple[list[str], list[float]]], content: dict[str, bytes]) -> Asked:
    bundle = folder / "bundle"
    bundle.mkdir()
    for name, of in content.items():
        (bundle / name).write_bytes(of)
    for month, (ids, probability) in said.items():
        table = pa.table({"flight_id": pa.array(ids, pa.string()), "probability": pa.array(probability, pa.float32())})
        pq.write_table(table, folder / f"{month}.parquet")
    return Asked(bundle, folder, SPEED)


@pytest.fixture
def commit(monkeypatch: pytest.MonkeyPatch) -> Commit:
    found = Commit({"2013-04": PROBABILITY, "2013-05": PROBABILITY})
    monkeypatch.setattr(Artefacts, "of", staticmethod(lambda _: found))
    return found


def test_without_a_commit_nothing_is_known() -> None:
    nobody = SimpleNamespace()
    of = gather(None, None, BOUNDS, nobody)  # type: ignore[arg-type]
    found = [of.committed, of.verified, of.quality, of.rival, of.calibration_error, of.loaded, of.speed]
    assert all(isinstance(each, Unknown) for each in found)
    assert isinstance(of.committed, Unknown)
    assert "dvc.lock" in of.committed.because


def test_what_cannot_be_found_out_is_said_and_stops_nothing_else(commit: Commit) -> None:
    def verify(revision: str) -> Outcome:
        return Outcome(True, revision)

    def ask(flights: Path, folder: Path) -> Asked:
        return answers(folder, dict.fromkeys(commit.months, (IDS, PROBABILITY)), CONTENT)

    of = gather(COMMIT, Champion("champion 1", None), BOUNDS, Sources(verify, ask))
    assert of.committed == COMMIT
    assert of.verified == Outcome(True, "c" * 40)
    assert of.quality == Quality(["leakage_suspect of x, y"], 0.002, 0.01)
    assert isinstance(of.rival, Unknown)
    assert [name in of.rival.because for name in ("champion 1", "git fetch")] == [True, True]
    assert of.calibration_error == Unknown("dvc.lock is nowhere")
    assert (of.loaded, of.speed) == (Loaded([], 6, 0), SPEED)
    assert gather(COMMIT, None, BOUNDS, Sources(verify, ask)).rival is None

    def fails(*_: object) -> Any:
        raise UserError("it does not load")

    of = gather(COMMIT, None, BOUNDS, Sources(fails, fails))
    assert of.verified == of.loaded == of.speed == Unknown("it does not load")
    assert isinstance(of.quality, Quality)


@pytest.mark.parametrize(
    ("ids", "probability", "content", "expected"),
    [
        (["c", "b", "a"], [0.3, 0.2, 0.1], CONTENT, Loaded([], 6, 0)),  # in another order
        (IDS, [0.1, 0.2, np.nextafter(np.float32(0.3), np.float32(1))], CONTENT, Loaded([], 6, 1)),
        (["a", "x", "c"], PROBABILITY, CONTENT, Loaded([], 6, 1)),
        ([], [], CONTENT, Loaded([], 6, 3)),
        (IDS, PROBABILITY, {**CONTENT, "decision.json": b"{ }"}, Loaded(["decision.json"], 6, 0)),
        (IDS, PROBABILITY, {"model.ubj": b"trees", "x": b""}, Loaded(["decision.json", "x"], 6, 0)),
    ],
)
def test_answers_and_files_are_compared_with_those_of_the_commit(commit, ids, probability, content, expected) -> None:
    def ask(_: Path, folder: Path) -> Asked:
        return answers(folder, {"2013-04": (IDS, PROBABILITY), "2013-05": (ids, probability)}, content)

    assert gather(COMMIT, None, BOUNDS, Sources(lambda of: Outcome(True, of), ask)).loaded == expected


def test_a_size_is_that_of_features_that_are_given_and_of_all_trees(commit: Commit) -> None:
    assert gathering._size(commit) == Size(2, 13)  # type: ignore[arg-type]
