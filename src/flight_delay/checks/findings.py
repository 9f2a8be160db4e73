"""A finding: what was seen in a table, what it means for a model, and what can be done. Nothing here looks for any."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

Severity = Literal["error", "warning"]
Check = Literal[
    "missing",
    "constant",
    "quasi_constant",
    "duplicated",
    "correlated",
    "high_cardinality",
    "rare_labels",
    "new_labels",
    "skewed",
    "outliers",
    "imbalance",
    "target_shift",
    "leakage_suspect",
    "noise",
    "drift",
]
CHECKS: tuple[str, ...] = get_args(Check)

MOST_NAMED = 5  # labels, columns or months that a sentence names


@dataclass(frozen=True)
class Finding:
    """A pitfall that was found."""

    check: Check
    severity: Severity
    columns: tuple[str, ...]
    value: float  # the size of the effect, to six digits; its unit is that of the check
    says: str  # what was seen
    means: str  # for a model
    advice: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "value", round(float(self.value), 6) + 0.0)  # and no negative zero


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Sort findings: errors first, then by check, then the largest effect, then by name."""
    return sorted(
        findings,
        key=lambda of: (of.severity != "error", CHECKS.index(of.check), -of.value, of.columns, of.says),
    )


def share(value: float) -> str:
    """A share in words, such as '2.4%'; never 0% or 100% for what is only close to it."""
    if 0 < value < 0.0005:
        return "< 0.05%"
    if 0.9995 <= value < 1:
        return "> 99.95%"
    return f"{value:.1%}"


def listed(names: Iterable[str]) -> str:
    """The first names and how many more there are, such as 'AA, DL and 3 more'."""
    every = list(names)
    more = len(every) - MOST_NAMED
    return f"{', '.join(every[:MOST_NAMED])} and {more} more" if more > 0 else ", ".join(every)
