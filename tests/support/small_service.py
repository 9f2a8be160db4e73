"""A small checkout to serve from: two months of invented flights, a model trained on them, and its reference values.

Some flights depart in the evening, which is the next day in UTC, and some from Guam, whose clock is ahead of UTC."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import xgboost as xgb

from flight_delay.core.files import write_json, write_table
from flight_delay.core.months import MonthRange, month_path
from flight_delay.data.dictionary import load_dictionary
from flight_delay.explain.reference import fit_reference
from flight_delay.features.builder import FeatureBuilder
from flight_delay.features.columns import Columns, columns_from_table
from flight_delay.features.feature import DATE, ROW_ID
from flight_delay.features.parameters import FeatureParameters
from flight_delay.model.bundle import load_bundle, save_bundle
from flight_delay.model.calibration import Calibration
from flight_delay.model.decision_rule import save_decision
from flight_delay.model.encode import encode, fit_encoding
from flight_delay.model.examples import Examples
from flight_delay.model.training_data import describe_columns
from flight_delay.serving.feeds import API_LAYOUT, parse_source_rows, to_source_columns
from flight_delay.serving.inputs import Inputs
from flight_delay.serving.model_package import ModelFiles
from flight_delay.serving.served_model import NO_OBSERVATIONS

REPOSITORY = Path(__file__).resolve().parents[2]
PARAMETERS = FeatureParameters(
    late_threshold_minutes=15, horizon_hours=24, history_days=[1, 3], smoothing_flights=2.0, weather="none"
)
MAX_DAYS_BEHIND = 2
ZONES = {
    "EWR": "America/New_York", "LAX": "America/Los_Angeles", "HNL": "Pacific/Honolulu", "GUM": "Pacific/Guam",
}  # fmt: skip
FIRST, LAST = dt.date(2013, 2, 20), dt.date(2013, 3, 12)
DAY = dt.timedelta(days=1)
# Carrier, number, origin, destination, local departure and arrival, miles.
SCHEDULE = (
    ("UA", 1, "EWR", "LAX", 600, 910, 2454), ("AA", 2, "EWR", "LAX", 625, 930, 2454),
    ("UA", 3, "LAX", "EWR", 1100, 1920, 2454), ("AA", 4, "LAX", "EWR", 2200, 615, 2454),
    ("UA", 5, "EWR", "HNL", 2030, 200, 4962), ("UA", 6, "HNL", "EWR", 1500, 530, 4962),
    ("UA", 7, "GUM", "HNL", 700, 1830, 3801), ("UA", 8, "GUM", "HNL", 1130, 2300, 3801),
    ("AA", 9, "LAX", "HNL", 1115, 1440, 2556), ("AA", 10, "HNL", "LAX", 2355, 720, 2556),
)  # fmt: skip
NAMES = (
    "carrier", "flight_number", "origin", "destination", "scheduled_departure", "scheduled_arrival", "distance_miles",
)  # fmt: skip

Row = dict[str, Any]


def scheduled(*dates: dt.date) -> list[Row]:
    """Schedules of some dates, with the fields of the API."""
    return [
        {"flight_date": str(date), **dict(zip(NAMES, flight, strict=True))} for date in dates for flight in SCHEDULE
    ]


def with_outcomes(rows: Iterable[Row], seed: int = 0) -> list[Row]:
    """The same flights with invented outcomes: some late, a few cancelled or diverted."""
    random = np.random.default_rng(seed)
    flown = []
    for row in rows:
        kind = random.random()
        did_not_arrive = {"arrival_delay_minutes": None, "cancelled": int(kind < 0.03), "diverted": int(kind >= 0.03)}
        arrived = {"arrival_delay_minutes": int(random.integers(-20, 90)), "cancelled": 0, "diverted": 0}
        flown.append(row | (did_not_arrive if kind < 0.05 else arrived))
    return flown


def all_dates(first: dt.date = FIRST, last: dt.date = LAST) -> list[dt.date]:
    """The dates of the flights."""
    return [first + number * DAY for number in range((last - first).days + 1)]


def write_canonical(root: Path, flights: pa.Table) -> None:
    """Write flights as the pipeline does, a file per month."""
    folder = root / "data/interim/flights"
    shutil.rmtree(folder, ignore_errors=True)
    months = np.array([f"{date:%Y-%m}" for date in flights[DATE].to_pylist()])
    for month in sorted(set(months)):
        write_table(month_path(folder, month), flights.filter(pa.array(months == month)))


def parse(rows: Iterable[Row]) -> pa.Table:
    """Convert rows with the columns of the API to canonical flights."""
    dictionary = load_dictionary(REPOSITORY / "references/data_dictionary.yaml")
    parsed = parse_source_rows(to_source_columns(pd.DataFrame(list(rows))), API_LAYOUT, dictionary, ZONES)
    assert parsed.problems == []
    return parsed.flights


def make_checkout(root: Path) -> None:
    """Write flights, a model that uses all features, its reference values and what commands read besides."""
    for name in ("references/data_dictionary.yaml", "references/reason_codes.yaml", "requirements.txt", "params.yaml"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        text = (REPOSITORY / name).read_text()
        (root / name).write_text(text.replace("max_days_behind: 7", f"max_days_behind: {MAX_DAYS_BEHIND}"))
    airports = pa.table({"faa": list(ZONES), "tzone": list(ZONES.values())})
    write_table(root / "data/raw/tables/airports.parquet", airports)
    flights = parse(with_outcomes(scheduled(*all_dates())))
    write_canonical(root, flights)
    _train(root, columns_from_table(flights))


def _train(root: Path, flights: Columns) -> None:
    builder = feature_builder()
    features = builder.build(flights, builder.count_outcomes(flights), NO_OBSERVATIONS)
    delay = flights["arrival_delay_minutes"].astype(float)
    known = ~np.isnan(delay)
    examples = Examples(
        flights[ROW_ID][known], flights[DATE][known], {name: column[known] for name, column in features.items()},
        delay[known] >= PARAMETERS.late_threshold_minutes,
    )  # fmt: skip
    encoding = fit_encoding(builder.features, [examples])
    matrix = xgb.DMatrix(encode(examples.features, encoding), examples.target, **describe_columns(encoding))
    booster = xgb.train({"objective": "binary:logistic", "max_depth": 3, "nthread": 1, "seed": 1}, matrix, 15)
    split = MonthRange(first="2013-02", last="2013-02")
    bundle = root / "models/bundle"
    save_bundle(
        bundle, booster, features=encoding, feature_parameters=PARAMETERS, train_split=split,
        trained_rows=len(examples), trained_base_rate=float(examples.target.mean()), validation_split=split,
    )  # fmt: skip
    save_decision(bundle, Calibration(method="none"), 0.4)
    reference = fit_reference(load_bundle(bundle), lambda _: examples, ["2013-02"])
    write_json(root / "reports/interpret/reference.json", reference.model_dump(mode="json"))


def feature_builder() -> FeatureBuilder:
    """The builder of the model's features."""
    dictionary = load_dictionary(REPOSITORY / "references/data_dictionary.yaml")
    return FeatureBuilder.from_dictionary(PARAMETERS, dictionary, NO_OBSERVATIONS)


def inputs(timetable: Path | None = None, outcomes: Path | None = None) -> Inputs:
    """Timetable and outcomes of the working folder, with feeds."""
    return Inputs(PARAMETERS, timetable, outcomes)


MODEL = ModelFiles(Path("models/bundle"), Path("reports/interpret/reference.json"), "checkout")


def write_feed(path: Path, rows: Iterable[Row]) -> Path:
    """Write rows as CSV or Parquet."""
    frame = pd.DataFrame(list(rows))
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    else:
        frame.to_csv(path, index=False)
    return path
