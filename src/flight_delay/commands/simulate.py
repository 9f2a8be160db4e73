"""Command: replay a season against a real server."""

from __future__ import annotations

import argparse
import datetime
import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flight_delay.commands.state import SERVICE, parse_date

if TYPE_CHECKING:
    from flight_delay.monitoring.results import Finding
    from flight_delay.serving.inputs import Inputs


def add_arguments(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "simulate",
        help="replay a season in order against a real server, with faults",
        description="Replay days in order: build the state of each day, ask `flight-delay serve` for every flight a "
        "day before it departs, report outcomes as flights land, and monitor each morning. Prints the score of a game "
        "(+1 right, 0 wrong, -1 no answer), the profit, answers lost, and findings by day. All is kept in FOLDER.",
        epilog="faults NAME[=VALUE][@DATE[+DAYS]]: timetable=0.3 (share of flights missing), utc-departures, "
        "renamed-carrier[=UA], kilometres, history-stuck[=3d], no-state, server-kill, database-kill; DATE is the day "
        "of the flights, in the middle by default; example: `flight-delay simulate --from 2013-11-01 --through "
        "2013-11-30 --fault timetable=0.3@2013-11-20+3`; exit codes: 0 done, 2 error, 130 interrupted",
    )
    parser.add_argument("--from", dest="first", type=parse_date, required=True, metavar="DATE", help="first UTC day")
    parser.add_argument("--through", type=parse_date, required=True, metavar="DATE", help="last UTC day")
    parser.add_argument("--fault", action="append", default=[], metavar="FAULT", help="may be repeated; see below")
    parser.add_argument(
        "--folder", type=Path, default=SERVICE / "simulation", help="new folder of its own (default: %(default)s)"
    )
    parser.add_argument("--postgres", action="store_true", help="store in a PostgreSQL of its own, not in SQLite")
    parser.add_argument(
        "--retrain", action="store_true", help="train a challenger after each month, which is then the shadow"
    )
    parser.add_argument("--no-monitor", action="store_true", help="run no checks in the morning")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Replay the season and print what came of it."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # of two processes; predictions of a day are faster with one
    from flight_delay.core.errors import UserError
    from flight_delay.drift.thresholds import load_thresholds
    from flight_delay.serving.database import SQLITE_FILE
    from flight_delay.serving.inputs import Inputs
    from flight_delay.serving.model_package import local_model
    from flight_delay.simulation.faults import parse_fault
    from flight_delay.simulation.feeds import StateBuilder
    from flight_delay.simulation.postgres import Postgres
    from flight_delay.simulation.season import Season
    from flight_delay.simulation.summary import describe_result

    first, last = arguments.first, arguments.through
    if last < first:
        raise UserError(f"--through {last}: before --from {first}; give the first and the last day")
    faults = [parse_fault(text, first, last) for text in arguments.fault]
    folder = arguments.folder.resolve()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(f"{arguments.folder}: not empty; remove it, or name another one with --folder")
    model = local_model()
    if not arguments.no_monitor:
        load_thresholds(model.bundle)  # an error before the first day
    folder.mkdir(parents=True, exist_ok=True)
    inputs = Inputs(model.parameters)
    with ExitStack() as stack:
        postgres = stack.enter_context(Postgres(folder / "postgres")) if arguments.postgres else None
        url = postgres.url if postgres else f"sqlite:///{folder / SQLITE_FILE}"
        builder = StateBuilder(folder, inputs, model, faults, f"{first:%Y-%m}" if arguments.retrain else "")
        monitor = None if arguments.no_monitor else _monitor(folder, url, inputs, last)
        result = Season(first, last, builder, url, postgres.kill if postgres else None, monitor).run()
    for line in describe_result(result):
        print(line)
    print(f"kept in {arguments.folder}")
    return 0


def _monitor(
    folder: Path, database: str, inputs: Inputs, last: datetime.date
) -> Callable[[datetime.date], Sequence[Finding]]:
    """Return what monitors a morning, keeps the results, and returns findings.

    A page, which takes longer than all checks, is kept of mornings with an alarm and of the last one.
    """
    from dataclasses import replace

    from flight_delay.core.files import write_text
    from flight_delay.core.params import load_params
    from flight_delay.evaluation.costs import DecisionParameters
    from flight_delay.monitoring.alarms import load_alarms
    from flight_delay.monitoring.monitor import Monitor
    from flight_delay.monitoring.page import render_page
    from flight_delay.monitoring.results import write_findings
    from flight_delay.serving.database import open_database

    payoffs = load_params("choose_threshold", DecisionParameters).payoffs
    alarms = load_alarms()
    monitor = Monitor(open_database(database), folder / "states", replace(inputs), payoffs, folder / "requests")

    def run_morning(date: datetime.date) -> Sequence[Finding]:
        monitored = monitor.run(date)
        kept = folder / "monitoring" / str(date)
        write_findings(kept / "findings.json", monitored)
        if monitored.level == "alarm" or date == last:
            write_text(kept / "index.html", render_page(monitored, alarms, monitor.thresholds))
        return monitored.findings

    return run_morning
