"""monitoring.page: one page that loads nothing, with every finding; it states what has no data."""

from __future__ import annotations

import base64
import html
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from monitored import ALARMS, EXAMPLES, QUIET, THRESHOLDS, empty, quiet, render
from report_page import plain_text, section_of

from flight_delay.monitoring.alarms import load_alarms
from flight_delay.monitoring.axes import NoPlot
from flight_delay.monitoring.page import format_figure
from flight_delay.monitoring.plots import draw_plots
from flight_delay.monitoring.results import Finding


@pytest.mark.parametrize(
    ("name", "without"), [("quiet", 0), ("alarming", 0), ("unlabelled", 5), ("one_day", 7), ("empty", 12)]
)
def test_every_plot_is_in_its_section_or_is_stated_to_have_no_data(name: str, without: int) -> None:
    """Plots are drawn twice, by the page and here: their bytes are the same. Nothing else is loaded."""
    page, plots = render(EXAMPLES[name]()), draw_plots(EXAMPLES[name](), THRESHOLDS)
    assert (len(plots), sum(isinstance(plot, NoPlot) for plot in plots)) == (12, without)
    for plot in plots:
        section = section_of(page, plot.section)
        if isinstance(plot, NoPlot):
            assert f"<b>{plot.title}:</b> no data. {plot.reason}" in section
        else:
            assert base64.b64encode(plot.content).decode() in section
            assert f'alt="{html.escape(plot.title)}' in section
            assert plot.text[-1] not in ".,;:"
    assert not re.search(r"<(script|link|iframe|object)\b|url\(|@import", page)
    assert all(source.startswith("data:image/png;base64,") for source in re.findall(r' src="([^"]*)', page))
    assert all(target.startswith("#") for target in re.findall(r' href="([^"]*)', page))


@pytest.mark.parametrize(("findings", "raised"), [(QUIET, set()), (ALARMS, {finding.check for finding in ALARMS})])
def test_every_finding_is_shown_and_only_raised_checks_are_explained(
    findings: tuple[Finding, ...], raised: set[str]
) -> None:
    section = section_of(render(empty()._replace(findings=findings)), "findings")
    assert "<present>" not in section
    for finding in findings:
        assert section.count(html.escape(finding.message)) == 1
        assert finding.basis in section
        for number in (finding.value, finding.threshold):
            assert f">{format_figure(number)}</td>" in section
    text = plain_text(section)
    for check, alarm in load_alarms().items():
        # The command of one alarm may be the beginning of another's.
        assert (alarm.command in text) >= (check in raised)
        for part in (alarm.title, alarm.meaning, alarm.first_check):
            assert (part in text) == (check in raised)


def test_estimates_of_months_and_weeks_are_in_tables() -> None:
    run = empty()._replace(months=quiet().months, weeks=quiet().weeks[-1:])
    text = plain_text(section_of(render(run), "truth"))
    for row in (*run.months, *run.weeks):
        assert f"{row.labelled:,}" in text
        assert f"{row.roc_auc.value:.3f} {row.roc_auc.low:.3f} … {row.roc_auc.high:.3f}" in text


@settings(max_examples=8)
@given(message=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40))
def test_any_message_is_escaped(message: str) -> None:
    page = render(empty()._replace(findings=(QUIET[0]._replace(message=message, subject=message),)))
    (row,) = re.findall(r"<tr><td><span.*?</tr>", page, re.DOTALL)
    assert set(re.findall(r"<(\w+)", row)) == {"tr", "td", "span", "th", "b"}
    assert row.count("<b>") == 1
