"""Select the features to train on, by exclusions and findings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import Literal

from flight_delay.checks.findings import Finding
from flight_delay.core.errors import UserError
from flight_delay.features.feature import Feature
from flight_delay.model.selection import DroppedFeature, Selection

_RULES: tuple[Literal["constant", "duplicated", "noise"], ...] = ("constant", "duplicated", "noise")


def exclude_features(
    features: Sequence[Feature], patterns: Sequence[str], possible: Sequence[Feature] = ()
) -> tuple[list[Feature], list[DroppedFeature]]:
    """Split features by patterns of names, such as 'rate_*'.

    Args:
        features: existing ones, in order.
        patterns: patterns of feature names.
        possible: features of other sources, which a pattern may match, too.

    Raises:
        UserError: a pattern matches nothing, or no feature stays.
    """
    kept, dropped = [], []
    for feature in features:
        matches = [pattern for pattern in patterns if fnmatchcase(feature.name, pattern)]
        if matches:
            reason = f"params.yaml leaves out {matches[0]}"
            dropped.append(DroppedFeature(feature=feature.name, rule="excluded", reason=reason))
        else:
            kept.append(feature)
    for pattern in patterns:
        if not any(fnmatchcase(feature.name, pattern) for feature in (*features, *possible)):
            raise UserError(
                f"params.yaml: check_data.exclude_features: no feature matches {pattern}; correct or remove it"
            )
    if not kept:
        raise UserError("params.yaml: check_data.exclude_features excludes every feature; remove a pattern")
    return kept, dropped


def select_features(
    features: Sequence[Feature], findings: Iterable[Finding], excluded: Sequence[DroppedFeature] = ()
) -> Selection:
    """Drop constant features, duplicates except the first, and noise.

    A feature is listed once, under the first of these rules.

    Args:
        features: existing ones, in order.
        findings: about these and other columns.
        excluded: further features, which are listed first.

    Raises:
        UserError: no feature stays.
    """
    every = list(findings)
    order = [feature.name for feature in features]
    dropped: dict[str, DroppedFeature] = {}
    for rule in _RULES:
        for finding in (finding for finding in every if finding.check == rule):
            names = [name for name in order if name in finding.columns]
            for name in names[1:] if rule == "duplicated" else names:
                dropped.setdefault(name, DroppedFeature(feature=name, rule=rule, reason=finding.message))
    kept = tuple(feature for feature in features if feature.name not in dropped)
    if not kept:
        reasons = ", ".join(f"{name} ({drop.rule})" for name, drop in dropped.items())
        raise UserError(
            f"check_data leaves no feature to train on: {reasons}; "
            "remove a pattern of check_data.exclude_features in params.yaml, or widen splits.train"
        )
    return Selection(features=kept, dropped=(*excluded, *(dropped[name] for name in order if name in dropped)))
