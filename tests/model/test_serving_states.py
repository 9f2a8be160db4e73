"""serving.states: a state is written whole or not at all, loaded only if every byte is right, and never goes back."""

from __future__ import annotations

import datetime as dt
import multiprocessing
import shutil
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from small_service import DAY, MODEL, inputs

from flight_delay.core.errors import UserError
from flight_delay.serving import builder, state
from flight_delay.serving.builder import build_state
from flight_delay.serving.current import CurrentState
from flight_delay.serving.state import load_state
from flight_delay.serving.states import CURRENT, activate, read_current

AS_OF = dt.date(2013, 3, 5)
STATES = Path("states")


def build(as_of: dt.date = AS_OF, folder: Path = STATES) -> str:
    return build_state(folder, as_of, inputs(), MODEL)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def built(small_service: Path) -> str:
    """A state, which is the current one."""
    return activate(STATES, build()).id


def test_the_same_inputs_give_the_same_id_and_bytes(built: str) -> None:
    before = contents(STATES / built)
    assert build() == built
    assert build(folder=Path("elsewhere")) == built
    assert contents(STATES / built) == contents(Path("elsewhere") / built) == before
    assert {path.name for path in STATES.iterdir()} == {built, CURRENT, ".lock"}
    assert set(before) == {
        "state.json", "history.parquet", "timetable.parquet", "airports.parquet", "reference.json",
        "bundle/model.ubj", "bundle/manifest.json", "bundle/decision.json",
    }  # fmt: skip


def test_thresholds_of_drift_travel_with_the_bundle_and_change_no_answer(built: str) -> None:
    (MODEL.bundle / "drift.json").write_bytes(b"{}")
    other = activate(STATES, build())
    assert contents(STATES / other.id)["bundle/drift.json"] == b"{}"
    assert "bundle/drift.json" in other.manifest.files
    assert other.manifest.bundle == load_state(STATES, built).manifest.bundle
    assert other.id != built


@pytest.mark.parametrize("change", ["flip", "cut", "remove"])
def test_a_state_with_any_damaged_file_is_refused_and_the_current_one_stays(built: str, change: str) -> None:
    later = build(AS_OF + DAY)
    for name, content in contents(STATES / later).items():
        path = STATES / later / name
        if change == "flip":
            place = len(content) // 2
            path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        elif change == "cut":
            path.write_bytes(content[:-1])
        else:
            path.unlink()
        for refused in (load_state, activate):
            with pytest.raises(UserError, match=later):
                refused(STATES, later)
        assert read_current(STATES) == built
        path.write_bytes(content)
    assert activate(STATES, later).id == later


def test_a_server_keeps_its_state_when_the_next_is_damaged(built: str) -> None:
    current = CurrentState(STATES)
    current.refresh()
    later = build(AS_OF + DAY)
    activate(STATES, later)
    path = STATES / later / "history.parquet"
    content = path.read_bytes()
    path.write_bytes(content[:-1])
    current.refresh()
    assert current.table
    assert (current.table.state.id, current.rejections) == (built, 1)
    assert current.rejected
    path.write_bytes(content)
    activate(STATES, build(AS_OF + 2 * DAY))
    current.refresh()
    assert (current.table.state.as_of, current.rejected, current.rejections) == (AS_OF + 2 * DAY, None, 1)


def test_an_older_state_is_refused_and_one_of_the_same_cut_off_is_not(built: str) -> None:
    older = build(AS_OF - DAY)
    with pytest.raises(UserError, match=older):
        activate(STATES, older)
    assert read_current(STATES) == built
    again = build_state(STATES, AS_OF, inputs(), MODEL._replace(version="2"))
    assert activate(STATES, again).manifest.model_version == "2"
    assert activate(STATES, built).id == built
    assert read_current(STATES) == built


def test_a_state_can_replace_a_current_one_that_was_removed(built: str) -> None:
    shutil.rmtree(STATES / built)
    older = build(AS_OF - DAY)
    assert activate(STATES, older).id == read_current(STATES) == older


@pytest.mark.parametrize(
    "name", ["references/data_dictionary.yaml", "references/reason_codes.yaml", "requirements.txt"]
)
def test_references_and_lock_belong_to_the_code(small_service: Path, name: str) -> None:
    before = state.code_digest.__wrapped__()
    (small_service / name).write_text((small_service / name).read_text() + "# a comment\n")
    assert state.code_digest.__wrapped__() != before


@pytest.mark.parametrize("function", ["write_table", "read_bytes", "load_bundle", "write_json", "load_state"])
def test_a_failure_in_the_middle_leaves_what_was_there(
    built: str, monkeypatch: pytest.MonkeyPatch, function: str
) -> None:
    before = contents(STATES)

    def fail(*_: object, **__: object) -> None:
        raise OSError("no space")

    monkeypatch.setattr(builder, function, fail)
    with pytest.raises(OSError, match="no space"):
        build(AS_OF + DAY)
    assert contents(STATES) == before


def _die(as_of: dt.date) -> None:
    builder.load_state = lambda *_: signal.raise_signal(signal.SIGKILL)
    build(as_of)


def test_a_killed_writer_leaves_no_state(built: str) -> None:
    before = contents(STATES)
    process = multiprocessing.get_context("fork").Process(target=_die, args=(AS_OF + DAY,))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    after = {name: content for name, content in contents(STATES).items() if not name.startswith(".")}
    assert after == {name: content for name, content in before.items() if not name.startswith(".")}
    assert activate(STATES, build(AS_OF + DAY)).as_of == AS_OF + DAY


def test_a_writer_whose_state_appears_meanwhile_leaves_it(built: str, monkeypatch: pytest.MonkeyPatch) -> None:
    later, rename = build(AS_OF + DAY, Path("elsewhere")), Path.rename

    def rename_after_another_wrote(folder: Path, target: Path) -> Path:
        if target.parent == STATES:
            shutil.copytree(Path("elsewhere") / later, target)
        return rename(folder, target)

    monkeypatch.setattr(Path, "rename", rename_after_another_wrote)
    assert build(AS_OF + DAY) == later
    assert [path.name for path in STATES.iterdir() if path.name.endswith(".partial")] == []


def test_of_states_that_are_activated_at_once_the_latest_is_current(small_service: Path) -> None:
    ids = [build(AS_OF + days * DAY) for days in range(4)]

    def try_to_activate(state_id: str) -> bool:
        try:
            activate(STATES, state_id)
        except UserError:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert any(threads.map(try_to_activate, ids * 8))
    assert read_current(STATES) == ids[-1]


def test_a_shadow_is_part_of_a_state(built: str) -> None:
    shadow = MODEL._replace(version="2")
    loaded = load_state(STATES, build_state(STATES, AS_OF, inputs(), MODEL, shadow))
    assert loaded.shadow
    assert (loaded.model.version, loaded.shadow.version, loaded.id != built) == ("checkout", "2", True)


def test_a_state_holds_the_cut_off_and_the_dates_that_it_answers(built: str) -> None:
    loaded = load_state(STATES, built)
    assert (loaded.as_of, loaded.as_of_seconds) == (AS_OF, dt.datetime(2013, 3, 5, tzinfo=dt.UTC).timestamp())
    dates = np.unique(loaded.timetable["flight_date"].astype("datetime64[D]")).tolist()
    limit = builder.load_params("serve", builder.Serve).max_days_behind
    assert dates == [AS_OF + days * DAY for days in range(limit + 3)]
