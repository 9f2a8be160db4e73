"""A state: everything that predictions of a day depend on.

A state is a folder that is written once and never changed. Its id is the hash of `state.json`, which has the SHA-256 of
every other file."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from flight_delay.core.errors import UserError
from flight_delay.core.files import read_table, sha256
from flight_delay.core.params import Parameters, read_validated_json
from flight_delay.core.paths import resource
from flight_delay.data.airports import RAW_AIRPORTS, time_zones
from flight_delay.data.dictionary import Dictionary, load_dictionary
from flight_delay.features.columns import Columns, columns_from_table
from flight_delay.features.feature import DATE
from flight_delay.features.history import COUNTS
from flight_delay.model.bundle import Bundle, load_bundle
from flight_delay.serving.served_model import ServedModel

STATE_FILE = "state.json"
HISTORY, TIMETABLE, AIRPORTS = "history.parquet", "timetable.parquet", "airports.parquet"
MODEL, SHADOW, REFERENCE = "bundle", "shadow", "reference.json"
ID_LENGTH = 16
# What answers depend on besides a state.
CODE_PACKAGES = (
    *("core", "data", "explain", "features", "model"),
    *(f"serving/{name}.py" for name in ("answers", "feeds", "requested", "served_model")),
)
CODE_FILES = ("requirements.txt", "references/data_dictionary.yaml", "references/reason_codes.yaml")


class StateManifest(Parameters):
    """Description of a state.

    Attributes:
        as_of: date whose first moment in UTC is the cut-off: outcomes known before it are in the history.
        max_days_behind: predictions made at most this many days after the cut-off are answered, as provisional.
        model_version: of the registry, or 'checkout'.
        shadow_version: the same of a second model whose answers are stored and not returned.
        bundle: checksum of the model.
        code: digest of the code, references and locked packages; see `code_digest`.
        files: SHA-256 by path.
    """

    format: Literal[1]
    as_of: str
    max_days_behind: int
    model_version: str
    shadow_version: str | None
    bundle: str
    code: str
    files: dict[str, str]


@dataclass(frozen=True)
class State:
    """A loaded state.

    `timetable` has the canonical schedule columns, each of shape (flights,), in order of departure; `zones` the time
    zone of each airport.
    """

    id: str
    manifest: StateManifest
    timetable: Columns
    zones: Mapping[str, str]
    model: ServedModel
    shadow: ServedModel | None
    reference: Path

    @property
    def as_of(self) -> datetime.date:
        """Date whose first moment in UTC is the cut-off."""
        return datetime.date.fromisoformat(self.manifest.as_of)

    @property
    def as_of_seconds(self) -> float:
        """The cut-off as Unix time."""
        return datetime.datetime.combine(self.as_of, datetime.time(), datetime.UTC).timestamp()


@cache
def code_digest() -> str:
    """Compute the SHA-256 of the code, references and locked packages.

    It is the same in a checkout and in a package that was built from it.
    """
    package, digest = Path(__file__).parents[1], hashlib.sha256()
    for name in CODE_PACKAGES:
        part = package / name
        for path in sorted(part.rglob("*.py")) if part.is_dir() else [part]:
            digest.update(f"{path.relative_to(package).as_posix()} {sha256(path)}\n".encode())
    for name in CODE_FILES:
        path = resource(Path(name))
        digest.update(f"{name} {sha256(path) if path.is_file() else '-'}\n".encode())
    return digest.hexdigest()


@cache
def _dictionary() -> Dictionary:
    """Read the data dictionary, which `code_digest` includes, once."""
    return load_dictionary()


def load_state(states: Path, state_id: str, *, dates: int | None = None, any_code: bool = False) -> State:
    """Load a state and verify every file.

    Args:
        states: folder of states.
        state_id: of the state.
        dates: load this many dates of the timetable, from the cut-off on; all if None.
        any_code: accept a state that other code built, whose features may differ now.

    Raises:
        UserError: it is missing or damaged, or was built by other code.
    """
    folder = states / state_id
    manifest = verify_folder(folder, state_id, any_code=any_code)
    timetable = columns_from_table(read_timetable(folder, manifest, dates))
    counts, dictionary = read_table(folder / HISTORY, COUNTS), _dictionary()

    def served(bundle: Bundle, version: str) -> ServedModel:
        return ServedModel.prepare(bundle, version, dictionary, timetable, counts)

    return State(
        id=state_id,
        manifest=manifest,
        timetable=timetable,
        zones=time_zones(read_table(folder / AIRPORTS, RAW_AIRPORTS)),
        model=served(load_bundle(folder / MODEL), manifest.model_version),
        shadow=served(load_bundle(folder / SHADOW), manifest.shadow_version) if manifest.shadow_version else None,
        reference=folder / REFERENCE,
    )


def read_manifest(states: Path, state_id: str) -> StateManifest | None:
    """Read the description of a state; None if the state is missing."""
    path = states / state_id / STATE_FILE
    return read_validated_json(path, StateManifest, "a state of this format") if path.is_file() else None


def verify_folder(folder: Path, state_id: str, *, any_code: bool = False) -> StateManifest:
    """Verify the files of a state; see `load_state`."""
    path = folder / STATE_FILE
    damaged = f"{folder}: damaged (%s differs); remove the folder and build the state again"
    if not path.is_file():
        raise UserError(f"{folder}: no such state; `flight-delay state --as-of DATE` builds one")
    if sha256(path)[:ID_LENGTH] != state_id:
        raise UserError(damaged % STATE_FILE)
    manifest = read_validated_json(path, StateManifest, "a state of this format")
    if not any_code and manifest.code != code_digest():
        raise UserError(
            f"{folder}: built by different code, references or packages; build it again with this checkout, or serve "
            "it with the checkout that built it"
        )
    for name, expected in manifest.files.items():
        if not (folder / name).is_file() or sha256(folder / name) != expected:
            raise UserError(damaged % name)
    return manifest


def read_timetable(folder: Path, manifest: StateManifest, dates: int | None) -> pa.Table:
    """Read the timetable of a state, from the cut-off on; of all dates if None."""
    scheduled = read_table(folder / TIMETABLE)
    if dates is None:
        return scheduled
    end = datetime.date.fromisoformat(manifest.as_of) + datetime.timedelta(days=dates)
    return scheduled.filter(pc.less(scheduled[DATE], pa.scalar(end, pa.date32())))
