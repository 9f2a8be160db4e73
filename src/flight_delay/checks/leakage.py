"""Check for leakage: columns that predict the target too well.

Each column is evaluated alone in three ways: by whether it is missing, by its order, and by the rates of its values."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from sklearn.metrics import roc_auc_score

from flight_delay.checks.findings import Finding
from flight_delay.checks.table import EncodedColumn, EncodedTable, Numbers

# All features of this project together reach about 0.65; a single column with this area is most likely a leak.
SUSPICIOUS_ROC_AUC = 0.80
MIN_ROWS_OF_A_CLASS = 30  # with fewer, the standard error of the area is above 0.07
QUANTILE_BINS = 50
SMOOTHING_ROWS = 20  # pseudo-count of rows with the base rate in the rate of a value: Micci-Barreca 2001


def check_leakage(table: EncodedTable) -> Iterator[Finding]:
    """Check every column on the rows with a known target."""
    groups = _halves(table) * 2 + np.minimum(table.classes, 1)
    for name, column in table.encoded.items():
        # Shape (values + 1, halves, classes); the last row is for missing values.
        counts = column.count_by(groups, 4, rows=table.classes < 2).reshape(-1, 2, 2)
        if counts.sum(axis=(0, 1)).min() < MIN_ROWS_OF_A_CLASS:
            continue
        by_class = counts.sum(axis=1)
        present = by_class[:-1]
        areas = {"whether it is missing": _roc_auc(np.stack([present.sum(axis=0), by_class[-1]]))}
        if column.kind == "quantitative" and present.sum(axis=0).min() >= MIN_ROWS_OF_A_CLASS:
            areas["its order"] = _roc_auc(present)
        values = "ranges" if column.kind == "quantitative" else "labels"
        areas[f"the rates of its {values} in other rows"] = _roc_auc_of_rates(_binned(column, counts))
        # Of nearly equal areas, the message has the simplest way.
        way = max(areas, key=lambda of_way: round(areas[of_way], 2))
        if areas[way] >= SUSPICIOUS_ROC_AUC:
            message = f"{name} alone predicts the target with ROC AUC {areas[way]:.3f}, by {way}."
            yield Finding("leakage_suspect", (name,), areas[way], message, severity="error")


def _halves(table: EncodedTable) -> Numbers:
    """Split rows into halves by month, or alternately if there is one month."""
    codes, months = table.months
    return codes % 2 if len(months) > 1 else np.arange(len(table)) % 2


def _roc_auc(counts: Numbers) -> float:
    """Compute ROC AUC, in the better direction, from counts in order of score."""
    area = _weighted_roc_auc(counts, np.arange(len(counts)))
    return max(area, 1 - area)


def _weighted_roc_auc(counts: Numbers, score: Numbers) -> float:
    """Compute ROC AUC from counts (values, 2) and scores; 0.5 with one class."""
    if counts.sum(axis=0).min() == 0:
        return 0.5
    classes, scores = np.repeat([0, 1], len(counts)), np.tile(score, 2)
    return float(roc_auc_score(classes, scores, sample_weight=counts.T.ravel()))


def _binned(column: EncodedColumn, counts: Numbers) -> Numbers:
    """Pool numbers into bins of similar size; missing ones have their own bin."""
    if column.kind == "categorical" or len(counts) - 1 <= QUANTILE_BINS:
        return counts
    rows = counts[:-1].sum(axis=(1, 2))
    middle = (np.cumsum(rows) - rows / 2) / rows.sum()
    bins = np.append((middle * QUANTILE_BINS).astype(np.int64), QUANTILE_BINS)
    binned = np.zeros((QUANTILE_BINS + 1, *counts.shape[1:]), counts.dtype)
    np.add.at(binned, bins, counts)
    return binned


def _roc_auc_of_rates(counts: Numbers) -> float:
    """Average ROC AUC of smoothed rates of one half in the other half."""
    areas = []
    for fitted, evaluated in ((counts[:, 0], counts[:, 1]), (counts[:, 1], counts[:, 0])):
        base = fitted[:, 1].sum() / max(fitted.sum(), 1)
        areas.append(
            _weighted_roc_auc(evaluated, (fitted[:, 1] + SMOOTHING_ROWS * base) / (fitted.sum(axis=1) + SMOOTHING_ROWS))
        )
    return float(np.mean(areas))
