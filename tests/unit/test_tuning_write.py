"""tuning.write: values change in params.yaml; comments and everything else stay."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flight_delay.core.params import parse_yaml
from flight_delay.tuning.write import write_values

PARAMS = Path(__file__).resolve().parents[2] / "params.yaml"


@pytest.fixture
def path(tmp_path) -> Path:
    path = tmp_path / "params.yaml"
    path.write_text(PARAMS.read_text())
    return path


@pytest.mark.parametrize("value", [0.0484, 1e-05, 1.5e-300, 7, True, False])
def test_one_line_changes_and_is_read_as_the_value(path: Path, value: Any) -> None:
    assert write_values("train_model", {"max_depth": value, "max_bin": 256}, path) == ["max_depth"]
    before, after = PARAMS.read_text().splitlines(), path.read_text().splitlines()
    (changed,) = [new for old, new in zip(before, after, strict=True) if old != new]
    assert parse_yaml(changed) == {"max_depth": value}


def test_a_comment_stays_in_its_column(path: Path) -> None:
    write_values("train_model", {"monotone_constraints": False}, path)
    assert path.read_text() == PARAMS.read_text().replace("monotone_constraints: true ", "monotone_constraints: false")


def test_nothing_is_written_if_nothing_changes(path: Path) -> None:
    before = path.stat()
    assert write_values("train_model", {"max_bin": 256, "min_child_weight": 1000.0}, path) == []
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
