"""Golden flights: which ones they are, and what the model of a checkout says of them. As a script it writes them anew:

    python tests/model/golden/renew.py

from data/processed and models/bundle of the checkout that it is called in. When that is right, README.md says."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xgboost as xgb

from flight_delay.core import files, months, params
from flight_delay.core.errors import UserError
from flight_delay.core.runner import run_with_error_handling
from flight_delay.features.columns import Columns, columns_from_table
from flight_delay.model.booster import predict
from flight_delay.model.bundle import MANIFEST_FILE, MODEL_FILE, Manifest
from flight_delay.model.encode import Matrix, encode
from flight_delay.vcs.lock import LOCK_FILE, output_hashes, read_lock

GOLDEN = Path(__file__).resolve().parent
FLIGHTS = GOLDEN / "flights.csv"
RELEASED = GOLDEN / "model.md5"
PROCESSED = Path("data/processed")
BUNDLE = Path("models/bundle")

PER_DAY, PER_PAIR, PER_GAP = 3, 2, 20


def model_of(root: Path) -> tuple[xgb.Booster, Manifest]:
    """The model of a checkout and its manifest; no decision, as golden probabilities are those before calibration."""
    manifest = params.read_validated_json(root / BUNDLE / MANIFEST_FILE, Manifest, "a fitting manifest")
    return xgb.Booster(model_file=root / BUNDLE / MODEL_FILE), manifest


def flights_of(root: Path, of_months: Iterable[str]) -> Columns:
    """Columns of all flights of some processed months, cancelled and diverted ones among them."""
    tables = [columns_from_table(files.read_table(months.month_path(root / PROCESSED, month))) for month in of_months]
    return {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}


def matrix_of(flights: Columns, manifest: Manifest, flight_ids: Sequence[str]) -> Matrix:
    """What the model reads of some flights, of shape (flights, features), in the order asked for.

    Raises:
        KeyError: there is no such flight; the message names up to five.
    """
    place = {flight_id: row for row, flight_id in enumerate(flights["flight_id"])}
    unknown = [flight_id for flight_id in flight_ids if flight_id not in place]
    if unknown:
        raise KeyError(f"{len(unknown)} golden flights are not in {PROCESSED}, such as {', '.join(unknown[:5])}")
    rows = [place[flight_id] for flight_id in flight_ids]
    return encode({name: values[rows] for name, values in flights.items()}, manifest.features)


def choose(flights: pd.DataFrame) -> pd.DataFrame:
    """Choose golden flights, spread over days, airlines, origins and the range of probabilities.

    Of the test months three of every day, two of every airline and origin, and twenty without a history of their own
    number; of all months twenty for which no history at all is known. Each time at evenly spaced places in the order of
    probability (then of flight_id), from the least to the most likely flight.

    Args:
        flights: flight_id, flight_date, carrier, origin, probability, is_test, late_rate_flight_60d and
            late_rate_all_60d, a row per flight.

    Returns:
        flight_id, flight_date and probability of each, in order of date and flight_id.
    """
    ordered = flights.sort_values(["probability", "flight_id"], kind="stable")
    test = ordered[ordered["is_test"]]
    chosen = [
        *(_evenly(day, PER_DAY) for _, day in test.groupby("flight_date")),
        *(_evenly(pair, PER_PAIR) for _, pair in test.groupby(["carrier", "origin"])),
        # A group that nothing is known of is taken for an average one: its rate above that of all flights is exactly 0.
        _evenly(test[test["late_rate_flight_60d"] == 0], PER_GAP),
        _evenly(ordered[ordered["late_rate_all_60d"].isna()], PER_GAP),
    ]
    every = pd.concat(chosen).drop_duplicates("flight_id").sort_values(["flight_date", "flight_id"])
    return every[["flight_id", "flight_date", "probability"]].reset_index(drop=True)


def candidates(root: Path) -> pd.DataFrame:
    """The flights of a checkout that golden ones are chosen from, as `choose` needs them."""
    booster, manifest = model_of(root)
    test = months.require_months(
        root / PROCESSED, "splits.test", params.load_params("splits", months.Splits, root / params.PARAMS_FILE).test
    )
    flights = flights_of(root, dict.fromkeys([months.list_months(root / PROCESSED)[0], *test]))
    names = ["flight_id", "flight_date", "carrier", "origin"]
    lacking = ["late_rate_flight_60d", "late_rate_all_60d"]
    dates = flights["flight_date"].astype("datetime64[M]").astype(str)
    return pd.DataFrame({name: flights[name] for name in [*names, *lacking]}).assign(
        probability=predict(booster, encode(flights, manifest.features)).astype(float), is_test=np.isin(dates, test)
    )


def md5_of(root: Path) -> str:
    """MD5 of the model of a checkout, as dvc.lock has it of a release."""
    return hashlib.md5((root / BUNDLE / MODEL_FILE).read_bytes(), usedforsecurity=False).hexdigest()


def main() -> int:
    """Write flights.csv and model.md5.

    Raises:
        UserError: the model is not the one of dvc.lock, or a file is missing.
    """
    root = Path()
    path = BUNDLE / MODEL_FILE
    if not path.exists() or output_hashes(read_lock(LOCK_FILE)).get(str(path)) != md5_of(root):
        raise UserError(
            f"{path}: missing, or not the one of {LOCK_FILE}; `dvc repro` makes both, and a release commits them"
        )
    golden = choose(candidates(root))
    rows: list[list[Any]] = [
        [flight.flight_id, str(flight.flight_date)[:10], flight.probability] for flight in golden.itertuples()
    ]
    files.write_csv(FLIGHTS, list(golden), rows)
    files.write_text(RELEASED, f"{md5_of(root)}  {path}\n")
    return 0


def _evenly(ordered: pd.DataFrame, count: int) -> pd.DataFrame:
    return (
        ordered.iloc[np.unique(np.linspace(0, len(ordered) - 1, count).round().astype(int))]
        if len(ordered)
        else ordered
    )


if __name__ == "__main__":
    sys.exit(run_with_error_handling("renew", main))
