"""serving.feeds and requested: the exact wording of what is wrong with tables and flights of users."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from small_service import DAY, MODEL, inputs, scheduled, with_outcomes, write_feed

from flight_delay.core.errors import UserError
from flight_delay.data.dictionary import load_dictionary
from flight_delay.serving.builder import build_state
from flight_delay.serving.requested import check_schedules
from flight_delay.serving.state import load_state

AS_OF = dt.date(2013, 3, 5)
FLIGHT = scheduled(AS_OF)[0]
OUTCOMES = with_outcomes(scheduled(AS_OF))
FIELDS = "flight_date, carrier, flight_number, origin, destination, scheduled_departure, scheduled_arrival, …"


def read_rows(rows: list[dict[str, Any]]) -> None:
    inputs(outcomes=write_feed(Path("outcomes.csv"), rows)).last_known_day()


def read_bytes(content: bytes, name: str = "outcomes.csv") -> None:
    Path(name).write_bytes(content)
    inputs(outcomes=Path(name)).last_known_day()


REFUSED: list[tuple[Callable[[], Any], str]] = [
    (
        lambda: inputs(outcomes=Path("none.csv")).last_known_day(),
        "none.csv: no such file; give a CSV or Parquet file",
    ),
    (
        lambda: read_bytes(b""),
        "outcomes.csv: not a CSV or Parquet table (No columns to parse from file); correct it",
    ),
    (
        lambda: read_bytes(b"no table", "outcomes.parquet"),
        "outcomes.parquet: not a CSV or Parquet table (Parquet magic bytes not found in footer. Either the file is "
        "corrupted or this is not a parquet file.); correct it",
    ),
    (
        lambda: read_bytes(pd.DataFrame(OUTCOMES).head(0).to_csv(index=False).encode()),
        "outcomes.csv: no flights; give one per row",
    ),
    (
        lambda: read_rows([{name: value for name, value in row.items() if name != "carrier"} for row in OUTCOMES]),
        f"outcomes.csv: no known layout; the closest is that of the API, column 'carrier' is missing; give {FIELDS}",
    ),
    (
        lambda: read_rows([{"carrier": "UA"}]),
        "outcomes.csv: no known layout; the closest is nycflights13, column 'arr_delay', 'day', 'dep_delay', 'dep_time', "
        "'dest', 'distance', 'flight', 'month', 'origin', 'sched_arr_time', 'sched_dep_time', 'year' is missing; give "
        f"{FIELDS}",
    ),
    (
        lambda: read_rows([OUTCOMES[0], OUTCOMES[1] | {"origin": "ZZZ"}]),
        "outcomes.csv: row 2: origin: is not in the airports table; correct or remove the rows",
    ),
    (
        lambda: read_rows(
            [row | {"scheduled_departure": 2475, "cancelled": 0, "diverted": 0} for row in OUTCOMES[:4]]
            + [OUTCOMES[5] | {"arrival_delay_minutes": None, "cancelled": 0, "diverted": 0}]
        ),
        "outcomes.csv: row 1: scheduled_departure: is not a clock time; row 2: scheduled_departure: is not a clock time; "
        "row 3: scheduled_departure: is not a clock time and 2 more; correct or remove the rows",
    ),
    (
        lambda: read_rows([FLIGHT | {"arrival_delay_minutes": None, "cancelled": 0, "diverted": 0}]),
        "outcomes.csv: row 1: arrival_delay_minutes: neither cancelled nor diverted, and never arrived; correct or "
        "remove the rows",
    ),
]


@pytest.mark.parametrize(("work", "expected"), REFUSED)
def test_what_is_refused(small_service: Path, work: Callable[[], Any], expected: str) -> None:
    with pytest.raises(UserError) as refused:
        work()
    assert str(refused.value) == expected


def test_what_is_wrong_with_a_requested_flight(small_service: Path) -> None:
    rows = [
        FLIGHT | {"destination": "QQQ"}, FLIGHT | {"flight_date": "2014-01-01"},
        scheduled(AS_OF + 4 * DAY)[0], scheduled(AS_OF)[1] | {"scheduled_elapsed_minutes": 60},
    ]  # fmt: skip
    state = load_state(Path("states"), build_state(Path("states"), AS_OF, inputs(), MODEL))
    assert sorted(check_schedules(state, load_dictionary().schedule_only(), rows).problems) == [
        (0, "destination", "is not in the airports table"),
        (1, "flight_date", "the state has the timetable of 2013-03-05 … 2013-03-09"),
        (2, "flight_date", "departs after 2013-03-08 in UTC, too late for a state as of 2013-03-05; ask again with a "
         "later state"),
        (3, "scheduled_elapsed_minutes", "contradicts the scheduled times and the time zones of the airports"),
    ]  # fmt: skip
