"""data.dictionary: one that is incomplete or contradicts itself is refused with its file and the entry that is wrong."""

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
from flight_delay.data.dictionary import COMPUTED_WITH, load_dictionary

REPOSITORY = Path(__file__).resolve().parents[2]
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


def note(name: str, key: str, value: Any) -> Callable[[Content], Any]:
    def plant(content: Content) -> None:
        notes = dict(content["columns"][name]["notes"])
        content["columns"][name]["notes"] = {**notes, key: value} if value is not None else _without(notes, key)

    return plant


def _without(entry: Content, key: str) -> Content:
    return {name: value for name, value in entry.items() if name != key}


MISTAKES: dict[str, tuple[Callable[[Content], Any], str, str]] = {  # mistake, entry, what is said of it
    "no note on a question": (note("carrier", "cost", None), "columns.carrier.notes.cost", "required"),
    "an empty note": (note("carrier", "cost", ""), "columns.carrier.notes.cost", "at least 1 character"),
    "a note that is no": (note("carrier", "changes", False), "columns.carrier.notes.changes", "valid string"),
    "a note that is a number": (note("carrier", "changes", 7), "columns.carrier.notes.changes", "valid string"),
    "a question that nobody asks": (note("carrier", "colour", "red"), "columns.carrier.notes.colour", "not permitted"),
    "no notes": (column("carrier", notes=None), "columns.carrier.notes", "required"),
    "no description": (column("carrier", description=None), "columns.carrier.description", "required"),
    "no type": (column("carrier", type=None), "columns.carrier.type", "required"),
    "an unknown type": (column("carrier", type="code"), "columns.carrier.type", "'text'"),
    "an unknown role": (column("carrier", role="spare"), "columns.carrier.role", "'key'"),
    "an unknown key": (column("carrier", color="red"), "columns.carrier.color", "not permitted"),
    "no word on missing values": (column("carrier", nullable=None), "columns.carrier.nullable", "required"),
    "a word for true": (column("carrier", nullable="yes"), "columns.carrier.nullable", "valid boolean"),
    "no word on units": (column("carrier", unit=None), "columns.carrier.unit", "required"),
    "a number without a unit": (column("distance_miles", unit=...), "columns.distance_miles", "a number needs a unit"),
    "an unknown moment": (column("carrier", known="never"), "columns.carrier.known", "no moment 'never'; there are sched"),
    "no moment": (column("carrier", known=None), "columns.carrier.known", "required"),
    "no source": (column("carrier", sources=None), "columns.carrier.sources", "required"),
    "an unknown layout": (column("carrier", sources={"faa": ["x"]}), "columns.carrier.sources", "'nycflights13'"),
    "a source of nothing": (column("carrier", sources={"bts_classic": []}), "columns.carrier.sources.bts_cl", "at least 1"),
    "a date of two parts": (
        column("flight_date", sources={"bts_classic": ["Year", "Month"]}),
        "columns.flight_date", "three source columns",
    ),
    "a source of what is made here": (
        column("scheduled_departure_utc", sources={"bts_classic": ["Time"]}),
        "columns.scheduled_departure_utc", "has no sources",
    ),
    "minimum above maximum": (
        column("distance_miles", minimum=12_501), "columns.distance_miles", "minimum (12501) is above maximum (12500)",
    ),
    "dates the wrong way round": (
        column("flight_date", minimum=dt.date(2101, 1, 1)), "columns.flight_date", "minimum (2101-01-01) is above",
    ),
    "no minimum": (column("distance_miles", minimum=None), "columns.distance_miles", "must be given, as int"),
    "no maximum": (column("distance_miles", maximum=None), "columns.distance_miles", "must be given, as int"),
    "a bound of half a mile": (column("distance_miles", minimum=0.5), "columns.distance_miles.minimum", "valid"),
    "a bound that is true": (column("distance_miles", minimum=True), "columns.distance_miles.minimum", "valid"),
    "a date as a bound of miles": (
        column("distance_miles", minimum=dt.date(2013, 1, 1)), "columns.distance_miles", "must be given, as int",
    ),
    "a number as a bound of dates": (column("flight_date", maximum=2100), "columns.flight_date", "as date"),
    "a time as a bound of dates": (
        column("flight_date", maximum=dt.datetime(2100, 1, 1, 12)), "columns.flight_date", "date",  # noqa: DTZ001
    ),
    "bounds of a text": (column("carrier", minimum=1, maximum=2), "columns.carrier", "type text has no minimum"),
    "a bad regular expression": (
        column("carrier", pattern="[A-Z"), "columns.carrier", "not a regular expression (unterminated character set",
    ),
    "a pattern of a number": (column("distance_miles", pattern="[0-9]+"), "columns.distance_miles", "of type text"),
    "allowed values of a number": (column("distance_miles", allowed=["1"]), "columns.distance_miles", "of type text"),
    "allowed values that are not text": (
        column("cancellation_code", allowed=["A", False]), "columns.cancellation_code.allowed.1", "valid string",
    ),
    "an informative column that must not be empty": (
        column("tail_number", nullable=False), "columns.tail_number", "an informative column must be nullable",
    ),
    "an entry that is a word": (lambda of: of["columns"].update(carrier="code"), "columns.carrier", "dictionary"),
    "an entry that is empty": (lambda of: of["columns"].update(carrier=None), "columns.carrier", "dictionary"),
    "a moment without hours": (
        lambda of: of["moments"]["arrival"].pop("hours_before_departure"),
        "moments.arrival.hours_before_departure", "required",
    ),
    "a moment in words": (
        lambda of: of["moments"]["arrival"].update(hours_before_departure="1"),
        "moments.arrival.hours_before_departure", "valid integer",
    ),
    "a moment without a description": (
        lambda of: of["moments"]["arrival"].pop("description"), "moments.arrival.description", "required",
    ),
    "no columns": (lambda of: of.pop("columns"), "columns", "required"),
    "no moments": (lambda of: of.pop("moments"), "moments", "required"),
    "a section too many": (lambda of: of.update(tables={}), "tables", "not permitted"),
    "another format": (lambda of: of.update(format=2), "format", "1"),
    "a format in words": (lambda of: of.update(format="1"), "format", "1"),
}  # fmt: skip


