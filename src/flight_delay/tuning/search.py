"""The search itself: which values are tried next, and what was tried, kept by Optuna so that it outlives a kill. What is
judged, and how, is given; nothing here knows of models, files of data or MLflow."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout

from flight_delay.core.errors import UserError
from flight_delay.evaluation.metrics import METRICS
from flight_delay.tuning.space import Tune, Values, distributions, tried_values

log = logging.getLogger(__name__)

# So many trials, the current parameters among them, are spread at random before the sampler learns from them.
STARTUP_TRIALS = 10

Judge = Callable[[Values], Mapping[str, float]]


@dataclass(frozen=True)
class Trial:
    """A trial that is done.

    Attributes:
        number: counted from 0, the current parameters; trials that were killed do not count.
        values: by searched parameter.
        metrics: by name; the one that is searched by is among them.
        began, seconds: when it began, in seconds since 1970, and how long it took.
    """

    number: int
    values: Values
    metrics: dict[str, float]
    began: float
    seconds: float


def require_optuna() -> None:
    """Check that Optuna is there: the pipeline does without it.

    Raises:
        UserError: it is not.
    """
    if find_spec("optuna") is None:
        raise UserError("Optuna, which searches, is not installed; `make setup` installs it")


@contextmanager
def opened(database: Path, name: str, metric: str) -> Iterator[Any]:
    """The study of a name, made where there is none, with nobody else at work; trials that a kill left behind count no more.

    Args:
        database: an SQLite file of Optuna; made where it is not there, whole or not at all.
        name: of the study.
        metric: which decides about the direction.

    Raises:
        UserError: another process is searching.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    direction = "maximize" if METRICS[metric].higher_is_better else "minimize"
    lock = FileLock(f"{database}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise UserError(f"{database}: another search is at work; wait for it, or end it and run this again") from None
    try:
        _make(database)
        storage = optuna.storages.RDBStorage(f"sqlite:///{database}")
        try:
            study = optuna.create_study(
                storage=storage, study_name=name, direction=direction, load_if_exists=True, sampler=_sampler(0, 0)
            )
            _forget_killed(study)
            yield study
        finally:
            storage.engine.dispose()
    finally:
        lock.release()


def trials_of(study: Any) -> list[Trial]:
    """The trials of a study that are done, in order."""
    from optuna.trial import TrialState

    done = study.get_trials(deepcopy=False, states=[TrialState.COMPLETE])
    return [
        Trial(number, **{name: of.user_attrs[name] for name in ("values", "metrics", "began", "seconds")})
        for number, of in enumerate(sorted(done, key=lambda of: of.number))
    ]


def best_of(trials: list[Trial], metric: str) -> Trial:
    """The best trial; of equal ones the first."""
    sign = -1 if METRICS[metric].higher_is_better else 1
    return min(trials, key=lambda of: sign * of.metrics[metric])


def go_on(
    study: Any,
    tune: Tune,
    current: Values,
    judge: Judge,
    *,
    trials: int,
    minutes: float | None = None,
    told: Callable[[], object] = lambda: None,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Try values until the study has so many trials, beginning with the current ones.

    A trial's suggestion depends on the seed, on how many trials are done, and on these: a search that was killed and goes on
    is the one that was not killed.

    Args:
        study: from `opened`.
        tune: what is searched.
        current: values of the searched parameters in params.yaml.
        judge: gives metrics of values.
        trials: that the study has in the end.
        minutes: after so many no trial is begun.
        told: called after every trial.
        clock: seconds.
    """
    began, here = clock(), 0
    while (number := len(trials_of(study))) < trials:
        if minutes is not None and clock() - began >= 60 * minutes:
            log.info("no further trial is begun after %g minutes: %d of %d are done", minutes, number, trials)
            return
        _try(study, tune, current, judge, number)
        here += 1
        spent = clock() - began
        left = spent / here * (trials - number - 1)
        _say(
            trials_of(study), tune.metric, trials, left if minutes is None else min(left, max(60 * minutes - spent, 0))
        )
        told()


def _try(study: Any, tune: Tune, current: Values, judge: Judge, number: int) -> None:
    from optuna.trial import TrialState, create_trial

    began, started, space = time.time(), time.perf_counter(), distributions(tune.space)

    def judged(values: Values) -> dict[str, Any]:
        metrics = dict(judge(values))
        return {"values": values, "metrics": metrics, "began": began, "seconds": time.perf_counter() - started}

    if number == 0:
        found = judged(current)
        value = found["metrics"][tune.metric]
        study.add_trial(create_trial(params=current, distributions=space, value=value, user_attrs=found))
        return
    study.sampler = _sampler(tune.seed, number)
    trial = study.ask(space)
    try:
        found = judged(tried_values(trial.params, current, tune.space))
        for name, of in found.items():
            trial.set_user_attr(name, of)
        study.tell(trial, found["metrics"][tune.metric])  # last: it makes the trial count
    except BaseException:
        with suppress(ValueError):  # it had been told
            study.tell(trial, state=TrialState.FAIL)
        raise


def _sampler(seed: int, number: int) -> Any:
    """A sampler of its own for every trial: one that goes on has no state that a kill could lose."""
    from optuna.samplers import TPESampler

    own = int(np.random.SeedSequence([seed, number]).generate_state(1)[0])
    return TPESampler(seed=own, n_startup_trials=STARTUP_TRIALS, multivariate=True, constant_liar=False)


def _forget_killed(study: Any) -> None:
    from optuna.trial import TrialState

    for of in study.get_trials(deepcopy=False, states=[TrialState.RUNNING]):
        study.tell(of.number, state=TrialState.FAIL)


def _make(database: Path) -> None:
    """Make a database that is not there yet: one that was killed half-way would be of no use ever after."""
    from optuna.storages import RDBStorage

    if not database.exists():
        partial = database.with_name(f".{database.name}.partial")
        partial.unlink(missing_ok=True)
        RDBStorage(f"sqlite:///{partial}").engine.dispose()
        partial.rename(database)


def _say(trials: list[Trial], metric: str, wanted: int, seconds_left: float) -> None:
    last, best = trials[-1], best_of(trials, metric)
    left = f", about {seconds_left / 60:.0f} min left" if len(trials) < wanted else ""
    log.info(
        "trial %d (%d of %d): %s %.4f, best %.4f (trial %d), %.1f s%s",
        last.number, len(trials), wanted, metric, last.metrics[metric], best.metrics[metric], best.number, last.seconds, left,
    )  # fmt: skip
