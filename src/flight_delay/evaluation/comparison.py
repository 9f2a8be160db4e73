"""The model beside its rivals on the same flights: what each rung of the ladder adds, what it earns, and that in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from flight_delay.core.files import rounded
from flight_delay.evaluation.bootstrap import (
    DRAWS,
    SEED,
    Comparison,
    bootstrap,
    bootstrap_sum,
    compare,
    compare_values,
    interval,
    on_all_flights,
)
from flight_delay.evaluation.costs import Payoffs
from flight_delay.evaluation.metrics import METRICS
from flight_delay.evaluation.scoring import confusion
from flight_delay.evaluation.threshold import break_even, profit_per_flight, strategies, thresholds_by_miss_cost
from flight_delay.model.predictions import Predictions

MISS_COST_FACTORS = (0.5, 1.0, 2.0, 4.0)


def same_flights(of: Mapping[str, Predictions]) -> None:
    """Check that predictions that are compared are about the same flights in the same order.

    Raises:
        ValueError: they are not.
    """
    first = next(iter(of.values()))
    for name, predictions in of.items():
        if not np.array_equal(predictions.row_id, first.row_id):
            raise ValueError(f"{name} predicts other flights")


def ladder(rungs: Mapping[str, Predictions]) -> dict[str, Any]:
    """What each rung adds to the one below, and the last one to logistic regression, with intervals over days.

    Args:
        rungs: predictions of the same flights by name, from the lowest to 'model'; 'logistic' is among them.

    Returns:
        intervals: by rung and metric, low and high end; steps: by rung, the one that it is compared with and by metric
        difference, low, high and verdict; model_over_logistic: the same for these two.
    """
    same_flights(rungs)
    target, date = rungs["model"].target, rungs["model"].date
    probabilities = {name: of.probability for name, of in rungs.items()}
    drawn = bootstrap(target, probabilities, date, draws=DRAWS, seed=SEED)
    whole = on_all_flights(target, probabilities)

    def step(model: str, than: str) -> dict[str, Any]:
        return {name: of._asdict() for name, of in compare(drawn, whole, model, than).items()}

    return {
        "intervals": {
            rung: {name: _ends(*interval(values)) for name, values in of.items()} for rung, of in drawn.items()
        },
        "steps": {model: {"than": than, **step(model, than)} for than, model in pairwise(rungs)},
        "model_over_logistic": step("model", "logistic"),
    }


def money(rungs: Mapping[str, Predictions], thresholds: Mapping[str, float], payoffs: Payoffs) -> dict[str, Any]:
    """What the calls of every rung earn, and how much more the model's earn, per flight and with intervals over days.

    Args:
        rungs: predictions of the same flights by name, 'model' among them.
        thresholds: by rung, from which probability on it calls a flight late.
        payoffs: per flight.

    Returns:
        expected_profit: by rung and constant answer; interval: of the model's; model_over: by rung and constant answer,
        difference, low, high and verdict; break_even and threshold_by_miss_cost: see `decision`.
    """
    same_flights(rungs)
    model = rungs["model"]
    calls = {name: of.probability >= thresholds[name] for name, of in rungs.items()}
    calls |= {"always_on_time": np.zeros(len(model), bool), "always_late": np.ones(len(model), bool)}
    profit = {name: profit_per_flight(model.target, called, payoffs) for name, called in calls.items()}
    drawn = bootstrap_sum(profit, model.date, draws=DRAWS, seed=SEED)
    over: dict[str, Comparison] = {
        name: compare_values(drawn["model"], drawn[name], float(profit["model"].mean() - profit[name].mean()))
        for name in profit
        if name != "model"
    }
    counts = confusion(model.target, model.probability, thresholds["model"])
    return {
        "expected_profit": {
            **rounded({name: float(of.mean()) for name, of in profit.items()}, 4),
            "perfect": round(strategies(model.target, payoffs).perfect, 4),
        },
        "interval": _ends(*interval(drawn["model"])),
        "model_over": {name: of._asdict() for name, of in over.items()},
        "break_even": {name: of._asdict() if of else None for name, of in break_even(counts, payoffs).items()},
        "threshold_by_miss_cost": {
            f"{factor:g}": threshold
            for factor, threshold in thresholds_by_miss_cost(payoffs, MISS_COST_FACTORS).items()
        },
    }


def in_words(comparison: Mapping[str, Mapping[str, Any]], rival: str) -> str:
    """A sentence that says in which metrics the model is better than a rival, worse, and where the data cannot tell."""
    said: dict[str, list[str]] = {"better": [], "worse": [], "undecided": []}
    for name, of in comparison.items():
        said[of["verdict"]].append(METRICS[name].label)
    parts = [
        f"is {verdict} than {rival} in {_listed(said[verdict])}" for verdict in ("better", "worse") if said[verdict]
    ]
    parts[1:] = [f"it {part}" for part in parts[1:]]
    if said["undecided"]:
        parts.append(f"these days cannot tell whether it is better than {rival} in {_listed(said['undecided'])}")
    sentence = "; ".join(parts)
    return f"The model {sentence}." if said["better"] or said["worse"] else f"{sentence[0].upper()}{sentence[1:]}."


def _listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]


def _ends(low: float, high: float) -> dict[str, float]:
    return {"low": round(low, 6) + 0.0, "high": round(high, 6) + 0.0}
