"""core.files: tables have the same bytes for the same values, and come back as they were or not at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from flight_delay.core import files
from flight_delay.core.errors import UserError
from flight_delay.data.dictionary import Dictionary

TABLE = pa.table(
    {"flight_id": ["a", "b", "c"], "delay": pa.array([1, None, 3], pa.int32()), "share": [0.5, 0.25, 0.125]}
)


def table_bytes(folder: Path, table: pa.Table) -> bytes:
    files.write_table(folder / "table.parquet", table)
    return (folder / "table.parquet").read_bytes()


def test_the_same_table_gives_the_same_bytes(tmp_path: Path) -> None:
    first = table_bytes(tmp_path, TABLE)
    assert table_bytes(tmp_path, pa.table(TABLE.to_pydict(), schema=TABLE.schema)) == first
    assert table_bytes(tmp_path, TABLE.replace_schema_metadata({"pandas": "an index"})) == first
    assert table_bytes(tmp_path, TABLE.slice(0, 2)) != first


def test_the_bytes_do_not_depend_on_how_a_table_is_cut_into_chunks(tmp_path: Path) -> None:
    rows = 60_000  # more than fit on one Parquet page
    table = pa.table({"flight_id": [f"2013-01-01-UA-{n}-EWR" for n in range(rows)], "delay": np.arange(rows) % 97})
    chunked = pa.concat_tables([table.slice(start, 777) for start in range(0, rows, 777)])
    assert table_bytes(tmp_path, chunked) == table_bytes(tmp_path, table)


def test_a_table_comes_back_with_its_types_and_values(tmp_path: Path, dictionary: Dictionary) -> None:
    schema = dictionary.schema
    values: dict[Any, list[Any]] = {
        pa.string(): ["é"],
        pa.date32(): [15000],
        pa.timestamp("ms", tz="UTC"): [1_357_048_800_123],
        pa.bool_(): [True],
    }
    table = pa.table([pa.array(values.get(field.type, [7]), field.type) for field in schema], schema=schema)
    files.write_table(tmp_path / "table.parquet", table)
    assert files.read_table(tmp_path / "table.parquet", schema).equals(table)


def test_columns_come_in_the_order_asked_for(tmp_path: Path) -> None:
    files.write_table(tmp_path / "table.parquet", TABLE)
    wanted = pa.schema([TABLE.schema.field("share"), TABLE.schema.field("flight_id")])
    assert files.read_table(tmp_path / "table.parquet", wanted).schema.names == ["share", "flight_id"]
    assert files.read_table(tmp_path / "table.parquet", columns=["delay", "flight_id"]).schema.names == [
        "delay",
        "flight_id",
    ]


@pytest.mark.parametrize("read", [files.read_table, files.read_parquet_metadata])
@pytest.mark.parametrize("kept", [None, 0.0, 0.01, 0.5, 0.99])
def test_a_file_that_is_missing_or_cut_short_is_named(
    tmp_path: Path, kept: float | None, read: Callable[[Path], Any]
) -> None:
    path = tmp_path / "table.parquet"
    whole = table_bytes(tmp_path, TABLE)
    path.unlink()
    if kept is not None:
        path.write_bytes(whole[: int(kept * len(whole))])
    with pytest.raises(UserError, match=r"/table\.parquet: ") as refused:
        read(path)
    assert len(str(refused.value).splitlines()) == 1


def test_a_file_that_is_damaged_inside_is_named(tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    whole = table_bytes(tmp_path, TABLE)
    path.write_bytes(whole[:4] + bytes(60) + whole[64:])
    with pytest.raises(UserError, match=r"/table\.parquet: "):
        files.read_table(path)
