"""What the page says of results: rows of its tables, and payoffs and knowledge in words. From numbers that other stages wrote."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from flight_delay.evaluation.metrics import METRICS
from flight_delay.report.plots.labels import words

VERDICTS = {"better": "better", "worse": "worse", "undecided": "cannot tell"}
PAYOFFS = {
    "late_called_late": "a late flight that is called late",
    "late_called_on_time": "a missed delay",
    "on_time_called_late": "a false alarm",
    "on_time_called_on_time": "a flight on time that is called so",
}
KNOWN = {
    "schedule": "the timetable",
    "density": "how full the schedule is",
    "history": "late rates until the day before the prediction",
    "weather": "the weather at the origin at the time of the prediction",
}
RULES = {
    "left_out": "left out in params.yaml",
    "constant": "without a second value",
    "duplicated": "the same as another one",
    "noise": "no better than a random column",
}
ROWS_PER_DIVISION = 12


class Step(NamedTuple):
    """What one model has more than another: by metric difference, low, high and verdict in words."""

    name: str
    than: str
    by: dict[str, dict[str, Any]]


class Dropped(NamedTuple):
    """The features that a rule dropped, with what was seen."""

    rule: str
    features: list[tuple[str, str]]


def rungs(metrics: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Rows of the ladder, the lowest rung first: name, and by metric the value on test, low and high end of its interval."""
    test = {**{name: of["test"] for name, of in metrics["baselines"].items()}, "model": metrics["test"]}
    intervals = metrics["ladder"]["intervals"]
    return [
        {"name": words(name), **{of: {"value": values[of], **intervals[name][of]} for of in METRICS}}
        for name, values in test.items()
    ]


def steps(metrics: Mapping[str, Any]) -> list[Step]:
    """What each rung adds to the one below, and last the model to logistic regression, unless that is the rung below it."""
    ladder = metrics["ladder"]
    found = [Step(words(name), words(of["than"]), _verdicts(of)) for name, of in ladder["steps"].items()]
    if ladder["steps"]["model"]["than"] != "logistic":
        found.append(Step(words("model"), words("logistic"), _verdicts(ladder["model_over_logistic"])))
    return found


def earnings(money: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Rows of profit per flight, the model first: name, profit, and what the model earns more, if it is another one."""
    profit = money["expected_profit"]
    rest = sorted((name for name in money["model_over"]), key=lambda name: -profit[name])
    return [
        {"name": words("model"), "profit": profit["model"], "more": None},
        *({"name": words(name), "profit": profit[name], "more": _said(money["model_over"][name])} for name in rest),
    ]


def ranges(break_even: Mapping[str, Mapping[str, float | None] | None], payoffs: Mapping[str, float]) -> list[str]:
    """How far each payoff may move before one call for all flights earns more, a sentence each."""
    return [
        f"{PAYOFFS[name].capitalize()} earns {_amount(payoffs[name])}: {_range(of)}." for name, of in break_even.items()
    ]


def spread(by_month: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """Lowest and highest value of every metric over the months of the backtest, and how far apart they are."""
    names = [name for name in next(iter(by_month.values())) if name != "rows"]
    lowest = {name: min(of[name] for of in by_month.values()) for name in names}
    highest = {name: max(of[name] for of in by_month.values()) for name in names}
    return {"lowest": lowest, "highest": highest, "spread": {name: highest[name] - lowest[name] for name in names}}


def divisions(slices: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """Parts of the data by what divides them; in each, those that lost most first, in the order given."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in slices:
        found.setdefault(row["by"].replace("_", " "), []).append(row)
    return found


def dropped(selection: Mapping[str, Any]) -> list[Dropped]:
    """Features that nothing is trained on, by rule, the rule that dropped most first."""
    every = selection["dropped"]
    return [
        Dropped(RULES[rule], [(of["feature"], of["because"]) for of in every if of["rule"] == rule])
        for rule, _ in Counter(of["rule"] for of in every).most_common()
    ]


def known(selection: Mapping[str, Any]) -> str:
    """What the model knows when it predicts, as an enumeration."""
    groups = {of["group"] for of in selection["features"]}
    return _enumeration([said for group, said in KNOWN.items() if group in groups], "and")


def unknown(selection: Mapping[str, Any]) -> str:
    """What the model does not know when it predicts, as an enumeration: also what it could know, and no feature says."""
    groups = {of["group"] for of in selection["features"]}
    missing = [said for group, said in KNOWN.items() if group not in groups]
    return _enumeration(["the aircraft", *missing, "what happens after it has spoken"], "nor")


def feature_counts(bundle: Mapping[str, Any]) -> dict[str, int]:
    """Number of features by where they come from; indicators of missing values, which are made from them, come last."""
    features = bundle["features"]
    counts = Counter(of["group"] for of in features if of["kind"] != "indicator")
    indicators = sum(of["kind"] == "indicator" for of in features)
    return {**{group: counts[group] for group in KNOWN if group in counts}, "indicators of missing values": indicators}


def vocabularies(bundle: Mapping[str, Any]) -> dict[str, int]:
    """By categorical feature, in words, how many values the model knows; any other counts as missing."""
    return {
        of["name"].replace("_", " "): len(of["categories"]) for of in bundle["features"] if of["kind"] == "categorical"
    }


def _enumeration(parts: Sequence[str], last: str) -> str:
    return f" {last} ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else parts[0]


def _verdicts(by: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: _said(by[name]) for name in METRICS}


def _said(of: Mapping[str, Any]) -> dict[str, Any]:
    return {**of, "verdict": VERDICTS[of["verdict"]]}


def _range(of: Mapping[str, float | None] | None) -> str:
    if of is None:
        return "one call for all flights earns more, whatever this amount is"
    low, high = of["low"], of["high"]
    if low is None:
        return "it may earn anything" if high is None else f"it may earn {_amount(high)} or less"
    if high is None:
        return f"it may earn {_amount(low)} or more"
    return f"it may earn {_amount(low)} to {_amount(high)}"


def _amount(value: float) -> str:
    return (f"{value:,.0f}" if abs(value) >= 10 else f"{round(value, 2):zg}").replace("-", "−")
