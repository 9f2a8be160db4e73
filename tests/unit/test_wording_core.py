"""core: the exact wording of its messages."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from flight_delay.core import files, months, runner
from flight_delay.core.environment import environment_difference
from flight_delay.core.errors import UserError
from flight_delay.core.executors import open_executor, require_workers
from flight_delay.core.months import MonthRange, Splits
from flight_delay.core.params import Parameters, load_params, read_validated_json
from flight_delay.core.references import read_reference

RESTORE = "`dvc checkout --force` restores it, or `dvc repro --force` makes it again"


pytestmark = pytest.mark.usefixtures("restore_process")


class Kind(Parameters):
    rounds: int
    rate: float


def holding(content: bytes | str, name: str = "a") -> Path:
    """A file in the working folder with this content."""
    Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return Path(name)


def table() -> Path:
    files.write_table(Path("a"), pa.table({"delay": pa.array([1], pa.int32())}))
    return Path("a")


def monthly() -> Path:
    for month in ("2013-02", "2013-03"):
        files.write_table(Path(f"months/{month}.parquet"), pa.table({"delay": [1]}))
    return Path("months")


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "missing file": (lambda: files.read_json(Path("a")), f"a: no such file; {RESTORE}"),
    "JSON": (
        lambda: files.read_json(holding("")),
        f"a: not readable as JSON (Expecting value: line 1 column 1 (char 0)); {RESTORE}",
    ),
    "numbers": (
        lambda: files.read_csv_columns(holding("b\nx\n")),
        f"a: not a table of numbers (could not convert string to float: 'x'); {RESTORE}",
    ),
    "Parquet": (
        lambda: files.read_table(holding("")), f"a: not a whole Parquet file (Parquet file size is 0 bytes); {RESTORE}",
    ),
    "missing column": (lambda: files.read_table(table(), columns=["late"]), f"a: column 'late' is missing; {RESTORE}"),
    "type of a column": (
        lambda: files.read_table(table(), pa.schema([("delay", pa.string())])),
        f"a: column 'delay' is int32, expected string; {RESTORE}",
    ),
    "no months": (
        lambda: months.list_months(Path("a")), "a: no monthly files (YYYY-MM.parquet); `dvc repro` makes them",
    ),
    "missing months": (
        lambda: months.require_months(monthly(), "splits.test", MonthRange(first="2013-01", last="2013-04")),
        "months: no data for 2013-01, 2013-04 of splits.test (months are 2013-02 … 2013-03); "
        "change splits.test or fetch_raw.last_month in params.yaml",
    ),
    "a gap": (
        lambda: months.require_no_gaps(["2013-01", "2013-03"], "bts"),
        "bts: no rows of 2013-02, between months that there are; add them, or set fetch_raw.allow_gaps in params.yaml",
    ),
    "missing parameters": (
        lambda: load_params("kind", Kind, Path("a")), "a: no such file; run from the top of the repository",
    ),
    "missing section": (
        lambda: load_params("kind", Kind, holding("other: 1\n")),
        "a: section 'kind' is missing; `git show HEAD:a` shows the committed one",
    ),
    "keys": (
        lambda: load_params("kind", Kind, holding("kind: {rounds: 1.5, ratio: 2}\n")),
        "a: 'kind.rounds': Input should be a valid integer; key 'kind.rate' is missing; add it; "
        "unknown key 'kind.ratio'; remove it or correct its spelling",
    ),
    "YAML of parameters": (
        lambda: load_params("kind", Kind, holding("a: b: c\n")),
        "a: not valid YAML (line 1, column 5: mapping values are not allowed in this context); correct the line",
    ),
    "no sections": (
        lambda: load_params("kind", Kind, holding("")), "a: not a mapping of sections; `git checkout HEAD a` restores it",
    ),
    "written by a stage": (
        lambda: read_validated_json(holding("[]"), Kind, "a manifest"),
        "a: not a manifest (Input should be an object); `dvc repro --force` makes it",
    ),
    "missing reference": (
        lambda: read_reference(Path("a"), Kind), "a: no such file; run from the top of the repository",
    ),
    "no reference": (
        lambda: read_reference(holding("- b\n"), Kind),
        "a: not a mapping of sections; `git checkout HEAD a` restores it",
    ),
    "entry of a reference": (
        lambda: read_reference(holding("rounds: 1\n"), Kind), "a: rate: Field required; correct the entry",
    ),
    "entry given twice": (
        lambda: read_reference(holding("rounds: 1\nrounds: 2\n"), Kind),
        'a: not valid YAML (line 2, column 1: found duplicate key "rounds"); correct the line',
    ),
}  # fmt: skip


@pytest.mark.parametrize(("work", "expected"), REFUSED.values(), ids=REFUSED)
def test_errors_of_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, work: Callable[[], Any], expected: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError) as refused:
        work()
    assert str(refused.value) == expected


def test_splits_in_the_wrong_order() -> None:
    with pytest.raises(ValueError, match=r"Value error, first \(2013-02\) is after last \(2013-01\) \["):
        MonthRange(first="2013-02", last="2013-01")
    one = {"first": "2013-01", "last": "2013-01"}
    words = r"Value error, validation.first \(2013-01\) must be after train.last \(2013-01\) \["
    with pytest.raises(ValueError, match=words):
        Splits.model_validate({"train": one, "validation": one, "test": one})


def raising(error: BaseException) -> Callable[[], int]:
    def work() -> int:
        raise error

    return work


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (KeyboardInterrupt(), "interrupted; unfinished outputs are unchanged"),
        (
            OSError(errno.ENOSPC, "full", "out"),
            f"error: out: {os.strerror(errno.ENOSPC)}; free some space and run it again",
        ),
        (
            OSError(errno.EACCES, "closed", "out"),
            f"error: out: {os.strerror(errno.EACCES)}; check the permissions and run it again",
        ),
    ],
    ids=["interrupted", "disk", "rights"],
)
def test_errors_that_end_a_stage(capsys: pytest.CaptureFixture[str], error: BaseException, expected: str) -> None:
    runner.run_with_error_handling("evaluate", raising(error))
    assert capsys.readouterr().err == f"evaluate: {expected}\n"


def test_an_unknown_log_level(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(runner.LEVEL_VARIABLE, "loud")
    runner.run_with_error_handling("evaluate", lambda: 0)
    expected = "FLIGHT_DELAY_LOG=LOUD: no such log level; choose DEBUG, INFO, WARNING or ERROR"
    assert capsys.readouterr().err == f"evaluate: error: {expected}\n"


def test_the_log_of_a_stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.chdir(tmp_path)
    caplog.set_level("INFO")
    monkeypatch.setattr(runner, "peak_memory_mib", lambda: 123.4)
    monkeypatch.setattr(runner.time, "perf_counter", iter([1.0, 3.5]).__next__)
    runner._run_timed("evaluate", lambda: len(list(runner.track_progress(["2013-01", "2013-02"], "month"))) * 1_000)
    assert caplog.messages == [
        "evaluate: start",
        "  month 2013-01 (1 of 2)",
        "  month 2013-02 (2 of 2)",
        "evaluate: done, 2,000 rows, 2.5 s, peak memory 123 MiB",
    ]


def test_schedulers_that_cannot_be_used(monkeypatch):
    monkeypatch.setenv("FLIGHT_DELAY_SCHEDULER", "many")
    with pytest.raises(UserError) as refused:
        open_executor()
    assert (
        str(refused.value)
        == "FLIGHT_DELAY_SCHEDULER=many: neither a number of processes nor an address; unset it, or set it to a number such as 2 or to an address such as tcp://host:8786"
    )
    with pytest.raises(UserError) as refused:
        require_workers(2, 3)
    assert str(refused.value) == "FLIGHT_DELAY_SCHEDULER: 3 tasks need a worker each, but there are 2; add workers"


def test_what_differs_on_a_worker():
    assert environment_difference({"xgboost": "3.2.0"}, {"xgboost": "3.2.0"}) == ""
    assert environment_difference({"xgboost": "3.2.0"}, {"xgboost": "3.1.0"}) == "xgboost 3.1.0 instead of 3.2.0"
    assert environment_difference({}, ImportError("no module")) == "no usable package flight_delay (no module)"
