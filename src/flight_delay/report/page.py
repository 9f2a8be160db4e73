"""The report: one self-contained HTML page, a model card with all that the stages found. Its words are in the templates beside
this file, one for each section, and in references/model_card.yaml."""

from __future__ import annotations

import base64
from importlib import resources

from jinja2 import DictLoader, Environment, StrictUndefined

from flight_delay.evaluation.metrics import METRICS
from flight_delay.report import sections
from flight_delay.report.inputs import Inputs
from flight_delay.report.pictures import shown

# In the order of the page: anchor, which is also the name of its template, and title.
SECTIONS = {
    "purpose": "What it is for",
    "model": "The model",
    "quality": "How good is it?",
    "money": "What its calls earn",
    "slices": "Where it loses",
    "probabilities": "Are its probabilities right?",
    "learning": "Would more help?",
    "explanation": "Why it says so",
    "data": "Data",
    "limits": "Limits",
    "ethics": "Ethics",
    "ratings": "Security ratings",
    "care": "When it is wrong",
    "reproduction": "Make it again",
}


def render(inputs: Inputs) -> str:
    """Render the page. The same inputs give the same text.

    Raises:
        UndefinedError: a number or a picture that the page shows is not among the inputs.
    """
    templates = {
        of.name: of.read_text("utf-8") for of in resources.files(__package__).iterdir() if of.name.endswith(".j2")
    }
    environment = Environment(
        loader=DictLoader(templates), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"number": _number, "signed": _signed, "percent": _percent}
    return environment.get_template("page.html.j2").render(
        **vars(inputs),
        titles=SECTIONS,
        judged={name: metric.label for name, metric in METRICS.items()},
        known=sections.known(inputs.selection),
        unknown=sections.unknown(inputs.selection),
        feature_counts=sections.feature_counts(inputs.bundle),
        vocabularies=sections.vocabularies(inputs.bundle),
        rungs=sections.rungs(inputs.metrics),
        steps=sections.steps(inputs.metrics),
        earnings=sections.earnings(inputs.metrics["money"]),
        ranges=sections.ranges(inputs.metrics["money"]["break_even"], inputs.payoffs),
        spread=sections.spread(inputs.backtest),
        divisions=sections.divisions(inputs.slices),
        most_rows=sections.ROWS_PER_DIVISION,
        dropped=sections.dropped(inputs.selection),
        shown=shown(inputs.pictures, inputs.explanation["pictures"]),
        images={name: base64.b64encode(content).decode() for name, content in inputs.pictures.items()},
    )


def _number(value: float | None, digits: int = 3) -> str:
    """A number with a true minus sign; nothing where there is none."""
    return "" if value is None else f"{value:z,.{digits}f}".replace("-", "−")


def _signed(value: float, digits: int = 3) -> str:
    return f"{value:+z.{digits}f}".replace("-", "−")


def _percent(share: float | None, digits: int = 0) -> str:
    return "" if share is None else f"{100 * share:.{digits}f}\N{NO-BREAK SPACE}%"
