"""tracking.moving by many at once, in one MLflow database: one consistent champion at the end, and a record that explains it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import mlflow
import pytest
from mlflow import MlflowClient

from flight_delay.core.errors import UserError
from flight_delay.tracking.registry.moves import champions, unrecorded
from flight_delay.tracking.registry.moving import Intent, OvertakenError, promote, roll_back
from flight_delay.tracking.registry.registry import Entry, look, versions

MODEL = "flight-delay"
WHY, BACK = Intent("promotion", "Ada", "better"), Intent("rollback", "Grace", "worse")
PROMOTE = """
import sys, mlflow
mlflow.set_tracking_uri(sys.argv[1])
from mlflow import MlflowClient
from flight_delay.tracking.registry.moving import Intent, OvertakenError, promote
from flight_delay.tracking.registry.registry import Entry
print("ready", flush=True)
sys.stdin.readline()
try:
    promote(MlflowClient(), "flight-delay", Entry(*sys.argv[2:], "c" * 40, "d", "m", ""), "champion", 1, Intent("promotion", "Ada", "x"))
except OvertakenError:
    sys.exit(3)
"""


@pytest.fixture(scope="module")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """MLflow's migrations take seconds: they are made once."""
    path = tmp_path_factory.mktemp("empty") / "mlflow.db"
    MlflowClient(f"sqlite:///{path}").search_experiments()
    return path.read_bytes()


@pytest.fixture
def entries(empty_database: bytes, tmp_path: Path) -> Iterator[list[Entry]]:
    """Five runs in a database of their own, of which the first is champion."""
    (tmp_path / "mlflow.db").write_bytes(empty_database)
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path / 'mlflow.db'}")
    client = MlflowClient()
    experiment = client.create_experiment("flights", artifact_location=(tmp_path / "mlruns").as_uri())
    found = []
    for _ in range(5):
        run = client.create_run(experiment).info.run_id
        model = client.create_logged_model(experiment, name="model", source_run_id=run).model_id
        found.append(Entry(run, model, "c" * 40, "d", "m", ""))
    promote(client, MODEL, found[0], "champion", None, WHY)
    yield found
    mlflow.set_tracking_uri(None)


def consistent() -> list[int]:
    """Check that aliases, record and versions agree and no lock is left; the champions."""
    client = MlflowClient()
    now = look(client, MODEL)
    moves = now.record.of("champion")
    assert unrecorded(now.record, now.aliases) == []
    assert [of.came_from for of in moves[1:]] == [of.went_to for of in moves[:-1]]
    assert {of.went_to for of in moves} <= {of.number for of in versions(client, MODEL)}
    assert [of.name for of in client.search_registered_models()] == [MODEL]
    return champions(moves, now.aliases["champion"])


def test_of_many_that_were_compared_with_the_same_champion_one_is_promoted(entries: list[Entry]) -> None:
    said: list[str] = []

    def attempt(entry: Entry) -> int:
        try:
            return promote(MlflowClient(), MODEL, entry, "champion", 1, WHY)[-1].went_to
        except OvertakenError as error:
            said.append(str(error))
            return 0

    with ThreadPoolExecutor(4) as pool:
        won = sorted(pool.map(attempt, entries[1:]))
    assert won == [0, 0, 0, 2]
    assert [re.findall(r"\d+", of) for of in said] == [["1", "2"]] * 3
    assert consistent() == [1, 2]
    assert len(versions(MlflowClient(), MODEL)) == 2


def test_two_who_promote_the_same_run_at_once_register_it_once(entries: list[Entry]) -> None:
    def attempt(_: int) -> int:
        try:
            return len(promote(MlflowClient(), MODEL, entries[1], "champion", 1, WHY))
        except OvertakenError:
            return 0

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(attempt, range(2))) == [0, 2]
    assert consistent() == [1, 2]


def test_who_goes_back_and_who_promotes_at_once_leave_one_champion(entries: list[Entry]) -> None:
    promote(MlflowClient(), MODEL, entries[1], "champion", 1, WHY)

    def attempt(at: int) -> bool:
        try:
            if at % 2:
                roll_back(MlflowClient(), MODEL, None, BACK)
            else:
                promote(MlflowClient(), MODEL, entries[2 + at // 2], "champion", 2, WHY)
        except UserError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(attempt, range(4)))
    assert any(done)
    assert consistent()[0] == 1


def test_processes_wait_for_each_other_too(entries: list[Entry]) -> None:
    commands = [
        [sys.executable, "-c", PROMOTE, mlflow.get_tracking_uri(), of.run_id, of.model_id] for of in entries[1:3]
    ]
    processes = [subprocess.Popen(of, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for of in commands]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.communicate("go\n", timeout=120)
    assert sorted(process.returncode for process in processes) == [0, 3]
    assert consistent() == [1, 2]
