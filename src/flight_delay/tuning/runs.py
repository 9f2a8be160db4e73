"""Convert a search to MLflow runs: a parent, and a nested run per trial."""

from __future__ import annotations

from typing import Any

from flight_delay.core.params import flatten, load_params
from flight_delay.tracking.run_content import RAW
from flight_delay.tracking.run_names import parameter_changes
from flight_delay.tracking.settings import Publish
from flight_delay.tracking.trials import SearchRun, TrialRun, log_search
from flight_delay.tuning.study import StudySpec, best_trial, complete_trials
from flight_delay.tuning.summary import parameter_importances, search_report
from flight_delay.vcs.git import git_author
from flight_delay.vcs.lock import Stages, output_hashes, pipeline_parameters, read_lock

# Trials have an experiment of their own: they are backtests, not pipelines that could be promoted.
EXPERIMENT_SUFFIX = "-tuning"


def log_to_mlflow(study: Any, spec: StudySpec) -> None:
    """Log the trials of a search that are not in MLflow yet.

    Raises:
        UserError: the tracking server cannot be reached.
    """
    trials, tune = complete_trials(study), spec.tune
    best, current = best_trial(trials, tune.metric), trials[0]
    shares = parameter_importances(study, tune)
    person, lock = git_author(), read_lock()
    search = SearchRun(
        # Its start distinguishes searches of the same study by several people.
        study=f"{study.study_name} {current.datetime_start.isoformat()}",
        name=f"tune {tune.metric}, {len(trials)} trials",
        params=_params(spec, lock, current)
        | {name: str(value) for name, value in flatten({"tune": spec.sections["tune"]}).items()},
        # Not 'backtest/': these are metrics of the best parameters, and the parent run has the current ones.
        metrics={f"best/{name}": float(value) for name, value in best.user_attrs["metrics"].items()}
        | {"best/trial": float(best.number)}
        | {f"importance/{name}": share for name, share in shares.items()},
        tags={"author": person, "mlflow.user": person.partition(" <")[0], "data_md5": output_hashes(lock)[RAW]},
        description=search_report(study, tune),
        trials=tuple(_trial_run(trial, _params(spec, lock, current), _params(spec, lock, trial)) for trial in trials),
    )
    log_search(search, f"{load_params('publish', Publish).experiment}{EXPERIMENT_SUFFIX}")


def _trial_run(trial: Any, current: dict[str, str], params: dict[str, str]) -> TrialRun:
    return TrialRun(
        number=trial.number,
        name=parameter_changes(current, params) or "current parameters",
        params=params,
        metrics={f"backtest/{name}": float(value) for name, value in trial.user_attrs["metrics"].items()},
        start_ms=round(trial.datetime_start.timestamp() * 1000),
        end_ms=round(trial.datetime_complete.timestamp() * 1000),
    )


def _params(spec: StudySpec, lock: Stages, trial: Any) -> dict[str, str]:
    values = {**spec.sections["train_model"], **trial.user_attrs["values"]}
    return pipeline_parameters({**spec.sections, "train_model": values}, lock)
