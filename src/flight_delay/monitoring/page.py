"""Page of a monitoring run: one HTML file that loads nothing."""

from __future__ import annotations

from collections.abc import Mapping

from flight_delay.drift.thresholds import DriftThresholds
from flight_delay.monitoring.alarms import Alarm
from flight_delay.monitoring.axes import NoPlot
from flight_delay.monitoring.plots import draw_plots
from flight_delay.monitoring.results import LEVELS, Finding, Monitored
from flight_delay.report.page import page_environment

# In the order of the page: anchor, which is also the section of plots, and title.
SECTIONS = {
    "findings": "Findings",
    "scores": "Scores",
    "inputs": "Inputs",
    "truth": "Outcomes",
    "shadow": "Champion and shadow",
    "service": "Freshness and latency",
}
VERDICTS = {"alarm": "Alarm", "warning": "Warning", "quiet": "Quiet", "no_data": "No data"}


def render_page(monitored: Monitored, alarms: Mapping[str, Alarm], thresholds: DriftThresholds) -> str:
    """Render the page; the same arguments give the same text.

    Args:
        monitored: results.
        alarms: by check; checks without an entry are shown without an explanation.
        thresholds: of the model.
    """
    findings = sorted(monitored.findings, key=lambda finding: -LEVELS.index(finding.level))
    explained: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.level in ("alarm", "warning") and finding.check in alarms:
            explained.setdefault(finding.check, []).append(finding)
    plots = draw_plots(monitored, thresholds)
    environment = page_environment("flight_delay.monitoring")
    environment.filters["figure"] = format_figure
    return environment.get_template("monitoring.html.j2").render(
        monitored=monitored,
        findings=findings,
        explained=explained,
        alarms=alarms,
        verdicts=VERDICTS,
        n_levels={level: sum(finding.level == level for finding in findings) for level in LEVELS},
        titles=SECTIONS,
        plots=[plot for plot in plots if not isinstance(plot, NoPlot)],
        missing=[plot for plot in plots if isinstance(plot, NoPlot)],
    )


def format_figure(value: float | None) -> str:
    """Format a number of any size; None is a dash."""
    if value is None:
        return "–"
    is_count = float(value).is_integer() or abs(value) >= 1000
    return (f"{value:,.0f}" if is_count else f"{value:.3g}").replace("-", "−")
