"""Every Parquet file that a stage writes has the columns and types that the next one expects."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flight_delay.data.airports import RAW_AIRPORTS
from flight_delay.data.contract import QUARANTINE
from flight_delay.data.dictionary import find_layout, load_dictionary
from flight_delay.data.weather import OBSERVATIONS, RAW_COLUMNS
from flight_delay.features.feature import processed_schema
from flight_delay.features.history import COUNTS
from flight_delay.features.registry import list_features
from flight_delay.model.predictions import PREDICTIONS
from flight_delay.model.selection import read_selection

REPOSITORY = Path(__file__).resolve().parents[2]
DICTIONARY = load_dictionary(REPOSITORY / "references/data_dictionary.yaml")
# As the small pipeline has it, which the fixtures make.
FEATURES = list_features(DICTIONARY.features, [7], with_weather=False)
EXPLAINED = pa.schema(
    [
        ("flight_id", pa.string()), ("flight_date", pa.date32()), ("late", pa.bool_()), ("probability", pa.float32()),
        ("expected_log_odds", pa.float32()),
    ]
)  # fmt: skip
# Of five months two are backtested, two stop the model early and one judges it.
WRITTEN = {
    "data/raw/tables/airports.parquet": (1, RAW_AIRPORTS),
    "data/interim/flights/*.parquet": (5, DICTIONARY.schema),
    "data/interim/quarantine/*.parquet": (5, QUARANTINE),
    "data/interim/weather.parquet": (1, OBSERVATIONS),
    "data/processed/*.parquet": (5, processed_schema(FEATURES)),
    "models/history/*.parquet": (5, COUNTS),
    "reports/baselines/*/*.parquet": (4, PREDICTIONS),
    "reports/backtest/predictions/*.parquet": (2, PREDICTIONS),
    "reports/evaluate/predictions/*.parquet": (3, PREDICTIONS),
    "reports/interpret/shap_values/*.parquet": (1, EXPLAINED),
}
# Their types are the source's own.
RAW = ("data/raw/flights/*.parquet", "data/raw/tables/weather.parquet")


@pytest.mark.parametrize("pattern", WRITTEN)
def test_a_table_has_the_columns_and_types_that_are_expected_of_it(made, pattern: str) -> None:
    count, expected = WRITTEN[pattern]
    paths = sorted(made.root.glob(pattern))
    assert len(paths) == count
    for path in paths:
        types = {field.name: field.type for field in pq.read_schema(path)}
        assert {field.name: types.get(field.name) for field in expected} == {f.name: f.type for f in expected}, path


def test_processed_tables_have_these_columns_and_no_others_in_their_order(made) -> None:
    for path in made.root.glob("data/processed/*.parquet"):
        assert pq.read_schema(path).names == processed_schema(FEATURES).names


def test_the_features_that_are_trained_on_are_columns_of_the_processed_tables(made) -> None:
    selection = read_selection(made.root / "data/selected_features.json")
    assert set(selection.features) < set(FEATURES)
    names = [feature.name for feature in selection.features] + [dropped.feature for dropped in selection.dropped]
    assert sorted(names) == sorted(feature.name for feature in FEATURES)


def test_explanations_have_a_number_for_every_column_of_the_model(made) -> None:
    manifest = json.loads((made.root / "models/bundle/manifest.json").read_text())
    schema = pq.read_schema(made.root / "reports/interpret/shap_values/2013-05.parquet")
    types = {field.name: field.type for field in schema if field.name.startswith("shap_")}
    assert types == {f"shap_{feature['name']}": pa.float32() for feature in manifest["features"]}


def test_raw_flights_have_the_columns_that_the_dictionary_reads(made) -> None:
    paths = sorted(made.root.glob("data/raw/flights/*.parquet"))
    assert len(paths) == 5
    for path in paths:
        assert find_layout(pq.read_schema(path).names, DICTIONARY.required_columns, str(path), "") == "nycflights13"


def test_raw_weather_has_the_columns_that_observations_are_made_of(made) -> None:
    assert set(RAW_COLUMNS) <= set(pq.read_schema(made.root / "data/raw/tables/weather.parquet").names)


def test_no_table_is_left_out(made) -> None:
    known = {path for pattern in (*WRITTEN, *RAW) for path in made.root.glob(pattern)}
    every = {path for folder in ("data", "reports", "models") for path in (made.root / folder).rglob("*.parquet")}
    nobody_reads = {made.root / "data/raw/tables/airlines.parquet"}
    assert every - known == nobody_reads


def test_months_of_all_tables_are_those_of_the_raw_data(made) -> None:
    for folder in ("data/interim/flights", "data/interim/quarantine", "data/processed", "models/history"):
        assert [path.name for path in sorted((made.root / folder).glob("[!.]*"))] == [
            path.name for path in sorted((made.root / "data/raw/flights").glob("*.parquet"))
        ]


def test_no_row_is_lost_between_stages(made) -> None:
    rows = {
        folder: [pq.read_metadata(path).num_rows for path in sorted((made.root / folder).glob("*.parquet"))]
        for folder in ("data/raw/flights", "data/interim/flights", "data/processed")
    }
    assert rows["data/raw/flights"] == rows["data/interim/flights"] == rows["data/processed"]
