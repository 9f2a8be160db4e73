"""Collection of the evidence that the gate judges: from the commits of candidate and champion, and from the model in MLflow.
Evidence that is not available is replaced by the error, and the rest is collected all the same."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import pandas as pd
import pyarrow as pa

from flight_delay.core.errors import UserError
from flight_delay.core.files import read_table
from flight_delay.core.months import Windows, month_path, months_in
from flight_delay.core.runner import log
from flight_delay.evaluation.slices import SLICED_BY, labels_of
from flight_delay.features.columns import Column, Columns, from_table
from flight_delay.model.examples import read_window
from flight_delay.model.predictions import Predictions
from flight_delay.promotion.bounds import Promote
from flight_delay.promotion.candidate_metrics import ModelSize, expected_calibration_error, model_size, slice_losses
from flight_delay.promotion.evidence import ChampionComparison, DataQuality, Evidence, ModelReplay
from flight_delay.review.comparison.comparison import compared
from flight_delay.review.comparison.flights import join_rows
from flight_delay.review.comparison.snapshot import Side
from flight_delay.review.diff.files import Tolerance
from flight_delay.review.verification import verify
from flight_delay.tracking.lookup import find_run
from flight_delay.tracking.registry import loaded_model
from flight_delay.vcs.artefacts import Artefacts
from flight_delay.vcs.history import Found, commit_of
from flight_delay.vcs.lock import outputs

BUNDLE, PROCESSED, RECORDED = "models/bundle", "data/processed", "reports/evaluate/predictions"
SCORES = pa.schema([pa.field("flight_id", pa.string()), pa.field("probability", pa.float32())])

T = TypeVar("T")


def collect_evidence(found: Found, model_id: str, champion: int | None, bounds: Promote) -> Evidence:
    """Collect evidence, the cheapest first.

    Args:
        found: the commit that holds the candidate's pipeline.
        model_id: of the candidate's logged model.
        champion: version of the registered model that is champion; None if there is none.
        bounds: of the gate.
    """
    artefacts = Artefacts.of(found.commit)
    log.info("reading commit %s", found.commit[:10])
    side = _or_error(lambda: Side.of(artefacts, found.commit[:10], found.commit))
    quality = _or_error(lambda: read_quality(artefacts))
    error: float | UserError
    comparison: ChampionComparison | UserError | None = None
    if isinstance(side, UserError):
        error, comparison = side, side if champion else None
    else:
        error = expected_calibration_error(side.test.late, side.test.probability, bounds.calibration_bins)
        if champion:
            log.info("comparing with champion %s", champion)
            comparison = _or_error(lambda: _compare_with_champion(champion, artefacts, side, bounds))
    log.info("scoring with the model in MLflow")
    replay = _or_error(lambda: _replay(artefacts, model_id))
    verification = _or_error(lambda: verify.verify(found.commit, Tolerance()))
    return Evidence(found, verification, quality, comparison, error, replay)


def read_quality(artefacts: Artefacts) -> DataQuality:
    """Read the data quality of a commit."""
    findings = artefacts.read_json("reports/check_data/findings.json")
    return DataQuality(
        [f"{row['check']} of {', '.join(row['columns'])}" for row in findings if row["severity"] == "error"],
        artefacts.read_json("reports/quality.json")["quarantined_share"],
        artefacts.params["make_dataset"]["max_quarantined_share"],
    )


def _compare_with_champion(version: int, artefacts: Artefacts, side: Side, bounds: Promote) -> ChampionComparison:
    label = f"champion {version}"
    published = find_run(f"models:/{bounds.model}/{version}")
    found = commit_of(published.digest, published.model_md5)
    if found is None:
        raise UserError(f"the commit of {label} is not here; `git fetch` brings what was pushed")
    champion_artefacts = Artefacts.of(found.commit)
    champion_side = Side.of(champion_artefacts, label, found.commit)
    comparison = compared(champion_side, side)
    common = join_rows(champion_side.test, side.test)
    return ChampionComparison(
        champion=label,
        backtest=comparison.backtest,
        test=comparison.test,
        size=read_size(artefacts),
        champion_size=read_size(champion_artefacts),
        slices=slice_losses(_slice_labels(artefacts, common.b.flight_id), common.a, common.b, bounds.min_slice_flights),
    )


def read_size(artefacts: Artefacts) -> ModelSize:
    """Read the size of the model of a commit."""
    manifest = artefacts.read_json(f"{BUNDLE}/manifest.json")
    features = sum(feature["kind"] != "indicator" for feature in manifest["features"])
    return model_size(features, manifest["rounds"], artefacts.read_json("reports/train/importances.json"))


def compare_replay(
    artefacts: Artefacts, bundle: Path, scores: Path, recorded: Path, speed: loaded_model.Speed
) -> ModelReplay:
    """Compare the model in MLflow and its predictions with those of a commit.

    Args:
        artefacts: of the commit.
        bundle: folder of the model in MLflow.
        scores: folder of its predictions, a file per month.
        recorded: folder of the commit's predictions, a file per month.
        speed: of the model.
    """
    expected = {path: md5 for path, md5 in outputs(artefacts.lock).items() if path.startswith(f"{BUNDLE}/")}
    logged = {f"{BUNDLE}/{path.name}": _md5(path) for path in bundle.iterdir()}
    other_files = sorted(Path(path).name for path in {*expected, *logged} if expected.get(path) != logged.get(path))
    predictions = different = 0
    for month in months_in(recorded):
        before, now = Predictions.read(recorded, month), from_table(read_table(month_path(scores, month), SCORES))
        again = pd.Series(now["probability"], index=now["flight_id"]).reindex(before.flight_id)
        predictions += len(before)
        different += int((again.to_numpy() != before.probability).sum())  # a missing one is NaN
    return ModelReplay(other_files, predictions, different, speed)


def _replay(artefacts: Artefacts, model_id: str) -> ModelReplay:
    with TemporaryDirectory() as temporary:
        flights, recorded, scores = (Path(temporary) / name for name in ("flights", "recorded", "scores"))
        scores.mkdir()
        for month in _months(artefacts, RECORDED):
            artefacts.copy(f"{PROCESSED}/{month}.parquet", flights / f"{month}.parquet")
            artefacts.copy(f"{RECORDED}/{month}.parquet", recorded / f"{month}.parquet")
        model = loaded_model.download(model_id, Path(temporary) / "model")
        speed = loaded_model.score(model, flights, scores)
        return compare_replay(artefacts, model / loaded_model.BUNDLE, scores, recorded, speed)


def _slice_labels(artefacts: Artefacts, flight_id: Column) -> Columns:
    """The slices that test flights are in, by division, in the order of the flights."""
    window = Windows.model_validate(artefacts.params["windows"]).test
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        months = [month for month in _months(artefacts, PROCESSED) if window.first <= month <= window.through]
        for month in months:
            artefacts.copy(f"{PROCESSED}/{month}.parquet", folder / f"{month}.parquet")
        examples = read_window(folder, SLICED_BY, months)
    position = pd.Index(examples.flight_id).get_indexer(pd.Index(flight_id))
    return {name: column[position] for name, column in labels_of(examples).items()}


def _or_error(collect: Callable[[], T]) -> T | UserError:
    try:
        return collect()
    except UserError as error:
        return error


def _months(artefacts: Artefacts, folder: str) -> list[str]:
    return [Path(path).stem for path in artefacts.files(folder)]


def _md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
