"""serving: the exact wording of its messages."""

from __future__ import annotations

import asyncio
import datetime as dt
import re
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from answers_database import prediction, request
from small_service import DAY, LAST, MODEL, all_dates, inputs, scheduled, write_feed

from flight_delay.core.errors import UserError
from flight_delay.core.files import read_table
from flight_delay.data.dictionary import load_dictionary
from flight_delay.serving import deployment, state, store
from flight_delay.serving.batch import predict_dates
from flight_delay.serving.builder import build_state
from flight_delay.serving.database import insert_answers, open_database, read_request
from flight_delay.serving.deployment import Feeds, deploy
from flight_delay.serving.replay import replay_request
from flight_delay.serving.schema import check_schema
from flight_delay.serving.served_model import ServedModel
from flight_delay.serving.state import State, load_state
from flight_delay.serving.states import activate
from flight_delay.serving.store import PredictionStore, StoreError

AS_OF, STATES = dt.date(2013, 3, 5), Path("states")
TIMETABLE = Path("timetable.csv")
URL = "sqlite:///predictions.db"


def build(as_of: dt.date = AS_OF) -> str:
    return build_state(STATES, as_of, inputs(), MODEL)


def loaded() -> State:
    return load_state(STATES, build())


def damage(name: str) -> None:
    path = STATES / build() / name
    path.write_bytes(path.read_bytes() + b" ")
    load_state(STATES, path.relative_to(STATES).parts[0])


def refuse_other_code(monkeypatch: pytest.MonkeyPatch) -> None:
    state_id = build()
    monkeypatch.setattr(state, "code_digest", lambda: "other")
    load_state(STATES, state_id)


def refuse_older() -> None:
    activate(STATES, build())
    activate(STATES, build(AS_OF - DAY))


def use_another_target() -> None:
    shutil.copytree(MODEL.bundle, "other")
    manifest = Path("other/manifest.json")
    manifest.write_text(manifest.read_text().replace('"horizon_hours": 24', '"horizon_hours": 48'))
    build_state(STATES, AS_OF, inputs(), MODEL, MODEL._replace(bundle=Path("other"), version="2"))


def serve_weather() -> None:
    built = loaded()
    bundle, dictionary = built.model.bundle, load_dictionary()
    feature = bundle.manifest.features[0].model_copy(update={"name": "observed_visibility"})
    other = replace(bundle, manifest=bundle.manifest.model_copy(update={"features": (feature,)}))
    ServedModel.prepare(other, "2", dictionary, built.timetable, read_table(STATES / built.id / state.HISTORY))


def predict_later(days: int) -> None:
    feed = write_feed(TIMETABLE, scheduled(*all_dates(LAST + DAY, LAST + 9 * DAY)))
    list(predict_dates(inputs(feed), MODEL, LAST + days * DAY, LAST + days * DAY))


def forget_flights() -> None:
    shutil.rmtree("data/interim")
    inputs().last_known_day()


def open_later() -> None:
    open_database(URL).dispose()
    with sqlite3.connect("predictions.db") as connection:
        connection.execute("UPDATE predictions_schema_version SET version_num = '9999'")
    open_database(URL)


def open_other_file() -> None:
    Path("predictions.db").write_bytes(b"no database" * 100)
    open_database(URL)


