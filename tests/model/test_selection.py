"""model.selection: what is read is what was written, and a damaged file is not taken for a selection."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from flight_delay.core.errors import UserError
from flight_delay.features.feature import Feature
from flight_delay.model.selection import Dropped, Selection, read_selection, write_selection

SELECTION = Selection(
    features=(
        Feature(name="late_rate_route_7d", kind="quantitative", group="history", effect="increasing"),
        Feature(name="carrier", kind="categorical", group="schedule"),
        Feature(name="observed_visibility", kind="quantitative", group="weather"),
    ),
    dropped=(
        Dropped(feature="cancellation_rate_all_3d", rule="left_out", because="params.yaml leaves out cancellation_*"),
        Dropped(feature="origin", rule="constant", because="origin is 'EWR' — always."),
    ),
)


@pytest.mark.parametrize("selection", [SELECTION, Selection(features=SELECTION.features, dropped=())])
def test_what_is_written_is_read_in_its_order(tmp_path: Path, selection: Selection) -> None:
    write_selection(tmp_path / "selection.json", selection)
    assert read_selection(tmp_path / "selection.json") == selection


def test_the_same_selection_has_the_same_bytes_which_people_can_read(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("one.json", "other.json")]
    for path in paths:
        write_selection(path, SELECTION)
    one, other = (path.read_bytes() for path in paths)
    assert one == other
    assert "origin is 'EWR' — always." in one.decode()
    assert list(json.loads(one)) == ["features", "dropped"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("features", "carrier"), ("features", [{"name": "carrier"}]), ("dropped", None), ("colour", "blue")],
)
def test_json_that_is_no_selection_is_named_in_one_line(tmp_path: Path, name: str, value: Any) -> None:
    path = tmp_path / "selection.json"
    path.write_text(json.dumps({**SELECTION.model_dump(mode="json"), name: value}))
    with pytest.raises(UserError, match=f"^{path}: [^\n]*`dvc [^\n]*$"):
        read_selection(path)


@pytest.mark.parametrize(
    ("word", "other"), [("history", "horoscope"), ("left_out", "bored"), ("quantitative", "fuzzy")]
)
def test_a_word_that_is_not_known_is_refused(tmp_path: Path, word: str, other: str) -> None:
    path = tmp_path / "selection.json"
    write_selection(path, SELECTION)
    path.write_text(path.read_text().replace(f'"{word}"', f'"{other}"'))
    with pytest.raises(UserError, match=f"^{path}: [^\n]*`dvc "):
        read_selection(path)


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b'{"features": [', b"\xff\xfe"])
def test_a_damaged_file_is_named_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "selection.json"
    path.write_bytes(content)
    with pytest.raises(UserError, match=f"^{path}: [^\n]*`dvc [^\n]*$"):
        read_selection(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"/selection\.json: [^\n]*`dvc [^\n]*$"):
        read_selection(tmp_path / "selection.json")


def test_a_feature_is_dropped_by_a_rule_that_there_is() -> None:
    with pytest.raises(ValidationError, match="rule"):
        Dropped.model_validate({"feature": "carrier", "rule": "disliked", "because": "it is."})
