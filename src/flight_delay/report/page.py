"""The report: one self-contained HTML page made of the numbers and pictures that other stages wrote."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any, NamedTuple

from jinja2 import Environment, StrictUndefined


class Picture(NamedTuple):
    """A picture on the page: its file below reports/ without ending, and what it shows, for those who cannot see it."""

    name: str
    shows: str


RESULT_PICTURES = (
    Picture("evaluate/roc", "ROC curves of the model and of logistic regression on the test months"),
    Picture(
        "evaluate/precision_recall",
        "Precision against recall of the model and of logistic regression on the test months",
    ),
    Picture("evaluate/calibration", "Observed against predicted share of late flights, in groups of equal size"),
    Picture("evaluate/confusion", "Confusion matrix of the model on the test months"),
    Picture("evaluate/metric_by_month", "ROC AUC by month, in the backtest and on the windows after training"),
    Picture("evaluate/training_curve", "Log loss on training and validation window, round by round"),
)
EXPLANATION_PICTURES = (
    Picture("interpret/bar", "Mean absolute SHAP value of every feature"),
    Picture("interpret/beeswarm", "SHAP values of every sampled flight and feature"),
    Picture("interpret/importances", "SHAP importance beside XGBoost's gain"),
)


def render(
    *,
    metrics: Mapping[str, Any],
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
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(resources.files(__package__).joinpath("page.html.j2").read_text("utf-8"))
    dependence = [
        Picture(
            name, f"Effect of {name.partition('dependence_')[2].replace('_', ' ')} on the prediction, over its values"
        )
        for name in pictures
        if name.startswith("interpret/dependence_")
    ]
    return template.render(
        metrics=metrics,
        counts=counts,
        quality=quality,
        details=details,
        findings=findings,
        manifest=manifest,
        windows=windows,
        late_minutes=late_minutes,
        horizon_hours=horizon_hours,
        result_pictures=RESULT_PICTURES,
        explanation_pictures=(*EXPLANATION_PICTURES, *dependence),
        profile_pictures=[
            Picture(name, "Columns by window: share of flights, and share of them that is late")
            for name in pictures
            if name.startswith("check_data/")
        ],
        images={name: base64.b64encode(content).decode() for name, content in pictures.items()},
    )
