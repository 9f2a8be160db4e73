"""Gathering what the gate judges, from a commit, the champion's commit and the model that is kept. What costs least comes first;
what cannot be found out is said, and stops nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple, TypeVar

import pandas as pd
import pyarrow as pa

from flight_delay.core.errors import UserError
from flight_delay.core.files import read_table
from flight_delay.core.months import Windows, month_path, months_in
from flight_delay.core.runner import log
from flight_delay.evaluation.slices import SLICED_BY, labels_of
from flight_delay.features.columns import Column, Columns, from_table
from flight_delay.model.examples import read_window
from flight_delay.model.predictions import Predictions
from flight_delay.promotion.evidence import Committed, Evidence, Loaded, Outcome, Quality, Rival, Speed, Unknown
from flight_delay.promotion.gate import Promote
from flight_delay.promotion.measures import Size, expected_calibration_error, size_of, slice_losses
from flight_delay.repository.artefacts import Artefacts
from flight_delay.repository.lock import outputs
from flight_delay.review.comparison.compared import compared
from flight_delay.review.comparison.flights import common_flights
from flight_delay.review.comparison.side import Side

BUNDLE, PROCESSED, RECORDED = "models/bundle", "data/processed", "reports/evaluate/predictions"
ANSWERS = pa.schema([pa.field("flight_id", pa.string()), pa.field("probability", pa.float32())])

T = TypeVar("T")


class Champion(NamedTuple):
    """What there is to beat: what it is called, and the commit that holds it, if there is one here."""

    called: str
    commit: str | None


class Asked(NamedTuple):
    """What the kept model answered: folder of its bundle, folder of monthly predictions, and how fast it was."""

    bundle: Path
    predictions: Path
    speed: Speed


@dataclass(frozen=True)
class Sources:
    """What is asked for evidence beside git and DVC.

    Attributes:
        verify: makes a commit again, and says what came of it.
        ask: has the kept model, loaded in another process, predict the months of a folder of processed flights; the second folder
            is empty and may be written to.
    """

    verify: Callable[[str], Outcome]
    ask: Callable[[Path, Path], Asked]


def gather(found: Committed | None, champion: Champion | None, bounds: Promote, sources: Sources) -> Evidence:
    """Gather evidence on the pipeline of a commit.

    Args:
        found: the commit that holds the candidate; None where there is none, so that nothing is known.
        champion: None where there is none.
        bounds: of the gate.
        sources: see there.
    """
    if found is None:
        nothing = Unknown("its pipeline is in no commit here; commit dvc.lock where it was made, or `git fetch`")
        rest = Unknown("nothing to judge without a commit")
        return Evidence(nothing, rest, rest, rest, rest, rest, rest)
    read = _Candidate(Artefacts.of(found.commit), found.commit)
    log.info("reading commit %s", found.commit[:10])
    quality = _known(lambda: _quality(read.artefacts))
    error = _known(
        lambda: expected_calibration_error(read.side.test.late, read.side.test.probability, bounds.calibration_bins)
    )
    if champion:
        log.info("comparing with %s", champion.called)
    rival = _known(lambda: _rival(read, champion, bounds)) if champion else None
    log.info("asking the model that MLflow keeps")
    loaded = _known(lambda: _loaded(read.artefacts, sources.ask))
    verified = _known(lambda: sources.verify(found.commit))
    return Evidence(
        committed=found,
        verified=verified,
        quality=quality,
        rival=rival,
        calibration_error=error,
        loaded=loaded if isinstance(loaded, Unknown) else loaded[0],
        speed=loaded if isinstance(loaded, Unknown) else loaded[1],
    )


@dataclass(frozen=True)
class _Candidate:
    artefacts: Artefacts
    commit: str

    @cached_property
    def side(self) -> Side:
        return Side.of(self.artefacts, self.commit[:10], self.commit)


def _known(find_out: Callable[[], T]) -> T | Unknown:
    try:
        return find_out()
    except UserError as error:
        return Unknown(str(error))


def _quality(artefacts: Artefacts) -> Quality:
    findings = artefacts.read_json("reports/check_data/findings.json")
    return Quality(
        [f"{of['check']} of {', '.join(of['columns'])}" for of in findings if of["severity"] == "error"],
        artefacts.read_json("reports/quality.json")["quarantined_share"],
        artefacts.params["make_dataset"]["max_quarantined_share"],
    )


def _rival(candidate: _Candidate, champion: Champion, bounds: Promote) -> Rival:
    if champion.commit is None:
        raise UserError(f"the commit of {champion.called} is not here; `git fetch` brings what was pushed")
    theirs = Artefacts.of(champion.commit)
    side = Side.of(theirs, champion.called, champion.commit)
    found = compared(side, candidate.side)
    common = common_flights(side.test, candidate.side.test)
    labels = _labels(candidate.artefacts, common.b.flight_id)
    return Rival(
        called=champion.called,
        backtest=found.backtest,
        test=found.test,
        size=_size(candidate.artefacts),
        size_of_champion=_size(theirs),
        slices=slice_losses(labels, common.a, common.b, bounds.min_slice_flights),
    )


def _labels(artefacts: Artefacts, flight_id: Column) -> Columns:
    """What divides test flights, for some of them, in their order."""
    window = Windows.model_validate(artefacts.params["windows"]).test
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        months = [month for month in _months(artefacts, PROCESSED) if window.first <= month <= window.through]
        for month in months:
            artefacts.copy(f"{PROCESSED}/{month}.parquet", folder / f"{month}.parquet")
        examples = read_window(folder, SLICED_BY, months)
    place = pd.Index(examples.flight_id).get_indexer(pd.Index(flight_id))
    return {name: column[place] for name, column in labels_of(examples).items()}


def _size(artefacts: Artefacts) -> Size:
    manifest, importances = (
        artefacts.read_json(path) for path in (f"{BUNDLE}/manifest.json", "reports/train/importances.json")
    )
    given = [of for of in manifest["features"] if of["kind"] != "indicator"]
    return size_of(len(given), manifest["rounds"], importances)


def _loaded(artefacts: Artefacts, ask: Callable[[Path, Path], Asked]) -> tuple[Loaded, Speed]:
    with TemporaryDirectory() as temporary:
        flights, recorded, empty = (Path(temporary) / name for name in ("flights", "recorded", "answers"))
        empty.mkdir()
        for month in _months(artefacts, RECORDED):
            artefacts.copy(f"{PROCESSED}/{month}.parquet", flights / f"{month}.parquet")
            artefacts.copy(f"{RECORDED}/{month}.parquet", recorded / f"{month}.parquet")
        said = ask(flights, empty)
        md5_in_lock = outputs(artefacts.lock)
        expected = {path: md5 for path, md5 in md5_in_lock.items() if path.startswith(f"{BUNDLE}/")}
        kept = {f"{BUNDLE}/{path.name}": _md5(path) for path in said.bundle.iterdir()}
        others = sorted(Path(path).name for path in {*expected, *kept} if expected.get(path) != kept.get(path))
        counts = [
            _compared(Predictions.read(recorded, month), read_table(month_path(said.predictions, month), ANSWERS))
            for month in months_in(recorded)
        ]
    return Loaded(others, sum(of[0] for of in counts), sum(of[1] for of in counts)), said.speed


def _compared(recorded: Predictions, answers: pa.Table) -> tuple[int, int]:
    """Number of recorded predictions, and of those that were not repeated bit for bit."""
    said = from_table(answers)
    again = pd.Series(said["probability"], index=said["flight_id"]).reindex(recorded.flight_id)
    return len(recorded), int((again.to_numpy() != recorded.probability).sum())  # one that is missing is NaN


def _months(artefacts: Artefacts, folder: str) -> list[str]:
    return [Path(path).stem for path in artefacts.files(folder)]


def _md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
