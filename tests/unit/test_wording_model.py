"""model: the exact wording of its messages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flight_delay.core.errors import UserError
from flight_delay.model.examples import require_both_classes
from flight_delay.model.selection import read_selection

CLASSES = "params.yaml: the target has one class in splits.train"
WIDEN = "rows are positive; widen the split or change build_features.late_threshold_minutes"


def targets(*target: bool) -> Callable[[Path], None]:
    return lambda _: require_both_classes([np.array(target, bool)], "splits.train")


def selection(folder: Path) -> None:
    (folder / "selected_features.json").write_text("[]")
    read_selection(folder / "selected_features.json")


@pytest.mark.parametrize(
    ("work", "expected"),
    [
        (targets(False, False), f"{CLASSES}: 0 of 2 {WIDEN}"),
        (targets(True), f"{CLASSES}: 1 of 1 {WIDEN}"),
        (
            selection,
            "selected_features.json: not a selection of features (Input should be an object); `dvc repro --force` makes it",
        ),
    ],
)
def test_what_is_refused(tmp_path: Path, work: Callable[[Path], None], expected: str) -> None:
    with pytest.raises(UserError) as refused:
        work(tmp_path)
    assert str(refused.value).replace(f"{tmp_path}/", "") == expected


KNOTS: dict[str, Any] = {"method": "isotonic", "probability": (0.1, 0.3), "calibrated": (0.2, 0.4)}
