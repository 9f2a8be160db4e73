"""core.runner: exit codes, one line for what a user can mend, and lines of progress."""

from __future__ import annotations

import errno
import os
import zoneinfo
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from flight_delay.core import runner
from flight_delay.core.errors import UserError

pytestmark = pytest.mark.usefixtures("restore_process")


def raising(error: BaseException) -> Callable[[], NoReturn]:
    def work() -> NoReturn:
        raise error

    return work


NO_SPACE, NO_RIGHTS = [errno.ENOSPC, errno.EDQUOT, errno.EFBIG], [errno.EACCES, errno.EPERM, errno.EROFS]


@pytest.mark.parametrize(
    ("error", "code", "start"),
    [
        (UserError("params.yaml: wrong"), 2, "error: params.yaml: wrong"),
        (KeyboardInterrupt(), 130, "interrupted"),
        *(
            (OSError(code, "x", "roc.png"), 2, f"error: roc.png: {os.strerror(code)}; ")
            for code in NO_SPACE + NO_RIGHTS
        ),
        (OSError(errno.ENOSPC, "x"), 2, f"error: {Path.cwd()}: "),
    ],
)
def test_an_error_of_the_user_is_one_line_and_a_code(
    capsys: pytest.CaptureFixture[str], error: BaseException, code: int, start: str
) -> None:
    assert runner.run_with_error_handling("evaluate", raising(error)) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1
    assert err.startswith(f"evaluate: {start}")


@pytest.mark.parametrize(
    "error",
    [ValueError("bug"), KeyError("bug"), OSError(errno.ENOENT, "bug"), OSError("bug"), SystemExit("bug")],
)
def test_every_other_error_passes_through(error: BaseException) -> None:
    with pytest.raises(type(error), match="bug") as raised:
        runner.run_with_error_handling("evaluate", raising(error))
    assert raised.value is error


def test_the_log_level_comes_from_the_environment(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def work() -> int:
        runner.log.info("told")
        runner.log.warning("warned")
        return 1

    monkeypatch.setenv(runner.LEVEL_VARIABLE, "warning")
    assert runner.run_with_error_handling("evaluate", work) == 1
    assert capsys.readouterr() == ("", "warned\n")


def test_time_zones_come_from_the_pinned_package() -> None:
    runner.run_with_error_handling("make_dataset", lambda: 0)
    assert zoneinfo.TZPATH == ()
    assert zoneinfo.ZoneInfo.no_cache("America/New_York").key == "America/New_York"


def test_a_stage_exits_with_its_code_and_records_what_it_took(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for stage, work, code in (("evaluate", lambda: 12_345, 0), ("interpret", raising(UserError("no")), 2)):
        with pytest.raises(SystemExit) as left:
            runner.run_stage(stage, work)
        assert left.value.code == code
    ((stage, timing),) = runner.read_timings().items()
    assert (stage, timing["rows"]) == ("evaluate", 12_345)
    runner.clear_timings()
    assert runner.read_timings() == {}


def test_peak_memory_is_in_mebibytes() -> None:
    held = bytearray(b"x") * (64 << 20)
    assert (
        len(held) >> 20 <= runner.peak_memory_mib() < os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**20
    )
