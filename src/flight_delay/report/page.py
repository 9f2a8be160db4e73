"""The report: a model card as one self-contained HTML page.

Each section has a template beside this file."""

from __future__ import annotations

import base64

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from flight_delay.evaluation.metrics import METRICS
from flight_delay.report import sections
from flight_delay.report.inputs import Inputs

# In the order of the page: anchor, which is also the name of the template and of the section of plots, and title.
SECTIONS = {
    "intended_use": "Intended use",
    "model": "Model details",
    "evaluation": "Evaluation",
    "profit": "Threshold and costs",
    "slices": "Slices",
    "calibration": "Calibration",
    "learning_curves": "Learning and validation curves",
    "explanations": "Explanations",
    "data": "Data quality",
    "limitations": "Limitations",
    "ethics": "Ethical considerations",
    "security": "Security",
    "failure_modes": "Failure modes",
    "reproduction": "Reproduction",
}


def render_report(inputs: Inputs) -> str:
    """Render the page; the same inputs give the same text.

    Raises:
        UndefinedError: a number that the page shows is not among the inputs.
        ValueError: a plot names a section that does not exist.
    """
    if unknown := [plot for plot in inputs.plots if plot.section not in SECTIONS]:
        raise ValueError(f"plot {unknown[0].name}: section '{unknown[0].section}' is not a section of the report")
    return (
        page_environment()
        .get_template("page.html.j2")
        .render(
            **vars(inputs),
            titles=SECTIONS,
            metric_labels={name: metric.label for name, metric in METRICS.items()},
            known=sections.available_information(inputs.selection),
            unknown=sections.unavailable_information(inputs.selection),
            feature_counts=sections.feature_counts(inputs.bundle),
            vocabularies=sections.vocabularies(inputs.bundle),
            baseline_rows=sections.baseline_rows(inputs.metrics),
            comparisons=sections.step_comparisons(inputs.metrics),
            profit_rows=sections.profit_rows(inputs.metrics["profit"]),
            ranges=sections.break_even_sentences(inputs.metrics["profit"]["break_even"], inputs.payoffs),
            spread=sections.metric_spread(inputs.backtest),
            divisions=sections.slices_by_division(inputs.slices),
            max_slices=sections.MAX_SLICES,
            dropped=sections.dropped_features(inputs.selection),
        )
    )


def page_environment(*packages: str) -> Environment:
    """Return the templates of packages, then those of the report, with filters."""
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package, ".") for package in (*packages, "flight_delay.report")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": _number, "signed": _signed, "percent": _percent, "count": "{:,}".format}
    environment.filters["base64"] = lambda content: base64.b64encode(content).decode()
    return environment


def _number(value: float | None, digits: int = 3) -> str:
    """Format a number with a true minus sign; None is empty."""
    return "" if value is None else f"{value:z,.{digits}f}".replace("-", "−")


def _signed(value: float, digits: int = 3) -> str:
    return f"{value:+z.{digits}f}".replace("-", "−")


def _percent(share: float | None, digits: int = 0) -> str:
    return "" if share is None else f"{100 * share:.{digits}f}\N{NO-BREAK SPACE}%"
