"""data.dictionary: a feature's entry that is incomplete or contradicts itself is refused with its file and name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from flight_delay.core.errors import UserError
from flight_delay.data.dictionary import load_dictionary

Content = dict[str, Any]


def feature(name: str, **values: Any) -> Callable[[Content], Any]:
    """A mistake: values of a feature's entry; None takes a key out."""

    def plant(content: Content) -> None:
        entry = {**content["features"][name], **values}
        content["features"][name] = {key: value for key, value in entry.items() if value is not None}

    return plant


MISTAKES: dict[str, tuple[Callable[[Content], Any], str, str]] = {  # mistake, entry, what is said of it
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
    dictionary_file: Path, tmp_path: Path, plant: Callable[[Content], Any], entry: str, expected: str
) -> None:
    path = tmp_path / "dictionary.yaml"
    content = yaml.safe_load(dictionary_file.read_text())
    plant(content)
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    with pytest.raises(UserError) as refused:
        load_dictionary(path)
    message = str(refused.value)
    assert message.startswith(f"{path}: {entry}: ")
    assert expected in message.removeprefix(f"{path}: {entry}: ")
    assert "Value error" not in message
    assert len(message.splitlines()) == 1


@pytest.mark.parametrize(
    ("name", "values"),
    {"block_minutes": {"effect": "decreasing"}, "late_rate_all": {"effect": None}, "origin": {}}.items(),
)
def test_an_entry_without_mistake_is_read(
    dictionary_file: Path, tmp_path: Path, name: str, values: dict[str, Any]
) -> None:
    path = tmp_path / "dictionary.yaml"
    content = yaml.safe_load(dictionary_file.read_text())
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
