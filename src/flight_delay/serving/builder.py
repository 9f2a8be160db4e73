"""Build states from inputs and a model."""

from __future__ import annotations

import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from flight_delay.core.errors import UserError
from flight_delay.core.files import read_bytes, sha256, write_bytes, write_json, write_table
from flight_delay.core.params import Parameters, load_params
from flight_delay.model.bundle import load_bundle
from flight_delay.serving.inputs import Inputs, require_dates
from flight_delay.serving.model_package import ModelFiles
from flight_delay.serving.state import (
    AIRPORTS,
    HISTORY,
    ID_LENGTH,
    MODEL,
    REFERENCE,
    SHADOW,
    STATE_FILE,
    TIMETABLE,
    StateManifest,
    code_digest,
    load_state,
)

_DAY = datetime.timedelta(days=1)


class Serve(Parameters):
    """Section `serve` of params.yaml.

    `max_days_behind` is the largest number of days without outcomes for which provisional answers are given.
    """

    max_days_behind: int


def build_state(
    states: Path,
    as_of: datetime.date,
    inputs: Inputs,
    model: ModelFiles,
    shadow: ModelFiles | None = None,
    dates: tuple[datetime.date, ...] = (),
) -> str:
    """Build a state and return its id.

    It is written completely or not at all. The same contents give the same id; a state that exists is left as it is.

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
    tables = {TIMETABLE: timetable, HISTORY: inputs.count_outcomes(as_of), AIRPORTS: inputs.airports}
    states.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".", suffix=".partial", dir=states, ignore_cleanup_errors=True) as partial:
        folder = Path(partial) / "state"
        for name, table in tables.items():
            write_table(folder / name, table)
        for name, source in ((MODEL, model.bundle), (SHADOW, shadow.bundle if shadow else None)):
            for path in sorted(source.glob("[!.]*")) if source else ():
                write_bytes(folder / name / path.name, read_bytes(path))
        write_bytes(folder / REFERENCE, read_bytes(model.reference))
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        manifest = StateManifest(
            format=1,
            as_of=as_of.isoformat(),
            max_days_behind=limit,
            model_version=model.version,
            shadow_version=shadow.version if shadow else None,
            bundle=load_bundle(folder / MODEL).checksum,
            code=code_digest(),
            files={path.relative_to(folder).as_posix(): sha256(path) for path in files},
        )
        write_json(folder / STATE_FILE, manifest.model_dump(mode="json"))
        state_id = sha256(folder / STATE_FILE)[:ID_LENGTH]
        written = folder.rename(folder.with_name(state_id))
        load_state(written.parent, state_id)  # what cannot be loaded is not published
        try:
            written.rename(states / state_id)
        except OSError:
            if not (states / state_id).is_dir():  # it is there if it was written before, or by another process
                raise
    return state_id


def _require_same_target(model: ModelFiles, shadow: ModelFiles) -> None:
    targets = [(p.late_threshold_minutes, p.horizon_hours) for p in (model.parameters, shadow.parameters)]
    if targets[0] != targets[1]:
        raise UserError(
            f"shadow {shadow.version}: predicts another target or horizon than {model.version}; remove the alias "
            "`challenger`"
        )
