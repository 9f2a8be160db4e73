"""Serving the small pipeline: states know no more than was known, and give the bits that the pipeline recorded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from answers_database import request
from checkouts import Project

from flight_delay.core.files import read_table, write_table
from flight_delay.data.dictionary import load_dictionary
from flight_delay.features.columns import Column, Columns, columns_from_table
from flight_delay.features.history import outcome_known_at
from flight_delay.serving.answers import predict_flights
from flight_delay.serving.builder import build_state
from flight_delay.serving.database import insert_answers, open_database
from flight_delay.serving.inputs import Inputs
from flight_delay.serving.model_package import local_model
from flight_delay.serving.replay import replay_request
from flight_delay.serving.requested import check_schedules
from flight_delay.serving.served_model import ServedModel
from flight_delay.serving.state import HISTORY, State, load_state
from flight_delay.serving.table import AnswerTable, list_answers

DAY = dt.timedelta(days=1)
FIRST, LAST = dt.date(2013, 5, 1), dt.date(2013, 5, 31)  # the test split
SERVED_UNTIL = dt.date(2013, 5, 12)
CANONICAL, STATES = Path("data/interim/flights"), Path("states")


@pytest.fixture(scope="module")
def project(made: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A bare copy of the small pipeline, as the working folder."""
    copy = made.bare_copy(tmp_path_factory.mktemp("serving") / "project")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(copy.root)
        yield copy


@pytest.fixture(scope="module")
def inputs(project: Project) -> Inputs:
    return Inputs(local_model().parameters)


def take(columns: Columns, rows: Any) -> Columns:
    return {name: column[rows] for name, column in columns.items()}


def forget(flights: pa.Table, as_of: dt.date) -> pa.Table:
    """Flights as they are known at a cut-off: no later date than the next, and no outcome that is not known yet."""
    known = outcome_known_at(columns_from_table(flights)) < np.datetime64(as_of)
    date = flights["flight_date"].to_numpy()
    is_scheduled = (date >= np.datetime64(as_of)) & (date <= np.datetime64(as_of + DAY))
    rows = flights.filter(pa.array(known | is_scheduled))
    hidden = pa.array(~known[known | is_scheduled])
    for name in ("arrival_delay_minutes", "departure_delay_minutes"):
        at = rows.schema.get_field_index(name)
        column = pc.if_else(hidden, pa.scalar(None, pa.int32()), rows[name])
        rows = rows.set_column(at, rows.schema.field(at), column)
    return rows


class Recorded(NamedTuple):
    """Probabilities and features that the pipeline recorded of dates that are served, by flight."""

    probability: dict[str, np.float32]
    features: Columns
    row: dict[str, int]


@pytest.fixture(scope="module")
def recorded(project: Project) -> Recorded:
    table = read_table(Path("reports/evaluate/predictions/2013-05.parquet"))
    processed = columns_from_table(read_table(Path("data/processed/2013-05.parquet")))
    processed = take(processed, processed["flight_date"].astype("datetime64[D]") <= np.datetime64(SERVED_UNTIL))
    table = table.filter(pc.is_in(table["flight_id"], pa.array(processed["flight_id"])))
    probability = dict(zip(table["flight_id"].to_pylist(), table["probability"].to_numpy(), strict=True))
    return Recorded(probability, processed, {name: at for at, name in enumerate(processed["flight_id"].tolist())})


@pytest.fixture(scope="module")
def states(project: Project, inputs: Inputs) -> dict[dt.date, State]:
    """States of the first cut-offs of the test split, each built from what was known at its cut-off alone."""
    whole = pa.concat_tables([read_table(path) for path in sorted(CANONICAL.glob("2013-0[45].parquet"))])
    originals = {path: path.read_bytes() for path in CANONICAL.iterdir()}
    built = {}
    for number in range((SERVED_UNTIL - FIRST).days + 2):
        as_of = FIRST + (number - 1) * DAY
        flights = forget(whole, as_of)
        months = np.array([f"{date:%Y-%m}" for date in flights["flight_date"].to_pylist()])
        for path in CANONICAL.iterdir():
            path.unlink()
        for month in set(months):
            write_table(CANONICAL / f"{month}.parquet", flights.filter(pa.array(months == month)))
        built[as_of] = load_state(STATES, build_state(STATES, as_of, replace(inputs), local_model(), dates=(as_of,)))
    for path, content in originals.items():
        path.write_bytes(content)
    return built


