"""review.comparison.snapshot: a side read from files, without what it does not need, and files that do not fit."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import yaml

from flight_delay.core.errors import UserError
from flight_delay.core.files import write_table
from flight_delay.model.calibration import Calibration, calibrate
from flight_delay.model.decision_rule import save_decision
from flight_delay.model.fit_calibration import fit_calibration
from flight_delay.model.predictions import Predictions
from flight_delay.review.comparison.snapshot import FolderFiles, RawFile, Side, calibrate_out_of_sample

PAYOFFS = {"late_called_late": 1, "late_called_on_time": -5, "on_time_called_late": -1, "on_time_called_on_time": 1}
PARAMS: dict[str, Any] = {
    "windows": {"test": {"first": "2013-11", "through": "2013-12"}},
    "train_model": {"max_depth": 4, "monotone": True},
    "build_features": {"history_days": [3, 7], "weather": "none"},
    "decide": {"payoffs": PAYOFFS},
    "interpret": {"seed": 1},
}
MANIFEST = {"source": "bts", "inputs": {"a.zip": "1"}, "files": {"flights/2013-11.parquet": {"rows": 4, "sha256": "s"}}}


def lock() -> dict[str, Any]:
    """Of three stages that are compared, and of one that comes after them."""

    def entry(deps: list[str], outs: list[str], *sections: str) -> dict[str, Any]:
        listed = {"deps": deps, "outs": outs}
        return {
            **{key: [{"path": path, "md5": f"md5 of {path}"} for path in of] for key, of in listed.items()},
            "params": {"params.yaml": {name: PARAMS[name] for name in sections}},
        }

    return {
        "train_model": entry(["src/model", "data/processed"], ["models/bundle/model.ubj"], "train_model"),
        "evaluate": entry(["src/model", "models/bundle/model.ubj"], ["reports/evaluate"], "decide"),
        "build_features": entry(["src/features"], ["data/processed"], "build_features"),
        "interpret": entry(["src/explain"], ["reports/interpret"], "interpret"),
        "publish": entry(["src/tracking"], ["logs/receipt"], "interpret"),
    }


def predictions(month: str, shift: float = 0) -> Predictions:
    ids = [f"{month}-0{day}-UA-{number}-EWR-0515" for day in (1, 2) for number in (7, 8)]
    probability = np.array([0.2, 0.3, 0.4, 0.6], np.float32) + np.float32(shift)
    dates = np.array([of[:10] for of in ids], "datetime64[D]")
    return Predictions(np.array(ids, object), dates, np.array([False, True, False, True]), probability)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder in which a pipeline might have run."""
    for path, content in {
        "dvc.lock": yaml.safe_dump({"schema": "2.0", "stages": lock()}),
        "params.yaml": yaml.safe_dump(PARAMS, sort_keys=False),
        "data/raw/manifest.json": json.dumps(MANIFEST),
        "data/selection.json": json.dumps({"features": [{"name": "carrier"}, {"name": "origin"}], "dropped": []}),
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(content)
    save_decision(tmp_path / "models/bundle", Calibration(method="sigmoid", slope=1.0, intercept=0.5), 0.26)
    for month in ("2013-09", "2013-10"):
        predictions(month).write(tmp_path / "reports/backtest/predictions", month)
    for month in ("2013-10", "2013-11", "2013-12"):
        of = predictions(month, 0.1)
        of.write(tmp_path / "reports/evaluate/predictions", month)
        # The last flight of a month is not known there, and one more is.
        ids, places = [*of.flight_id[:3], f"{month}-09-UA-9-LGA-0600"], ["IAH", None, "MIA", "BOS"]
        table = pa.table({"tail_number": ["N1"] * 4, "flight_id": ids, "destination": pa.array(places, pa.string())})
        write_table(tmp_path / f"data/interim/flights/{month}.parquet", table)
    return tmp_path


def test_a_side_is_what_the_files_say(root: Path) -> None:
    side = Side.of(FolderFiles(root), "mine", "c" * 40)
    assert (side.label, side.commit, side.threshold) == ("mine", "c" * 40, 0.26)
    assert dict(side.payoffs) == PAYOFFS
    assert side.parameters["train_model.monotone"] == "true"
    assert side.parameters["build_features.history_days"] == "[3, 7]"
    assert side.parameters["build_features.weather"] == '"none"'
    assert side.parameters["windows.test.through"] == '"2013-12"'
    assert len(side.parameters) == 11
    assert side.features == ("carrier", "origin")
    assert side.origin == {"source": "bts"}
    assert side.raw_files == {"flights/2013-11.parquet": RawFile(4, "s")}


def test_what_is_made_and_what_is_given_come_from_the_lock(root: Path) -> None:
    side = Side.of(FolderFiles(root), "mine")
    assert side.commit is None
    assert set(side.outputs) == {"models/bundle/model.ubj", "reports/evaluate", "data/processed", "reports/interpret"}
    assert side.outputs["data/processed"] == "md5 of data/processed"
    assert side.inputs == {path: f"md5 of {path}" for path in ("src/model", "src/features", "src/explain")}


def test_only_test_months_are_taken_of_the_predictions(root: Path) -> None:
    side = Side.of(FolderFiles(root), "mine")
    expected = Predictions.concat([predictions("2013-11", 0.1), predictions("2013-12", 0.1)])
    assert side.test.flight_id.tolist() == expected.flight_id.tolist()
    assert side.test.probability.tolist() == expected.probability.tolist()
    assert side.test.late.tolist() == expected.late.tolist()
    assert side.test.flight_date.tolist() == expected.flight_date.tolist()
    assert side.destination.tolist() == ["IAH", None, "MIA", None] * 2
    assert sorted({of[:7] for of in side.backtest.flight_id}) == ["2013-09", "2013-10"]


def test_parameters_that_were_changed_after_the_run_are_named_unless_nothing_compared_reads_them(root: Path) -> None:
    assert Side.of(FolderFiles(root), "mine").stale == ()
    changed = {**PARAMS, "interpret": {"seed": 2}, "train_model": {"max_depth": 6}, "build_features": {}}
    (root / "params.yaml").write_text(yaml.safe_dump(changed))
    assert Side.of(FolderFiles(root), "mine").stale == ("build_features", "train_model")


def test_no_month_of_a_backtest_is_calibrated_by_itself_or_by_what_came_later(root: Path) -> None:
    first, second, third = predictions("2013-08"), predictions("2013-09", 0.1), predictions("2013-10", 0.3)
    honest = calibrate_out_of_sample("isotonic", [first, second, third]).probability
    assert honest[:4].tolist() == first.probability.tolist()
    by_first = fit_calibration("isotonic", first.probability, first.late)
    assert honest[4:8].tolist() == calibrate(by_first, second.probability).tolist()
    both = Predictions.concat([first, second])
    by_both = fit_calibration("isotonic", both.probability, both.late)
    assert honest[8:].tolist() == calibrate(by_both, third.probability).tolist()
    assert honest[4:8].tolist() != second.probability.tolist()
    raw = calibrate_out_of_sample("none", [first, second]).probability
    assert raw.tolist() == [*first.probability, *second.probability]
    # The decision of the folder is a sigmoid.
    side = Side.of(FolderFiles(root), "mine")
    assert side.backtest.probability[:4].tolist() == predictions("2013-09").probability.tolist()
    assert side.backtest.probability[4:].tolist() != predictions("2013-10").probability.tolist()


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("params.yaml", b"windows: {test: {first: 2013-11}}"),
        ("params.yaml", b"a: [b"),
        ("params.yaml", b"nothing"),
        ("models/bundle/decision.json", b'{"threshold": 0.2}'),
        ("data/raw/manifest.json", b'{"source": "bts"}'),
        ("data/raw/manifest.json", b"[]"),
        ("data/selection.json", b'{"features": ["carrier"]}'),
        ("data/selection.json", b"\xff"),
        ("reports/backtest/predictions/2013-10.parquet", b"PAR1"),
    ],
)
def test_a_file_that_does_not_fit_is_named_in_one_line(root: Path, path: str, content: bytes) -> None:
    (root / path).write_bytes(content)
    with pytest.raises(UserError, match=rf"^{path} of mine: [^\n]+; [^\n]+$"):
        Side.of(FolderFiles(root), "mine")


