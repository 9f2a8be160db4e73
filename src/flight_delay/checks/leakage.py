"""Columns that know the target too well to have been known before it. Each is judged alone, in four ways: by its order, by
the late share of its values, by whether it is missing, and by whether the target can be computed from it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from flight_delay.checks.findings import Finding, share
from flight_delay.checks.table import Coded, Inspected, Numbers
from flight_delay.features.feature import TARGET

# All features of this project together rank flights with about 0.65. No honest column reaches alone what is rare for
# a whole model a day ahead.
SUSPICIOUS_ROC_AUC = 0.80
COMPUTED_ACCURACY = 0.999
COMPUTED_RECALL = 0.99  # of either class: where late flights are rare, calling none late is accurate, too
FEWEST_OF_A_CLASS = 30  # of fewer, the area under the curve has a standard error beyond 0.07
QUANTILE_BINS = 50
AS_GOOD = 0.01  # areas that differ by less are the same, and what is said first is plainer
SMOOTHING_ROWS = 20  # rows of the mean that a value's late share is mixed with: Micci-Barreca 2001


def of_leakage(table: Inspected) -> Iterator[Finding]:
    """Look at every column for what it knows about the target; rows of unknown outcome are left out."""
    known = table.outcomes < 2
    groups = _halves(table) * 2 + np.minimum(table.outcomes, 1)
    for column in table.coded.values():
        # Shape (values + 1, halves, outcomes); the last row holds missing values.
        counts = column.by(groups, 4, rows=known).reshape(-1, 2, 2)
        if counts.sum(axis=(0, 1)).min() >= FEWEST_OF_A_CLASS:
            yield from _of_column(column, counts)


def _of_column(column: Coded, counts: Numbers) -> Iterator[Finding]:
    means = "It is probably known only afterwards: the model will look excellent here and fail in use."
    computed = _by_threshold(column, counts) if column.kind == "quantitative" else _by_labels(counts)
    if computed is not None:
        accuracy, rule = computed
        yield Finding(
            check="leakage_suspect",
            severity="error",
            columns=(column.name,),
            value=accuracy,
            says=f"{TARGET} can be computed from {column.name}: {rule} is right for {share(accuracy)} of flights.",
            means=f"It is the target by another name. {means}",
            advice="Leave it out.",
        )
        return
    ways = {
        f"Whether {column.name} is missing": _either_way(
            np.stack([counts[:-1].sum(axis=(0, 1)), counts[-1].sum(axis=0)])
        ),
        **({f"The order of {column.name}": _by_order(counts)} if column.kind == "quantitative" else {}),
        f"The late share of {'ranges of ' if column.kind == 'quantitative' else 'labels of '}{column.name}, learnt in every "
        "other month and judged in the rest,": _by_late_share(_binned(column, counts)),
    }
    least = max(SUSPICIOUS_ROC_AUC, max(ways.values()) - AS_GOOD)
    way, area = next(((way, area) for way, area in ways.items() if area >= least), ("", 0.0))
    if way:
        yield Finding(
            check="leakage_suspect",
            severity="error",
            columns=(column.name,),
            value=area,
            says=f"{way} alone ranks late before punctual flights with ROC AUC {area:.3f}.",
            means=means,
            advice="Find out when it becomes known; leave it out unless that is before the prediction is made.",
        )


def _halves(table: Inspected) -> Numbers:
    """Every other month, so that days that give each other away are on one side; of one month, every other row."""
    codes, months = table.months
    return codes % 2 if len(months) > 1 else np.arange(len(table)) % 2


def roc_auc(counts: Numbers) -> float:
    """Area under the ROC curve from counts of (on time, late) by score, lowest score first; shape (scores, 2). Half where there is
    one class only. https://en.wikipedia.org/wiki/Mann%E2%80%93Whitney_U_test"""
    on_time, late = counts[:, 0].astype(np.float64), counts[:, 1].astype(np.float64)
    pairs = on_time.sum() * late.sum()
    below = np.cumsum(on_time) - on_time / 2
    return float((late * below).sum() / pairs) if pairs else 0.5