@pytest.fixture(scope="module")
def real(dictionary_file: Path) -> Content:
    content: Content = yaml.safe_load(dictionary_file.read_text())
    return content


@pytest.mark.parametrize(("plant", "entry", "said"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_named_with_its_file_and_entry(
    real: Content, tmp_path: Path, plant: Callable[[Content], Any], entry: str, said: str
) -> None:
    path = tmp_path / "dictionary.yaml"
    content = copy.deepcopy(real)
    plant(content)
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    with pytest.raises(UserError) as refused:
        load_dictionary(path)
    message = str(refused.value)
    assert message.startswith(f"{path}: {entry}")
    assert said in message
    assert "Value error" not in message
    assert len(message.splitlines()) == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "not a mapping of format, moments, columns and features"),
        ("- a\n- list\n", "not a mapping of format, moments, columns and features"),
        ("words", "not a mapping of format, moments, columns and features"),
        ("format: [1\ncolumns: {}\n", "not valid YAML"),
        ("columns:\n\tcarrier: 1\n", "not valid YAML"),
        ("minimum: 2013-02-30\n", "not valid YAML (day "),
        ("columns: *cause\n", "not valid YAML"),
        (b"format: \xff\n", "not valid YAML"),
        (b"format: \x00\n", "not valid YAML"),
    ],
)
def test_what_is_no_dictionary_at_all_is_named_with_its_file(tmp_path: Path, content: str | bytes, said: str) -> None:
    path = tmp_path / "dictionary.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UserError, match=re.escape(f"{path}: {said}")) as refused:
        load_dictionary(path)
    assert len(str(refused.value).splitlines()) == 1


def test_a_bare_no_is_not_taken_for_text(dictionary_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "dictionary.yaml"
    text = dictionary_file.read_text()
    path.write_text(text.replace("changes: never", "changes: no", 1))
    assert path.read_text() != text
    with pytest.raises(UserError, match=r"columns\.\w+\.notes\.changes: Input should be a valid string"):
        load_dictionary(path)


def test_an_entry_that_stands_there_twice_is_named_with_its_line(dictionary_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "dictionary.yaml"
    text = dictionary_file.read_text()
    copied = text[text.index("  carrier:\n") : text.index("  flight_number:\n")]
    before, after = text.split("  origin:\n", 1)
    path.write_text(f"{before}{copied}  origin:\n{after}")
    line = before.count("\n") + 1
    with pytest.raises(UserError, match=rf"not valid YAML \('carrier' stands there twice .* line {line}, column 3"):
        load_dictionary(path)


def test_a_missing_dictionary_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"dictionary\.yaml: no such file"):
        load_dictionary(tmp_path / "dictionary.yaml")


@pytest.mark.parametrize("name", COMPUTED_WITH)
def test_a_column_that_the_code_computes_with_cannot_be_left_out(tmp_path: Path, name: str) -> None:
    content = yaml.safe_load((REPOSITORY / "references/data_dictionary.yaml").read_text())
    del content["columns"][name]
    path = tmp_path / "data_dictionary.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    with pytest.raises(UserError, match=rf"data_dictionary\.yaml: .*{name}.* is missing"):
        load_dictionary(path)
