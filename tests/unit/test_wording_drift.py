"""drift: the exact wording of errors."""

from __future__ import annotations

from pathlib import Path

import pytest

from flight_delay.core.errors import UserError
from flight_delay.drift.thresholds import load_thresholds


def test_a_bundle_without_thresholds(tmp_path: Path) -> None:
    with pytest.raises(UserError) as refused:
        load_thresholds(tmp_path)
    assert str(refused.value) == (
        f"{tmp_path}/drift.json: the bundle has no thresholds of drift; `dvc repro drift_thresholds` makes those of this "
        "checkout and of later states and versions"
    )
