"""Check for features that are outcomes, known only with the target.

`checks.leakage` does not find outcomes that predict the target only weakly."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from flight_delay.checks.findings import Finding, join_names
from flight_delay.checks.pairs import rank_correlated
from flight_delay.checks.table import EncodedTable

EQUIVALENT = 0.999  # rank correlation of a column with itself in other units


def check_outcomes(
    features: EncodedTable, others: EncodedTable, outcomes: Collection[str], sources: Mapping[str, Collection[str]]
) -> Iterator[Finding]:
    """Find features that are computed from an outcome, or have the values of one.

    Args:
        features: features of the model.
        others: further columns of the same rows in the same order.
        outcomes: names of columns that are known only with the target.
        sources: by feature, the columns that it is computed from.
    """
    copied = _copied_outcomes(features, others, outcomes)
    for name in features.encoded:
        if read := sorted(set(sources[name]) & set(outcomes)):
            message = f"{name} is computed from {join_names(read)}, which is known only with the target."
        elif name in copied:
            message = f"{name} is equivalent to {copied[name]}, which is known only with the target."
        else:
            continue
        yield Finding("leakage_suspect", (name,), 1.0, message, severity="error")


def _copied_outcomes(features: EncodedTable, others: EncodedTable, outcomes: Collection[str]) -> dict[str, str]:
    columns = {**features.encoded, **{name: others.encoded[name] for name in outcomes if name in others.encoded}}
    numbers = [column for column in columns.values() if column.kind == "quantitative"]
    pairs = [(one.name, other.name) for one, other, _ in rank_correlated(numbers, EQUIVALENT)]
    return {name: other for name, other in pairs if name in features.encoded and other in outcomes}
