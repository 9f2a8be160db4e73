"""Which features are dropped before training, by rule: those that somebody has left out, cannot say anything, say what another
one says, or say nothing that chance would not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import Literal

from flight_delay.checks.findings import Finding
from flight_delay.core.errors import UserError
from flight_delay.features.feature import Feature
from flight_delay.model.selection import Dropped, Selection

Rule = Literal["constant", "duplicated", "noise"]
_RULES: tuple[Rule, ...] = ("constant", "duplicated", "noise")


def leave_out(
    features: Sequence[Feature], patterns: Sequence[str], elsewhere: Sequence[Feature] = ()
) -> tuple[list[Feature], list[Dropped]]:
    """Divide features into those that stay and those whose names match a pattern, such as 'cancellation_rate_*'.

    Args:
        features: that there are, in order.
        patterns: of names.
        elsewhere: features that there are not, but would be with other data, so that a pattern may match them, too.

    Raises:
        UserError: a pattern matches nothing, or no feature stays.
    """
    stay, dropped = [], []
    for feature in features:
        matched = [pattern for pattern in patterns if fnmatchcase(feature.name, pattern)]
        if matched:
            dropped.append(
                Dropped(feature=feature.name, rule="left_out", because=f"params.yaml leaves out {matched[0]}")
            )
        else:
            stay.append(feature)
    for pattern in patterns:
        if not any(fnmatchcase(feature.name, pattern) for feature in (*features, *elsewhere)):
            raise UserError(f"params.yaml: check_data.leave_out: no feature is called {pattern}; mend or remove it")
    if not stay:
        raise UserError("params.yaml: check_data.leave_out leaves no feature to train on; take something out of it")
    return stay, dropped


def select(features: Sequence[Feature], findings: Iterable[Finding], left_out: Sequence[Dropped] = ()) -> Selection:
    """Drop features by what was found.

    Of duplicates the first in order stays. A feature for which several rules speak is listed once, under the first of
    'constant', 'duplicated', 'noise'.

    Args:
        features: that there are, in order.
        findings: about these and other columns.
        left_out: further features, which are listed first.

    Raises:
        UserError: no feature stays.
    """
    found = list(findings)
    order = [feature.name for feature in features]
    dropped: dict[str, Dropped] = {}
    for rule in _RULES:
        for finding in (of for of in found if of.check == rule):
            ours = sorted(set(finding.columns) & set(order), key=order.index)
            for name in ours[1:] if rule == "duplicated" else ours:
                dropped.setdefault(name, Dropped(feature=name, rule=rule, because=finding.says))
    stay = tuple(feature for feature in features if feature.name not in dropped)
    if not stay:
        raise UserError(
            f"check_data leaves no feature to train on: {', '.join(f'{of.feature} ({of.rule})' for of in dropped.values())}; "
            "take something out of check_data.leave_out in params.yaml, or widen windows.train"
        )
    return Selection(
        features=stay,
        dropped=(*left_out, *(dropped[name] for name in order if name in dropped)),
    )