def final(state: State, *, may_be_requested: bool = False) -> Column:
    """Rows of the flights that depart on the day after the cut-off, UTC; a requested one has a known destination."""
    departs = state.timetable["scheduled_departure_utc"].astype("datetime64[D]")
    is_known = ~np.isnat(state.timetable["scheduled_arrival_utc"])
    return np.flatnonzero((departs == np.datetime64(state.as_of + DAY)) & (is_known | (not may_be_requested)))


def test_states_know_what_the_whole_data_say_about_the_days_before(
    states: dict[dt.date, State], inputs: Inputs
) -> None:
    for as_of in (FIRST, FIRST + 9 * DAY):
        assert inputs.count_outcomes(as_of).equals(read_table(STATES / states[as_of].id / HISTORY))


def test_every_recorded_probability_and_feature_is_repeated_from_what_was_known(
    states: dict[dt.date, State], recorded: Recorded
) -> None:
    repeated: dict[str, np.float32] = {}
    compared = 0
    for state in states.values():
        flights = take(state.timetable, final(state))
        answers = predict_flights(state.model, state.as_of, flights)
        assert not answers.days_behind.any()
        repeated |= dict(zip(answers.flight_id.tolist(), answers.probability, strict=True))
        of_month = np.array([name in recorded.row for name in answers.flight_id.tolist()], bool)
        rows = [recorded.row[name] for name in answers.flight_id[of_month].tolist()]
        for name, values in state.model.explained.compute(flights).items():
            np.testing.assert_array_equal(values[of_month], recorded.features[name][rows], err_msg=name)
        compared += len(rows)
    assert compared == len(recorded.row)
    different = [name for name, value in recorded.probability.items() if repeated[name].tobytes() != value.tobytes()]
    assert different == []
    assert len(recorded.probability) > 8_000


def schedule_of(flights: Columns, row: int) -> dict[str, Any]:
    """The fields of the API of a flight."""
    fields = {name: flights[name][row] for name in ("carrier", "origin", "destination")}
    for target, name in (("scheduled_departure", "scheduled_departure_minutes"),
                         ("scheduled_arrival", "scheduled_arrival_minutes")):  # fmt: skip
        minutes = int(flights[name][row])
        fields[target] = minutes // 60 * 100 + minutes % 60
    numbers = {name: int(flights[name][row]) for name in ("flight_number", "distance_miles")}
    return {"flight_date": str(flights["flight_date"][row].astype("datetime64[D]")), **fields, **numbers}


def test_a_flight_that_is_not_in_the_timetable_has_the_same_bits(
    states: dict[dt.date, State], recorded: Recorded
) -> None:
    dictionary = load_dictionary()
    for number, state in enumerate(list(states.values())[3::4]):
        names = state.timetable["flight_id"]
        known = [row for row in final(state, may_be_requested=True) if names[row] in recorded.probability]
        for row in np.random.default_rng(number).choice(known, 5):
            name = names[row]
            timetable = take(state.timetable, np.arange(len(state.timetable["flight_id"])) != row)
            counts = read_table(STATES / state.id / HISTORY)
            model = ServedModel.prepare(state.model.bundle, "checkout", dictionary, timetable, counts)
            other = replace(state, timetable=timetable, model=model)
            checked = check_schedules(other, dictionary.schedule_only(), [schedule_of(state.timetable, row)])
            answers = predict_flights(model, state.as_of, checked.flights)
            assert (answers.flight_id.tolist(), checked.problems) == ([name], [])
            assert answers.probability[0].tobytes() == recorded.probability[name].tobytes()


def test_stored_answers_of_different_states_are_replayed(states: dict[dt.date, State], tmp_path: Path) -> None:
    engine, random = open_database(f"sqlite:///{tmp_path / 'predictions.db'}"), np.random.default_rng(0)
    used, stored = list(states.values())[2:12:2], {}
    for number, state in enumerate(used):
        table = AnswerTable.compute(state)
        names = random.choice(list(table.by_flight), 160, replace=False).tolist()
        answers = [table.by_flight[name] for name in names]
        rows = random.choice(final(state, may_be_requested=True), 40, replace=False)
        schedules = [schedule_of(state.timetable, row) for row in rows]
        flights = check_schedules(state, load_dictionary().schedule_only(), schedules).flights
        # Parsed flights are in order of departure.
        at = {name: place for place, name in enumerate(state.timetable["flight_id"][rows].tolist())}
        in_order = [schedules[at[name]] for name in flights["flight_id"].tolist()]
        computed = predict_flights(state.model, state.as_of, flights)
        answers += list_answers(state, flights, computed, schedules=in_order)
        random.shuffle(answers)
        name = f"{number:032}"
        with engine.begin() as connection:
            stored[name] = [{**answer.row, "request_id": name, "row": row} for row, answer in enumerate(answers)]
            insert_answers(connection, [request(name, state=state.id)], stored[name])
    replayed = 0
    for name, rows in stored.items():
        answered, flights = replay_request(engine, STATES, name)
        assert answered.predictions == rows
        assert [(flight.flight_id, flight.recorded) for flight in flights] == [
            (row["flight_id"], row["probability"]) for row in rows
        ]
        assert all(flight.is_same and flight.reasons.flight_id == flight.flight_id for flight in flights)
        replayed += len(flights)
    assert replayed == 1000
    engine.dispose()


