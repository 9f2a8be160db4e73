"""What MLflow shows of a search: a parent run and a run for every trial. Gathered here, logged by tracking.trials; knows nothing
of MLflow."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flight_delay.core.params import flattened
from flight_delay.evaluation.metrics import METRICS
from flight_delay.tracking.content import logged_params
from flight_delay.tuning import words
from flight_delay.tuning.outcome import Outcome
from flight_delay.tuning.search import Trial, best_of
from flight_delay.tuning.space import Values

# MLflow has an experiment of its own for trials, so that nobody takes one for a complete pipeline.
SUFFIX = "-tuning"


@dataclass(frozen=True)
class TrialRun:
    """A trial, as its run shows it. `began` and `ended` are in milliseconds since 1970."""

    number: int
    name: str
    params: dict[str, str]
    metrics: dict[str, float]
    began: int
    ended: int


@dataclass(frozen=True)
class SearchRun:
    """A search, as its parent run shows it.

    Attributes:
        study: identifies it.
        name: for people.
        params: value by dotted name, as they are in params.yaml, what is searched included.
        metrics: of the best trial, the importances, and how far it is above the current parameters.
        best_so_far: the metric that is searched by, after every trial.
        tags: value by name.
        note: description, Markdown.
        files: content by name; empty until the search is done.
        trials: in order.
        done: whether the budget is spent.
    """

    study: str
    name: str
    params: dict[str, str]
    metrics: dict[str, float]
    best_so_far: dict[str, list[float]]
    tags: dict[str, str]
    note: str
    files: dict[str, bytes]
    trials: tuple[TrialRun, ...]
    done: bool


def shown(
    study: str,
    outcome: Outcome,
    sections: Mapping[str, Any],
    *,
    budget: int,
    done: bool,
    tags: Mapping[str, str],
    picture: bytes | None = None,
) -> SearchRun:
    """Gather what MLflow shows.

    Args:
        study: name of the study.
        outcome: of its trials so far.
        sections: of params.yaml.
        budget: trials that were asked for.
        done: whether no more come.
        tags: of the search and its trials.
        picture: PNG of the importances, once there are some.
    """
    best, metric = outcome.best, outcome.metric
    # Not 'backtest/…': the parent has the current parameters, and these are figures of other ones.
    figures = {f"best/{name}": float(value) for name, value in best.metrics.items() if name != metric}
    figures |= {"tune/trials": float(len(outcome.trials)), "tune/best_trial": float(best.number)}
    for name, of in (outcome.over_current or {}).items():
        figures |= {f"tune/over_current/{name}/{end}": getattr(of, end) for end in ("difference", "low", "high")}
    figures |= {f"importance/{name}": share for name, share in (outcome.importances or {}).items()}
    files = {"trials.csv": _table(outcome)} if done else {}
    if done and outcome.importances is not None:
        rows = [["parameter", "importance"], *([name, str(share)] for name, share in outcome.importances.items())]
        files |= {"importances.csv": _csv(rows), **({"importances.png": picture} if picture else {})}
    budgeted = f"{budget} trials" if len(outcome.trials) <= budget else f"{len(outcome.trials)} trials"
    return SearchRun(
        study=study,
        name=f"tune {metric}, {budgeted}",
        params=_params(sections, outcome.current.values) | _searched(sections),
        metrics=figures,
        best_so_far={f"best/{metric}": _best_so_far(outcome)},
        tags=dict(tags),
        note=words.page(outcome)
        if done
        else f"At work: {len(outcome.trials)} of {budget} trials. {words.verdict(outcome)}",
        files=files,
        trials=tuple(
            TrialRun(
                number=trial.number,
                name=words.called(trial, outcome.current.values),
                params=_params(sections, trial.values),
                metrics={**_figures(trial), "tune/trial": float(trial.number)},
                began=round(trial.began * 1000),
                ended=round((trial.began + trial.seconds) * 1000),
            )
            for trial in outcome.trials
        ),
        done=done,
    )


def _params(sections: Mapping[str, Any], values: Values) -> dict[str, str]:
    return logged_params({**sections, "train_model": {**sections["train_model"], **values}})


def _searched(sections: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in flattened({"tune": sections["tune"]}).items()}


def _figures(trial: Trial) -> dict[str, float]:
    """Named as those of a published pipeline, which has no rounds."""
    return {f"backtest/{name}": float(value) for name, value in trial.metrics.items()}


def _best_so_far(outcome: Outcome) -> list[float]:
    trials = list(outcome.trials)
    return [best_of(trials[:count], outcome.metric).metrics[outcome.metric] for count in range(1, len(trials) + 1)]


def _table(outcome: Outcome) -> bytes:
    names = [*METRICS, "brier", "rounds"]
    given = list(outcome.current.values)
    rows = [
        [
            str(of.number),
            *(str(of.values[name]) for name in given),
            *(f"{of.metrics[name]:.6g}" for name in names if name in of.metrics),
        ]
        for of in outcome.trials
    ]
    return _csv([["trial", *given, *(name for name in names if name in outcome.current.metrics)], *rows])


def _csv(rows: list[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()
