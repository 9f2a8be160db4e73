"""What the model tests share: invented flights whose lateness can be learnt, and a model trained on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from threadpoolctl import threadpool_limits

from flight_delay.core.files import write_table
from flight_delay.core.months import month_path, month_paths
from flight_delay.features.feature import DATE, ROW_ID, TARGET, Feature, processed_schema
from flight_delay.model.booster import BoosterParameters, Trained, train_booster
from flight_delay.model.encode import Encoding, fit_encoding
from flight_delay.model.examples import Examples
from flight_delay.model.training_data import load_training_data

FEATURES = (
    Feature(name="carrier", kind="categorical", group="schedule"),
    Feature(name="origin", kind="categorical", group="schedule"),
    Feature(name="destination", kind="categorical", group="schedule"),
    Feature(name="departure_minutes", kind="quantitative", group="schedule"),
    Feature(name="block_minutes", kind="quantitative", group="schedule"),
    Feature(name="distance_miles", kind="quantitative", group="schedule"),
    Feature(name="flights_from_origin_in_hour", kind="quantitative", group="density"),
    Feature(name="late_rate_route_7d", kind="quantitative", group="history", effect="increasing"),
    Feature(name="observed_visibility", kind="quantitative", group="weather"),
)
MONTHS = {"2013-01": 4_000, "2013-02": 3_000, "2013-03": 3_000, "2013-04": 2_500}

Invent = Callable[..., Examples]


def invent_flights(rows: int, seed: int) -> Examples:
    """Flights that are late the more often the later they leave, and with some carriers; with values missing."""
    random = np.random.default_rng(seed)
    columns = {}
    for feature in FEATURES:
        if feature.kind == "categorical":
            column = np.array(["AA", "B6", "DL", "UA", "WN"], object)[random.integers(0, 5, rows)]
            column[random.random(rows) < 0.02] = None
        else:
            column = random.uniform(0, 1000, rows).astype(np.float32)
            column[random.random(rows) < 0.05] = np.nan
        columns[feature.name] = column
    log_odds = (np.nan_to_num(columns["departure_minutes"], nan=500) - 700) / 150 + 1.5 * (columns["carrier"] == "B6")
    late = random.random(rows) < 1 / (1 + np.exp(-log_odds))
    dates = np.full(rows, "2013-01-01", "datetime64[D]")
    return Examples(np.array([f"{seed}-{row}" for row in range(rows)], object), dates, columns, late)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """On a busy machine the threads of small models wait for one another a hundred times as long as they work."""
    with threadpool_limits(1, user_api="openmp"):
        yield


@pytest.fixture(scope="session")
def answered_once(small_service_once: Path, made_once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    """A small service with correct answers of all days. Not to be changed."""
    from small_monitoring import make_answered

    return made_once("answered_service", lambda root: make_answered(small_service_once, root))


@pytest.fixture(scope="session")
def features() -> tuple[Feature, ...]:
    """Some features of every group."""
    return FEATURES


@pytest.fixture(scope="session")
def invent() -> Invent:
    return invent_flights


@pytest.fixture(scope="session")
def months() -> dict[str, Examples]:
    """Three months to train on and one to stop on."""
    return {month: invent_flights(rows, seed) for seed, (month, rows) in enumerate(MONTHS.items())}


def write_month_files(folder: Path, months: Mapping[str, Examples]) -> dict[str, Path]:
    """Write months as build_features does; return their paths."""
    for month, examples in months.items():
        columns = {ROW_ID: examples.row_id, DATE: examples.date, TARGET: examples.target, **examples.features}
        schema = processed_schema(FEATURES)
        write_table(month_path(folder, month), pa.Table.from_pydict(columns, schema=schema))
    return month_paths(folder, months)


@pytest.fixture(scope="session")
def write_months() -> Callable[[Path, Mapping[str, Examples]], dict[str, Path]]:
    return write_month_files


@pytest.fixture(scope="session")
def month_files(months: dict[str, Examples], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The months as files."""
    return write_month_files(tmp_path_factory.mktemp("processed"), months)


@pytest.fixture(scope="session")
def parameters() -> BoosterParameters:
    """So many rounds of so large trees that training stops early."""
    return BoosterParameters(
        num_boost_round=200, early_stopping_rounds=5, learning_rate=0.3, max_depth=4, min_child_weight=5.0,
        subsample=0.8, colsample_bytree=0.6, reg_lambda=1.0, max_bin=64, monotone_constraints=True, seed=7,
        external_memory=False, sharded=False,
    )  # fmt: skip


@pytest.fixture(scope="session")
def encoding(months: dict[str, Examples]) -> Encoding:
    return fit_encoding(FEATURES, list(months.values())[:3])


@pytest.fixture(scope="session")
def trained(months: dict[str, Examples], parameters: BoosterParameters, encoding: Encoding) -> Trained:
    with threadpool_limits(1, user_api="openmp"):  # it is made before `one_thread`
        data = load_training_data(encoding, months.__getitem__, list(months)[:3], list(months)[3:], parameters.max_bin)
        return train_booster(parameters, data, record_train=True)
