"""Read parameters, inputs and predictions of a finished pipeline."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from flight_delay.core.errors import UserError
from flight_delay.core.months import MonthRange
from flight_delay.core.params import flatten, parse_yaml
from flight_delay.evaluation.costs import Payoffs
from flight_delay.model.calibration import Method, calibrate
from flight_delay.model.decision_rule import Decision
from flight_delay.model.fit_calibration import fit_calibration
from flight_delay.model.predictions import PREDICTIONS, Predictions
from flight_delay.vcs.commit_files import CommitFiles
from flight_delay.vcs.lock import LOCK_FILE, Stages, input_hashes, locked_params, output_hashes, parse_lock

BACKTEST, TEST = "reports/backtest/predictions", "reports/evaluate/predictions"

T = TypeVar("T")


class RawFile(NamedTuple):
    """An entry of the manifest of the raw data."""

    rows: int
    sha256: str


@dataclass(frozen=True, eq=False)
class PipelineSnapshot:
    """One of the two pipelines of a comparison. MD5s are those of dvc.lock.

    Attributes:
        label: name that the user gave, such as a branch.
        commit: 40 hexadecimal digits.
        parameters: values of params.yaml as JSON, by dotted name.
        stale: sections of params.yaml with other values than dvc.lock has.
        outputs: MD5 of every output of the pipeline, by path.
        inputs: MD5 of code, requirements and external data, by path.
        origin: source of the raw data, by key of their manifest.
        raw_files: entries of the manifest, by path below data/raw.
        features: names of the model's inputs.
        threshold: a row is classified as positive from this probability on.
        payoffs: per row.
        backtest: out-of-sample predictions, each month calibrated on the months before it, the first not at all.
        test: calibrated predictions of the test months.
    """

    label: str
    commit: str
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


def read_snapshot(artefacts: CommitFiles, label: str) -> PipelineSnapshot:
    """Read the snapshot of a commit.

    Raises:
        UserError: a file is missing, damaged or in another format.
    """

    def read(path: str, parse: Callable[[bytes], T]) -> T:
        content = artefacts.read_bytes(path)
        try:
            return parse(content)
        except (ValueError, KeyError, TypeError, AttributeError, OSError):
            raise UserError(
                f"{path} of {label}: damaged, or written by another version (CHANGELOG.md); choose another commit"
            ) from None

    def read_months(folder: str, first: str = "", last: str = "9999-12") -> list[Predictions]:
        paths = [path for path in artefacts.files(folder) if first <= Path(path).stem <= last]
        if not paths:
            raise UserError(f"{folder} of {label}: required months are missing; run `dvc repro` there")
        return [read(path, _parse_predictions) for path in paths]

    lock = parse_lock(read(LOCK_FILE.as_posix(), bytes.decode), f"{LOCK_FILE} of {label}")
    sections, split, payoffs = read("params.yaml", _parse_params)
    decision = read("models/bundle/decision.json", Decision.model_validate_json)
    origin, raw_files = read("data/raw/manifest.json", _parse_manifest)
    return PipelineSnapshot(
        label=label,
        commit=artefacts.commit,
        parameters={
            name: json.dumps(value, ensure_ascii=False, default=str) for name, value in flatten(sections).items()
        },
        stale=_stale_sections(lock, sections),
        outputs=output_hashes(lock),
        inputs=input_hashes(lock),
        origin=origin,
        raw_files=raw_files,
        features=read("data/selected_features.json", _parse_features),
        threshold=decision.threshold,
        payoffs=payoffs,
        backtest=calibrate_out_of_sample(decision.calibration.method, read_months(BACKTEST)),
        test=Predictions.concat(read_months(TEST, split.first, split.last)),
    )


def calibrate_out_of_sample(method: Method, months: list[Predictions]) -> Predictions:
    """Calibrate each month of a backtest on the months before it.

    A calibration fitted to the rows that it is evaluated on would look better than it is.

    Args:
        method: of calibration.
        months: uncalibrated predictions, in order of time.
    """
    calibrated = months[:1]
    for place, month in enumerate(months[1:], start=1):
        before = Predictions.concat(months[:place])
        calibration = fit_calibration(method, before.probability, before.target)
        calibrated.append(month.with_probability(calibrate(calibration, month.probability)))
    return Predictions.concat(calibrated)


def _stale_sections(lock: Stages, sections: Mapping[str, Any]) -> tuple[str, ...]:
    """Find sections that `evaluate` or an earlier stage read with other values."""
    maker = {out["path"]: name for name, entry in lock.items() for out in entry.get("outs", [])}
    stale, before = set(), ["evaluate"]
    for stage in before:
        entry = lock.get(stage, {})
        before += {maker[dep["path"]] for dep in entry.get("deps", []) if dep["path"] in maker} - {*before}
        stale |= {name for name, value in locked_params(entry).items() if sections.get(name) != value}
    return tuple(sorted(stale))


def _parse_params(content: bytes) -> tuple[dict[str, Any], MonthRange, Payoffs]:
    sections = parse_yaml(content)
    split, payoffs = sections["splits"]["test"], sections["choose_threshold"]["payoffs"]
    return sections, MonthRange.model_validate(split), Payoffs.model_validate(payoffs)


def _parse_features(content: bytes) -> tuple[str, ...]:
    return tuple(feature["name"] for feature in json.loads(content)["features"])


def _parse_manifest(content: bytes) -> tuple[dict[str, str], dict[str, RawFile]]:
    manifest = json.loads(content)
    raw_files = {path: RawFile(entry["rows"], entry["sha256"]) for path, entry in manifest.pop("files").items()}
    return {key: value for key, value in manifest.items() if isinstance(value, str)}, raw_files


def _parse_predictions(content: bytes) -> Predictions:
    table = pq.ParquetFile(pa.BufferReader(content), page_checksum_verification=True).read(columns=PREDICTIONS.names)
    if [table[name].type for name in PREDICTIONS.names] != PREDICTIONS.types:
        raise TypeError("other types")
    return Predictions.from_table(table)
