"""Retrain in the course of a season, and judge the challenger.

It is judged by the flights that both models answered."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import sqlalchemy as sa

from flight_delay.core import months, paths
from flight_delay.core.params import load_params
from flight_delay.evaluation.costs import Payoffs
from flight_delay.features.columns import Column, Columns
from flight_delay.features.segments import SLICE_FEATURES, slice_labels
from flight_delay.model.booster import BoosterParameters, booster_importances, train_booster
from flight_delay.model.bundle import Bundle, load_bundle, save_bundle
from flight_delay.model.decision_rule import DECISION_FILE
from flight_delay.model.encode import fit_encoding
from flight_delay.model.examples import read_month, read_split
from flight_delay.model.predictions import Predictions
from flight_delay.model.selection import read_selection
from flight_delay.model.training_data import load_training_data
from flight_delay.promotion.bounds import Promote
from flight_delay.promotion.candidate_metrics import ModelSize, expected_calibration_error, model_size, slice_losses
from flight_delay.promotion.evidence import ChampionComparison
from flight_delay.promotion.gate import Check, check_backtest, check_calibration, check_slices
from flight_delay.review.comparison.rows import CommonRows, compare_period
from flight_delay.serving.model_package import ModelFiles
from flight_delay.serving.tables import PREDICTIONS


class Judgement(NamedTuple):
    """Checks of the gate on the flights that champion and challenger answered."""

    flights: int
    checks: tuple[Check, ...]


def train_challenger(folder: Path, champion: ModelFiles, month: str) -> ModelFiles:
    """Train a model with all months until one, which is its validation split.

    Features, parameters and decision are those of the champion.

    Args:
        folder: of the simulation.
        champion: the model that answers.
        month: the last month whose outcomes are known.
    """
    manifest = load_bundle(champion.bundle).manifest
    known = [name for name in months.list_months(paths.PROCESSED) if manifest.train_split.first <= name <= month]
    p, features = load_params("train_model", BoosterParameters), read_selection(paths.SELECTION).features
    read = partial(read_month, paths.PROCESSED, features)
    encoding = fit_encoding(features, (read(name) for name in known[:-1]))
    trained = train_booster(p, load_training_data(encoding, read, known[:-1], known[-1:], p.max_bin))
    target = np.concatenate([read(name).target for name in known[:-1]])
    version = f"retrained-{month}"
    bundle = folder / "models" / version
    save_bundle(
        bundle,
        trained.booster,
        features=encoding,
        feature_parameters=manifest.feature_parameters,
        train_split=months.MonthRange(first=known[0], last=known[-2]),
        trained_rows=len(target),
        trained_base_rate=float(target.mean()),
        validation_split=months.MonthRange(first=month, last=month),
    )
    shutil.copy(champion.bundle / DECISION_FILE, bundle / DECISION_FILE)
    return ModelFiles(bundle, champion.reference, version)


def judge_challenger(
    engine: sa.Engine, champion: ModelFiles, challenger: ModelFiles, late: dict[str, bool | None], payoffs: Payoffs
) -> Judgement | None:
    """Apply those checks of the gate that need no commit to a season.

    Args:
        engine: of the predictions database.
        champion: the model that answered.
        challenger: its shadow.
        late: outcome by flight; None if it did not arrive.
        payoffs: per flight.

    Returns:
        None if no such flight has an outcome.
    """
    bounds, bundles = load_params("promote", Promote), [load_bundle(model.bundle) for model in (champion, challenger)]
    pair = _read_answers(engine, late)
    if not len(pair[0]):
        return None
    before, after = pair
    thresholds = (bundles[0].decision.threshold, bundles[1].decision.threshold)
    period = compare_period(CommonRows(before, after, 0, 0), thresholds, payoffs)
    comparison = ChampionComparison(
        champion.version, period, period, _size(bundles[1]), _size(bundles[0]),
        slice_losses(_labels(after.require_ids()), before, after, bounds.min_slice_rows),
    )  # fmt: skip
    error = expected_calibration_error(after.target, after.probability, bounds.calibration_bins)
    results = {
        "better": check_backtest(comparison, bounds),
        "slices": check_slices(comparison, bounds),
        "calibration": check_calibration(error, bounds),
    }
    return Judgement(len(after), tuple(Check(name, *result) for name, result in results.items()))


def _read_answers(engine: sa.Engine, late: dict[str, bool | None]) -> Sequence[Predictions]:
    """Return the last answers of champion and shadow to each flight that arrived."""
    columns = (PREDICTIONS.c.flight_id, PREDICTIONS.c.flight_date)
    probabilities = PREDICTIONS.c.probability, PREDICTIONS.c.shadow_probability
    query = sa.select(*columns, *probabilities).where(PREDICTIONS.c.shadow_probability.is_not(None))
    with engine.connect() as connection:
        rows = connection.execute(query.order_by(PREDICTIONS.c.request_id)).all()
    last = {row[0]: row for row in rows if late.get(row[0]) is not None}
    flight_id = np.array(list(last), object)
    date = np.array([row[1] for row in last.values()], "datetime64[D]")
    target = np.array([late[name] for name in last], bool)
    return [
        Predictions(flight_id, date, target, np.array([row[at] for row in last.values()], np.float32)) for at in (2, 3)
    ]


def _size(bundle: Bundle) -> ModelSize:
    importances = booster_importances(bundle.booster, bundle.manifest.features)
    return model_size(len(bundle.manifest.inputs), bundle.manifest.rounds, importances)


def _labels(flight_ids: Column) -> Columns:
    """Return the slices of flights, by division, in their order."""
    names = sorted({str(name)[:7] for name in flight_ids})
    examples = read_split(paths.PROCESSED, SLICE_FEATURES, names)
    position = pd.Index(examples.row_id).get_indexer(pd.Index(flight_ids))
    return {name: column[position] for name, column in slice_labels(examples.features, examples.date).items()}