def _either_way(counts: Numbers) -> float:
    area = roc_auc(counts)
    return max(area, 1 - area)


def _by_order(counts: Numbers) -> float:
    present = counts[:-1].sum(axis=1)
    return _either_way(present) if present.sum(axis=0).min() >= FEWEST_OF_A_CLASS else 0.5


def _binned(column: Coded, counts: Numbers) -> Numbers:
    """Add up numbers that lie close together, so that each bin has about as many rows; missing stays by itself."""
    if column.kind == "categorical" or len(counts) - 1 <= QUANTILE_BINS:
        return counts
    rows = counts[:-1].sum(axis=(1, 2))
    middle = (np.cumsum(rows) - rows / 2) / rows.sum()
    bins = np.append((middle * QUANTILE_BINS).astype(np.int64), QUANTILE_BINS)
    binned = np.zeros((QUANTILE_BINS + 1, *counts.shape[1:]), counts.dtype)
    np.add.at(binned, bins, counts)
    return binned


def _by_late_share(counts: Numbers) -> float:
    """Learn late shares in one half and judge them in the other, both ways round; the mean."""
    areas = []
    for learnt, judged in ((counts[:, 0], counts[:, 1]), (counts[:, 1], counts[:, 0])):
        if min(*learnt.sum(axis=0), *judged.sum(axis=0)) == 0:
            continue
        overall = learnt[:, 1].sum() / learnt.sum()
        late_share = (learnt[:, 1] + SMOOTHING_ROWS * overall) / (learnt.sum(axis=1) + SMOOTHING_ROWS)
        scores, rank = np.unique(late_share, return_inverse=True)
        ranked = np.zeros((len(scores), 2), np.int64)
        np.add.at(ranked, rank, judged)
        areas.append(roc_auc(ranked))
    return float(np.mean(areas)) if areas else 0.5


def _by_threshold(column: Coded, counts: Numbers) -> tuple[float, str] | None:
    """The best rule 'late from this number on' or 'below it'; missing ones are called what most of them are."""
    present, missing = counts[:-1].sum(axis=1), counts[-1].sum(axis=0)
    late_from = np.cumsum(present[::-1], axis=0)[::-1]  # (on time, late) at this number or above
    below = present.sum(axis=0) - late_from
    called = np.eye(2, dtype=np.int64)[np.argmax(missing)] * missing
    best = None
    for right, words in (
        (np.column_stack([below[:, 0], late_from[:, 1]]), "late from {} on"),
        (np.column_stack([late_from[:, 0], below[:, 1]]), "late below {}"),
    ):
        place = int(np.argmax(right.sum(axis=1))) if len(right) else -1
        accuracy = _computes(right[place] + called, counts) if len(right) else None
        if accuracy is not None and (best is None or accuracy > best[0]):
            best = accuracy, f"'{words.format(column.text(column.values[place]))}'"
    return best


def _by_labels(counts: Numbers) -> tuple[float, str] | None:
    """Call every label what most of its rows in one half are, and count what is right in the other, both ways round."""
    right = np.zeros(2, np.int64)
    for learnt, judged in ((counts[:, 0], counts[:, 1]), (counts[:, 1], counts[:, 0])):
        majority = int(learnt[:, 1].sum() > learnt[:, 0].sum())
        called = np.where(learnt[:, 0] == learnt[:, 1], majority, learnt[:, 1] > learnt[:, 0])
        right += [judged[called == 0, 0].sum(), judged[called == 1, 1].sum()]
    accuracy = _computes(right, counts)
    return None if accuracy is None else (accuracy, "calling each label what most of its flights are")


def _computes(right: Numbers, counts: Numbers) -> float | None:
    """Accuracy, where it is so high in both classes that the target is computed; right has shape (outcomes,)."""
    total = counts.sum(axis=(0, 1))
    accuracy = float(right.sum() / total.sum())
    return accuracy if accuracy >= COMPUTED_ACCURACY and (right / total).min() >= COMPUTED_RECALL else None
