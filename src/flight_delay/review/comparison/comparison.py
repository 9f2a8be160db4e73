"""Two finished pipelines beside each other: what they were given that differs, who predicts the same flights better, and
where they disagree. Reading is in side.py, words are in page.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from flight_delay.features.columns import Column
from flight_delay.review.comparison.flights import (
    Common,
    Disagreement,
    PeriodComparison,
    Verdict,
    disagreement,
    join_rows,
    judge,
)
from flight_delay.review.comparison.snapshot import Side

MODEL, RAW, PROCESSED = "models/bundle/model.ubj", ("data/raw/flights", "data/raw/tables"), "data/processed"


class Change(NamedTuple):
    """Something that differs, as text; None on the side that does not have it."""

    name: str
    a: str | None
    b: str | None


@dataclass(frozen=True)
class DataChanges:
    """What differs in data and features.

    Attributes:
        raw_same, processed_same: whether the files are the same, by MD5.
        origin: of the manifest's entries, those that differ; months and rows of flights in all among them.
        other_content: raw files that both have, with other content.
        only_a, only_b: features that only one is trained on, in order.
    """

    raw_same: bool
    processed_same: bool
    origin: tuple[Change, ...]
    other_content: tuple[str, ...]
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Compared:
    """B against A.

    Attributes:
        parameters: those that differ.
        inputs: paths of code, requirements and external data that differ.
        same_model: the model files are the same, byte for byte, and so are the probabilities of all common flights.
        verdict: see `overall`.
    """

    a: Side
    b: Side
    parameters: tuple[Change, ...]
    inputs: tuple[str, ...]
    data: DataChanges
    backtest: PeriodComparison
    test: PeriodComparison
    disagreement: Disagreement | None
    same_model: bool
    verdict: Verdict


def compared(a: Side, b: Side) -> Compared:
    """Compare two sides on the flights that both predict, paid by B's payoffs."""
    thresholds = (a.threshold, b.threshold)
    on_backtest, on_test = join_rows(a.backtest, b.backtest), join_rows(a.test, b.test)
    backtest, test = (judge(of, thresholds, b.payoffs) for of in (on_backtest, on_test))
    return Compared(
        a=a,
        b=b,
        parameters=changes(a.parameters, b.parameters),
        inputs=tuple(of.name for of in changes(a.inputs, b.inputs)),
        data=_data_changes(a, b),
        backtest=backtest,
        test=test,
        disagreement=None
        if test.verdict == "outcomes_differ"
        else disagreement(on_test, thresholds, _destination(b, on_test)),
        same_model=a.outputs.get(MODEL) == b.outputs.get(MODEL)
        and _say_the_same(on_backtest)
        and _say_the_same(on_test),
        verdict=overall(backtest.verdict, test.verdict),
    )


def overall(backtest: Verdict, test: Verdict) -> Verdict:
    """One verdict of two: the backtest judges; the test may take a 'better' back, and grants nothing.

    Models are chosen on the backtest. Were the test to choose as well, it would no longer report what is to be expected.
    """
    if "outcomes_differ" in (backtest, test):
        return "outcomes_differ"
    if {backtest, test} - {"none"} == {"same"}:
        return "same"
    if backtest == "better" and test in {"worse", "mixed"}:
        return "mixed"
    return "undecided" if backtest == "same" else backtest


def changes(a: Mapping[str, str], b: Mapping[str, str]) -> tuple[Change, ...]:
    """What differs between two mappings, in B's order; what only A has comes last."""
    return tuple(Change(name, a.get(name), b.get(name)) for name in {**b, **a} if a.get(name) != b.get(name))


def _data_changes(a: Side, b: Side) -> DataChanges:
    return DataChanges(
        raw_same=all(a.outputs.get(path) == b.outputs.get(path) for path in RAW),
        processed_same=a.outputs.get(PROCESSED) == b.outputs.get(PROCESSED),
        origin=changes(_origin(a), _origin(b)),
        other_content=tuple(
            path for path, of in b.raw_files.items() if path in a.raw_files and a.raw_files[path].sha256 != of.sha256
        ),
        only_a=tuple(name for name in a.features if name not in b.features),
        only_b=tuple(name for name in b.features if name not in a.features),
    )


def _origin(of: Side) -> dict[str, str]:
    flights = {path: raw for path, raw in of.raw_files.items() if path.startswith("flights/")}
    months = sorted(path.removeprefix("flights/").removesuffix(".parquet") for path in flights)
    return {
        **of.origin,
        "months": f"{len(months)}, {months[0]} … {months[-1]}" if months else "0",
        "rows": f"{sum(raw.rows for raw in flights.values()):,}",
    }


def _say_the_same(common: Common) -> bool:
    return np.array_equal(common.a.probability, common.b.probability)


def _destination(side: Side, common: Common) -> Column:
    place = pd.Index(side.test.flight_id).get_indexer(pd.Index(common.b.flight_id))
    return side.destination[place]
