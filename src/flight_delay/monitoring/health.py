"""Health of the components of an environment.

Each component is checked in a thread of its own, so that one that hangs delays no other."""

from __future__ import annotations

import datetime
import email.utils
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

import requests

from flight_delay.core.errors import UserError
from flight_delay.monitoring.exact import MAX_STATE_AGE_DAYS
from flight_delay.serving.database import utc_now
from flight_delay.serving.schema import check_schema
from flight_delay.serving.state import load_state
from flight_delay.serving.states import read_current
from flight_delay.tracking.client import connect, is_server, mlflow_errors_as_user_errors
from flight_delay.tracking.database import require_database, tracking_uri
from flight_delay.tracking.registry.versions import read_aliases

MIN_FREE_SHARE = 0.1  # of the disk
MAX_CLOCK_SECONDS = 5.0  # a `Date` header has whole seconds

Status: TypeAlias = Literal["ok", "warning", "down"]


class Environment(NamedTuple):
    """What belongs to an environment, besides the tracking server.

    `date` is today in UTC, from which the age of the current state counts; `seconds` limits each check.
    """

    service: Path
    database: str
    url: str
    model: str
    date: datetime.date
    seconds: float


class Health(NamedTuple):
    """Status of a component, why it has this status, and what to do."""

    component: str
    status: Status
    detail: str
    advice: str = ""


def check_health(environment: Environment, components: Sequence[str]) -> list[Health]:
    """Check components of an environment at the same time.

    Args:
        environment: the environment.
        components: keys of `CHECKS`.

    Returns:
        Their health, in this order.
    """
    results: dict[str, Health | Exception] = {}

    def check(component: str) -> None:
        try:
            results[component] = CHECKS[component](environment)
        except UserError as error:
            # The advice is what follows the last semicolon, if there is one.
            detail, *advice = str(error).rsplit("; ", 1)
            results[component] = Health(component, "down", detail, *advice)
        except Exception as error:  # noqa: BLE001 (raised again in the thread that waits)
            results[component] = error

    threads = [threading.Thread(target=check, args=(component,), daemon=True) for component in components]
    end = time.monotonic() + environment.seconds
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    late = f"no answer in {environment.seconds:g} s"
    return [
        _raised(results.get(component, Health(component, "down", late, "see whether it hangs, and restart it")))
        for component in components
    ]


def check_tracking(environment: Environment) -> Health:
    """Check that MLflow answers, and has a champion."""
    require_database(environment.model)
    with mlflow_errors_as_user_errors(setting_up=True):
        aliases = read_aliases(connect(), environment.model)
    if "champion" not in aliases:
        return Health(
            "tracking", "warning", f"no version of {environment.model} is champion", "`flight-delay promote REF`"
        )
    return Health("tracking", "ok", ", ".join(f"{alias} {version}" for alias, version in sorted(aliases.items())))


def check_database(environment: Environment) -> Health:
    """Check that the predictions database answers, with its schema."""
    check_schema(environment.database)
    return Health("database", "ok", "answers, schema up to date")


def check_state(environment: Environment) -> Health:
    """Check that the current state loads, was built by this code, and is fresh."""
    states = environment.service / "states"
    state_id = read_current(states)
    if state_id is None:
        raise UserError(f"{states}: no current state; `flight-delay deploy --as-of DATE` builds one")
    state = load_state(states, state_id)
    age = (environment.date - state.as_of).days
    shadow = f", shadow {state.shadow.version}" if state.shadow else ""
    detail = f"{state_id}: cut-off {state.as_of}, {age} days ago, model {state.model.version}{shadow}"
    if age > MAX_STATE_AGE_DAYS:
        return Health("state", "warning", detail, f"`flight-delay deploy --as-of {environment.date}`")
    return Health("state", "ok", detail)


def check_service(environment: Environment) -> Health:
    """Check that the service can answer and store predictions."""
    answer = _get(environment, f"{environment.url}/ready")
    try:
        problems = "; ".join(answer.json()["problems"])
    except (ValueError, KeyError, TypeError):
        raise UserError(
            f"{environment.url}: HTTP {answer.status_code}, no answer of the service; start it with `flight-delay "
            "serve`, or correct --url"
        ) from None
    advice = "see the log of the service"
    if not answer.ok:
        return Health("service", "down", problems, advice)
    return Health("service", "warning", problems, advice) if problems else Health("service", "ok", "ready")


def check_disk(environment: Environment) -> Health:
    """Check the free space of the disk on which the service stores its files."""
    folder = next(path for path in (environment.service, *environment.service.resolve().parents) if path.exists())
    usage = shutil.disk_usage(folder)
    detail = f"{usage.free / 2**30:,.1f} GiB free ({usage.free / usage.total:.0%})"
    if usage.free < MIN_FREE_SHARE * usage.total:
        return Health("disk", "warning", detail, "`flight-delay archive`, remove old states, or extend the disk")
    return Health("disk", "ok", detail)


def check_clock(environment: Environment) -> Health:
    """Compare the clock of this machine with that of another component."""
    for name, read in _clocks(environment):
        with suppress(UserError):
            if other := read():
                offset = (utc_now() - other.astimezone(datetime.UTC).replace(tzinfo=None)).total_seconds()
                detail = f"{offset:+.1f} s from the {name}"
                if abs(offset) > MAX_CLOCK_SECONDS:
                    return Health("clock", "warning", detail, "synchronize both clocks (NTP)")
                return Health("clock", "ok", detail)
    return Health("clock", "warning", "no other clock answers", "start the service, or leave it out with --only")


CHECKS: Mapping[str, Callable[[Environment], Health]] = {
    "tracking": check_tracking,
    "database": check_database,
    "state": check_state,
    "service": check_service,
    "disk": check_disk,
    "clock": check_clock,
}


def _clocks(environment: Environment) -> Iterator[tuple[str, Callable[[], datetime.datetime | None]]]:
    yield "service", lambda: _date_header(environment, f"{environment.url}/health")
    if is_server(tracking_uri()):
        yield "tracking server", lambda: _date_header(environment, f"{tracking_uri().rstrip('/')}/health")
    yield "database", lambda: check_schema(environment.database)


def _date_header(environment: Environment, url: str) -> datetime.datetime | None:
    date = _get(environment, url).headers.get("Date")
    return email.utils.parsedate_to_datetime(date) if date else None


def _get(environment: Environment, url: str) -> requests.Response:
    try:
        # A third of the limit each, since the clock may ask three components.
        return requests.get(url, timeout=environment.seconds / 3, allow_redirects=False)
    except requests.RequestException as error:
        reason = type(error).__name__ if isinstance(error, requests.Timeout) else "no connection"
        raise UserError(f"{url}: {reason}; start it with `flight-delay serve`, or correct --url") from None


def _raised(result: Health | Exception) -> Health:
    if isinstance(result, Exception):
        raise result
    return result