def test_predictions_are_written_as_csv_and_parquet_with_the_same_bytes_twice(
    project: Project, recorded: Recorded, tmp_path: Path
) -> None:
    dates, new = ("2013-05-03", "2013-05-04"), tmp_path / "new"
    for name in ("a.parquet", "b.parquet", "a.csv"):
        days = dates if name == "a.csv" else dates[:1]
        project.command("predict", "--date", *days, "--output", str(new / name))
    assert {path.name for path in new.iterdir()} == {"a.parquet", "b.parquet", "a.csv"}
    assert (new / "a.parquet").read_bytes() == (new / "b.parquet").read_bytes()
    printed = project.run("flight-delay", "predict", "--date", *dates)
    assert printed.stdout.encode() == (new / "a.csv").read_bytes()

    csv = pd.read_csv(new / "a.csv", dtype={"probability": np.float32})
    assert set(csv["flight_date"]) == set(dates)
    table = pq.read_table(new / "a.parquet")
    first = csv[csv["flight_date"] == dates[0]]
    assert first["flight_id"].tolist() == table["flight_id"].to_pylist()
    assert first["probability"].to_numpy().tobytes() == table["probability"].to_numpy().tobytes()
    compared = csv[csv["flight_id"].isin(list(recorded.probability))]
    assert len(compared) > 1000
    assert compared["probability"].tolist() == [recorded.probability[name] for name in compared["flight_id"]]


def test_a_timetable_adds_dates_after_the_data(project: Project, inputs: Inputs, tmp_path: Path) -> None:
    columns = columns_from_table(inputs.timetable(LAST, LAST))
    rows = [schedule_of(columns, row) for row in range(len(columns["flight_id"]))]
    for days in (1, 2):
        moved = [row | {"flight_date": str(LAST + days * DAY)} for row in rows]
        pd.DataFrame(moved).to_csv(tmp_path / f"{days}.csv", index=False)
    output = tmp_path / "june.parquet"
    project.command("predict", "--date", "2013-06-02", "--timetable", str(tmp_path / "2.csv"), "--output", str(output))
    table = pq.read_table(output)
    assert len(table) == len(rows)
    assert set(table["days_behind"].to_pylist()) == {0, 1}  # evening flights are predicted a day later in UTC

    done = project.command("state", "--as-of", "2013-05-31", "--timetable", str(tmp_path / "1.csv"))
    state_id = (project.root / "service/states/current").read_text().strip()
    assert state_id in done.stdout
    loaded = load_state(project.root / "service/states", state_id)
    assert np.unique(loaded.timetable["flight_date"]).astype("datetime64[D]").tolist() == [LAST, LAST + DAY]
    for as_of in ("2013-05-30", "2013-06-02"):  # older than the current one; without outcomes
        project.command("state", "--as-of", as_of, code=2)
        assert (project.root / "service/states/current").read_text().strip() == state_id


@pytest.mark.parametrize(
    "arguments",
    [
        ("--date", "2014-05-01"), ("--date", "2013-01-01"), ("--date", "2013-05-30", "2013-06-02"),
        ("--date", "2013-05-02", "2013-05-01"), ("--date", "2013-05-01", "2013-05-02", "2013-05-03"),
        ("--date", "yesterday"), ("--date", "2013-05-01", "--timetable", "none.csv"),
        ("--date", "2013-05-01", "--outcomes", "params.yaml"), ("--date", "2013-05-01", "--output", "new.xlsx"),
        ("--date", "2013-05-01", "--output", "new"),
    ],
)  # fmt: skip
def test_what_cannot_be_predicted_ends_in_a_line_and_writes_nothing(
    project: Project, arguments: tuple[str, ...]
) -> None:
    output = () if "--output" in arguments else ("--output", "new.csv")
    before = project.state()
    done = project.command("predict", *arguments, *output, code=2)
    assert "flight-delay predict: error: " in done.stderr.splitlines()[-1]
    assert project.state() == before
