"""Replay a season in order against a real server."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from flight_delay.core.errors import UserError
from flight_delay.core.params import load_params
from flight_delay.core.runner import log
from flight_delay.evaluation.costs import DecisionParameters
from flight_delay.serving.database import open_database
from flight_delay.serving.inputs import days_between
from flight_delay.serving.states import activate
from flight_delay.simulation.audit import Audit, audit_answers
from flight_delay.simulation.challenger import Judgement, judge_challenger
from flight_delay.simulation.client import FLIGHTS_PER_REQUEST, Client
from flight_delay.simulation.days import labels, outcome_reports, scheduled_flights
from flight_delay.simulation.faults import DATABASE_KILL, SERVER_KILL, Fault
from flight_delay.simulation.feeds import Built, StateBuilder
from flight_delay.simulation.game import Score, score
from flight_delay.simulation.server import Server

EARLY_DAY = 5
_DAY = datetime.timedelta(days=1)


class Day(NamedTuple):
    """What happened on a simulated day.

    Attributes:
        date: UTC day of departure of the flights.
        state: that was built for them; None if it was refused.
        refusal: why there is none.
        flights: scheduled on that day.
        answered: of them.
        faults: that were active.
        findings: of the monitoring run of its morning, warnings and alarms.
    """

    date: datetime.date
    state: str | None
    refusal: str
    flights: int
    answered: int
    faults: tuple[Fault, ...]
    findings: tuple[Any, ...]


class Result(NamedTuple):
    """Result of a season; `rss_mib` is the server's memory by day."""

    days: Sequence[Day]
    score: Score
    audit: Audit
    repeated: int
    restarts: int
    rss_mib: dict[int, float]
    cpu_seconds: dict[str, float]
    wall_seconds: float
    challenger: Judgement | None


@dataclass
class Season:
    """A simulation of the days from `first` to `last`.

    Attributes:
        first: first UTC day of departure.
        last: last one.
        builder: builds states, with the faults of feeds.
        database: URL of the predictions database.
        kill_database: ends the database at once, and starts it again.
        monitor: returns the findings of a morning.
    """

    first: datetime.date
    last: datetime.date
    builder: StateBuilder
    database: str
    kill_database: Callable[[], None] | None = None
    monitor: Callable[[datetime.date], Sequence[Any]] | None = None
    _cpu: dict[str, float] = field(default_factory=lambda: {"states": 0.0, "customers": 0.0, "monitoring": 0.0})

    @property
    def folder(self) -> Path:
        """Service folder of the season."""
        return self.builder.folder

    def run(self) -> Result:
        """Replay all days, and return what came of it."""
        started, days = time.perf_counter(), days_between(self.first, self.last)
        truth = replace(self.builder.inputs)  # files that it keeps are those of this thread
        happened: list[Day] = []
        memory: dict[int, float] = {}
        answers: dict[str, dict[str, Any]] = {}
        scheduled: list[str] = []
        with ThreadPoolExecutor(1) as pool, Server(self.folder, self.database) as server:
            # The next state is built while the server answers from the present one.
            client, next_state = Client(server), pool.submit(self._build, days[0])
            for number, day in enumerate(days, start=1):
                built = next_state.result()
                if number < len(days):
                    next_state = pool.submit(self._build, days[number])
                begun = time.thread_time()
                self._renew(built, client)
                flights = scheduled_flights(truth, day)
                self._prepare_kills(day, server, client, len(flights) // FLIGHTS_PER_REQUEST)
                answered = client.predict(flights)
                answers |= answered
                scheduled += [flight["flight_id"] for flight in flights]
                for outcomes in outcome_reports(truth, day - _DAY):
                    client.report(outcomes)
                self._cpu["customers"] += time.thread_time() - begun
                active = tuple(fault for fault in self.builder.faults if fault.is_active(day))
                happened.append(Day(day, *built, len(flights), len(answered), active, self._monitor(day)))
                log.info("  %s", describe_day(happened[-1]))
                if number in (EARLY_DAY, len(days)):
                    memory[number] = server.usage().rss_mib
            for day in days_between(self.last, self.last + 3 * _DAY):
                for outcomes in outcome_reports(truth, day):
                    client.report(outcomes)
            usage = server.usage()
        engine = open_database(self.database)
        audit = audit_answers(engine, client.received)
        late = labels(truth, self.first - _DAY, self.last + _DAY)
        payoffs = load_params("choose_threshold", DecisionParameters).payoffs
        challenger = next(reversed(self.builder.challengers.values()), None)
        judgement = judge_challenger(engine, self.builder.model, challenger, late, payoffs) if challenger else None
        engine.dispose()
        predicted = [answers[flight_id]["predicted_late"] if flight_id in answers else None for flight_id in scheduled]
        return Result(
            happened,
            score([late.get(flight_id) for flight_id in scheduled], predicted, payoffs),
            audit,
            client.repeated,
            server.restarts,
            memory,
            {**self._cpu, "server": usage.cpu_seconds},
            time.perf_counter() - started,
            judgement,
        )

    def _build(self, day: datetime.date) -> Built:
        begun = time.thread_time()
        built = self.builder.build(day)
        self._cpu["states"] += time.thread_time() - begun
        return built

    def _renew(self, built: Built, client: Client) -> None:
        if built.state:
            activate(self.folder / "states", built.state)
            client.wait_for_state(built.state)
        elif not client.received:
            raise UserError(f"no state for the first day: {built.refusal}")

    def _prepare_kills(self, day: datetime.date, server: Server, client: Client, requests: int) -> None:
        names = {fault.name for fault in self.builder.faults if fault.is_active(day)}
        kills = [server.kill] if SERVER_KILL in names or (DATABASE_KILL in names and not self.kill_database) else []
        kills += [self.kill_database] if DATABASE_KILL in names and self.kill_database else []
        if kills:
            posts = day.toordinal() % max(requests, 1)
            client.interrupt(posts, lambda: _after(day.toordinal() % 5 * 0.004, kills))

    def _monitor(self, day: datetime.date) -> tuple[Any, ...]:
        if self.monitor is None or day == self.first:  # nothing has been answered about the days before
            return ()
        begun = time.thread_time()
        findings = self.monitor(day)
        self._cpu["monitoring"] += time.thread_time() - begun
        return tuple(finding for finding in findings if finding.level in {"warning", "alarm"})


def describe_day(day: Day) -> str:
    """Describe a day in a line."""
    state = f"state {day.state}" if day.state else f"no new state ({day.refusal})"
    faults = f"; {', '.join(map(str, day.faults))}" if day.faults else ""
    alarms = sorted({f"{finding.level} {finding.check}" for finding in day.findings})
    return f"{day.date}: {state}, {day.answered:,} of {day.flights:,} flights answered{faults}" + "".join(
        f"; {alarm}" for alarm in alarms
    )


def _after(seconds: float, kills: Sequence[Callable[[], None]]) -> None:
    """Kill at different moments: before, while and after an answer is stored."""
    time.sleep(seconds)
    for kill in kills:
        kill()
