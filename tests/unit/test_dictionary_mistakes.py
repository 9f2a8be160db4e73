"""data.dictionary: one that is incomplete or contradicts itself is refused with its file and the wrong entry."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from changed_entries import Content, entry

from flight_delay.core.errors import UserError
from flight_delay.data.dictionary import REQUIRED_COLUMNS, Dictionary, load_dictionary

MISTAKES: dict[str, tuple[Callable[[Content], Any], str, str]] = {  # mistake, entry, what is said of it
    "an unknown type": (entry("columns", "carrier", type="code"), "columns.carrier.type", "'text'"),
    "an unknown key": (entry("columns", "carrier", color="red"), "columns.carrier.color", "not permitted"),
    "an unknown layout": (
        entry("columns", "carrier", sources={"faa": ["x"]}), "columns.carrier.sources", "'nycflights13'",
    ),
    "a source of nothing": (
        entry("columns", "carrier", sources={"bts_classic": []}), "columns.carrier.sources.bts_cl", "at least 1",
    ),
    "a date bounding miles": (
        entry("columns", "distance_miles", minimum=dt.date(2013, 1, 1)), "columns.distance_miles", "int",
    ),
    "a time bounding dates": (
        entry("columns", "flight_date", maximum=dt.datetime(2100, 1, 1, 12)), "columns.flight_date", "date",  # noqa: DTZ001
    ),
    "allowed flags": (
        entry("columns", "cancellation_code", allowed=["A", False]), "columns.cancellation_code.allowed.1", "string",
    ),
    "a word as entry": (lambda content: content["columns"].update(carrier="code"), "columns.carrier", "dictionary"),
    "a moment without hours": (
        lambda content: content["moments"]["arrival"].pop("hours_before_departure"),
        "moments.arrival.hours_before_departure", "required",
    ),
    "a moment in words": (
        lambda content: content["moments"]["arrival"].update(hours_before_departure="1"),
        "moments.arrival.hours_before_departure", "valid integer",
    ),
    "no columns": (lambda content: content.pop("columns"), "columns", "required"),
    "a section too many": (lambda content: content.update(tables={}), "tables", "not permitted"),
    "another format": (lambda content: content.update(format=2), "format", "1"),
    "an unknown effect": (
        entry("features", "late_rate_all", effect="rising"), "features.late_rate_all.effect", "'increasing'",
    ),
    "an empty label": (entry("features", "origin", label=""), "features.origin.label", "at least 1 character"),
    "a label of two features": (entry("features", "origin", label="destination"), "features", "'destination'"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "where", "expected"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_named_with_its_file_and_entry(
    load_changed: Callable[..., Dictionary],
    tmp_path: Path,
    change: Callable[[Content], Any],
    where: str,
    expected: str,
) -> None:
    with pytest.raises(UserError) as refused:
        load_changed(change)
    start = f"{tmp_path / 'dictionary.yaml'}: {where}"
    message = str(refused.value)
    assert message.startswith(start)
    assert expected in message.removeprefix(start)
    assert "Value error" not in message
    assert len(message.splitlines()) == 1


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", "git checkout"),
        ("- a\n- list\n", "git checkout"),
        ("format: [1\ncolumns: {}\n", "YAML"),
        ("columns:\n\tcarrier: 1\n", "YAML"),
        ("minimum: 2013-02-30\n", "day"),
        ("columns: *cause\n", "YAML"),
        (b"format: \xff\n", "YAML"),
    ],
)
def test_a_file_that_is_not_a_dictionary_is_named(tmp_path: Path, content: str | bytes, expected: str) -> None:
    path = tmp_path / "dictionary.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UserError, match=rf"^{re.escape(str(path))}: .*{expected}") as refused:
        load_dictionary(path)
    assert len(str(refused.value).splitlines()) == 1


def test_an_entry_that_stands_there_twice_is_named_with_its_line(dictionary_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "dictionary.yaml"
    text = dictionary_file.read_text()
    copied = text[text.index("  carrier:\n") : text.index("  flight_number:\n")]
    before, after = text.split("  origin:\n", 1)
    path.write_text(f"{before}{copied}  origin:\n{after}")
    line = before.count("\n") + 1
    with pytest.raises(UserError, match=rf'YAML .*line {line}, column 3: .*"carrier"'):
        load_dictionary(path)


@pytest.mark.parametrize("name", REQUIRED_COLUMNS)
def test_a_required_column_must_have_an_entry(load_changed: Callable[..., Dictionary], name: str) -> None:
    with pytest.raises(UserError, match=rf"/dictionary\.yaml: columns: {name} "):
        load_changed(lambda content: content["columns"].pop(name))


@pytest.mark.parametrize(
    ("name", "values"),
    {"block_minutes": {"effect": "decreasing"}, "late_rate_all": {"effect": None}, "origin": {}}.items(),
)
def test_an_entry_without_mistake_is_read(
    load_changed: Callable[..., Dictionary], name: str, values: dict[str, Any]
) -> None:
    loaded = load_changed(entry("features", name, **values)).features[name]
    assert {key: getattr(loaded, key) for key in values} == values


def test_a_feature_that_stands_there_twice_is_named(dictionary_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "dictionary.yaml"
    text = dictionary_file.read_text()
    line = next(line for line in text.splitlines() if line.startswith("  late_rate_route:"))
    path.write_text(text.replace(line, f"{line}\n{line}"))
    with pytest.raises(UserError, match=r"YAML .*late_rate_route"):
        load_dictionary(path)
