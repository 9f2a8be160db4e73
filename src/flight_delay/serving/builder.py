"""Build states from inputs and a model."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import NamedTuple

from flight_delay.core import paths
from flight_delay.core.errors import UserError
from flight_delay.core.params import Parameters, load_params
from flight_delay.model.bundle import load_bundle
from flight_delay.serving.inputs import Inputs, require_dates
from flight_delay.serving.model_package import BUNDLE, PROJECT, REFERENCE, find_installed_model
from flight_delay.serving.states import StateContents, write_state

CHECKOUT = "checkout"
_DAY = datetime.timedelta(days=1)


class Serve(Parameters):
    """Section `serve` of params.yaml.

    `max_days_behind` is the largest number of days without outcomes for which provisional answers are given.
    """

    max_days_behind: int


class ModelFiles(NamedTuple):
    """Folder of a model's bundle, file of its reference values, and its version."""

    bundle: Path
    reference: Path
    version: str


def local_model() -> ModelFiles:
    """Return the model of this checkout, or else that of the installed package.

    Raises:
        UserError: there is neither, or the package is damaged or predicts otherwise here.
    """
    if paths.BUNDLE.exists():
        return ModelFiles(paths.BUNDLE, paths.report("interpret") / REFERENCE, CHECKOUT)
    if installed := find_installed_model():
        folder, manifest = installed
        return ModelFiles(folder / BUNDLE, folder / REFERENCE, manifest.version)
    raise UserError(f"{paths.BUNDLE}: no model; run `dvc repro` in a checkout, or `pip install {PROJECT}`")


def build_state(
    states: Path,
    as_of: datetime.date,
    inputs: Inputs,
    model: ModelFiles,
    shadow: ModelFiles | None = None,
    dates: tuple[datetime.date, ...] = (),
) -> str:
    """Build a state and return its id.

    Args:
        states: folder of states.
        as_of: date whose first moment in UTC is the cut-off.
        inputs: timetable and outcomes.
        model: the model that answers.
        shadow: a second model, whose answers are only stored.
        dates: dates whose timetable must exist; the cut-off's and the next by default.

    Raises:
        UserError: timetable or outcomes are missing, or the shadow predicts another target.
    """
    limit = load_params("serve", Serve).max_days_behind
    # The last answers are for flights of `limit` + 1 days later in UTC, of which some have the next local date.
    timetable = inputs.timetable(as_of, as_of + (2 + limit) * _DAY)
    require_dates(timetable, dates or (as_of, as_of + _DAY))
    if shadow:
        _require_same_target(model, shadow)
    contents = StateContents(
        as_of=as_of,
        timetable=timetable,
        counts=inputs.count_outcomes(as_of),
        airports=inputs.airports,
        model=model.bundle,
        model_version=model.version,
        reference=model.reference,
        shadow=shadow.bundle if shadow else None,
        shadow_version=shadow.version if shadow else None,
    )
    return write_state(states, contents, limit)


def _require_same_target(model: ModelFiles, shadow: ModelFiles) -> None:
    targets = [
        (p.late_threshold_minutes, p.horizon_hours)
        for p in (load_bundle(files.bundle).manifest.feature_parameters for files in (model, shadow))
    ]
    if targets[0] != targets[1]:
        raise UserError(
            f"shadow {shadow.version}: predicts another target or horizon than {model.version}; remove the alias "
            "`challenger`"
        )
