"""explain.local.flight_ids: read flight ids and find flights; messages are in test_wording_explain.py."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from flight_delay.core.errors import UserError
from flight_delay.core.files import write_table
from flight_delay.explain.local.flight_ids import find_flights, read_flight_ids

A, B, C = "2013-01-05-UA-7-EWR-0905", "2013-01-06-UA-7-EWR-0905", "2013-02-01-B6-12-JFK-2359"


@pytest.fixture
def processed(tmp_path: Path) -> Path:
    for month, keys in {"2013-01": ["2013-01-05-AA-9-LGA-0600", A, B], "2013-02": [C]}.items():
        write_table(tmp_path / f"{month}.parquet", pa.table({"flight_id": keys, "late": [True] * len(keys)}))
    return tmp_path


@pytest.mark.parametrize(
    "text",
    [
        f"flight_id\n{A}\n{C}\n",
        f"\ufeffflight_id , other\n{A} , x\n\n{C},y",
        "flight_date,carrier,flight_number,origin,scheduled_departure\n"
        "2013-01-05,UA,7,EWR,905\n2013-02-01,B6,12,JFK,23:59\n",
        "origin,flight_number,scheduled_departure_minutes,flight_date,carrier\n"
        "EWR,7,545,2013-01-05,UA\nJFK,12,1439,2013-02-01,B6",
    ],
)
def test_a_csv_has_flight_ids_or_their_parts(text: str) -> None:
    assert read_flight_ids(text, "list.csv") == [A, C]


def test_flights_are_found_month_by_month_in_the_order_given(processed: Path) -> None:
    by_month = find_flights(processed, [C, B, A], "list.csv")
    assert {month: positions.tolist() for month, positions in by_month.items()} == {"2013-01": [2, 1], "2013-02": [0]}
    assert list(by_month) == ["2013-01", "2013-02"]


def test_unknown_flights_of_several_months_are_counted_together(processed: Path) -> None:
    unknown = [f"2013-0{month}-05-ZZ-{number}-QQQ-2222" for month, number in ((1, 1), (2, 2), (2, 3), (2, 4))]
    with pytest.raises(UserError) as error:
        find_flights(processed, [unknown[0], A, *unknown[1:]], "list.csv")
    message = str(error.value)
    assert " 4 of 5 " in message
    assert [flight_id for flight_id in unknown if f"'{flight_id}'" in message] == unknown[:3]
    assert " 1 " in message.rpartition("'")[2]
