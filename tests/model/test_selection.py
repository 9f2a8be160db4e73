"""model.selection: what is read is what was written, and a damaged file is not taken for a selection."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flight_delay.core.errors import UserError
from flight_delay.features.feature import Feature
from flight_delay.model.selection import DroppedFeature, Selection, read_selection, write_selection

SELECTION = Selection(
    features=(
        Feature(name="late_rate_route_7d", kind="quantitative", group="history", effect="increasing"),
        Feature(name="carrier", kind="categorical", group="schedule"),
        Feature(name="observed_visibility", kind="quantitative", group="weather"),
    ),
    dropped=(
        DroppedFeature(
            feature="cancellation_rate_all_3d", rule="excluded", reason="params.yaml leaves out cancellation_*"
        ),
        DroppedFeature(feature="origin", rule="constant", reason="origin is 'EWR' — always."),
    ),
)


@pytest.mark.parametrize("selection", [SELECTION, Selection(features=SELECTION.features, dropped=())])
def test_what_is_written_is_read_in_its_order(tmp_path: Path, selection: Selection) -> None:
    write_selection(tmp_path / "selected_features.json", selection)
    assert read_selection(tmp_path / "selected_features.json") == selection


CONTENT = SELECTION.model_dump(mode="json")
WRITTEN = json.dumps(CONTENT).encode()


@pytest.mark.parametrize(
    "content",
    [
        b"", b"null", b'{"features": [', b"\xff\xfe",
        *(json.dumps(CONTENT | changed).encode() for changed in ({"features": [{"name": "a"}]}, {"colour": "blue"})),
        *(WRITTEN.replace(word, b"unknown") for word in (b"history", b"excluded", b"quantitative")),
        None,  # no file
    ],
)  # fmt: skip
def test_a_file_that_is_missing_or_no_selection_is_named_in_one_line(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "selected_features.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=f"^{path}: [^\n]*`dvc [^\n]*$"):
        read_selection(path)
