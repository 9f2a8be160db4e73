"""core.runner: exit codes, one line for what a user can mend, and lines of progress."""

from __future__ import annotations

import errno
import logging
import os
import re
import zoneinfo
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from flight_delay.core import runner
from flight_delay.core.errors import UserError


@pytest.fixture(autouse=True)
def _process_as_it_was() -> Iterator[None]:
    """Take back what running a stage sets for its whole process."""
    root = logging.getLogger()
    handlers, level, paths = root.handlers[:], root.level, zoneinfo.TZPATH
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    zoneinfo.reset_tzpath(to=paths)


def raising(error: BaseException) -> Callable[[], NoReturn]:
    def work() -> NoReturn:
        raise error

    return work


def test_an_error_that_a_user_can_mend_is_one_line_and_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert runner.run_with_error_handling("train_model", raising(UserError("params.yaml: mend"))) == 2
    assert capsys.readouterr() == ("", "train_model: error: params.yaml: mend\n")


def test_an_interruption_is_one_line_and_the_code_that_shells_have_for_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert runner.run_with_error_handling("train_model", raising(KeyboardInterrupt())) == 130
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("train_model: ")
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EACCES, errno.EROFS])
def test_what_the_machine_refuses_is_one_line_and_code_2(capsys: pytest.CaptureFixture[str], code: int) -> None:
    assert runner.run_with_error_handling("evaluate", raising(OSError(code, os.strerror(code), "reports/roc.png"))) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1
    assert err.startswith(f"evaluate: error: reports/roc.png: {os.strerror(code)}; ")


def test_a_refusal_that_names_no_file_names_the_folder(capsys: pytest.CaptureFixture[str]) -> None:
    assert runner.run_with_error_handling("evaluate", raising(OSError(errno.ENOSPC, "full"))) == 2
    assert str(Path.cwd()) in capsys.readouterr().err


@pytest.mark.parametrize(
    "error",
    [ValueError("bug"), KeyError("bug"), OSError(errno.ENOENT, "bug"), OSError("bug"), SystemExit("bug")],
)
def test_every_other_error_passes_through(error: BaseException) -> None:
    with pytest.raises(type(error), match="bug") as raised:
        runner.run_with_error_handling("evaluate", raising(error))
    assert raised.value is error


@pytest.mark.parametrize("code", [0, 1])
def test_the_code_is_that_of_the_work(code: int) -> None:
    assert runner.run_with_error_handling("verify", lambda: code) == code


def test_an_unknown_log_level_is_an_error_of_the_user(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(runner.LEVEL_VARIABLE, "loud")
    assert runner.run_with_error_handling("evaluate", lambda: 0) == 2
    err = capsys.readouterr().err
    assert len(err.splitlines()) == 1
    assert runner.LEVEL_VARIABLE in err


def test_the_log_level_comes_from_the_environment(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def work() -> int:
        runner.log.info("told")
        runner.log.warning("warned")
        return 0

    monkeypatch.setenv(runner.LEVEL_VARIABLE, "warning")
    runner.run_with_error_handling("evaluate", work)
    assert capsys.readouterr() == ("", "warned\n")


def test_time_zones_come_from_the_pinned_package() -> None:
    runner.run_with_error_handling("make_dataset", lambda: 0)
    assert zoneinfo.TZPATH == ()
    assert zoneinfo.ZoneInfo.no_cache("America/New_York").key == "America/New_York"


def test_a_stage_exits_with_0_and_says_what_it_did(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as left:
        runner.run_stage("evaluate", lambda: 12_345)
    assert left.value.code == 0
    out, err = capsys.readouterr()
    started, ended = err.splitlines()
    assert out == ""
    assert started.startswith("evaluate: ")
    assert ended.startswith("evaluate: ")
    assert "12,345" in ended
    assert runner.read_timings()["evaluate"]["rows"] == 12_345


def test_a_stage_that_fails_exits_with_2_and_leaves_no_record(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as left:
        runner.run_stage("evaluate", raising(UserError("no")))
    assert left.value.code == 2
    assert runner.read_timings() == {}


def test_records_are_forgotten(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for stage in ("evaluate", "interpret"):
        with pytest.raises(SystemExit):
            runner.run_stage(stage, lambda: 1)
    assert set(runner.read_timings()) == {"evaluate", "interpret"}
    runner.clear_timings()
    assert runner.read_timings() == {}


def test_peak_memory_is_in_mebibytes() -> None:
    held = bytearray(b"x") * (64 << 20)
    assert (
        len(held) >> 20 <= runner.peak_memory_mib() < os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**20
    )


def test_progress_gives_every_item_and_a_line_for_each(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    assert list(runner.track_progress(["2013-01", "2013-02"], "month")) == ["2013-01", "2013-02"]
    assert [re.findall(r"[\d-]+", line) for line in caplog.messages] == [["2013-01", "1", "2"], ["2013-02", "2", "2"]]