@pytest.mark.parametrize("change", [{"late": ["yes"]}, {"probability": [0.5]}, {"flight_id": None}])
def test_predictions_with_other_columns_are_refused(root: Path, change: dict[str, Any]) -> None:
    path = root / "reports/evaluate/predictions/2013-11.parquet"
    columns = {
        "flight_id": ["x"],
        "flight_date": [dt.date(2013, 11, 1)],
        "late": [True],
        "probability": pa.array([0.5], pa.float32()),
    }
    write_table(path, pa.table({name: of for name, of in {**columns, **change}.items() if of is not None}))
    with pytest.raises(UserError, match=r"2013-11.parquet of mine: "):
        Side.of(FolderFiles(root), "mine")


def test_a_flipped_byte_is_found_out(root: Path) -> None:
    path = root / "reports/evaluate/predictions/2013-12.parquet"
    content = bytearray(path.read_bytes())
    content[40] ^= 255
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"2013-12.parquet of mine: "):
        Side.of(FolderFiles(root), "mine")


def test_what_is_missing_is_said_in_one_line(root: Path) -> None:
    for month in ("2013-11", "2013-12"):
        (root / f"reports/evaluate/predictions/{month}.parquet").unlink()
    with pytest.raises(UserError, match=r"^reports/evaluate/predictions of mine: [^\n]+$"):
        Side.of(FolderFiles(root), "mine")
    (root / "models/bundle/decision.json").unlink()
    with pytest.raises(UserError, match=r"models/bundle/decision.json: "):
        Side.of(FolderFiles(root), "mine")


def test_files_of_a_folder_are_listed_in_order_and_as_paths_below_it(root: Path) -> None:
    (root / "reports/backtest/predictions/more").mkdir()
    listed = FolderFiles(root).files("reports/backtest")
    assert listed == [f"reports/backtest/predictions/2013-{month}.parquet" for month in ("09", "10")]
    assert FolderFiles(root).files("nowhere") == []
