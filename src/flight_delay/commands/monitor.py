"""Command: check what a service answered, and raise alarms."""

from __future__ import annotations

import argparse
import datetime
import os
import sys
from typing import TYPE_CHECKING, Any

from flight_delay.commands.serve import add_database_argument, database_url
from flight_delay.commands.state import add_input_arguments, add_service_argument, parse_date

if TYPE_CHECKING:
    from flight_delay.monitoring.alarms import Alarm
    from flight_delay.monitoring.results import Monitored


def add_arguments(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "monitor",
        help="check what a service answered, and raise alarms",
        description="Check what a service answered, as far as it was known before DATE began in UTC: repeat "
        "yesterday's answers bit for bit, compute those of the day before again from the present data, and compare "
        "inputs, probabilities and outcomes with the weeks before and the backtest. First, outcomes of the pipeline's "
        "data and of --outcomes are stored. Writes a page and the findings of each date to FOLDER/monitoring/DATE, a "
        "textfile for Prometheus, and a run in MLflow. Changes no answer.",
        epilog="examples: `flight-delay monitor`, `flight-delay monitor --date 2013-11-05 2013-12-30`; an alarm is "
        "explained in docs/runbook.md; exit codes: 0 quiet or warnings, 1 alarm, 2 error",
    )
    parser.add_argument(
        "--date",
        type=parse_date,
        nargs="+",
        metavar="DATE",
        help="date of the run, or first and last one (default: today in UTC)",
    )
    parser.add_argument("--no-mlflow", action="store_true", help="log no run in MLflow")
    parser.add_argument("--runbook", action="store_true", help="print docs/runbook.md, and end")
    add_input_arguments(parser)
    add_database_argument(parser)
    add_service_argument(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run each morning in order, and print its findings."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # a prediction of a day is faster with one
    from flight_delay.commands.state import open_inputs
    from flight_delay.core.errors import UserError
    from flight_delay.core.files import write_text
    from flight_delay.core.params import load_params
    from flight_delay.evaluation.costs import DecisionParameters
    from flight_delay.monitoring.alarms import load_alarms, runbook
    from flight_delay.monitoring.answers import KEPT_DAYS
    from flight_delay.monitoring.current import read_current_parameters
    from flight_delay.monitoring.export import log_run, write_metrics
    from flight_delay.monitoring.labels import record_outcomes
    from flight_delay.monitoring.monitor import Monitor
    from flight_delay.monitoring.page import render_page
    from flight_delay.monitoring.results import write_findings
    from flight_delay.monitoring.states import DAY
    from flight_delay.serving.database import open_database
    from flight_delay.serving.schema import require_file
    from flight_delay.tracking.settings import Publish

    alarms = load_alarms()
    if arguments.runbook:
        print(runbook(alarms), end="")
        return 0
    dates, service = _dates(arguments.date), arguments.service
    states = service / "states"
    inputs = open_inputs(arguments, read_current_parameters(states))
    url = database_url(arguments)
    require_file(url)
    payoffs = load_params("choose_threshold", DecisionParameters).payoffs
    engine = open_database(url)
    record_outcomes(engine, inputs, dates[0] - KEPT_DAYS * DAY, dates[-1])
    monitor = Monitor(engine, states, inputs, payoffs, service / "requests")
    has_alarm, error = False, None
    for date in dates:
        monitored = monitor.run(date)
        folder = service / "monitoring" / str(date)
        page, findings = folder / "index.html", folder / "findings.json"
        write_text(page, render_page(monitored, alarms, monitor.thresholds))
        write_findings(findings, monitored)
        write_metrics(monitored, folder.parent / "flight_delay.prom")
        _show(monitored, alarms)
        has_alarm = has_alarm or monitored.level == "alarm"
        if not arguments.no_mlflow and error is None:
            try:
                log_run(monitored, page, findings, load_params("publish", Publish).experiment)
            except UserError as failure:  # alarms come first
                error = failure
    if error:
        print(f"flight-delay monitor: error: {error}", file=sys.stderr)
    return 1 if has_alarm else 2 if error else 0


def _dates(given: list[datetime.date] | None) -> list[datetime.date]:
    """Return the dates from the first to the last.

    Raises:
        UserError: there are more than two, they are in the wrong order, or the last is in the future.
    """
    from flight_delay.core.errors import UserError

    today = datetime.datetime.now(datetime.UTC).date()
    first, *others = given or [today]
    last = others[-1] if others else first
    if len(others) > 1:
        raise UserError(f"--date: {len(others) + 1} dates; give one, or the first and the last")
    if last < first:
        raise UserError(f"--date: {last} is before {first}; give the first date first")
    if last > today:
        raise UserError(f"--date: {last} is in the future; today is {today} in UTC")
    return [first + datetime.timedelta(days) for days in range((last - first).days + 1)]


def _show(monitored: Monitored, alarms: dict[str, Alarm]) -> None:
    print(f"{monitored.date}: {monitored.level}; state {monitored.state}, model {monitored.model_version}")
    for finding in monitored.findings:
        name = f"{finding.check} {finding.subject}".strip()
        print(f"  {finding.level:8} {name:32} {finding.message}")
    for check in dict.fromkeys(finding.check for finding in monitored.findings if finding.level == "alarm"):
        alarm = alarms[check]
        print(f"ALARM {check}: {alarm.title}. {alarm.meaning}")
        print(f"  first check: {alarm.first_check}")
        print(f"  command: {alarm.command} (docs/runbook.md#{check})")
