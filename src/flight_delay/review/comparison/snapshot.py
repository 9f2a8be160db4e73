"""One side of a comparison: what a finished pipeline said of flights, and of what it was made. Read from a commit or from a
folder, never written. Nothing here compares."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from flight_delay.core import files as on_disk
from flight_delay.core.errors import UserError
from flight_delay.core.months import Window
from flight_delay.core.params import flattened
from flight_delay.evaluation.costs import Payoffs
from flight_delay.features.columns import Column, from_table
from flight_delay.model.calibration import Method, calibrate
from flight_delay.model.decision_rule import Decision
from flight_delay.model.fit_calibration import fit_calibration
from flight_delay.model.predictions import PREDICTIONS, Predictions
from flight_delay.vcs.lock import LOCK_FILE, Stages, inputs, outputs, parse_lock

BACKTEST, TEST = "reports/backtest/predictions", "reports/evaluate/predictions"
FLIGHTS = "data/interim/flights"
ROUTES = pa.schema([pa.field("flight_id", pa.string()), pa.field("destination", pa.string())])

T = TypeVar("T")


class Files(Protocol):
    """Where files of a side are read from; paths are relative to the top of the repository."""

    def files(self, path: str) -> list[str]:
        """Paths of the files in a folder, sorted; none if it is not there."""

    def read_bytes(self, path: str) -> bytes:
        """Content of a file; UserError if it is not there."""


@dataclass(frozen=True)
class FolderFiles:
    """The files of a working folder, in which a pipeline has run."""

    root: Path

    def files(self, path: str) -> list[str]:
        """Paths of the files in a folder, sorted; none if it is not there."""
        return sorted(of.relative_to(self.root).as_posix() for of in (self.root / path).rglob("*") if of.is_file())

    def read_bytes(self, path: str) -> bytes:
        """Content of a file.

        Raises:
            UserError: it is missing.
        """
        return on_disk.read_bytes(self.root / path)


class RawFile(NamedTuple):
    """What the manifest of the raw data says of a file."""

    rows: int
    sha256: str


@dataclass(frozen=True, eq=False)
class Side:
    """What is compared. MD5s are those of dvc.lock.

    Attributes:
        label: what the user calls it, such as a branch.
        commit: 40 hexadecimal digits; None for a folder.
        parameters: by dotted name, the value in params.yaml as JSON.
        stale: sections of params.yaml whose values are not those that dvc.lock was made with.
        outputs: MD5 by path of what the pipeline makes.
        inputs: MD5 by path of what it is given: code, requirements, external data.
        origin: where the raw data come from, by key of their manifest.
        raw_files: of the manifest, by path below data/raw.
        features: that models are trained on.
        threshold: from which probability on a flight is called late.
        payoffs: per flight.
        backtest: predictions by models of their time, each month calibrated by those before it, the first not at all.
        test: calibrated predictions of the months of windows.test.
        destination: of the flights of `test`, shape (rows,); None where it is unknown.
    """

    label: str
    commit: str | None
    parameters: Mapping[str, str]
    stale: tuple[str, ...]
    outputs: Mapping[str, str]
    inputs: Mapping[str, str]
    origin: Mapping[str, str]
    raw_files: Mapping[str, RawFile]
    features: tuple[str, ...]
    threshold: float
    payoffs: Payoffs
    backtest: Predictions
    test: Predictions
    destination: Column

    @staticmethod
    def of(files: Files, label: str, commit: str | None = None) -> Side:
        """Read a side.

        Raises:
            UserError: a file is missing, or not as this version of the code writes it.
        """

        def read(path: str, parse: Callable[[bytes], T]) -> T:
            content = files.read_bytes(path)
            try:
                return parse(content)
            except (ValueError, KeyError, TypeError, AttributeError, OSError, yaml.YAMLError):
                raise UserError(
                    f"{path} of {label}: damaged, or of another version of the code; choose another commit, or make it "
                    "again there (`dvc repro`)"
                ) from None

        def read_months(folder: str, schema: pa.Schema, first: str = "", through: str = "9999-12") -> list[pa.Table]:
            paths = [path for path in files.files(folder) if first <= Path(path).stem <= through]
            if not paths:
                raise UserError(f"{folder} of {label}: no month that is needed; `dvc repro` there makes it")
            return [read(path, lambda content: _table(content, schema)) for path in paths]

        lock = parse_lock(read(LOCK_FILE.as_posix(), bytes.decode), f"{LOCK_FILE} of {label}")
        given = read("params.yaml", _given)
        decision = read("models/bundle/decision.json", Decision.model_validate_json)
        origin, raw_files = read("data/raw/manifest.json", _manifest)
        window = given.test.first, given.test.through
        test = Predictions.concat(map(_predictions, read_months(TEST, PREDICTIONS, *window)))
        return Side(
            label=label,
            commit=commit,
            parameters={
                name: json.dumps(value, ensure_ascii=False, default=str)
                for name, value in flattened(given.sections).items()
            },
            stale=_stale(lock, given.sections),
            outputs=outputs(lock),
            inputs=inputs(lock),
            origin=origin,
            raw_files=raw_files,
            features=read("data/selection.json", lambda text: tuple(of["name"] for of in json.loads(text)["features"])),
            threshold=decision.threshold,
            payoffs=given.payoffs,
            backtest=calibrate_out_of_sample(
                decision.calibration.method, list(map(_predictions, read_months(BACKTEST, PREDICTIONS)))
            ),
            test=test,
            destination=_destinations(read_months(FLIGHTS, ROUTES, *window), test.flight_id),
        )


def calibrate_out_of_sample(method: Method, months: list[Predictions]) -> Predictions:
    """The predictions of a backtest with the calibration that each month could have had: that of the months before it.

    A calibration that is fitted to the very flights it is judged on would look better than it is.

    Args:
        method: of calibration.
        months: raw predictions, in order of time.
    """
    calibrated = months[:1]
    for place, month in enumerate(months[1:], start=1):
        before = Predictions.concat(months[:place])
        calibration = fit_calibration(method, before.probability, before.late)
        calibrated.append(month.with_probability(calibrate(calibration, month.probability)))
    return Predictions.concat(calibrated)


class _Given(NamedTuple):
    sections: dict[str, Any]
    test: Window
    payoffs: Payoffs


def _given(content: bytes) -> _Given:
    sections = yaml.safe_load(content)
    return _Given(
        sections,
        Window.model_validate(sections["windows"]["test"]),
        Payoffs.model_validate(sections["decide"]["payoffs"]),
    )


def _stale(lock: Stages, sections: Mapping[str, Any]) -> tuple[str, ...]:
    """What `evaluate` and the stages before it were given; what comes after it is not compared."""
    maker = {out["path"]: name for name, entry in lock.items() for out in entry.get("outs", [])}
    stale, before = set(), ["evaluate"]
    for stage in before:
        entry = lock.get(stage, {})
        before += {maker[dep["path"]] for dep in entry.get("deps", []) if dep["path"] in maker} - {*before}
        used = entry.get("params", {}).get("params.yaml", {})
        stale |= {name for name, value in used.items() if sections.get(name) != value}
    return tuple(sorted(stale))


def _manifest(content: bytes) -> tuple[dict[str, str], dict[str, RawFile]]:
    manifest = json.loads(content)
    raw_files = {path: RawFile(of["rows"], of["sha256"]) for path, of in manifest.pop("files").items()}
    return {key: of for key, of in manifest.items() if isinstance(of, str)}, raw_files


def _table(content: bytes, schema: pa.Schema) -> pa.Table:
    table = pq.ParquetFile(pa.BufferReader(content), page_checksum_verification=True).read(columns=schema.names)
    if [table[name].type for name in schema.names] != schema.types:
        raise TypeError("other types")
    return table.select(schema.names)


def _predictions(table: pa.Table) -> Predictions:
    columns = from_table(table)
    return Predictions(**{**columns, "late": columns["late"].astype(bool)})


def _destinations(tables: list[pa.Table], flight_id: Column) -> Column:
    columns = from_table(pa.concat_tables(tables))
    known = pd.Series(columns["destination"], index=columns["flight_id"], dtype=object).reindex(flight_id)
    destination: Column = known.where(known.notna(), None).to_numpy()
    return destination
