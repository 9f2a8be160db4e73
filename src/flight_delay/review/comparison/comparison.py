"""Comparison of two finished pipelines: inputs, metrics and predictions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from flight_delay.review.comparison.rows import (
    CommonRows,
    Disagreement,
    PeriodComparison,
    Verdict,
    compare_period,
    find_disagreement,
    join_rows,
)
from flight_delay.review.comparison.snapshot import PipelineSnapshot
from flight_delay.tracking.raw_manifest import count_monthly_rows

MODEL, RAW, PROCESSED = "models/bundle/model.ubj", "data/raw/", "data/processed"


class ValueChange(NamedTuple):
    """A value as text in A and in B; None where it does not exist."""

    name: str
    a: str | None
    b: str | None


@dataclass(frozen=True)
class DataChanges:
    """Differences of data and features.

    Attributes:
        has_same_raw_data, has_same_processed_data: whether the files have the same MD5s.
        origin: entries of the manifest that differ; number of months and rows among them.
        other_content: raw files that both have, with other content.
        only_a, only_b: features that only one model has, in order.
    """

    has_same_raw_data: bool
    has_same_processed_data: bool
    origin: tuple[ValueChange, ...]
    other_content: tuple[str, ...]
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class PipelineComparison:
    """B against A.

    Attributes:
        parameters: those that differ.
        inputs: paths of code, requirements and external data that differ.
        is_same_model: the model files are identical, and so are the probabilities of all common rows.
        verdict: see `combine_periods`.
    """

    a: PipelineSnapshot
    b: PipelineSnapshot
    parameters: tuple[ValueChange, ...]
    inputs: tuple[str, ...]
    data: DataChanges
    backtest: PeriodComparison
    test: PeriodComparison
    disagreement: Disagreement | None
    is_same_model: bool
    verdict: Verdict


def compare_pipelines(a: PipelineSnapshot, b: PipelineSnapshot) -> PipelineComparison:
    """Compare two pipelines on the rows that both predict, with B's payoffs."""
    thresholds = (a.threshold, b.threshold)
    on_backtest, on_test = join_rows(a.backtest, b.backtest), join_rows(a.test, b.test)
    backtest, test = (compare_period(rows, thresholds, b.payoffs) for rows in (on_backtest, on_test))
    return PipelineComparison(
        a=a,
        b=b,
        parameters=diff_values(a.parameters, b.parameters),
        inputs=tuple(change.name for change in diff_values(a.inputs, b.inputs)),
        data=_compare_data(a, b),
        backtest=backtest,
        test=test,
        disagreement=None if test.verdict == "outcomes_differ" else find_disagreement(on_test, thresholds),
        is_same_model=a.outputs.get(MODEL) == b.outputs.get(MODEL) and all(map(_is_same, (on_backtest, on_test))),
        verdict=combine_periods(backtest.verdict, test.verdict),
    )


def combine_periods(backtest: Verdict, test: Verdict) -> Verdict:
    """Combine verdicts: the backtest decides; the test can only veto 'better'.

    Models are chosen on the backtest. If the test took part in the choice, its metrics would be optimistic.
    """
    if "outcomes_differ" in (backtest, test):
        return "outcomes_differ"
    if {backtest, test} - {"none"} == {"same"}:
        return "same"
    if backtest == "better" and test in {"worse", "mixed"}:
        return "mixed"
    return "not_significant" if backtest == "same" else backtest


def diff_values(a: Mapping[str, str], b: Mapping[str, str]) -> tuple[ValueChange, ...]:
    """List the differences of two mappings, in B's order, then A's."""
    return tuple(ValueChange(name, a.get(name), b.get(name)) for name in {**b, **a} if a.get(name) != b.get(name))


def _compare_data(a: PipelineSnapshot, b: PipelineSnapshot) -> DataChanges:
    return DataChanges(
        has_same_raw_data=_raw_outputs(a) == _raw_outputs(b),
        has_same_processed_data=a.outputs.get(PROCESSED) == b.outputs.get(PROCESSED),
        origin=diff_values(_describe_origin(a), _describe_origin(b)),
        other_content=tuple(
            path
            for path, file in b.raw_files.items()
            if path in a.raw_files and a.raw_files[path].sha256 != file.sha256
        ),
        only_a=tuple(name for name in a.features if name not in b.features),
        only_b=tuple(name for name in b.features if name not in a.features),
    )


def _raw_outputs(snapshot: PipelineSnapshot) -> dict[str, str]:
    """Select the MD5s of raw files by path, without their manifest."""
    return {path: md5 for path, md5 in snapshot.outputs.items() if path.startswith(RAW) and not path.endswith(".json")}


def _describe_origin(snapshot: PipelineSnapshot) -> dict[str, str]:
    months, rows = count_monthly_rows({path: file.rows for path, file in snapshot.raw_files.items()})
    span = f", {months[0]} … {months[-1]}" if months else ""
    return {**snapshot.origin, "months": f"{len(months)}{span}", "rows": f"{rows:,}"}


def _is_same(common: CommonRows) -> bool:
    return np.array_equal(common.a.probability, common.b.probability)
