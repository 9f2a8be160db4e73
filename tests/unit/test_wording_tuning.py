"""The wording of tuning: errors, log lines and the result."""

from __future__ import annotations

import subprocess
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from filelock import FileLock

from flight_delay.core.errors import UserError
from flight_delay.core.params import load_params
from flight_delay.model.booster import BoosterParameters
from flight_delay.tuning import search, study, summary
from flight_delay.tuning.space import SEARCHABLE, Tune, require_valid_space
from flight_delay.tuning.write import write_values

TUNE = Tune.model_validate({"metric": "log_loss", "seed": 1, "space": {"max_depth": {"low": 2, "high": 8}}})
SPEC = study.StudySpec("one", TUNE, load_params("train_model", BoosterParameters), {})
SHARED = "train: &a {max_depth: 4}\nother: *a\n"
STALE = '{"build_features": [], "backtest": []}'


def validate(**space: Any) -> None:
    require_valid_space(TUNE.model_validate(TUNE.model_dump() | {"space": space}).space, SPEC.parameters)


def load_range_without_high() -> None:
    Path("b").write_text("tune: {metric: log_loss, seed: 1, space: {max_depth: {low: 3}}}")
    load_params("tune", Tune, Path("b"))


def write_shared_values() -> None:
    Path("a").write_text(SHARED)
    write_values("train", {"max_depth": 5}, Path("a"))


def open_locked() -> None:
    with FileLock("a.lock"), study.open_study(Path("a"), SPEC):
        pass


@pytest.mark.parametrize(
    ("work", "message"),
    [
        (lambda: validate(max_dept={"low": 1, "high": 2}), f"params.yaml: 'tune.space.max_dept': not a parameter of train_model to search; choose from {', '.join(SEARCHABLE)}"),
        (lambda: validate(max_depth={"low": 1.0, "high": 8}), "params.yaml: 'tune.space.max_depth': 1.0 is not valid (Input should be a valid integer)"),
        (lambda: validate(max_depth={"low": 5, "high": 8}), "params.yaml: 'tune.space.max_depth': the current value, 4, is outside; widen the range, since the first trial has the current parameters"),
        (load_range_without_high, "b: 'tune.space.max_depth': give either choices alone, or low and high"),
        (write_shared_values, "a: other sections share values of train; write {'max_depth': 5} there by hand"),
        (open_locked, "a: another search is running; wait for it, or stop it and run this again"),
        (study.read_study_spec, 'Optuna is not installed; `make setup` installs it, as does `pip install "flight-delay[tune]"`'),
        (lambda: study.require_unchanged(SPEC), "params.yaml, data or code have changed since the search began, so nothing is written; run it again"),
    ],
)  # fmt: skip
def test_refusals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, work: Any, message: str) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(study, "find_spec", lambda _: None)
    if work is not study.read_study_spec:
        monkeypatch.setattr(study, "read_study_spec", lambda: SimpleNamespace(name="other"))
    with pytest.raises(UserError) as error:
        work()
    assert str(error.value) == message
    assert not Path("a").exists() or Path("a").read_text() == SHARED  # the file is not changed


@pytest.mark.parametrize(
    ("status", "message"),
    [
        ((0, STALE, ""), "outputs of backtest, build_features are missing or out of date; `dvc repro backtest` updates them"),
        ((1, "", "busy\nx"), "`dvc status` fails (busy); fix that and run it again"),
        ((1, "", ""), "`dvc status` fails (no reason given); fix that and run it again"),
    ],
)  # fmt: skip
def test_a_backtest_that_is_out_of_date(monkeypatch, status: tuple[int, str, str], message: str) -> None:
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], *status))
    with pytest.raises(UserError) as error:
        study.require_up_to_date()
    assert str(error.value) == message


def trials(*losses: float, verdict: str = "better") -> list[Any]:
    """Complete trials as Optuna has them, each 60 seconds long."""
    row = {"difference": -0.012, "low": -0.02, "high": -0.004, "verdict": verdict}
    names = ("roc_auc", "average_precision", "log_loss")
    return [
        SimpleNamespace(
            number=number, value=loss, datetime_start=datetime(2026, 1, 1), duration=timedelta(minutes=1),  # noqa: DTZ001
            user_attrs={
                "values": {"max_depth": 4 + number}, "metrics": dict.fromkeys(names, loss), "improvement": dict.fromkeys(names, row),
            },
        )
        for number, loss in enumerate(losses)
    ]  # fmt: skip


def test_progress(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "flight_delay")
    search._log_progress(trials(0.51, 0.5), "log_loss", 4)
    assert caplog.messages == ["trial 1 (2 of 4): log_loss 0.5000, best 0.5000 (trial 1), 60.0 s, about 2 min left"]


@pytest.mark.parametrize(
    ("verdict", "text"),
    [
        ("better", "significantly better"),
        ("worse", "significantly worse on all rows together"),
        ("not_significant", "not significant"),
    ],
)
def test_the_verdict(verdict: str, text: str) -> None:
    assert summary.search_verdict(trials(0.51, 0.5, verdict=verdict), "log_loss") == (
        "Trial 1 is the best of 2: log loss 0.5000, 0.5100 with the current parameters. The difference on all rows, "
        f"-0.0120, is {text} (95 % interval -0.0200 to -0.0040)."
    )
    none_better = "None of 2 trials has a better log loss than the current parameters."
    assert summary.search_verdict(trials(0.5, 0.51), "log_loss") == none_better


def test_the_report(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(summary, "complete_trials", lambda _: trials(0.51, 0.5))
    monkeypatch.setattr(summary, "parameter_importances", lambda *_: {"max_depth": 0.75, "reg_lambda": 0.25})
    assert summary.search_report(None, TUNE).splitlines()[1:] == [
        "",
        "| trial       | ROC AUC   | average precision   | log loss   | max_depth   |",
        "|-------------|-----------|---------------------|------------|-------------|",
        "| 1           | 0.5000    | 0.5000              | 0.5000     | 5           |",
        "| 0 (current) | 0.5100    | 0.5100              | 0.5100     | 4           |",
        "",
        "| trial 1 - current   | difference   | 95 % interval      | verdict   |",
        "|---------------------|--------------|--------------------|-----------|",
        "| ROC AUC             | -0.0120      | -0.0200 to -0.0040 | better    |",
        "| average precision   | -0.0120      | -0.0200 to -0.0040 | better    |",
        "| log loss            | -0.0120      | -0.0200 to -0.0040 | better    |",
        "",
        "Importances: max_depth 75%, reg_lambda 25%.",
        "",
        "Selection bias: the metric of the best of many trials on the same backtest is optimistic, and its interval too narrow. "
        "The test months were not used.",
    ]
    monkeypatch.setattr(summary, "parameter_importances", lambda *_: {})
    few = "Importances need 10 trials with different values of the metric."
    assert few in summary.search_report(None, TUNE).splitlines()
