"""The study of a search: its identity, and its trials in an Optuna database."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

from filelock import FileLock, Timeout

from flight_delay.core import params, paths
from flight_delay.core.errors import UserError
from flight_delay.core.files import read_json
from flight_delay.evaluation.metrics import METRICS
from flight_delay.model.booster import BoosterParameters
from flight_delay.tuning.space import Tune, distributions, require_valid_space
from flight_delay.vcs.lock import read_lock

# Trials repeat this stage with other parameters; its outputs have the current ones.
STAGE, REPORT = "backtest", paths.report("backtest")


@dataclass(frozen=True)
class StudySpec:
    """The specification of a search.

    Attributes:
        name: identifies the study; it depends on data, code and parameters.
        tune: the search space and the metric.
        parameters: of the model.
        sections: of params.yaml.
    """

    name: str
    tune: Tune
    parameters: BoosterParameters
    sections: Mapping[str, Any]


def read_study_spec() -> StudySpec:
    """Read params.yaml and the up-to-date outputs of the backtest.

    Raises:
        UserError: Optuna is not installed, parameters are not valid, or the backtest is out of date.
    """
    if find_spec("optuna") is None:
        raise UserError('Optuna is not installed; `make setup` installs it, as does `pip install "flight-delay[tune]"`')
    tune, parameters = params.load_params("tune", Tune), params.load_params("train_model", BoosterParameters)
    require_valid_space(tune.space, parameters)
    require_up_to_date()
    entry = read_lock()[STAGE]
    identity = [tune.model_dump(mode="json"), entry["deps"], entry["params"]]
    digest = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()
    return StudySpec(f"{tune.metric}-{digest[:12]}", tune, parameters, params.read_params())


def require_up_to_date() -> None:
    """Check with DVC that the backtest is up to date.

    Raises:
        UserError: it is not, or `dvc status` fails.
    """
    command = [sys.executable, "-m", "dvc", "status", "--json", "--with-deps", STAGE]
    status = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", check=False)
    if status.returncode:
        reason = (status.stderr.strip().splitlines() or ["no reason given"])[0]
        raise UserError(f"`dvc status` fails ({reason}); fix that and run it again")
    if stale := sorted(json.loads(status.stdout or "{}")):
        raise UserError(f"outputs of {', '.join(stale)} are missing or out of date; `dvc repro {STAGE}` updates them")


def require_unchanged(spec: StudySpec) -> None:
    """Check that parameters, data and code are still those of the study.

    Raises:
        UserError: they have changed since `spec` was read.
    """
    if read_study_spec().name != spec.name:
        raise UserError(
            "params.yaml, data or code have changed since the search began, so nothing is written; run it again"
        )


@contextmanager
def open_study(database: Path, spec: StudySpec) -> Iterator[Any]:
    """Open or create a study, and keep other processes out.

    Args:
        database: SQLite file, created if needed.
        spec: of the study.

    Raises:
        UserError: another process is searching.
    """
    import optuna
    from optuna.trial import TrialState, create_trial

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        lock = FileLock(f"{database}.lock").acquire(timeout=0)
    except Timeout:
        raise UserError(f"{database}: another search is running; wait for it, or stop it and run this again") from None
    metric = spec.tune.metric
    with lock:
        study = optuna.create_study(
            storage=f"sqlite:///{quote(str(database))}",
            study_name=spec.name,
            direction="maximize" if METRICS[metric].higher_is_better else "minimize",
            load_if_exists=True,
        )
        for trial in study.get_trials(deepcopy=False, states=[TrialState.RUNNING]):
            study.tell(trial.number, state=TrialState.FAIL)  # its process was killed
        if not study.trials:
            values = {name: spec.sections["train_model"][name] for name in spec.tune.space}  # unconverted
            metrics = read_json(REPORT / "metrics.json")
            attributes = {"values": values, "metrics": metrics}
            space = distributions(spec.tune.space)
            study.add_trial(
                create_trial(params=values, distributions=space, value=metrics[metric], user_attrs=attributes)
            )
        yield study


def complete_trials(study: Any) -> list[Any]:
    """Return complete trials (`FrozenTrial`), the current parameters first."""
    from optuna.trial import TrialState

    return list(study.get_trials(deepcopy=False, states=[TrialState.COMPLETE]))


def as_loss(value: float, metric: str) -> float:
    """Negate a metric where higher is better."""
    return -value if METRICS[metric].higher_is_better else value


def best_trial(trials: list[Any], metric: str) -> Any:
    """Return the best trial, the first of equal ones."""
    return min(trials, key=lambda trial: as_loss(trial.value, metric))
