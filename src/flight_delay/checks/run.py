"""Looking for every pitfall that is found by counting."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import chain

from flight_delay.checks.columns import of_columns
from flight_delay.checks.drift import of_drift
from flight_delay.checks.findings import Finding, in_order
from flight_delay.checks.labels import of_labels
from flight_delay.checks.leakage import of_leakage
from flight_delay.checks.pairs import of_pairs
from flight_delay.checks.table import Inspected
from flight_delay.checks.target import of_target


def find_pitfalls(
    features: Inspected, others: Inspected, found: Iterable[Finding] = (), moving: Collection[str] = ()
) -> list[Finding]:
    """Look for the pitfalls of a table.

    Args:
        features: the model's features.
        others: further columns of the same flights in the same order, none with the name of a feature. They are looked at for
            missing values, variation and number of labels, and in pairs with all columns; not for the shape of
            distributions, leakage and drift.
        found: findings that are made in other ways, such as by `noise.useless`, to be listed among these.
        moving: features that are meant to move with the season, such as the weather, and are not looked at for drift.

    Returns:
        Errors first, then in the order of `findings.CHECKS`, the largest effect first.

    Raises:
        ValueError: the tables have different numbers of rows, or a column is in both.
    """
    if len(features) != len(others):
        raise ValueError(f"features have {len(features)} rows, other columns {len(others)}")
    if both := sorted(features.columns.keys() & others.columns.keys()):
        raise ValueError(f"columns that are features cannot be others, too: {', '.join(both)}")
    return in_order(
        chain(
            of_columns(features, features=True),
            of_columns(others, features=False),
            of_labels(features, features=True),
            of_labels(others, features=False),
            of_pairs([*features.coded.values(), *others.coded.values()]),
            of_target(features),
            of_leakage(features),
            of_drift(features, but=moving),
            found,
        )
    )
