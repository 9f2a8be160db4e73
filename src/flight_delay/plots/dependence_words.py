"""What a picture of dependence shows, in a few sentences: for those who cannot see it, and beside it for those who can."""

from __future__ import annotations

import numpy as np

from flight_delay.explain.explanation import Explanation
from flight_delay.explain.overall.dependence import Change, change, direction, parts
from flight_delay.model.encode import is_missing
from flight_delay.plots.naming import Naming, signed

RISES = 0.3  # Spearman's correlation of values and effects from which on an effect runs one way on the whole


def dependence_words(explanation: Explanation, name: str, partner: str | None, naming: Naming) -> str:
    """Say where the effect is lowest and highest, which way it runs, what the colour adds, and what a missing value does.

    Args:
        explanation: of the same flights as the picture.
        name: the feature.
        partner: whose values colour the points; None where the feature works alone.
        naming: words and units.
    """
    values, effects = explanation.features[name], explanation.shap[name]
    label = naming.label(name)
    if not effects.any():
        return f"The model makes nothing of {label}: its effect is zero on all {len(effects):,} flights."
    said = []
    if found := parts(values, effects):
        lowest, highest = (choose(found, key=lambda part: part.median) for choose in (min, max))
        said.append(
            f"The effect of {label} is lowest at {naming.value(name, lowest.value)} (median {signed(lowest.median)} log-odds) "
            f"and highest at {naming.value(name, highest.value)} ({signed(highest.median)}){_runs(explanation, name)}."
        )
        found_change = change(found, effects, explanation.features[partner]) if partner else None
        if partner and found_change:
            said.append(_colour(found_change, name, partner, naming))
    missing = is_missing(values)
    if missing.any():
        median = signed(float(np.median(effects[missing])))
        said.append(f"{missing.mean():.1%} of the flights have no value; their median effect is {median}.")
    return " ".join(said)


def _runs(explanation: Explanation, name: str) -> str:
    values = explanation.features[name]
    if values.dtype == object:
        return ""
    runs = direction(values, explanation.shap[name])
    if abs(runs) < RISES:
        return "; it runs neither up nor down throughout"
    return f"; on the whole it {'rises' if runs > 0 else 'falls'}"


def _colour(of: Change, name: str, partner: str, naming: Naming) -> str:
    label = naming.label(partner)
    words = {"low": f"low {label}", "high": f"high {label}"} if of.numbers else {}
    least, most = (words.get(side, f"{label} {side}") for side in (of.least, of.most))
    return (
        f"{label[:1].upper()}{label[1:]} changes it most at {naming.value(name, of.value)}: "
        f"{signed(of.most_effect)} on average with {most}, {signed(of.least_effect)} with {least}."
    )
