"""Features that are outcomes of the flight itself. Some, such as the minutes from gate to runway, know too little about the
target to stand out by what they predict, and are a leak all the same."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from flight_delay.checks.findings import Finding, listed
from flight_delay.checks.pairs import spearman
from flight_delay.checks.table import Inspected

SAME = 0.999  # rank correlation of two columns that say the same in other units


def of_outcomes(
    features: Inspected, others: Inspected, outcomes: Collection[str], reads: Mapping[str, Collection[str]]
) -> Iterator[Finding]:
    """Look for features that read an outcome, or have the values of one.

    Args:
        features: the model's features.
        others: further columns of the same flights in the same order.
        outcomes: names of columns that come about with the flight.
        reads: by feature, the columns that it is computed from.
    """
    for name, feature in features.coded.items():
        read = sorted(set(reads[name]) & set(outcomes))
        if read:
            yield _finding(name, f"{name} is computed from {listed(read)}, which comes about with the flight.")
            continue
        for outcome in others.coded.values():
            if outcome.name in outcomes and feature.kind == outcome.kind == "quantitative":
                found = spearman(feature, outcome)
                if found is not None and abs(found) >= SAME:
                    yield _finding(name, f"{name} says the same as {outcome.name}, which comes about with the flight.")


def _finding(name: str, says: str) -> Finding:
    return Finding(
        check="leakage_suspect",
        severity="error",
        columns=(name,),
        value=1.0,
        says=says,
        means="When a prediction is made it is not known: the model will look better here than it can be in use.",
        advice="Leave it out.",
    )
