"""tuning.search, with a judge that costs nothing: the same seed gives the same search, killed or not."""

from __future__ import annotations

import logging
import math
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flight_delay.core.errors import UserError
from flight_delay.tuning.search import _make, best_of, go_on, opened, require_optuna, trials_of
from flight_delay.tuning.space import Tune, Values, distributions

SPACE = {
    "max_depth": {"low": 2, "high": 8},
    "learning_rate": {"low": 0.02, "high": 0.2, "log": True},
    "monotone": {"choices": [True, False]},
}
CURRENT: Values = {"max_depth": 4, "learning_rate": 0.05, "monotone": True}
STARTUP_TRIALS, TRIALS = 3, 6  # so that the sampler has begun to learn


@pytest.fixture(scope="module", autouse=True)
def _learns_soon():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("flight_delay.tuning.search.STARTUP_TRIALS", STARTUP_TRIALS)
        yield


@pytest.fixture
def path(empty, tmp_path) -> Path:
    """A database without a study: to make one takes longer than a search in it."""
    return shutil.copy(empty, tmp_path / "tuning.db")


@pytest.fixture(scope="module")
def empty(tmp_path_factory) -> Path:
    database = tmp_path_factory.mktemp("empty") / "tuning.db"
    _make(database)
    return database


def tune(metric: str = "log_loss", seed: int = 7) -> Tune:
    return Tune.model_validate({"metric": metric, "seed": seed, "space": SPACE})


def judge(values: Values) -> dict[str, float]:
    """A bowl whose bottom is at depth 6 and learning rate 0.1."""
    loss = (values["max_depth"] - 6) ** 2 + (math.log(values["learning_rate"]) - math.log(0.1)) ** 2 + 1
    return {"log_loss": loss, "roc_auc": 1 / loss}


def search(path: Path, trials: int, of: Tune | None = None, **options: Any) -> list[tuple[Values, dict[str, float]]]:
    of = of or tune()
    with opened(path, "study", of.metric) as study:
        go_on(study, of, CURRENT, options.pop("judge", judge), trials=trials, **options)
        return [(trial.values, trial.metrics) for trial in trials_of(study)]


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> list[tuple[Values, dict[str, float]]]:
    """A search that nothing disturbed."""
    return search(tmp_path_factory.mktemp("whole") / "tuning.db", TRIALS)


def test_the_first_trial_has_the_current_parameters_and_the_others_those_of_the_space(whole) -> None:
    assert len(whole) == TRIALS
    assert whole[0] == (CURRENT, judge(CURRENT))
    space = tune().space
    for values, metrics in whole:
        assert list(values) == list(SPACE)
        assert [name for name, value in values.items() if not space[name].has(value)] == []
        assert metrics == judge(values)
    assert len({repr(values) for values, _ in whole}) == TRIALS


def test_another_seed_is_another_search(whole, path) -> None:
    other = search(path, 3, tune(seed=8))
    assert other[0] == whole[0]
    assert other[1:] != whole[1:3]


