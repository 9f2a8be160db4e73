"""tuning: the exact wording of its errors, log lines, verdicts and page."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from filelock import FileLock

from flight_delay.core.errors import UserError
from flight_delay.core.params import load
from flight_delay.evaluation.intervals import Comparison
from flight_delay.tuning import question, search
from flight_delay.tuning.outcome import Outcome
from flight_delay.tuning.search import Trial, go_on, opened, require_optuna
from flight_delay.tuning.shown import shown
from flight_delay.tuning.space import Searched, Tune, require_current
from flight_delay.tuning.words import called, page, verdict
from flight_delay.tuning.write import write_values

TO_SEARCH = (
    "max_rounds, early_stopping_rounds, learning_rate, max_depth, min_child_weight, subsample, colsample_bytree, "
    "reg_lambda, max_bin, monotone"
)
SPACES: list[tuple[dict[str, Any], str]] = [
    (
        {"max_dept": {"low": 1, "high": 2}},
        f": max_dept is no parameter of train_model to search; there are {TO_SEARCH}",
    ),
    ({"max_depth": {"low": 3, "high": 3}}, ".max_depth: low (3) must be below high (3)"),
    ({"max_depth": {"low": 3}}, ".max_depth: give low and high, or choices"),
    ({"max_depth": {"low": 1.0, "high": 2}}, ": max_depth: 1.0 is not for it (Input should be a valid integer)"),
    ({"max_depth": {"low": 2, "high": 8, "step": 4}}, ".max_depth: steps of 4 do not lead from 2 to 8"),
    ({"max_depth": {"low": 2, "high": 8, "step": 2.0}}, ": max_depth is a whole number, so step must be one, too"),
    ({"max_depth": {"choices": [2, 4], "low": 1}}, ".max_depth: choices stand alone, without low, high, log or step"),
    ({"max_depth": {"choices": [2, 4, 2]}}, ".max_depth: a choice is there twice"),
    ({"monotone": {"low": 0, "high": 1}}, ": monotone is true or false; give choices: [true, false]"),
    ({"reg_lambda": {"low": 0, "high": 9, "log": True}}, ".reg_lambda: log wants low above 0, and no step"),
]


@pytest.mark.parametrize(("space", "said"), SPACES)
def test_what_cannot_be_searched(space: dict[str, Any], said: str, tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(yaml.safe_dump({"tune": {"metric": "log_loss", "seed": 1, "space": space}}))
    with pytest.raises(UserError) as refused:
        load("tune", Tune, path)
    key, _, reason = said.partition(": ")
    assert str(refused.value) == f"{path}: 'tune.space{key}': {reason}"


def written() -> None:
    Path("a").write_text("train: &a {max_depth: 4}\nother: *a\n")
    write_values("train", {"max_depth": 5}, Path("a"))


def held() -> None:
    with FileLock("a.lock"), opened(Path("a"), "study", "log_loss"):
        pass


def up_to_date(code: int, stdout: str = "", stderr: str = "") -> Callable[[pytest.MonkeyPatch], None]:
    def work(patch: pytest.MonkeyPatch) -> None:
        patch.setattr(subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], code, stdout, stderr))
        question.require_up_to_date()

    return work


def without_optuna(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(search, "find_spec", lambda _: None)
    require_optuna()


def changed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(question, "read_question", lambda: SimpleNamespace(name="other"))
    question.require_unchanged(SimpleNamespace(name="one"))  # type: ignore[arg-type]


REFUSED: dict[str, tuple[Callable[[pytest.MonkeyPatch], Any], str]] = {
    "current": (
        lambda _: require_current({"max_depth": 4}, {"max_depth": Searched(low=5, high=8)}),
        "params.yaml: train_model.max_depth is 4, which tune.space.max_depth does not try; widen it, since a search begins "
        "with the current parameters",
    ),
    "stale": (
        up_to_date(0, '{"check_data": [], "build_features": []}'),
        "what build_features, check_data made is missing or out of date, so a search would be about other data; "
        "`dvc repro check_data` makes them",
    ),
    "status": (up_to_date(1, "", "busy\nx"), "`dvc status` fails (busy); mend that and run it again"),
    "silent": (up_to_date(1), "`dvc status` fails (no reason given); mend that and run it again"),
    "changed": (
        changed,
        "params.yaml, data or code have changed since the search began, so nothing is written; run it again, or go back",
    ),
    "Optuna": (without_optuna, "Optuna, which searches, is not installed; `make setup` installs it"),
    "held": (lambda _: held(), "a: another search is at work; wait for it, or end it and run this again"),
    "written": (
        lambda _: written(), "a: the values of train do not stand one by one; write {'max_depth': 5} there by hand",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("work", "said"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, work: Callable[[pytest.MonkeyPatch], Any], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError) as refused:
        work(monkeypatch)
    assert str(refused.value) == said


def test_the_log_of_a_search(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "flight_delay")
    monkeypatch.setattr(search.time, "perf_counter", lambda: 1.0)
    tune = Tune.model_validate({"metric": "log_loss", "seed": 1, "space": {"max_depth": {"low": 2, "high": 8}}})
    with opened(tmp_path / "a", "study", "log_loss") as study:
        clock = iter([0.0, 0.0, 60.0, 60.0, 120.0, 180.0]).__next__
        go_on(study, tune, {"max_depth": 4}, lambda _: {"log_loss": 0.5}, trials=3, minutes=3, clock=clock)
    assert caplog.messages == [
        "trial 0 (1 of 3): log_loss 0.5000, best 0.5000 (trial 0), 0.0 s, about 2 min left",
        "trial 1 (2 of 3): log_loss 0.5000, best 0.5000 (trial 0), 0.0 s, about 1 min left",
        "no further trial is begun after 3 minutes: 2 of 3 are done",
    ]


def found(*losses: float, verdict: Any = None, importances: dict[str, float] | None = None) -> Outcome:
    trials = tuple(
        Trial(
            number, {"max_depth": 4 + number}, dict.fromkeys(("roc_auc", "average_precision", "log_loss"), loss), 0, 0
        )
        for number, loss in enumerate(losses)
    )
    over = None if verdict is None else dict.fromkeys(trials[0].metrics, Comparison(-0.012, -0.02, -0.004, verdict))
    return Outcome("log_loss", trials, min(trials, key=lambda of: of.metrics["log_loss"]), over, importances)


BEST = "Trial 1 is the best of 2: log loss 0.5000, 0.5100 with the current parameters"
INTERVAL = "(difference −0.0120, 95 % interval −0.0200 … −0.0040)"
CAUTION = (
    "The more trials, the more the best one owes to luck: of 2 it was picked on the same days, so its figure is a little too "
    "good and its interval a little too narrow. The test months were not looked at."
)


@pytest.mark.parametrize(
    ("of", "said"),
    [
        (found(0.50, 0.51), "None of 2 trials has a better log loss than the current parameters."),
        (found(0.51, 0.50), f"{BEST}."),
        (found(0.51, 0.50, verdict="better"), f"{BEST}; it is better on these days {INTERVAL}."),
        (found(0.51, 0.50, verdict="worse"), f"{BEST}; it is worse where every flight counts the same {INTERVAL}."),
        (found(0.51, 0.50, verdict="undecided"), f"{BEST}; these days cannot tell whether it is better {INTERVAL}."),
    ],
)
def test_a_verdict(of: Outcome, said: str) -> None:
    assert verdict(of) == said


def test_the_page() -> None:
    of = found(0.51, 0.50, verdict="better", importances={"max_depth": 0.75, "reg_lambda": 0.25})
    assert page(of).splitlines() == [
        verdict(of),
        "",
        "| trial | ROC AUC | average precision | log loss | max_depth |",
        "|-------|---------|-------------------|----------|-----------|",
        "| 1     | 0.5000  | 0.5000            | 0.5000   | 5         |",
        "| 0     | 0.5100  | 0.5100            | 0.5100   | 4         |",
        "",
        "The best against the current parameters, on the same flights, with intervals over days:",
        "",
        "| metric            | difference | 95 % interval     |        |",
        "|-------------------|------------|-------------------|--------|",
        "| ROC AUC           | −0.0120    | −0.0200 … −0.0040 | better |",
        "| average precision | −0.0120    | −0.0200 … −0.0040 | better |",
        "| log loss          | −0.0120    | −0.0200 … −0.0040 | better |",
        "",
        "What log loss depends on: max_depth 75%, reg_lambda 25%.",
        "",
        CAUTION,
    ]
    few = "Importances of parameters want 10 trials with different figures."
    assert page(found(0.5, 0.6)).splitlines()[-3:] == [few, "", CAUTION]


def test_what_the_run_of_a_search_shows() -> None:
    of = found(0.51, 0.50)
    sections = {"train_model": {"max_depth": 4}, "tune": {"metric": "log_loss"}}
    search = shown("s", of, sections, budget=20, done=False, tags={})
    assert (search.name, search.note) == ("tune log_loss, 20 trials", f"At work: 2 of 20 trials. {verdict(of)}")
    assert called(of.current, {"max_depth": 4}) == "current parameters"
