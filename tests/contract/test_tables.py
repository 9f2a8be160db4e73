"""Every Parquet file that a stage writes has the columns and types that the next one expects."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flight_delay.data.dictionary import load_dictionary
from flight_delay.data.quality import QUARANTINE
from flight_delay.data.sources.nycflights13 import RAW_AIRPORTS
from flight_delay.features.registry import FEATURES, PROCESSED
from flight_delay.model.predictions import PREDICTIONS

DICTIONARY = load_dictionary(Path(__file__).resolve().parents[2] / "references/data_dictionary.yaml")
WRITTEN = {
    "data/raw/tables/airports.parquet": (1, RAW_AIRPORTS),
    "data/interim/flights/*.parquet": (4, DICTIONARY.schema),
    "data/interim/quarantine/*.parquet": (4, QUARANTINE),
    "data/processed/*.parquet": (4, PROCESSED),
    "reports/baselines/*/*.parquet": (2, PREDICTIONS),
    "reports/evaluate/predictions/*.parquet": (2, PREDICTIONS),
    "reports/interpret/shap_values.parquet": (
        1,
        pa.schema([("flight_id", pa.string()), *((f"shap_{feature.name}", pa.float32()) for feature in FEATURES)]),
    ),
}


@pytest.mark.parametrize("pattern", WRITTEN)
def test_a_table_has_the_columns_and_types_that_are_expected_of_it(made, pattern: str) -> None:
    count, expected = WRITTEN[pattern]
    paths = sorted(made.root.glob(pattern))
    assert len(paths) == count
    for path in paths:
        found = {field.name: field.type for field in pq.read_schema(path)}
        assert {field.name: found.get(field.name) for field in expected} == {f.name: f.type for f in expected}, path


def test_raw_flights_have_the_columns_that_the_dictionary_reads(made) -> None:
    paths = sorted(made.root.glob("data/raw/flights/*.parquet"))
    assert len(paths) == 4
    for path in paths:  # their types are the source's own
        assert DICTIONARY.layout_of(pq.read_schema(path).names, str(path)) == "nycflights13"


def test_no_table_is_left_out(made) -> None:
    known = {path for pattern in [*WRITTEN, "data/raw/flights/*.parquet"] for path in made.root.glob(pattern)}
    every = {path for folder in ("data", "reports", "models") for path in (made.root / folder).rglob("*.parquet")}
    nobody_reads_yet = {made.root / f"data/raw/tables/{name}.parquet" for name in ("airlines", "weather")}
    assert every - known == nobody_reads_yet


def test_months_of_all_tables_are_those_of_the_raw_data(made) -> None:
    for folder in ("data/interim/flights", "data/interim/quarantine", "data/processed"):
        assert [path.name for path in sorted((made.root / folder).iterdir())] == [
            path.name for path in sorted((made.root / "data/raw/flights").iterdir())
        ]


def test_no_row_is_lost_between_stages(made) -> None:
    rows = {
        folder: [pq.read_metadata(path).num_rows for path in sorted((made.root / folder).glob("*.parquet"))]
        for folder in ("data/raw/flights", "data/interim/flights", "data/processed")
    }
    assert rows["data/raw/flights"] == rows["data/interim/flights"] == rows["data/processed"]
