"""Findings of the checks: observation, meaning for a model, and advice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

Severity = Literal["error", "warning"]
# Meaning of a finding for a model, and advice, by check in the order of the report.
CHECKS: dict[str, tuple[str, str]] = {
    "missing": (
        "Trees send rows without a value down a default branch; a share that differs between splits is misleading.",
        "Find out why values are missing; fill them at the source, or document what missing means.",
    ),
    "constant": (
        "The model cannot learn from it.",
        "Find out why it does not vary. A constant feature is dropped before training.",
    ),
    "quasi_constant": (
        "The few other rows are hardly enough to learn from.",
        "Exclude it unless the rare value matters, or pool it with a related feature.",
    ),
    "infinite": (
        "XGBoost rejects infinite numbers.",
        "Fix the division or logarithm that produces them; use a missing value where it is undefined.",
    ),
    "duplicated": (
        "Importances and explanations are split between the features arbitrarily.",
        "Keep one of them. The others are dropped before training.",
    ),
    "correlated": (
        "Importances and explanations are split between the features; coefficients of linear models are unstable.",
        "Keep the one that is known earlier or easier to explain, or their difference.",
    ),
    "high_cardinality": (
        "Splits on many labels overfit.",
        "Compare with and without it on later months; group labels, or replace them by a lagged rate.",
    ),
    "rare_labels": (
        "Estimates for rare labels are mostly noise.",
        "Pool rare labels, or describe them by a shared attribute (region, distance, size).",
    ),
    "new_labels": (
        "The model treats unknown labels as missing.",
        "Train on later months, or add columns that describe a label.",
    ),
    "imbalance": (
        "There are too few rows of one class to learn from.",
        "Widen the splits, or check the definition of the target.",
    ),
    "target_shift": (
        "Probabilities and the share of positive predictions are too high or too low there.",
        "Monitor calibration by month; add lagged rates of the target, or recalibrate on recent months.",
    ),
    "leakage_suspect": (
        "It is probably known only after the prediction: metrics are better here than they can be in use.",
        "Find out when it becomes known; exclude it unless that is before the prediction.",
    ),
    "noise": (
        "The model gains nothing from it: what it learns is noise, or is in other features.",
        "Compare with and without it on the backtest, one such feature at a time; exclude it if nothing is lost.",
    ),
    "drift": (
        "The model predicts rows that are rare in training.",
        "Look at the profile; train on similar months, or replace it by a feature that does not drift.",
    ),
}

MAX_NAMES = 5  # listed in a sentence


@dataclass(frozen=True)
class Finding:
    """An observation about columns; `value` is the effect size, to six digits."""

    check: str
    columns: tuple[str, ...]
    value: float
    message: str
    severity: Severity = "warning"

    def __post_init__(self) -> None:
        object.__setattr__(self, "value", round(float(self.value), 6) + 0.0)  # -0.0 becomes 0.0

    def as_json(self) -> dict[str, Any]:
        """Convert to the fields of findings.json."""
        meaning, advice = CHECKS[self.check]
        return {**asdict(self), "meaning": meaning, "advice": advice}


def sort_findings(findings: Iterable[Finding]) -> list[Finding]:
    """Sort: errors first, then by check, the largest effect first, then by name."""
    order = list(CHECKS)
    return sorted(
        findings,
        key=lambda item: (item.severity != "error", order.index(item.check), -item.value, item.columns, item.message),
    )


def share(value: float) -> str:
    """Format a share, such as '2.4%'; '0.0%' and '100.0%' only if exact."""
    if 0 < value < 0.0005:
        return "< 0.05%"
    if 0.9995 <= value < 1:
        return "> 99.95%"
    return f"{value:.1%}"


def join_names(names: Iterable[str]) -> str:
    """Join the first names and count the others, such as 'AA, DL and 3 more'."""
    every = list(names)
    more = len(every) - MAX_NAMES
    return f"{', '.join(every[:MAX_NAMES])} and {more} more" if more > 0 else ", ".join(every)
