"""Invented inputs of the report, whose numbers differ in their digits, and the parts of a page."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

from flight_delay.report.card import ModelCard
from flight_delay.report.inputs import Inputs
from flight_delay.report.page import render_report
from flight_delay.report.plots.plot import Plot

CONTENT: dict[str, Any] = json.loads((Path(__file__).parents[1] / "unit/page_inputs.json").read_text())
INPUTS: dict[str, Any] = {
    **CONTENT,
    "card": ModelCard.model_validate(CONTENT["card"]),
    "plots": [Plot(**entry, content=entry["name"].encode()) for entry in CONTENT["plots"]],
}

# The quality report's details of data without problems.
NO_EXAMPLES: dict[str, Any] = {
    "months": {},
    "empty_columns": [],
    "missing": {},
    "unknown_destinations": {},
    "suspected_zones": [],
    "examples": {},
}


def render_page(**changes: Any) -> str:
    """Render the page of the invented inputs with changes."""
    return render_report(Inputs(**INPUTS | changes))


def plain_text(page: str) -> str:
    """Return the text of a page, words one blank apart."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page)).split())


def section_of(page: str, anchor: str) -> str:
    """Return one section of a page with its tags."""
    (section,) = re.findall(rf'<section id="{anchor}".*?</section>', page, re.DOTALL)
    return str(section)
