"""How two tables differ, row by row, whatever file they came from. Rows are flights where there is a `flight_id`."""

from __future__ import annotations

import io
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from flight_delay.review.difference.columns import LAST_DIGITS, Compared, Within, compare_column, value
from flight_delay.review.difference.wording import Said, counted, listed, plain, together

KEY, PROBABILITY = "flight_id", "probability"

Positions = np.ndarray[tuple[int], np.dtype[np.int64]]


class _Rows(NamedTuple):
    """Positions of rows that belong together, and of those that only one table has."""

    then: Positions
    now: Positions
    gone: Positions
    new: Positions


def read_parquet(content: bytes) -> pa.Table:
    """Read a Parquet file with all its checksums and values.

    Raises:
        pa.ArrowException, OSError: it is damaged.
    """
    table = pq.read_table(io.BytesIO(content), page_checksum_verification=True)
    table.validate(full=True)
    return table.combine_chunks()


def compare_tables(then: pa.Table, now: pa.Table, probability: float, within: Within = LAST_DIGITS) -> Said:
    """Say what differs in schema, number and order of rows, probabilities and other values. Rows are counted from 1.

    Rows belong together that have the same `flight_id`, where it is unique in both tables, and else the same position.

    Args:
        then: a table.
        now: another.
        probability: where there is a `flight_id`, what is called `probability` may differ by so much.
        within: how far other floats may be apart. Everything else matters.
    """
    schema = _compare_schemas(then.schema, now.schema)
    if schema:
        count = [f"{then.num_rows:,} -> {now.num_rows:,} rows"] if then.num_rows != now.num_rows else []
        return Said("; ".join([*schema, *count]), matters=True)
    rows = _match(then, now)
    parts = []
    if len(rows.gone) or len(rows.new):
        parts.append(Said(_say_rows(then, now, rows), matters=True))
    if (np.diff(rows.now) < 0).any():
        parts.append(Said("rows stand in another order", matters=True))
    then, now = _take(then, rows.then), _take(now, rows.now)
    flights = then.schema.get_field_index(KEY) >= 0
    said = then.schema.get_field_index(PROBABILITY) if flights else -1
    columns = [
        compare_column(name, then.column(at), now.column(at), Within(probability, 0.0) if at == said else within)
        for at, name in enumerate(then.column_names)
    ]
    if said >= 0 and columns[said].differs.any():
        parts.append(_say_probability(then, columns[said], rows.then, probability))
    others = [column for at, column in enumerate(columns) if at != said and column.differs.any()]
    if others:
        parts.append(_say_columns(then, others, rows.then))
    return together(parts, otherwise="the same rows, written differently")


def _compare_schemas(then: pa.Schema, now: pa.Schema) -> list[str]:
    gone, new = ([name for name in a.names if name not in b.names] for a, b in ((then, now), (now, then)))
    said = [f"columns {name}: {listed(names)}" for name, names in (("gone", gone), ("new", new)) if names]
    if said or then.equals(now):
        return said
    if sorted(then.names) != sorted(now.names) or then.names == now.names:
        fields = [f"{plain(a.name)} {_types(a, b)}" for a, b in zip(then, now, strict=False) if not a.equals(b)] or [
            f"{len(then)} -> {counted(len(now), 'column')}"
        ]
        return [f"columns of another type: {listed(fields)}"]
    return ["columns stand in another order"]


def _types(then: pa.Field, now: pa.Field) -> str:
    types = [f"{of.type}{'' if of.nullable else ' not null'}" for of in (then, now)]
    return " -> ".join(types)


def _match(then: pa.Table, now: pa.Table) -> _Rows:
    if all(_is_key(table) for table in (then, now)):
        found = pc.index_in(then.column(KEY), value_set=now.column(KEY).combine_chunks())
        here = found.is_valid().to_numpy()
        there: Positions = found.drop_null().to_numpy().astype(np.int64)
        return _Rows(np.flatnonzero(here), there, np.flatnonzero(~here), np.setdiff1d(np.arange(len(now)), there))
    shared = np.arange(min(len(then), len(now)))
    return _Rows(shared, shared, np.arange(len(shared), len(then)), np.arange(len(shared), len(now)))


def _is_key(table: pa.Table) -> bool:
    if table.schema.get_field_index(KEY) < 0:
        return False
    column = table.column(KEY)
    return bool(column.null_count == 0 and pc.count_distinct(column).as_py() == len(column))


def _take(table: pa.Table, rows: Positions) -> pa.Table:
    return table if len(rows) == len(table) and (np.diff(rows) == 1).all() else table.take(pa.array(rows))


def _say_rows(then: pa.Table, now: pa.Table, rows: _Rows) -> str:
    parts = [f"{then.num_rows:,} -> {now.num_rows:,} rows"]
    for name, table, at in (("gone", then, rows.gone), ("new", now, rows.new)):
        if len(at):
            parts.append(f"{len(at):,} {name}, first {_row(table, int(at[0]), int(at[0]))}")
    return "; ".join(parts)


def _say_probability(then: pa.Table, column: Compared, rows: Positions, within: float) -> Said:
    at, matters = column.largest(), bool(column.matters.any())
    count = int(column.differs.sum())
    how_many = "1 changed probability" if count == 1 else f"largest of {count:,} changed probabilities"
    return Said(
        f"probability {column.values(at)} for flight {value(then.column(KEY), at)}, row {rows[at] + 1:,}; {how_many} of "
        f"{len(then):,}, {'beyond' if matters else 'within'} {within:g}",
        matters,
    )


def _say_columns(then: pa.Table, columns: list[Compared], rows: Positions) -> Said:
    matters = any(bool(column.matters.any()) for column in columns)
    masks: Any = [column.matters if matters else column.differs for column in columns]
    first = int(np.flatnonzero(np.any(masks, axis=0))[0])
    shown = next(column for column, mask in zip(columns, masks, strict=True) if mask[first])
    differ = int(np.any([column.differs for column in columns], axis=0).sum())
    words = (
        f"{_row(then, first, int(rows[first]))}: {plain(shown.name)} {shown.values(first)}; "
        f"{counted(differ, 'row')} of {len(then):,} with other values, in {listed([column.name for column in columns])}"
    )
    measured = [column for column in columns if column.distance is not None]
    if measured:
        most = max(measured, key=lambda column: column.distance_at(column.largest()))
        at = most.largest()
        same = most is shown and at == first
        values = "" if same else f": {plain(most.name)} {most.values(at)} in {_row(then, at, int(rows[at]))}"
        words += f"; largest difference {most.distance_at(at):.3g}{values}"
    return Said(words if matters else f"{words}; all within the tolerance", matters)


def _row(table: pa.Table, at: int, position: int) -> str:
    index = table.schema.get_field_index(KEY)
    return f"row {position + 1:,}" + (f", flight {value(table.column(index), at)}" if index >= 0 else "")
