"""data.dictionary: one that is incomplete or contradicts itself is refused with its file and the wrong entry."""

from __future__ import annotations

import copy
import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from flight_delay.core.errors import UserError
from flight_delay.data.dictionary import REQUIRED_COLUMNS, load_dictionary

Content = dict[str, Any]


def column(name: str, **values: Any) -> Callable[[Content], Any]:
    """A mistake: values of a column's entry; None takes a key out, as `...` is written for null."""

    def plant(content: Content) -> None:
        entry = content["columns"][name]
        for key, value in values.items():
            if value is None:
                del entry[key]
            else:
                entry[key] = None if value is ... else value

    return plant


def feature(name: str, **values: Any) -> Callable[[Content], Any]:
    """A mistake: values of a feature's entry; None takes a key out."""

    def plant(content: Content) -> None:
        entry = {**content["features"][name], **values}
        content["features"][name] = {key: value for key, value in entry.items() if value is not None}

    return plant


def note(name: str, key: str, value: Any) -> Callable[[Content], Any]:
    def plant(content: Content) -> None:
        notes = dict(content["columns"][name]["notes"])
        content["columns"][name]["notes"] = {**notes, key: value} if value is not None else _without(notes, key)

    return plant


def _without(entry: Content, key: str) -> Content:
    return {name: value for name, value in entry.items() if name != key}


MISTAKES: dict[str, tuple[Callable[[Content], Any], str, str]] = {  # mistake, entry, what is said of it
    "no note": (note("carrier", "cost", None), "columns.carrier.notes.cost", "required"),
    "an empty note": (note("carrier", "cost", ""), "columns.carrier.notes.cost", "at least 1 character"),
    "an unknown question": (note("carrier", "colour", "red"), "columns.carrier.notes.colour", "not permitted"),
    "no notes": (column("carrier", notes=None), "columns.carrier.notes", "required"),
    "an unknown type": (column("carrier", type="code"), "columns.carrier.type", "'text'"),
    "an unknown role": (column("carrier", role="spare"), "columns.carrier.role", "'key'"),
    "an unknown key": (column("carrier", color="red"), "columns.carrier.color", "not permitted"),
    "a word for true": (column("carrier", nullable="yes"), "columns.carrier.nullable", "valid boolean"),
    "no unit": (column("carrier", unit=None), "columns.carrier.unit", "required"),
    "an unknown layout": (column("carrier", sources={"faa": ["x"]}), "columns.carrier.sources", "'nycflights13'"),
    "a source of nothing": (
        column("carrier", sources={"bts_classic": []}), "columns.carrier.sources.bts_cl", "at least 1",
    ),
    "minimum date above maximum": (
        column("flight_date", minimum=dt.date(2101, 1, 1)), "columns.flight_date", "2101-01-01",
    ),
    "no maximum": (column("distance_miles", maximum=None), "columns.distance_miles", "int"),
    "a fractional bound": (column("distance_miles", minimum=0.5), "columns.distance_miles.minimum", "valid"),
    "a bound of true": (column("distance_miles", minimum=True), "columns.distance_miles.minimum", "valid"),
    "a date bounding miles": (
        column("distance_miles", minimum=dt.date(2013, 1, 1)), "columns.distance_miles", "int",
    ),
    "a number bounding dates": (column("flight_date", maximum=2100), "columns.flight_date", "date"),
    "a time bounding dates": (
        column("flight_date", maximum=dt.datetime(2100, 1, 1, 12)), "columns.flight_date", "date",  # noqa: DTZ001
    ),
    "a numeric pattern": (column("distance_miles", pattern="[0-9]+"), "columns.distance_miles", "text"),
    "allowed flags": (
        column("cancellation_code", allowed=["A", False]), "columns.cancellation_code.allowed.1", "valid string",
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
    "no group": (feature("origin", group=None), "features.origin.group", "required"),
    "an unknown group": (feature("origin", group="place"), "features.origin.group", "'schedule', 'density', 'history'"),
    "an unknown kind": (feature("origin", kind="number"), "features.origin.kind", "'quantitative' or 'categorical'"),
    "an unknown effect": (
        feature("late_rate_all", effect="rising"), "features.late_rate_all.effect", "'increasing' or 'decreasing'",
    ),
    "a categorical unit": (feature("origin", unit="code"), "features.origin", "effect"),
    "a numeric unit": (feature("block_minutes", unit=60), "features.block_minutes.unit", "valid string"),
    "history without days": (
        feature("late_rate_route", description="late share"), "features.late_rate_route", "{days}",
    ),
    "an empty label": (feature("origin", label=""), "features.origin.label", "at least 1 character"),
    "a label of two features": (feature("origin", label="destination"), "features", "'destination'"),
    "no features": (lambda content: content.pop("features"), "features", "required"),
}  # fmt: skip


@pytest.mark.parametrize(("plant", "entry", "expected"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_named_with_its_file_and_entry(
    dictionary_content: Content, tmp_path: Path, plant: Callable[[Content], Any], entry: str, expected: str
) -> None:
    path = tmp_path / "dictionary.yaml"
    content = copy.deepcopy(dictionary_content)
    plant(content)
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    with pytest.raises(UserError) as refused:
        load_dictionary(path)
    message = str(refused.value)
    assert message.startswith(f"{path}: {entry}")
    assert expected in message.removeprefix(f"{path}: {entry}")
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
def test_a_required_column_must_have_an_entry(dictionary_content: Content, tmp_path: Path, name: str) -> None:
    content = copy.deepcopy(dictionary_content)
    del content["columns"][name]
    path = tmp_path / "data_dictionary.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    with pytest.raises(UserError, match=rf"/data_dictionary\.yaml: columns: {name} "):
        load_dictionary(path)


@pytest.mark.parametrize(
    ("name", "values"),
    {"block_minutes": {"effect": "decreasing"}, "late_rate_all": {"effect": None}, "origin": {}}.items(),
)
def test_an_entry_without_mistake_is_read(
    dictionary_content: Content, tmp_path: Path, name: str, values: dict[str, Any]
) -> None:
    path = tmp_path / "dictionary.yaml"
    content = copy.deepcopy(dictionary_content)
    feature(name, **values)(content)
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    entry = load_dictionary(path).features[name]
    assert {key: getattr(entry, key) for key in values} == values


def test_a_feature_that_stands_there_twice_is_named(dictionary_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "dictionary.yaml"
    text = dictionary_file.read_text()
    line = next(line for line in text.splitlines() if line.startswith("  late_rate_route:"))
    path.write_text(text.replace(line, f"{line}\n{line}"))
    with pytest.raises(UserError, match=r"YAML .*late_rate_route"):
        load_dictionary(path)
