"""tuning.outcome and shown: what is found by a search, and what MLflow gets to show."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from flight_delay.evaluation.intervals import Comparison
from flight_delay.evaluation.scoring import probability_metrics
from flight_delay.model.predictions import Predictions
from flight_delay.tuning.outcome import MIN_TRIALS_FOR_IMPORTANCES, Outcome, outcome
from flight_delay.tuning.picture import importances as picture
from flight_delay.tuning.search import Trial, go_on, opened
from flight_delay.tuning.shown import shown
from flight_delay.tuning.space import Tune, Values
from flight_delay.tuning.words import CURRENT as UNCHANGED
from flight_delay.tuning.words import caution, page, verdict

TUNE = Tune.model_validate(
    {
        "metric": "log_loss",
        "seed": 3,
        "space": {"max_depth": {"low": 2, "high": 8}, "reg_lambda": {"low": 1, "high": 9}},
    }
)
CURRENT: Values = {"max_depth": 4, "reg_lambda": 5.0}
SECTIONS = {
    "train_model": {"max_depth": 4, "reg_lambda": 5.0, "seed": 1},
    "windows": {"test": {"first": "2013-11"}},
    "publish": {"experiment": "e"},
    "tune": {"metric": "log_loss", "seed": 3, "space": {"max_depth": {"low": 2}}},
}
BETTER = Comparison(-0.012, -0.02, -0.004, "better")
UNDECIDED = Comparison(-0.001, -0.003, 0.002, "undecided")


def judge(values: Values) -> dict[str, float]:
    loss = 0.5 + (values["max_depth"] - 6) ** 2 / 100
    return {"roc_auc": 1 - loss, "average_precision": loss / 2, "log_loss": loss, "rounds": 10.0}


def predictions(values: Values) -> Predictions:
    random = np.random.default_rng(5)
    late = random.random(400) < 0.3
    noise = random.normal(0, 0.05, 400)
    probability = np.clip(0.3 + (0.5 - abs(values["max_depth"] - 6) / 5) * (late - 0.3) + noise, 0.01, 0.99)
    dates = np.datetime64("2013-05-01") + np.arange(400) % 20
    return Predictions(np.arange(400).astype(str).astype(object), dates, late, probability.astype(np.float32))


def trial(number: int, depth: int, loss: float) -> Trial:
    metrics = {"roc_auc": 0.7, "average_precision": 0.4, "log_loss": loss, "rounds": 80.0}
    return Trial(number, {"max_depth": depth, "reg_lambda": 5.0}, metrics, 1000.0 + number, 2.5)


def found(*losses: float, over: Comparison | None = None, importances: dict[str, float] | None = None) -> Outcome:
    trials = tuple(trial(number, 4 + number, loss) for number, loss in enumerate(losses))
    best = min(trials, key=lambda of: of.metrics["log_loss"])
    every = dict.fromkeys(("roc_auc", "average_precision", "log_loss"), over) if over else None
    return Outcome("log_loss", trials, best, every, importances)


def test_the_best_is_compared_with_the_current_parameters_once_on_the_same_flights(tmp_path) -> None:
    asked = []

    def asking(values: Values) -> Predictions:
        asked.append(values)
        return predictions(values)

    with opened(tmp_path / "tuning.db", "study", "log_loss") as study:
        go_on(study, TUNE, CURRENT, judge, trials=6)
        assert outcome(study, TUNE).over_current is None
        first = outcome(study, TUNE, asking)
        assert outcome(study, TUNE, asking) == first == outcome(study, TUNE)
    assert asked == [first.best.values, CURRENT]
    assert first.best.values["max_depth"] in {5, 6, 7}
    best, current = (probability_metrics(of.late, of.probability) for of in map(predictions, asked))
    assert first.over_current is not None
    for name, of in first.over_current.items():
        assert of.difference == pytest.approx(best[name] - current[name], abs=2e-6)
        assert of.low <= of.difference <= of.high
        assert of.verdict == "better"


def test_importances_want_trials_and_find_what_matters_the_same_every_time(tmp_path) -> None:
    with opened(tmp_path / "tuning.db", "study", "log_loss") as study:
        few = MIN_TRIALS_FOR_IMPORTANCES - 1
        go_on(study, TUNE, CURRENT, lambda of: {**judge(of), "log_loss": judge(of)["log_loss"] + of["reg_lambda"] / 1e4}, trials=few)  # fmt: skip
        assert outcome(study, TUNE).importances is None
        go_on(study, TUNE, CURRENT, lambda of: {**judge(of), "log_loss": judge(of)["log_loss"] + of["reg_lambda"] / 1e4}, trials=few + 5)  # fmt: skip
        shares = outcome(study, TUNE).importances
        assert shares is not None
        assert outcome(study, TUNE).importances == shares
    assert list(shares) == ["max_depth", "reg_lambda"]
    assert shares["max_depth"] > 0.8
    assert sum(shares.values()) == pytest.approx(1, abs=0.002)
    assert picture(shares, "log_loss", 14).startswith(b"\x89PNG")


def test_trials_that_are_all_equally_good_have_no_importances(tmp_path) -> None:
    with opened(tmp_path / "tuning.db", "study", "log_loss") as study:
        go_on(study, TUNE, CURRENT, lambda _: {"log_loss": 0.5}, trials=MIN_TRIALS_FOR_IMPORTANCES + 1)
        assert outcome(study, TUNE).importances is None
        assert outcome(study, TUNE).best.number == 0


@pytest.mark.parametrize(
    ("of", "values"),
    [
        (found(0.50, 0.51), ["2"]),
        (found(0.51, 0.50), ["1", "2", "0.5000", "0.5100"]),
        (found(0.51, 0.50, over=BETTER), ["1", "2", "0.5000", "0.5100", "0.0120", "95", "0.0200", "0.0040"]),
        (found(0.51, 0.50, over=UNDECIDED), ["1", "2", "0.5000", "0.5100", "0.0010", "95", "0.0030", "0.0020"]),
    ],
)
def test_the_verdict_has_the_figures_and_begins_the_page(of: Outcome, values: list[str]) -> None:
    assert re.findall(r"\d[\d.]*\b", verdict(of)) == values
    assert page(of).startswith(f"{verdict(of)}\n\n")


def test_verdicts_differ() -> None:
    better, worse, undecided = (
        verdict(found(0.51, 0.50, over=BETTER._replace(verdict=of))) for of in ("better", "worse", "undecided")
    )
    assert len({better, worse, undecided}) == 3


def test_the_page_ranks_the_best_five_and_the_current_parameters() -> None:
    said = page(
        found(
            0.59, 0.52, 0.51, 0.53, 0.50, 0.55, 0.54, over=BETTER, importances={"max_depth": 0.75, "reg_lambda": 0.25}
        )
    )
    rows = [[cell.strip(" |") for cell in line.split(" | ")] for line in said.splitlines() if line.startswith("| ")]
    assert [row[0] for row in rows[1:7]] == ["4", "2", "1", "3", "6", "0"]
    assert rows[1] == ["4", "0.7000", "0.4000", "0.5000", "8", "5.0"]
    assert len(rows) == 7 + 4
    assert [share in said for share in ("max_depth 75%", "reg_lambda 25%", caution(found(*[0.5] * 7)))] == [True] * 3
    assert str(MIN_TRIALS_FOR_IMPORTANCES) in page(found(0.5, 0.6)).splitlines()[-3]


def test_trials_have_the_parameters_and_metrics_of_published_runs() -> None:
    search = shown("s", found(0.51, 0.50, over=BETTER), SECTIONS, budget=20, done=False, tags={"author": "A"})
    first, second = search.trials
    assert (first.name, second.name) == (UNCHANGED, "max_depth 4→5")
    assert second.params == {
        "train_model.max_depth": "5", "train_model.reg_lambda": "5.0", "train_model.seed": "1", "windows.test.first": "2013-11",
    }  # fmt: skip
    assert first.params == {**second.params, "train_model.max_depth": "4"}
    assert second.metrics == {
        "backtest/roc_auc": 0.7, "backtest/average_precision": 0.4, "backtest/log_loss": 0.5, "backtest/rounds": 80.0,
        "tune/trial": 1.0,
    }  # fmt: skip
    assert (second.began, second.ended) == (1_001_000, 1_003_500)


def test_the_parent_shows_the_current_parameters_the_best_figures_and_how_far_it_is() -> None:
    of = found(0.51, 0.50, 0.52, over=BETTER, importances={"max_depth": 0.9, "reg_lambda": 0.1})
    working = shown("s", of, SECTIONS, budget=20, done=False, tags={"author": "A"})
    assert (working.study, working.done, working.files) == ("s", False, {})
    assert re.findall(r"\w+_\w+|\d+", working.name) == ["log_loss", "20"]
    assert working.params["train_model.max_depth"] == "4"
    assert working.params["tune.space.max_depth.low"] == "2"
    assert working.note.endswith(verdict(of))
    assert re.findall(r"\d+", working.note.removesuffix(verdict(of))) == ["3", "20"]
    assert working.best_so_far == {"best/log_loss": [0.51, 0.50, 0.50]}
    assert working.metrics["best/roc_auc"] == 0.7
    assert (working.metrics["tune/trials"], working.metrics["tune/best_trial"]) == (3.0, 1.0)
    assert (working.metrics["importance/max_depth"], working.metrics["tune/over_current/log_loss/high"]) == (
        0.9,
        -0.004,
    )
    # Its parameters are the current ones: figures of other parameters must not stand beside them under the same name.
    assert not [name for name in working.metrics if name.startswith("backtest/")]

    done = shown("s", of, SECTIONS, budget=2, done=True, tags={}, picture=b"png")
    assert re.findall(r"\w+_\w+|\d+", done.name) == ["log_loss", "3"]
    assert done.note == page(of)
    assert done.files == {
        "trials.csv": (
            b"trial,max_depth,reg_lambda,roc_auc,average_precision,log_loss,rounds\n"
            b"0,4,5.0,0.7,0.4,0.51,80\n1,5,5.0,0.7,0.4,0.5,80\n2,6,5.0,0.7,0.4,0.52,80\n"
        ),
        "importances.csv": b"parameter,importance\nmax_depth,0.9\nreg_lambda,0.1\n",
        "importances.png": b"png",
    }  # fmt: skip


def test_equal_searches_show_equal_bytes() -> None:
    def once() -> Any:
        return shown("s", found(0.51, 0.50, over=UNDECIDED), SECTIONS, budget=2, done=True, tags={})

    assert once() == once()