@settings(max_examples=settings.default.max_examples // 10)  # each is a search or several
@given(
    st.lists(st.tuples(st.integers(0, TRIALS - 1), st.sampled_from(["interrupted", "killed"])), min_size=1, max_size=3)
)
def test_a_search_that_was_stopped_anywhere_and_goes_on_is_the_one_that_was_not(whole, empty, stops) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = shutil.copy(empty, Path(folder) / "tuning.db")
        for at, how in sorted(stops):
            if how == "interrupted":
                with pytest.raises(KeyboardInterrupt):
                    search(path, TRIALS, judge=_stopping_after(path, at))
            else:
                search(path, at)
                _leave_a_trial_behind(path)
        assert search(path, TRIALS) == whole


def _stopping_after(path: Path, at: int):
    def stopping(values: Values) -> dict[str, float]:
        asked.append(values)
        if len(asked) + there > at:
            raise KeyboardInterrupt
        return judge(values)

    asked: list[Values] = []
    there = len(search(path, 0))
    return stopping


def _leave_a_trial_behind(path: Path) -> None:
    """As SIGKILL does: a trial that nobody ends. It has odd values, which must not count."""
    with opened(path, "study", "log_loss") as study:
        study.ask(distributions(tune().space))


def test_a_trial_that_was_left_behind_is_marked_as_failed(path) -> None:
    search(path, 2)
    _leave_a_trial_behind(path)
    with opened(path, "study", "log_loss") as study:
        assert [trial.state.name for trial in study.trials] == ["COMPLETE", "COMPLETE", "FAIL"]


def test_a_budget_that_is_spent_tries_nothing_more_and_a_larger_one_goes_on(whole, path) -> None:
    asked = []
    counting = lambda values: asked.append(values) or judge(values)  # noqa: E731
    search(path, 3, judge=counting)
    assert search(path, 3, judge=counting) == search(path, 2, judge=counting) == whole[:3]
    assert len(asked) == 3
    assert search(path, 5, judge=counting) == whole[:5]
    assert len(asked) == 5


@pytest.mark.parametrize(("metric", "best"), [("log_loss", min), ("roc_auc", max)])
def test_the_best_is_that_of_the_metric_and_of_equal_ones_the_first(metric: str, best, path) -> None:
    with opened(path, "study", metric) as study:
        go_on(study, tune(metric), CURRENT, judge, trials=TRIALS)
        trials = trials_of(study)
        assert study.best_value == best_of(trials, metric).metrics[metric] == best(of.metrics[metric] for of in trials)
    again = [*trials, *(best_of([of], metric) for of in trials)]
    assert best_of(again, metric).number == trials.index(best_of(trials, metric))


@pytest.mark.parametrize("metric", ["log_loss", "roc_auc"])
def test_the_sampler_learns_towards_the_better_end(metric: str, path) -> None:
    depths = [of["max_depth"] for of, _ in search(path, 20, tune(metric))]
    early, late = (sum(abs(depth - 6) for depth in part) / len(part) for part in (depths[:10], depths[10:]))
    assert late < early


def test_no_trial_is_begun_after_the_minutes(path, caplog) -> None:
    seconds = iter(range(0, 100_000, 50)).__next__  # the clock is asked twice a trial, and once at the beginning
    with caplog.at_level(logging.INFO, "flight_delay"):
        done = search(path, 9, minutes=3, clock=lambda: float(seconds()))
    assert len(done) == 2
    assert re.findall(r"\d+", caplog.messages[-1]) == ["3", "2", "9"]


def test_progress_is_a_line_a_trial(path, caplog) -> None:
    seconds = iter(range(0, 100_000, 60)).__next__
    told = []
    with caplog.at_level(logging.INFO, "flight_delay"):
        search(path, 2, clock=lambda: float(seconds()), told=lambda: told.append(1))
    assert len(told) == 2
    first, second = caplog.messages
    assert re.findall(r"\d[\d.]*", first)[:6] == ["0", "1", "2", "5.4805", "5.4805", "0"]
    assert re.findall(r"\d[\d.]*", second)[:3] == ["1", "2", "2"]
    assert ["log_loss" in line for line in (first, second)] == [True, True]
    assert [len(re.findall(r"\d[\d.]*", line)) for line in (first, second)] == [8, 7]  # the last one has no time left


def test_a_second_search_at_the_same_time_is_refused_in_one_line(path) -> None:
    # A lock is of an open file: one that this process has refuses another of its own as it does those of others.
    refused = pytest.raises(UserError, match=rf"\A{re.escape(str(path))}: [^\n]+\Z")
    with opened(path, "study", "log_loss"), refused:
        search(path, 0)
    assert search(path, 0) == []


def test_a_database_is_made_whole_or_not_at_all(tmp_path, monkeypatch) -> None:
    path = tmp_path / "tuning.db"
    (tmp_path / ".tuning.db.partial").write_bytes(b"left by a kill")
    search(path, 1)
    assert sorted(of.name for of in tmp_path.iterdir()) == ["tuning.db", "tuning.db.lock"]


def test_optuna_that_is_not_installed_is_one_line(monkeypatch) -> None:
    require_optuna()
    monkeypatch.setattr("flight_delay.tuning.search.find_spec", lambda _: None)
    with pytest.raises(UserError, match=r"Optuna.*`make setup`"):
        require_optuna()
