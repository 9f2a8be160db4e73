"""Describe what came of a season."""

from __future__ import annotations

from collections.abc import Iterator

from flight_delay.simulation.season import Result, describe_day


def describe_result(result: Result) -> Iterator[str]:
    """Yield lines with score, answers, cost and findings of a season."""
    score, audit, days = result.score, result.audit, len(result.days)
    yield f"game: {score.points:,} points of {score.flights:,} flights; 'always on time' {score.always_on_time:,}"
    yield f"no answer: {score.unanswered:,} of these flights"
    if score.mean_profit is not None:
        yield f"profit: {score.mean_profit:.2f} per answered flight"
    yield (
        f"answers: {audit.received:,} received, {audit.lost:,} lost, {audit.stored_twice:,} stored twice; "
        f"{result.repeated:,} attempts repeated, {result.restarts} restarts of the server"
    )
    memory = ", ".join(f"{mib:.0f} MiB on day {day}" for day, mib in result.rss_mib.items() if mib)
    yield f"memory of the server: {memory}"
    cost = ", ".join(f"{name} {seconds / days:.2f} s" for name, seconds in result.cpu_seconds.items() if seconds)
    yield f"a day took {result.wall_seconds / days:.2f} s; CPU: {cost}"
    if result.challenger:
        flights, checks = result.challenger
        decision = "promoted" if all(check.passed for check in checks) else "rejected"
        yield f"challenger: {decision} by the gate on {flights:,} flights that both models answered"
        yield from (f"  {'passed' if check.passed else 'failed'} {check.name}: {check.detail}" for check in checks)
    for day in result.days:
        if day.findings or day.faults or not day.state:
            yield f"  {describe_day(day)}"
            yield from (f"    {alarm.check}: {alarm.message}" for alarm in day.findings if alarm.level == "alarm")
