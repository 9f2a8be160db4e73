"""review.comparison.snapshot: a snapshot from the files of a commit, and files that are missing or invalid."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml
from snapshots import PAYOFFS, predictions

from flight_delay.core.errors import UserError
from flight_delay.core.files import read_bytes, write_table
from flight_delay.model.calibration import Calibration, calibrate
from flight_delay.model.decision_rule import save_decision
from flight_delay.model.fit_calibration import fit_calibration
from flight_delay.model.predictions import Predictions
from flight_delay.review.comparison.snapshot import RawFile, calibrate_out_of_sample, read_snapshot

PARAMS: dict[str, Any] = {
    "splits": {"test": {"first": "2013-11", "last": "2013-12"}},
    "train_model": {"max_depth": 4, "monotone_constraints": True},
    "build_features": {"history_days": [3, 7], "weather": "none"},
    "choose_threshold": {"payoffs": dict(PAYOFFS)},
    "interpret": {"seed": 1},
}
MANIFEST = {"source": "bts", "inputs": {"a.zip": "1"}, "files": {"rows/2013-11.parquet": {"rows": 4, "sha256": "s"}}}


class FolderArtefacts:
    """The files of a folder as those of a commit."""

    commit = "c" * 40

    def __init__(self, root: Path) -> None:
        self.root = root

    def files(self, path: str) -> list[str]:
        return sorted(file.relative_to(self.root).as_posix() for file in (self.root / path).glob("*"))

    def read_bytes(self, path: str) -> bytes:
        return read_bytes(self.root / path)


def entry(deps: list[str], outs: list[str], *sections: str) -> dict[str, Any]:
    lists = {"deps": deps, "outs": outs}
    return {
        **{key: [{"path": path, "md5": f"md5 of {path}"} for path in paths] for key, paths in lists.items()},
        "params": {"params.yaml": {name: PARAMS[name] for name in sections}},
    }


LOCK = {
    "train_model": entry(["src/model", "data/processed"], ["models/bundle/model.ubj"], "train_model"),
    "evaluate": entry(["src/model", "models/bundle/model.ubj"], ["reports/evaluate"], "choose_threshold"),
    "build_features": entry(["src/features"], ["data/processed"], "build_features"),
    "interpret": entry(["src/explain"], ["reports/interpret"], "interpret"),
    "publish": entry(["src/tracking"], ["logs/receipt"], "interpret"),
}


def month_of(month: str, shift: float = 0) -> Predictions:
    ids = [f"{month}-0{day}-{number}" for day in (1, 2) for number in (7, 8)]
    return predictions([value + shift for value in (0.2, 0.3, 0.4, 0.6)], [False, True] * 2, ids)


@pytest.fixture
def artefacts(tmp_path: Path) -> Any:
    """Files as a pipeline would have written them."""
    for path, content in {
        "dvc.lock": yaml.safe_dump({"schema": "2.0", "stages": LOCK}),
        "params.yaml": yaml.safe_dump(PARAMS, sort_keys=False),
        "data/raw/manifest.json": json.dumps(MANIFEST),
        "data/selected_features.json": json.dumps(
            {"features": [{"name": "carrier"}, {"name": "origin"}], "dropped": []}
        ),
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(content)
    save_decision(tmp_path / "models/bundle", Calibration(method="sigmoid", slope=1.0, intercept=0.5), 0.26)
    for month in ("2013-09", "2013-10"):
        month_of(month).write(tmp_path / "reports/backtest/predictions", month)
    for month in ("2013-10", "2013-11", "2013-12"):
        month_of(month, 0.1).write(tmp_path / "reports/evaluate/predictions", month)
    return FolderArtefacts(tmp_path)


def test_a_snapshot_has_the_content_of_the_files(artefacts: Any) -> None:
    snapshot = read_snapshot(artefacts, "mine")
    assert (snapshot.label, snapshot.commit, snapshot.threshold, snapshot.stale) == ("mine", "c" * 40, 0.26, ())
    assert snapshot.payoffs == PAYOFFS
    assert snapshot.parameters["train_model.monotone_constraints"] == "true"
    assert snapshot.parameters["build_features.history_days"] == "[3, 7]"
    assert snapshot.parameters["build_features.weather"] == '"none"'
    assert len(snapshot.parameters) == 11
    assert (snapshot.features, snapshot.origin) == (("carrier", "origin"), {"source": "bts"})
    assert snapshot.raw_files == {"rows/2013-11.parquet": RawFile(4, "s")}
    outputs = ("models/bundle/model.ubj", "reports/evaluate", "data/processed", "reports/interpret")
    assert snapshot.outputs == {path: f"md5 of {path}" for path in outputs}
    assert snapshot.inputs == {path: f"md5 of {path}" for path in ("src/model", "src/features", "src/explain")}
    expected = Predictions.concat([month_of("2013-11", 0.1), month_of("2013-12", 0.1)])  # the test months
    assert [list(column) for column in vars(snapshot.test).values()] == [
        list(column) for column in vars(expected).values()
    ]


def test_sections_that_a_compared_stage_read_with_other_values_are_stale(artefacts: Any) -> None:
    changed = {**PARAMS, "interpret": {"seed": 2}, "train_model": {"max_depth": 6}, "build_features": {}}
    (artefacts.root / "params.yaml").write_text(yaml.safe_dump(changed))
    assert read_snapshot(artefacts, "mine").stale == ("build_features", "train_model")


def test_each_month_of_a_backtest_is_calibrated_on_earlier_months_only(artefacts: Any) -> None:
    first, second, third = month_of("2013-08"), month_of("2013-09", 0.1), month_of("2013-10", 0.3)
    calibrated = calibrate_out_of_sample("isotonic", [first, second, third]).probability
    expected = list(first.probability)
    for before, month in ((first, second), (Predictions.concat([first, second]), third)):
        calibration = fit_calibration("isotonic", before.probability, before.target)
        expected += list(calibrate(calibration, month.probability))
    assert calibrated.tolist() == expected
    assert calibrated[4:8].tolist() != second.probability.tolist()
    uncalibrated = calibrate_out_of_sample("none", [first, second]).probability
    assert uncalibrated.tolist() == [*first.probability, *second.probability]
    # The decision of the fixture has a sigmoid.
    backtest = read_snapshot(artefacts, "mine").backtest.probability
    assert backtest[:4].tolist() == month_of("2013-09").probability.tolist()
    assert backtest[4:].tolist() != month_of("2013-10").probability.tolist()


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("params.yaml", b"splits: {test: {first: 2013-11}}"),
        ("params.yaml", b"a: [b"),
        ("params.yaml", b"nothing"),
        ("models/bundle/decision.json", b'{"threshold": 0.2}'),
        ("data/raw/manifest.json", b'{"source": "bts"}'),
        ("data/raw/manifest.json", b"[]"),
        ("data/selected_features.json", b'{"features": ["carrier"]}'),
        ("data/selected_features.json", b"\xff"),
        ("reports/backtest/predictions/2013-10.parquet", b"PAR1"),
    ],
)
def test_an_invalid_file_is_named(artefacts: Any, path: str, content: bytes) -> None:
    (artefacts.root / path).write_bytes(content)
    with pytest.raises(UserError, match=rf"^{path} of mine: [^\n]+; [^\n]+$"):
        read_snapshot(artefacts, "mine")


@pytest.mark.parametrize("change", [{"late": ["yes"]}, {"probability": [0.5]}, {"flight_id": None}])
def test_predictions_with_other_columns_are_refused(artefacts: Any, change: dict[str, Any]) -> None:
    columns = {"flight_id": ["x"], "flight_date": [dt.date(2013, 11, 1)], "late": [True]}
    columns |= {"probability": pa.array([0.5], pa.float32()), **change}
    table = pa.table({name: values for name, values in columns.items() if values is not None})
    write_table(artefacts.root / "reports/evaluate/predictions/2013-11.parquet", table)
    with pytest.raises(UserError, match=r"2013-11.parquet of mine: "):
        read_snapshot(artefacts, "mine")


def test_a_flipped_byte_of_predictions_is_noticed(artefacts: Any) -> None:
    path = artefacts.root / "reports/evaluate/predictions/2013-11.parquet"
    content = bytearray(path.read_bytes())
    content[40] ^= 255
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"2013-11.parquet of mine: "):
        read_snapshot(artefacts, "mine")


def test_missing_files_are_named(artefacts: Any) -> None:
    for month in ("2013-11", "2013-12"):
        (artefacts.root / f"reports/evaluate/predictions/{month}.parquet").unlink()
    with pytest.raises(UserError, match=re.escape("reports/evaluate/predictions of mine: ")):
        read_snapshot(artefacts, "mine")
    (artefacts.root / "models/bundle/decision.json").unlink()
    with pytest.raises(UserError, match=r"models/bundle/decision.json: "):
        read_snapshot(artefacts, "mine")
