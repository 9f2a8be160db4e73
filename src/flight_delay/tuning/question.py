"""The question that a search answers: everything that decides about the values of its trials. Another question is another
study, so that figures of different data, code or parameters never stand side by side."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import flight_delay
from flight_delay.core import params
from flight_delay.core.errors import UserError
from flight_delay.core.files import sha256
from flight_delay.core.months import Windows, month_path, present_months
from flight_delay.evaluation.backtest import BacktestParameters, Origin, before_test, origins
from flight_delay.features.feature import Feature
from flight_delay.model.booster import BoosterParameters
from flight_delay.model.selection import read_selection
from flight_delay.tuning.space import Tune, Values, require_current

PROCESSED, SELECTION = Path("data/processed"), Path("data/selection.json")
# The stage whose outputs, and those of the stages before it, a search reads.
MADE_BY = "check_data"
CODE = ("core", "features", "model", "evaluation", "tuning/space.py", "tuning/search.py")
PACKAGES = ("numpy", "optuna", "scikit-learn", "xgboost")


@dataclass(frozen=True)
class Question:
    """What is searched, on which data, from which parameters on.

    Attributes:
        tune: what is searched, by which metric.
        parameters: of the model as they are.
        current: those of them that are searched, as they stand in params.yaml.
        steps: of the backtest; each model predicts one month.
        features: to learn from.
        given: by what it is of, checksums of data and code and versions of packages.
    """

    tune: Tune
    parameters: BoosterParameters
    current: Values
    steps: tuple[Origin, ...]
    features: tuple[Feature, ...]
    given: Mapping[str, str]

    @cached_property
    def name(self) -> str:
        """Name of the study: the same for the same question."""
        decisive: dict[str, Any] = {
            "tune": self.tune.model_dump(mode="json"),
            "parameters": self.parameters.model_dump(mode="json"),
            "steps": self.steps,
            "given": dict(self.given),
        }
        digest = hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()
        return f"{self.tune.metric}-{digest[:12]}"


def read_question() -> Question:
    """Read params.yaml, and the data and code that are here. Of the data, only months before the test window are read.

    Raises:
        UserError: parameters do not fit, or data are missing.
    """
    tune = params.load("tune", Tune)
    parameters = params.load("train_model", BoosterParameters)
    section = params.read_sections()["train_model"]
    current = {name: dict(section)[name] for name in tune.space}  # type: ignore[call-overload] # it has just been loaded
    require_current(current, tune.space)
    first = params.load("backtest", BacktestParameters).first_test_month
    window = before_test(params.load("windows", Windows))
    months = present_months(PROCESSED, "windows.train or windows.validation", window)
    steps = tuple(step._replace(test_months=step.test_months[:1]) for step in origins(months, first, 1))
    selection = read_selection(SELECTION)
    return Question(
        tune=tune,
        parameters=parameters,
        current=current,
        steps=steps,
        features=selection.features,
        given={
            **{str(path): sha256(path) for path in [SELECTION, *(month_path(PROCESSED, month) for month in months)]},
            **_code(Path(flight_delay.__path__[0])),
            **{package: version(package) for package in PACKAGES},
        },
    )


def require_up_to_date() -> None:
    """Check with DVC that the data are those that parameters and code would make: a winner on others would win nothing.

    Raises:
        UserError: they are not, or DVC refuses to say.
    """
    command = [sys.executable, "-m", "dvc", "status", "--json", "--with-deps", MADE_BY]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["no reason given"])[0]
        raise UserError(f"`dvc status` fails ({said}); mend that and run it again")
    if stale := sorted(json.loads(done.stdout or "{}")):
        raise UserError(
            f"what {', '.join(stale)} made is missing or out of date, so a search would be about other data; "
            f"`dvc repro {MADE_BY}` makes them"
        )


def require_unchanged(question: Question) -> None:
    """Check, after a search that may have taken hours, that its answer is still about what is here.

    Raises:
        UserError: parameters, data or code have changed since the question was read.
    """
    if read_question().name != question.name:
        raise UserError(
            "params.yaml, data or code have changed since the search began, so nothing is written; run it again, or go back"
        )


def _code(package: Path) -> dict[str, str]:
    paths = [path for name in CODE for path in (sorted((package / name).rglob("*.py")) or [package / name])]
    return {str(path.relative_to(package)): sha256(path) for path in paths}
