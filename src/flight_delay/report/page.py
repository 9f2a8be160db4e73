"""The report: one self-contained HTML page made of the numbers and pictures that other stages wrote."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any, NamedTuple

from jinja2 import DictLoader, Environment, StrictUndefined

from flight_delay.report import sections


class Picture(NamedTuple):
    """A picture on the page: its file below reports/ without ending, and what it shows, for those who cannot see it."""

    name: str
    shows: str


# By section of the page.
PICTURES = {
    "ladder": (Picture("evaluate/ladder", "ROC AUC, average precision and log loss of every rung, with intervals"),),
    "money": (
        Picture("evaluate/profit", "Profit per flight over the threshold, on the backtest and on the test months"),
        Picture("evaluate/confusion", "Confusion matrix of the model on the test months"),
    ),
    "quality": (
        Picture("evaluate/roc", "ROC curves of the model and of logistic regression on the test months"),
        Picture(
            "evaluate/precision_recall",
            "Precision against recall of the model and of logistic regression on the test months",
        ),
    ),
    "months": (
        Picture("evaluate/metric_by_month", "ROC AUC by month, in the backtest and on the windows after training"),
        Picture("evaluate/aging", "ROC AUC by month of a model that is trained once, and of models retrained every month"),
    ),
    "probabilities": (
        Picture("evaluate/calibration", "Observed against predicted share of late flights, in groups of equal size"),
        Picture("evaluate/said_and_seen", "Predicted and observed share of late flights by month"),
    ),
    "learning": (
        Picture("learning_curves/learning_curve", "ROC AUC by number of months learnt from, on these and on later ones"),
        Picture("learning_curves/complexity", "Log loss saved against the base rate, by depth of trees"),
        Picture("evaluate/training_curve", "Log loss on training and validation window, round by round"),
    ),
    "slices": (Picture("evaluate/slices", "Profit per flight where it is lowest, with intervals"),),
    "explanation": (
        Picture("interpret/bar", "Mean absolute SHAP value of every feature"),
        Picture("interpret/beeswarm", "SHAP values of every sampled flight and feature"),
        Picture("interpret/importances", "SHAP importance beside XGBoost's gain"),
    ),
}  # fmt: skip


def render(
    *,
    metrics: Mapping[str, Any],
    decided: Mapping[str, Any],
    payoffs: Mapping[str, float],
    backtest: Mapping[str, Mapping[str, float]],
    learning: Mapping[str, str],
    slices: Sequence[Mapping[str, Any]],
    selection: Mapping[str, Any],
    counts: Mapping[str, int],
    quality: Mapping[str, Any],
    details: Mapping[str, Any],
    findings: Sequence[Mapping[str, Any]],
    manifest: Mapping[str, Any],
    windows: Mapping[str, str],
    late_minutes: int,
    horizon_hours: int,
    pictures: Mapping[str, bytes],
) -> str:
    """Render the page.

    Args:
        metrics: as in reports/metrics.json.
        decided: on the backtest, as in reports/decide/metrics.json.
        payoffs: per flight, as in params.yaml.
        backtest: metrics by month, as in reports/backtest/by_month.json.
        learning: what learning curves say, as in reports/learning_curves/reading.json.
        slices: parts of the data, as in reports/evaluate/slices.csv.
        selection: features that are trained on, and that are not, as in data/selection.json.
        counts: what became of the scheduled flights, as in reports/data/flights.json.
        quality: what was set aside and warned of, as in reports/quality.json.
        details: examples of that, as in reports/data/quality.json.
        findings: pitfalls, as in reports/check_data/findings.json.
        manifest: of the raw data, as in data/raw/manifest.json.
        windows: by name, the months in words.
        late_minutes: from how many minutes on a flight is late.
        horizon_hours: how long before departure a prediction is made.
        pictures: PNG by name; those of dependence and profiles are shown in the order given.
    """
    templates = {
        of.name: of.read_text("utf-8") for of in resources.files(__package__).iterdir() if of.name.endswith(".j2")
    }
    environment = Environment(
        loader=DictLoader(templates), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"number": _number, "signed": _signed, "percent": _percent}
    dependence = [
        Picture(
            name, f"Effect of {name.partition('dependence_')[2].replace('_', ' ')} on the prediction, over its values"
        )
        for name in pictures
        if name.startswith("interpret/dependence_")
    ]
    profiles = [
        Picture(name, "Columns by window: share of flights, and share of them that is late")
        for name in pictures
        if name.startswith("check_data/")
    ]
    return environment.get_template("page.html.j2").render(
        metrics=metrics,
        decided=decided,
        payoffs=payoffs,
        backtest=backtest,
        learning=learning,
        selection=selection,
        counts=counts,
        quality=quality,
        details=details,
        findings=findings,
        manifest=manifest,
        windows=windows,
        late_minutes=late_minutes,
        horizon_hours=horizon_hours,
        known=sections.known(selection),
        rungs=sections.rungs(metrics),
        steps=sections.steps(metrics),
        earnings=sections.earnings(metrics["money"]),
        ranges=sections.ranges(metrics["money"]["break_even"], payoffs),
        spread=sections.spread(backtest),
        divisions=sections.divisions(slices),
        most_rows=sections.ROWS_PER_DIVISION,
        dropped=sections.dropped(selection),
        shown={**PICTURES, "explanation": (*PICTURES["explanation"], *dependence), "profiles": profiles},
        images={name: base64.b64encode(content).decode() for name, content in pictures.items()},
    )


def _number(value: float | None, digits: int = 3) -> str:
    """A number with a true minus sign; nothing where there is none."""
    return "" if value is None else f"{value:z,.{digits}f}".replace("-", "−")


def _signed(value: float, digits: int = 3) -> str:
    return f"{value:+z.{digits}f}".replace("-", "−")


def _percent(share: float | None, digits: int = 0) -> str:
    return "" if share is None else f"{100 * share:.{digits}f}\N{NO-BREAK SPACE}%"
