"""serving.current: every pointer is read once, also while others are written."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from flight_delay.serving.current import CurrentState
from flight_delay.serving.states import CURRENT, read_current

REPLACEMENTS = 300


def test_a_pointer_that_is_replaced_while_it_is_read_counts_once(tmp_path: Path) -> None:
    def replace() -> None:
        for number in range(REPLACEMENTS):
            (tmp_path / "partial").write_text(f"{number:016d}\n")
            (tmp_path / "partial").replace(tmp_path / CURRENT)

    current = CurrentState(tmp_path)
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(replace)
        while not writing.done():
            current.refresh()
        writing.result()
    current.refresh()
    assert read_current(tmp_path) == f"{REPLACEMENTS - 1:016d}"
    assert f"{REPLACEMENTS - 1:016d}" in str(current.rejected)
    assert 1 <= current.rejections <= REPLACEMENTS
