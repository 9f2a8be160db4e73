"""Pitfalls of one column by itself: missing values, no variation, numbers far from the others."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from flight_delay.checks.findings import Finding, share
from flight_delay.checks.table import WINDOWS, Coded, Inspected

MISSING_SHARE = 0.01  # below, a model hardly notices; every missing value is in the profile
QUASI_CONSTANT_SHARE = 0.995  # one row in 200 differs: hardly a leaf of a tree
SKEWNESS = 2.0  # a substantial departure from a normal distribution: West, Finch and Curran 1995
FAR_OUT = 3.0  # interquartile ranges from the nearer quartile: Tukey 1977, "far out"
FAR_OUT_SHARE = 0.001  # of a normal distribution 0.000002 lie there
EXTREME = 10.0  # interquartile ranges: one value as far out is a warning by itself


def of_columns(table: Inspected, *, features: bool) -> Iterator[Finding]:
    """Look at every column; at features also for the shape of their distribution."""
    for column in table.coded.values():
        constant = list(_constant(table, column))
        yield from constant or _missing(table, column, features=features)
        if not constant:
            yield from _quasi_constant(table, column)
        if features and column.kind == "quantitative":
            yield from _infinite(column)
            if len(column.values) > 2:
                yield from _skewed(column)
                yield from _outliers(column)


def _constant(table: Inspected, column: Coded) -> Iterator[Finding]:
    counts = table.learnt_from(column.name)
    if np.count_nonzero(counts) != 1:
        return
    only = int(np.argmax(counts))
    what = "missing" if only == len(column.values) else column.text(column.values[only])
    yield Finding(
        check="constant",
        severity="warning",
        columns=(column.name,),
        value=1.0,
        says=f"{column.name} is {what} in every one of {counts.sum():,} rows to learn from.",
        means="There is nothing to learn from it; should it vary later, the model will not react.",
        advice="Find out why it is not filled. A constant feature is dropped before training.",
    )


def _quasi_constant(table: Inspected, column: Coded) -> Iterator[Finding]:
    counts = table.learnt_from(column.name)
    most = int(np.argmax(counts))
    part = counts[most] / max(counts.sum(), 1)
    if part < QUASI_CONSTANT_SHARE:
        return
    what = "missing" if most == len(column.values) else column.text(column.values[most])
    yield Finding(
        check="quasi_constant",
        severity="warning",
        columns=(column.name,),
        value=part,
        says=f"{column.name} is {what} in {share(part)} of {counts.sum():,} rows to learn from.",
        means="The few other rows are hardly enough to learn from, and what is learnt from them may be chance.",
        advice="Leave it out unless the rare value is known to matter, or pool it with a related column.",
    )


def _missing(table: Inspected, column: Coded, *, features: bool) -> Iterator[Finding]:
    counts = table.by_window[column.name]
    totals = counts.sum(axis=0)
    shares = {name: counts[-1, place] / totals[place] for place, name in enumerate(WINDOWS) if totals[place]}
    overall = column.counts[-1] / max(len(table), 1)
    worst = max([overall, *shares.values()])
    if worst < MISSING_SHARE:
        return
    by_window = ", ".join(f"{name} {share(part)}" for name, part in shares.items())
    yield Finding(
        check="missing",
        severity="warning",
        columns=(column.name,),
        value=worst,
        says=f"{column.name} is missing in {share(overall)} of rows{f' ({by_window})' if by_window else ''}.",
        means="Trees send such rows down a learnt default branch; a share that differs between windows misleads them."
        if features
        else "What is computed from it is missing there, too.",
        advice="Find out why it is missing; fill it at its source, or state that being missing has a meaning.",
    )


def _infinite(column: Coded) -> Iterator[Finding]:
    if column.infinite:
        yield Finding(
            check="outliers",
            severity="error",
            columns=(column.name,),
            value=column.infinite / len(column.codes),
            says=f"{column.name} is infinite in {column.infinite:,} of {len(column.codes):,} rows.",
            means="XGBoost refuses infinite numbers, and every mean over the column is infinite.",
            advice="Mend the division or logarithm that it comes from; make it missing where it has no value.",
        )


def _skewed(column: Coded) -> Iterator[Finding]:
    skewness = _skewness(column)
    if abs(skewness) > SKEWNESS:
        yield Finding(
            check="skewed",
            severity="warning",
            columns=(column.name,),
            value=abs(skewness),
            says=f"{column.name} has a skewness of {skewness:.2f}: a long tail of {'high' if skewness > 0 else 'low'} "
            "numbers.",
            means="Trees do not mind; linear models, means and equal-width bins are ruled by the tail.",
            advice="Use its logarithm or ranks where a model is linear; show medians instead of means.",
        )


def _skewness(column: Coded) -> float:
    """Third standardised moment, of the population: https://en.wikipedia.org/wiki/Skewness"""
    weights = column.counts[:-1] / column.counts[:-1].sum()
    away = column.values - (weights * column.values).sum()
    return float((weights * away**3).sum() / (weights * away**2).sum() ** 1.5)


def _outliers(column: Coded) -> Iterator[Finding]:
    present = column.counts[:-1]
    lower, upper = np.quantile(column.values, [0.25, 0.75], method="inverted_cdf", weights=present)
    spread = upper - lower
    if spread == 0:
        return  # more than half of the rows have one value, and every other value would be an outlier
    distance = np.maximum(lower - column.values, column.values - upper) / spread
    count, farthest = int(present[distance > FAR_OUT].sum()), int(np.argmax(distance))
    part = count / present.sum()
    if part < FAR_OUT_SHARE and distance[farthest] < EXTREME:
        return
    yield Finding(
        check="outliers",
        severity="warning",
        columns=(column.name,),
        value=part,
        says=f"{column.name}: {count:,} of {present.sum():,} rows ({share(part)}) lie more than {FAR_OUT:.0f} interquartile ranges beyond the "
        f"quartiles {column.text(lower)} and {column.text(upper)}; the farthest is {column.text(column.values[farthest])}.",
        means="Trees bear them; a linear model is pulled towards them, and a number that stands for 'unknown' misleads both.",
        advice="Check whether they are real; make impossible ones missing, and cap real ones where a model is linear.",
    )
