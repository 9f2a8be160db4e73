"""Packages that other projects keep (docs/own-problem.md) work on rows, dates, targets and features, not flights."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "src/flight_delay"
GENERAL = ("core", "model", "evaluation", "drift", "checks", "vcs", "tracking", "tuning", "review", "promotion")
# The names of the package, of its command and of its environment variables.
OWN_NAME = re.compile(r"flight[-_]delay", re.IGNORECASE)
# Folders, and the parameter that defines the target, which errors name.
EXEMPT = re.compile(r'INTERIM / "flights"|data/raw/flights|build_features.late_threshold_minutes')
DOMAIN = re.compile(
    r"(?<![a-z])(flights?|airports?|airlines?|carriers?|departures?|departed|arrivals?|arrive[ds]?|delay(ed|s)?|late|"
    r"landed)(?![a-z])",
    re.IGNORECASE,
)


def domain_words(text: str) -> list[str]:
    """List the lines of a source that name something of the flight domain."""
    return [line.strip() for line in EXEMPT.sub("", OWN_NAME.sub("", text)).splitlines() if DOMAIN.search(line)]


@pytest.mark.parametrize("package", GENERAL)
def test_a_general_package_names_nothing_of_the_flight_domain(package: str) -> None:
    sources = [path for path in sorted((PACKAGE / package).rglob("*")) if path.suffix in {".py", ".j2", ".yaml"}]
    assert sources
    lines = {str(path.relative_to(PACKAGE)): domain_words(path.read_text()) for path in sources}
    assert {path: words for path, words in lines.items() if words} == {}


@pytest.mark.parametrize("line", ["late = 1", "def carrier_rates():", "# Two flights.", "row.flight_id", "LATE"])
def test_words_of_the_domain_are_noticed(line: str) -> None:
    assert domain_words(line) == [line]


@pytest.mark.parametrize(
    "line", ["from flight_delay.core import files", "`flight-delay verify`", "template", "related", "later"]
)
def test_other_words_are_not(line: str) -> None:
    assert domain_words(line) == []
