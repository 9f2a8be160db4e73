"""Pitfalls of categorical columns: too many labels, labels too rare to learn from, labels that training has not seen."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from flight_delay.checks.findings import Finding, listed, share
from flight_delay.checks.table import Coded, Inspected, Numbers

MANY_LABELS = 50  # from where ydata-profiling, too, calls a categorical column one of high cardinality
KEY_SHARE = 0.5  # labels per row, from where a column is as good as a key
RARE_ROWS = 30  # of so few rows, a share of 20 % has a standard error of 7 percentage points


def of_labels(table: Inspected, *, features: bool) -> Iterator[Finding]:
    """Look at every categorical column: at features for all, at others for the number of labels only."""
    for column in table.coded.values():
        if column.kind == "categorical":
            yield from _high_cardinality(column)
            if features:
                yield from _rare(column, table.by_window[column.name])
                yield from _new(column, table.by_window[column.name])


def _high_cardinality(column: Coded) -> Iterator[Finding]:
    labels, present = len(column.values), int(column.counts[:-1].sum())
    if labels <= MANY_LABELS:
        return
    key = labels >= KEY_SHARE * present
    yield Finding(
        check="high_cardinality",
        severity="warning",
        columns=(column.name,),
        value=labels,
        says=f"{column.name} has {labels:,} labels in {present:,} rows{': as good as a key' if key else ''}.",
        means="A model can learn it by heart." if key else "Splits on many labels fit chance: training flatters them.",
        advice="Keep it out of the features."
        if key
        else "Compare with and without it on later months; group labels, or replace them by a lagged rate.",
    )


def _rare(column: Coded, by_window: Numbers) -> Iterator[Finding]:
    training = by_window[:-1, 0]
    rare = (training > 0) & (training < RARE_ROWS)
    if not rare.any():
        return
    part = training[rare].sum() / by_window[:, 0].sum()
    yield Finding(
        check="rare_labels",
        severity="warning",
        columns=(column.name,),
        value=part,
        says=f"{column.name}: {np.count_nonzero(rare)} of {np.count_nonzero(training)} labels with fewer than {RARE_ROWS} "
        f"training rows ({listed(_most_frequent(column, training * rare))}), in {share(part)} of these rows.",
        means="What is learnt about such a label is mostly chance.",
        advice="Pool rare labels, or describe them by something they share with others (region, distance, size).",
    )


def _new(column: Coded, by_window: Numbers) -> Iterator[Finding]:
    later = by_window[:-1, 1] + by_window[:-1, 2]
    unseen = later * (by_window[:-1, 0] == 0)
    if not unseen.any() or not by_window[:, 0].any():
        return
    part = unseen.sum() / by_window[:, 1:3].sum()
    yield Finding(
        check="new_labels",
        severity="warning",
        columns=(column.name,),
        value=part,
        says=f"{column.name}: new after training: {listed(_most_frequent(column, unseen))}, in {unseen.sum():,} of "
        f"{by_window[:, 1:3].sum():,} validation and test rows ({share(part)}).",
        means="The model knows nothing about them and treats them as missing.",
        advice="Train on later months, or add columns that describe a label it has not seen.",
    )


def _most_frequent(column: Coded, counts: Numbers) -> list[str]:
    found = np.flatnonzero(counts)
    return [label for _, label in sorted((-int(counts[place]), str(column.values[place])) for place in found)]