def replay_other_code(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = open_database(URL)
    with engine.begin() as connection:
        insert_answers(connection, [request("a", state=build())], [])
    monkeypatch.setattr("flight_delay.serving.replay.code_digest", lambda: "other")
    replay_request(engine, STATES, "a")


def deploy_without_run(monkeypatch: pytest.MonkeyPatch, as_of: dt.date | None, alias: str = "champion") -> None:
    version = SimpleNamespace(number=1, aliases=("champion",), run_id=None)
    monkeypatch.setattr(deployment, "read_versions", lambda _: [version])
    deploy(STATES, "flight-delay", as_of, Feeds(), alias=alias)


REFUSED: list[tuple[Callable[..., Any], str]] = [
    (
        lambda: load_state(STATES, "ID"),
        "states/ID: no such state; `flight-delay state --as-of DATE` builds one",
    ),
    (
        lambda: damage("history.parquet"),
        "states/ID: damaged (history.parquet differs); remove the folder and build the state again",
    ),
    (
        lambda: damage("state.json"),
        "states/ID: damaged (state.json differs); remove the folder and build the state again",
    ),
    (
        refuse_other_code,
        "states/ID: built by different code, references or packages; build it again with this checkout, or serve it with "
        "the checkout that built it",
    ),
    (
        refuse_older,
        "state ID: as of 2013-03-04, older than the current one (2013-03-05); build one with `--as-of 2013-03-05` or later",
    ),
    (
        use_another_target,
        "shadow 2: predicts another target or horizon than checkout; remove the alias `challenger`",
    ),
    (
        serve_weather,
        "model 2: feature 'observed_visibility' cannot be computed a day ahead by this code; serve a model without it, or "
        "the checkout that trained it",
    ),
    (
        lambda: build(LAST),
        "no timetable of 2013-03-13; choose another date, or give `--timetable FILE`",
    ),
    (
        lambda: inputs().count_outcomes(LAST + 2 * DAY),
        "no outcomes of 2013-03-13, which predictions as of 2013-03-14 need; choose another date, or give "
        "`--outcomes FILE`",
    ),
    (
        forget_flights,
        "data/interim/flights: no flights; run `dvc repro make_dataset`, or give `--outcomes FILE`",
    ),
    (
        lambda: predict_later(5),
        "flight 2013-03-17-UA-5-EWR-2030: 4 days of outcomes are missing, at most 2 may be; choose an earlier date, or "
        "give `--outcomes FILE`",
    ),
    (
        lambda: open_database("predictions.db"),
        "database: Could not parse SQLAlchemy URL from given URL string; give sqlite:///FILE or "
        "postgresql+psycopg2://USER:PASSWORD@HOST/NAME",
    ),
    (
        open_other_file,
        "database sqlite:///predictions.db: file is not a database; start it, or correct the URL",
    ),
    (
        lambda: open_database("postgresql+psycopg2://ada:secret@127.0.0.1:1/none"),
        'database postgresql+psycopg2://ada:***@127.0.0.1:1/none: connection to server at "127.0.0.1", port 1 failed: '
        "Connection refused; start it, or correct the URL",
    ),
    (
        open_later,
        "database sqlite:///predictions.db: Can't locate revision identified by '9999'; it is of a later version, use that",
    ),
    (
        lambda: check_schema("sqlite:///none.db"),
        "none.db: no predictions database; `flight-delay serve` makes it, or give --service or --database",
    ),
    (
        lambda: (Path("empty.db").touch(), check_schema("sqlite:///empty.db")),
        "database sqlite:///empty.db: schema missing instead of 0002; start `flight-delay serve` of this version, which "
        "migrates it",
    ),
    (
        lambda: read_request(open_database(URL), "a"),
        "request a: not in the database; answers contain their request_id",
    ),
    (
        replay_other_code,
        "request a: answered by the code of commit cccccccccc, which differs; repeat it there: "
        "`git worktree add ../answered cccccccccc`",
    ),
    (
        lambda monkeypatch: deploy_without_run(monkeypatch, None),
        "states: no current state; give `--as-of DATE` once",
    ),
    (
        lambda monkeypatch: deploy_without_run(monkeypatch, AS_OF),
        "flight-delay: version 1 has no run; register it with `flight-delay promote`",
    ),
    (
        lambda monkeypatch: deploy_without_run(monkeypatch, AS_OF, "challenger"),
        "flight-delay: no version is `challenger`; `flight-delay promote REF --to challenger` makes one",
    ),
]


@pytest.mark.parametrize(("work", "expected"), REFUSED, ids=[expected[:40] for _, expected in REFUSED])
def test_what_is_refused(
    small_service: Path, monkeypatch: pytest.MonkeyPatch, work: Callable[..., Any], expected: str
) -> None:
    with pytest.raises(UserError) as refused:
        work(monkeypatch) if work.__code__.co_argcount else work()
    assert re.sub("[0-9a-f]{16}", "ID", str(refused.value)) == expected


def test_what_is_not_stored(small_service: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MAX_WAITING", 1)
    predictions = PredictionStore(open_database(URL))
    predictions.close()  # nothing takes what waits
    messages = []

    async def append_twice() -> None:
        waiting = asyncio.create_task(predictions.append(request("a"), []))
        await asyncio.sleep(0)
        with pytest.raises(StoreError) as refused:
            await predictions.append(request("b"), [])
        messages.append(str(refused.value))
        waiting.cancel()

    asyncio.run(append_twice())
    predictions = PredictionStore(open_database(URL))
    with sqlite3.connect("predictions.db") as connection:
        connection.execute("DROP TABLE predictions")
    with pytest.raises(StoreError) as refused:
        asyncio.run(predictions.append(request("a"), [prediction("a")]))
    assert [*messages, str(refused.value)] == [
        "1 requests wait for the database", "no such table: predictions",
    ]  # fmt: skip
    predictions.close()
