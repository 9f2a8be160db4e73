"""Collect the evidence for the gate.

Sources are the commits of candidate and champion, and the model in MLflow. Unavailable evidence is replaced by its
error."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import pandas as pd
import pyarrow as pa

from flight_delay.core.errors import UserError
from flight_delay.core.files import read_table
from flight_delay.core.months import Splits, list_months, month_path
from flight_delay.core.runner import log
from flight_delay.features.columns import Column, Columns, columns_from_table
from flight_delay.features.segments import SLICE_FEATURES, slice_labels
from flight_delay.model.examples import read_split
from flight_delay.model.predictions import PREDICTIONS, Predictions
from flight_delay.promotion.bounds import Promote
from flight_delay.promotion.candidate_metrics import ModelSize, expected_calibration_error, model_size, slice_losses
from flight_delay.promotion.evidence import ChampionComparison, DataQuality, Evidence, ModelReplay
from flight_delay.review.clean_clone import clean_environment
from flight_delay.review.comparison.comparison import compare_pipelines
from flight_delay.review.comparison.rows import join_rows
from flight_delay.review.comparison.snapshot import PipelineSnapshot, read_snapshot
from flight_delay.review.verification import verify
from flight_delay.tracking.lookup import find_run, require_commit
from flight_delay.tracking.registry import loaded_model
from flight_delay.vcs.commit_files import CommitFiles
from flight_delay.vcs.history import PipelineCommit
from flight_delay.vcs.lock import md5, output_hashes

BUNDLE, PROCESSED, RECORDED = "models/bundle", "data/processed", "reports/evaluate/predictions"
ROW_ID = PREDICTIONS.names[0]
SCORES = pa.schema([PREDICTIONS.field(ROW_ID), PREDICTIONS.field("probability")])

T = TypeVar("T")


def collect_evidence(committed: PipelineCommit, model_id: str, champion: int | None, bounds: Promote) -> Evidence:
    """Collect evidence, the cheapest first.

    Args:
        committed: the commit that holds the candidate's pipeline.
        model_id: of the candidate's logged model.
        champion: version of the registered model that is champion; None if there is none.
        bounds: of the gate.
    """
    artefacts = CommitFiles.at(committed.commit)
    log.info("reading commit %s", committed.commit[:10])
    snapshot = _or_error(lambda: read_snapshot(artefacts, committed.commit[:10]))
    quality = _or_error(lambda: read_quality(artefacts))
    error: float | UserError
    comparison: ChampionComparison | UserError | None = None
    if isinstance(snapshot, UserError):
        error, comparison = snapshot, snapshot if champion else None
    else:
        test = snapshot.test
        error = expected_calibration_error(test.target, test.probability, bounds.calibration_bins)
        if champion:
            log.info("comparing with champion %s", champion)
            comparison = _or_error(lambda: _compare_with_champion(champion, artefacts, snapshot, bounds))
    log.info("predicting with the model in MLflow")
    replay = _or_error(lambda: _replay(artefacts, model_id))
    verification = _or_error(lambda: verify.verify(committed.commit))
    return Evidence(committed, verification, quality, comparison, error, replay)


def read_quality(artefacts: CommitFiles) -> DataQuality:
    """Read the data quality of a commit."""
    findings = artefacts.read_json("reports/check_data/findings.json")
    return DataQuality(
        [f"{row['check']} of {', '.join(row['columns'])}" for row in findings if row["severity"] == "error"],
        artefacts.read_json("reports/quality.json")["quarantined_share"],
        artefacts.params["make_dataset"]["max_quarantined_share"],
    )


def _compare_with_champion(
    version: int, artefacts: CommitFiles, snapshot: PipelineSnapshot, bounds: Promote
) -> ChampionComparison:
    label = f"champion {version}"
    committed = require_commit(find_run(f"models:/{bounds.model}/{version}"), label)
    champion_artefacts = CommitFiles.at(committed.commit)
    champion = read_snapshot(champion_artefacts, label)
    comparison = compare_pipelines(champion, snapshot)
    common = join_rows(champion.test, snapshot.test)
    return ChampionComparison(
        champion=label,
        backtest=comparison.backtest,
        test=comparison.test,
        size=read_size(artefacts),
        champion_size=read_size(champion_artefacts),
        slices=slice_losses(
            _slice_labels(artefacts, common.b.require_ids()), common.a, common.b, bounds.min_slice_rows
        ),
    )


def read_size(artefacts: CommitFiles) -> ModelSize:
    """Read the size of the model of a commit."""
    manifest = artefacts.read_json(f"{BUNDLE}/manifest.json")
    features = sum(feature["kind"] != "indicator" for feature in manifest["features"])
    return model_size(features, manifest["rounds"], artefacts.read_json("reports/train/importances.json"))


def compare_replay(
    artefacts: CommitFiles, bundle: Path, scores: Path, recorded: Path, speed: loaded_model.Speed
) -> ModelReplay:
    """Compare the model in MLflow and its predictions with those of a commit.

    Args:
        artefacts: of the commit.
        bundle: folder of the model in MLflow.
        scores: folder of its predictions, a file per month.
        recorded: folder of the commit's predictions, a file per month.
        speed: of the model.
    """
    hashes = output_hashes(artefacts.lock)
    expected = {path: hashes[path] for path in hashes if path.startswith(f"{BUNDLE}/")}
    logged = {f"{BUNDLE}/{path.name}": md5(path.read_bytes()) for path in bundle.iterdir()}
    other_files = sorted(Path(path).name for path in {*expected, *logged} if expected.get(path) != logged.get(path))
    predictions = different = 0
    for month in list_months(recorded):
        before, after = (
            Predictions.read(recorded, month),
            columns_from_table(read_table(month_path(scores, month), SCORES)),
        )
        repeated = pd.Series(after["probability"], index=after[ROW_ID]).reindex(before.row_id)
        predictions += len(before)
        different += int((repeated.to_numpy() != before.probability).sum())  # a missing one is NaN
    return ModelReplay(other_files, predictions, different, speed)


def _replay(artefacts: CommitFiles, model_id: str) -> ModelReplay:
    with TemporaryDirectory() as temporary:
        data, recorded, scores = (Path(temporary) / name for name in ("data", "recorded", "scores"))
        scores.mkdir()
        for month in _copy_months(artefacts, RECORDED, recorded):
            artefacts.copy(f"{PROCESSED}/{month}.parquet", data / f"{month}.parquet")
        model = loaded_model.download_model(f"models:/{model_id}", Path(temporary) / "model")
        speed = loaded_model.score(model, data, scores, clean_environment(Path(temporary)))
        return compare_replay(artefacts, model / loaded_model.BUNDLE, scores, recorded, speed)


def _slice_labels(artefacts: CommitFiles, row_ids: Column) -> Columns:
    """Read the slices of test rows, by division, in the order of the ids."""
    split = Splits.model_validate(artefacts.params["splits"]).test
    with TemporaryDirectory() as folder:
        months = _copy_months(artefacts, PROCESSED, Path(folder), split.first, split.last)
        examples = read_split(Path(folder), SLICE_FEATURES, months)
    position = pd.Index(examples.row_id).get_indexer(pd.Index(row_ids))
    return {name: column[position] for name, column in slice_labels(examples.features, examples.date).items()}


def _copy_months(
    artefacts: CommitFiles, source: str, target: Path, first: str = "", last: str = "9999-12"
) -> list[str]:
    """Copy monthly files of a folder, and return their months."""
    months = [month for path in artefacts.files(source) if first <= (month := Path(path).stem) <= last]
    for month in months:
        artefacts.copy(f"{source}/{month}.parquet", target / f"{month}.parquet")
    return months


def _or_error(collect: Callable[[], T]) -> T | UserError:
    try:
        return collect()
    except UserError as error:
        return error
