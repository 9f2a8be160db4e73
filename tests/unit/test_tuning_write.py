"""tuning.write: only values change in params.yaml; comments, layout and everything else stay."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from flight_delay.core.errors import UserError
from flight_delay.tuning.write import write_values

REPOSITORY = Path(__file__).resolve().parents[2]
TEXT = """# about: max_depth: 4
other:
  max_depth: 4
train_model:            # as in XGBoost
  max_depth: 4          # deeper
  learning_rate: 0.05
  monotone: true  # more

  min_child_weight:   1000
last: {max_depth: 4}
"""


@pytest.fixture
def path(tmp_path) -> Path:
    path = tmp_path / "params.yaml"
    path.write_text(TEXT)
    return path


def test_only_values_that_differ_change_and_comments_stay_in_their_column(path: Path) -> None:
    changed = write_values("train_model", {"max_depth": 12, "learning_rate": 0.0484, "monotone": True}, path)
    assert changed == ["max_depth", "learning_rate"]
    assert path.read_text() == TEXT.replace("max_depth: 4          # deeper", "max_depth: 12         # deeper").replace(
        "learning_rate: 0.05", "learning_rate: 0.0484"
    )


def test_a_comment_gives_way_where_there_is_no_room(path: Path) -> None:
    write_values("train_model", {"monotone": False, "min_child_weight": 1230.5}, path)
    assert "  monotone: false # more\n" in path.read_text()
    assert "  min_child_weight:   1230.5\n" in path.read_text()


def test_nothing_is_written_where_nothing_differs(path: Path) -> None:
    before = path.stat()
    assert write_values("train_model", {"max_depth": 4, "min_child_weight": 1000}, path) == []
    after = path.stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


@example(1e-05)
@given(st.one_of(st.integers(-(10**9), 10**9), st.floats(-1e300, 1e300), st.booleans()))
def test_what_is_written_is_what_is_read_again(value: Any) -> None:
    path = Path("params.yaml")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "read_text", lambda _, **__: TEXT)
        written: list[str] = []
        patch.setattr("flight_delay.tuning.write.write_text", lambda _, text: written.append(text))
        write_values("train_model", {"learning_rate": value}, path)
    found = yaml.safe_load(written[-1]) if written else yaml.safe_load(TEXT)
    assert found["train_model"].pop("learning_rate") == value
    expected = yaml.safe_load(TEXT)
    del expected["train_model"]["learning_rate"]
    assert found == expected


@pytest.mark.parametrize(
    "shared",
    [
        "train_model: &a {max_depth: 4}\nother: *a\n",
        "other: {a: &d 4}\ntrain_model: {max_depth: *d}\n",
        "other: &a {max_depth: 4}\ntrain_model: {<<: *a}\n",
    ],
)
def test_a_value_that_does_not_stand_by_itself_is_refused_and_the_file_stays(path: Path, shared: str) -> None:
    path.write_text(shared)
    with pytest.raises(UserError, match=r"/params\.yaml: .*\btrain_model\b.*\{'max_depth': 5\}"):
        write_values("train_model", {"max_depth": 5}, path)
    assert path.read_text() == shared


def test_the_committed_file_keeps_every_other_line(tmp_path) -> None:
    path = tmp_path / "params.yaml"
    shutil.copy(REPOSITORY / "params.yaml", path)
    before = path.read_text().splitlines()
    section = yaml.safe_load(path.read_text())["train_model"]
    write_values("train_model", {"max_depth": section["max_depth"] + 1}, path)
    after = path.read_text().splitlines()
    (differs,) = [number for number, (a, b) in enumerate(zip(before, after, strict=True)) if a != b]
    assert after[differs].strip() == f"max_depth: {section['max_depth'] + 1}"
