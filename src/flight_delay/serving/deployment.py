"""Build states from the registered model.

One of champion and challenger answers; the other one is the shadow."""

from __future__ import annotations

import datetime
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

from flight_delay.core.errors import UserError
from flight_delay.features.parameters import FeatureParameters
from flight_delay.serving.builder import build_state
from flight_delay.serving.inputs import Inputs
from flight_delay.serving.model_package import ModelFiles
from flight_delay.serving.state import State, code_digest, read_manifest
from flight_delay.serving.states import activate, read_current
from flight_delay.tracking.registry.loaded_model import BUNDLE, download_artifact, download_model

if TYPE_CHECKING:
    from flight_delay.tracking.registry.versions import Version

REFERENCE = "reports/interpret/reference.json"
ALIASES = ("champion", "challenger")

log = logging.getLogger(__name__)


class Feeds(NamedTuple):
    """Files of timetable and outcomes, in addition to the pipeline's data."""

    timetable: Path | None = None
    outcomes: Path | None = None


def deploy(
    states: Path,
    name: str,
    as_of: datetime.date | None,
    feeds: Feeds,
    *,
    alias: str = ALIASES[0],
    has_new_feeds: bool = False,
) -> State | None:
    """Build a state from the registered model and make it the current one.

    Args:
        states: folder of states.
        name: of the registered model.
        as_of: cut-off; that of the current state if None.
        feeds: timetable and outcomes.
        alias: of the version that answers, of `ALIASES`; the version of the other alias is its shadow.
        has_new_feeds: build a state even if the current one has this cut-off, these versions and this code.

    Returns:
        The state; None if it is the current one.

    Raises:
        UserError: no version has the alias, there is no cut-off, MLflow does not answer, or the state cannot be built.
    """
    (served, shadow), current_id = read_aliases(name, alias), read_current(states)
    current = read_manifest(states, current_id) if current_id else None
    if as_of is None:
        if current is None:
            raise UserError(f"{states}: no current state; give `--as-of DATE` once")
        as_of = datetime.date.fromisoformat(current.as_of)
    wanted = (as_of.isoformat(), str(served.number), str(shadow.number) if shadow else None, code_digest())
    is_same = current and (current.as_of, current.model_version, current.shadow_version, current.code) == wanted
    if is_same and not has_new_feeds:
        return None
    with downloaded(name, served) as model, downloaded(name, shadow) if shadow else nullcontext() as other:
        inputs = Inputs(_parameters(model, other), feeds.timetable, feeds.outcomes)
        state = activate(states, build_state(states, as_of, inputs, model, other))
    return state if state.id != current_id else None


def watch(
    states: Path, name: str, as_of: datetime.date | None, feeds: Feeds, seconds: float, *, alias: str = ALIASES[0]
) -> None:
    """Deploy whenever an alias moves, until interrupted.

    Feeds are read at the start and with each move. An error is logged once; the current state stays.
    """
    last_error, has_new_feeds = "", feeds != Feeds()
    while True:
        try:
            state = deploy(states, name, as_of, feeds, alias=alias, has_new_feeds=has_new_feeds)
            last_error, has_new_feeds = "", False
            if state:
                log.info("deployed %s", describe_deployment(state))
        except (UserError, OSError) as error:
            if str(error) != last_error:
                last_error = str(error)
                log.warning("not deployed: %s", last_error)
        time.sleep(seconds)


def describe_deployment(state: State) -> str:
    """Describe a deployed state in a line."""
    shadow = f", shadow version {state.shadow.version}" if state.shadow else ""
    return f"state {state.id}: as of {state.manifest.as_of}, model version {state.model.version}{shadow}"


def read_aliases(name: str, alias: str) -> tuple[Version, Version | None]:
    """Read which version answers, and which is its shadow; None without one.

    Raises:
        UserError: no version has the alias, or MLflow does not answer.
    """
    versions = {each: version for version in read_versions(name) for each in version.aliases}
    if alias not in versions:
        raise UserError(f"{name}: no version is `{alias}`; `flight-delay promote REF --to {alias}` makes one")
    (shadow,) = (versions.get(other) for other in ALIASES if other != alias)
    return versions[alias], shadow if shadow is not versions[alias] else None


def read_versions(name: str) -> list[Version]:
    """Read the versions of the registered model.

    Raises:
        UserError: MLflow does not answer.
    """
    from flight_delay.tracking.settings import apply_settings

    apply_settings()
    # now: mlflow reads its settings
    from flight_delay.tracking.client import connect, mlflow_errors_as_user_errors
    from flight_delay.tracking.database import require_database
    from flight_delay.tracking.registry.versions import list_versions

    require_database(name)
    with mlflow_errors_as_user_errors(setting_up=True):
        return list_versions(connect(), name)


@contextmanager
def downloaded(name: str, version: Version) -> Iterator[ModelFiles]:
    """Download a version of the registered model for a while.

    Raises:
        UserError: it has no run, or MLflow does not answer or does not have its files.
    """
    if version.run_id is None:
        raise UserError(f"{name}: version {version.number} has no run; register it with `flight-delay promote`")
    with TemporaryDirectory() as folder:
        model = download_model(f"models:/{name}/{version.number}", Path(folder) / "model")
        reference = download_artifact(version.run_id, REFERENCE, Path(folder))
        yield ModelFiles(model / BUNDLE, reference, str(version.number))


def _parameters(model: ModelFiles, shadow: ModelFiles | None) -> FeatureParameters:
    """Return the parameters of a model, with history for both models."""
    parameters = model.parameters
    days = {*parameters.history_days, *(shadow.parameters.history_days if shadow else ())}
    return parameters.model_copy(update={"history_days": sorted(days)})
