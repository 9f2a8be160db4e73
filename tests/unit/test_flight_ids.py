"""explain.local.flight_ids: flights are found by their keys, and what is wrong with a list of them is named in one line."""

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
        "flight_date,carrier,flight_number,origin,scheduled_departure\n2013-01-05,UA,7,EWR,905\n2013-02-01,B6,12,JFK,23:59\n",
        "origin,flight_number,scheduled_departure_minutes,flight_date,carrier\nEWR,7,545,2013-01-05,UA\nJFK,12,1439,2013-02-01,B6",
    ],
)
def test_a_list_holds_keys_or_what_makes_them(text: str) -> None:
    assert read_flight_ids(text, "list.csv") == [A, C]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "'flight_id'"),
        ("flight_id\n", "list.csv: "),
        ("flight_id,b\n,x\n", "line 2: "),
        ("flight_date,carrier,origin,scheduled_departure\n", "'flight_number';"),
        ("flight_date,carrier,flight_number,origin\n", "'scheduled_departure';"),
        ("flight_date,carrier,flight_number,origin,scheduled_departure\n5.1.2013,UA,7,EWR,905\n", "line 2: '5.1.2013-UA-7-EWR-0905'"),
        ("flight_date,carrier,flight_number,origin,scheduled_departure\n2013-01-05,UA,7,EWR,noon\n", "line 2: '2013-01-05-UA-7-EWR-'"),
        ("flight_date,carrier,flight_number,origin,scheduled_departure\n2013-01-05,UA\n", "line 2: '2013-01-05-UA---'"),
    ],
)  # fmt: skip
def test_a_list_that_names_no_flights_is_refused(text: str, said: str) -> None:
    with pytest.raises(UserError) as error:
        read_flight_ids(text, "list.csv")
    assert said in str(error.value)
    assert str(error.value).startswith("list.csv: ")
    assert "\n" not in str(error.value)


def test_flights_are_found_month_by_month_in_the_order_given(processed: Path) -> None:
    found = find_flights(processed, [C, B, A], "list.csv")
    assert {month: positions.tolist() for month, positions in found.items()} == {"2013-01": [2, 1], "2013-02": [0]}
    assert list(found) == ["2013-01", "2013-02"]


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (["x", A], "list.csv: 'x' "),
        ([A, A], f"list.csv: '{A}': "),
        ([A, A, C, C, B], f"'{A}' and 1 "),
        (["2014-01-05-UA-7-EWR-0905", A], "2013-01 … 2013-02"),
        (["2013-01-05-UA-7-EWR-0900", A], f" {{}}: '2013-01-05-UA-7-EWR-0900' (similar: {A}"),
        (["2013-01-09-UA-7-EWR-0905"], f" {{}}: '2013-01-09-UA-7-EWR-0905' (similar: {B} and {A})"),
        (["2013-01-05-ZZ-888-QQQ-2222"], "'2013-01-05-ZZ-888-QQQ-2222'; "),
        ([f"2013-01-05-ZZ-{of}-QQQ-2222" for of in range(5)], "-0-QQQ-2222', '2013-01-05-ZZ-1-QQQ-2222', '2013-01-05-ZZ-2-QQQ-2222' and 2 "),
    ],
)  # fmt: skip
def test_flights_that_cannot_be_found_are_named(processed: Path, keys: list[str], said: str) -> None:
    with pytest.raises(UserError) as error:
        find_flights(processed, keys, "list.csv")
    assert said.format(processed) in str(error.value)
    assert "\n" not in str(error.value)


def test_unknown_flights_of_several_months_are_counted_together(processed: Path) -> None:
    unknown = [f"2013-0{month}-05-ZZ-{number}-QQQ-2222" for month, number in ((1, 1), (2, 2), (2, 3), (2, 4))]
    with pytest.raises(UserError) as error:
        find_flights(processed, [unknown[0], A, *unknown[1:]], "list.csv")
    message = str(error.value)
    assert " 4 of 5 " in message
    assert [flight_id for flight_id in unknown if f"'{flight_id}'" in message] == unknown[:3]
    assert " 1 " in message.rpartition("'")[2]
