"""Table rows and short texts of the report, from results of other stages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from flight_delay.evaluation.metrics import METRICS
from flight_delay.report.plots.labels import model_label

VERDICTS = {"better": "better", "worse": "worse", "not_significant": "not significant"}
PAYOFFS = {
    "true_positive": "a late flight that is predicted late (true positive)",
    "false_negative": "a missed delay (false negative)",
    "false_positive": "a false alarm (false positive)",
    "true_negative": "a flight on time that is predicted on time (true negative)",
}
INFORMATION = {
    "schedule": "the schedule",
    "density": "traffic",
    "history": "late rates up to the day before the prediction",
    "weather": "the weather at the origin at the time of the prediction",
}
RULES = {
    "excluded": "excluded in params.yaml",
    "constant": "constant",
    "duplicated": "duplicate of another feature",
    "noise": "no better than noise",
}
MAX_SLICES = 12

Row = dict[str, Any]


def baseline_rows(metrics: Mapping[str, Any]) -> list[Row]:
    """Return a row per baseline and, last, the model.

    A row has a name and, by metric, value on test and interval.
    """
    test = {name: row["test"] for name, row in metrics["baselines"].items()} | {"model": metrics["test"]}
    intervals = metrics["baseline_comparison"]["intervals"]
    return [
        {"name": model_label(name)}
        | {metric: {"value": values[metric], **intervals[name][metric]} for metric in METRICS}
        for name, values in test.items()
    ]


def step_comparisons(metrics: Mapping[str, Any]) -> list[Row]:
    """Compare each model with the baseline below it.

    The last row compares the model with logistic regression.

    Returns:
        Rows of name, baseline and, by metric, difference, interval and verdict.
    """
    steps = dict(metrics["baseline_comparison"]["step_comparisons"])
    rows = [(name, step["compared_with"], step) for name, step in steps.items()]
    if steps["model"]["compared_with"] != "logistic":
        rows.append(("model", "logistic", metrics["baseline_comparison"]["vs_logistic"]))
    return [
        {"name": model_label(name), "baseline": model_label(baseline)}
        | {metric: _verdict(step[metric]) for metric in METRICS}
        for name, baseline, step in rows
    ]


def profit_rows(profit: Mapping[str, Any]) -> list[Row]:
    """Return rows of profit per flight, the model first.

    The other rows have the difference to the model and its verdict.
    """
    mean_profit = profit["mean_profit"]
    others = sorted(profit["differences"], key=lambda name: -mean_profit[name])
    return [
        {"name": model_label("model"), "profit": mean_profit["model"], "more": None},
        *(
            {"name": model_label(name), "profit": mean_profit[name], "more": _verdict(profit["differences"][name])}
            for name in others
        ),
    ]


def break_even_sentences(break_even: Mapping[str, Any], payoffs: Mapping[str, float]) -> list[str]:
    """Describe the break-even range of each payoff.

    In this range, the model earns more than one prediction for all flights.
    """
    return [
        f"{PAYOFFS[name].capitalize()}: {_amount(payoffs[name])}; {_describe_range(ends)}."
        for name, ends in break_even.items()
    ]


def metric_spread(by_month: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """Return the range of every metric over the months of the backtest.

    It consists of the lowest and the highest value, and their difference.
    """
    names = [name for name in next(iter(by_month.values())) if name != "rows"]
    lowest, highest = ({name: end(row[name] for row in by_month.values()) for name in names} for end in (min, max))
    return {"lowest": lowest, "highest": highest, "spread": {name: highest[name] - lowest[name] for name in names}}


def slices_by_division(slices: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """Group slices by division, in the order given."""
    divisions: dict[str, list[Mapping[str, Any]]] = {}
    for row in slices:
        divisions.setdefault(row["by"].replace("_", " "), []).append(row)
    return divisions


def dropped_features(selection: Mapping[str, Any]) -> dict[str, list[tuple[str, str]]]:
    """Return dropped features and reasons by rule, the most frequent first."""
    rules = Counter(entry["rule"] for entry in selection["dropped"]).most_common()
    return {
        RULES[rule]: [(entry["feature"], entry["reason"]) for entry in selection["dropped"] if entry["rule"] == rule]
        for rule, _ in rules
    }


def available_information(selection: Mapping[str, Any]) -> str:
    """Enumerate the kinds of information that the model uses."""
    groups = {feature["group"] for feature in selection["features"]}
    return _enumerate([text for group, text in INFORMATION.items() if group in groups], "and")


def unavailable_information(selection: Mapping[str, Any]) -> str:
    """Enumerate the kinds of information that the model does not use."""
    groups = {feature["group"] for feature in selection["features"]}
    missing = [text for group, text in INFORMATION.items() if group not in groups]
    return _enumerate(["the aircraft", *missing, "events after the prediction"], "or")


def feature_counts(bundle: Mapping[str, Any]) -> dict[str, int]:
    """Count features by group; indicators of missing values come last."""
    counts = Counter(feature["group"] for feature in bundle["features"] if feature["kind"] != "indicator")
    n_indicators = len(bundle["features"]) - counts.total()
    return {group: counts[group] for group in INFORMATION if group in counts} | {
        "indicators of missing values": n_indicators
    }


def vocabularies(bundle: Mapping[str, Any]) -> dict[str, int]:
    """Count the known categories of each categorical feature.

    Any other category counts as missing.
    """
    features = [feature for feature in bundle["features"] if feature["kind"] == "categorical"]
    return {feature["name"].replace("_", " "): len(feature["categories"]) for feature in features}


def _enumerate(parts: Sequence[str], conjunction: str) -> str:
    return f" {conjunction} ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else parts[0]


def _verdict(comparison: Mapping[str, Any]) -> Row:
    return {**comparison, "verdict": VERDICTS[comparison["verdict"]]}


def _describe_range(ends: Mapping[str, float | None] | None) -> str:
    if ends is None:
        return "one prediction for all flights earns more at any amount"
    low, high = ends["low"], ends["high"]
    if low is None:
        return "the model earns more at any amount" if high is None else f"the model earns more up to {_amount(high)}"
    return f"the model earns more from {_amount(low)}" + ("" if high is None else f" to {_amount(high)}")


def _amount(value: float) -> str:
    return (f"{value:,.0f}" if abs(value) >= 10 else f"{round(value, 2):zg}").replace("-", "−")
