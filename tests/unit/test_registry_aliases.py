"""tracking.registry in a real MLflow database: promotion, rollback, the record of moves, races, interruptions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import mlflow
import pytest
from mlflow import MlflowClient

from flight_delay.core.errors import UserError
from flight_delay.tracking.registry.aliases import current_user, promote, roll_back
from flight_delay.tracking.registry.listing import unexplained_champion, versions_json
from flight_delay.tracking.registry.versions import Event, Registration, list_versions, read_aliases, register

MODEL, ADA = "model", "Ada <ada@example.org>"


class Store(NamedTuple):
    """A database with an entry for each of four runs."""

    client: MlflowClient
    entries: list[Registration]

    @property
    def aliases(self) -> dict[str, int]:
        return read_aliases(self.client, MODEL)

    @property
    def events(self) -> list[tuple[str, int | None, int, str]]:
        """Events of all versions in order of time."""
        events = [event for version in list_versions(self.client, MODEL) for event in version.events.values()]
        return [(e.kind, e.previous, e.version, e.reason) for e in sorted(events, key=lambda e: e.at)]

    def promote(self, *entries: int, alias: str = "champion") -> Event:
        """Promote entries one after the other, each compared with the champion at that time."""
        for at in entries:
            event = promote(
                self.client, MODEL, self.entries[at], alias, self.aliases.get("champion"), ADA, f"better {at}"
            )
        return event

    def roll_back(self, to: int | None = None) -> tuple[int | None, int]:
        event = roll_back(self.client, MODEL, to, ADA, "worse")
        return event.previous, event.version


@pytest.fixture(scope="module")
def unregistered(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, list[Registration]]:
    """A database with runs and their models, and an entry for each: MLflow's migrations take seconds."""
    path = tmp_path_factory.mktemp("unregistered") / "mlflow.db"
    client = MlflowClient(f"sqlite:///{path}")
    experiment = client.create_experiment("pipelines", artifact_location=path.with_name("mlruns").as_uri())
    entries = []
    for number in range(1, 5):
        run = client.create_run(experiment).info.run_id
        model = client.create_logged_model(experiment, name="model", source_run_id=run).model_id
        entries.append(
            Registration(run, model, f"{number}" * 40, f"digest{number}", f"md5{number}", f"metrics {number}")
        )
    return path.read_bytes(), entries


@pytest.fixture
def store(unregistered: tuple[bytes, list[Registration]], tmp_path: Path) -> Iterator[Store]:
    content, entries = unregistered
    (tmp_path / "mlflow.db").write_bytes(content)
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path / 'mlflow.db'}")
    yield Store(MlflowClient(), entries)
    mlflow.set_tracking_uri(None)


def test_the_first_promotion_registers_the_run_and_moves_both_aliases(store: Store) -> None:
    assert (store.aliases, list_versions(store.client, MODEL)) == ({}, [])
    event = store.promote(0)
    assert (event.kind, event.previous, event.version, event.by, event.reason) == ("champion", None, 1, ADA, "better 0")
    assert store.aliases == {"champion": 1, "challenger": 1}
    (version,) = list_versions(store.client, MODEL)
    assert version.events == {"champion": event}
    assert (version.aliases, version.run_id) == (("challenger", "champion"), store.entries[0].run_id)
    assert (version.commit, version.description) == ("1" * 40, "metrics 1")
    stored = store.client.get_model_version_by_alias(MODEL, "champion")
    assert stored.source == f"models:/{store.entries[0].model_id}"
    assert {"champion_by": ADA, "champion_reason": "better 0", "model_md5": "md51"}.items() <= stored.tags.items()


def test_a_second_promotion_names_the_version_that_it_replaces_and_registers_a_run_once(store: Store) -> None:
    store.promote(0)
    assert store.promote(1, alias="challenger").previous == 1
    assert store.aliases == {"champion": 1, "challenger": 2}
    store.promote(1)
    assert store.aliases == {"champion": 2, "challenger": 2, "previous": 1}
    assert store.events[-1] == ("champion", 1, 2, "better 1")
    assert register(store.client, MODEL, store.entries[0]) == 1
    content = json.loads(versions_json(MODEL, list_versions(store.client, MODEL)))
    assert (content["model"], content["warning"]) == (MODEL, None)
    assert [version["description"] for version in content["versions"]] == ["metrics 1", "metrics 2"]
    assert [version["events"][0]["previous"] for version in content["versions"]] == [None, 1]


@pytest.mark.parametrize("expected", [None, 1])
def test_a_candidate_that_was_compared_with_another_champion_is_not_registered(store: Store, expected) -> None:
    store.promote(0, 1)
    events = store.events
    with pytest.raises(UserError):
        promote(store.client, MODEL, store.entries[2], "champion", expected, ADA, "better")
    assert (store.aliases["champion"], store.events) == (2, events)
    assert len(list_versions(store.client, MODEL)) == 2


def test_of_concurrent_promotions_the_champion_is_one_that_succeeded(store: Store) -> None:
    store.promote(0)

    def attempt(entry: Registration) -> int:
        with suppress(UserError):
            return promote(MlflowClient(), MODEL, entry, "champion", 1, ADA, "better").version
        return 0

    with ThreadPoolExecutor(3) as pool:
        promoted = list(pool.map(attempt, store.entries[1:]))
    champion = next(version for version in list_versions(store.client, MODEL) if "champion" in version.aliases)
    assert champion.number in promoted
    assert champion.events["champion"].previous == 1
    assert store.roll_back() == (champion.number, 1)


@pytest.mark.parametrize(
    ("method", "times"),
    [
        ("create_model_version", 1),
        *(("set_model_version_tag", times) for times in (1, 4)),
        *(("set_registered_model_alias", times) for times in (1, 2, 3)),
    ],
)
def test_an_interrupted_promotion_is_completed_by_the_same_call(store: Store, monkeypatch, method, times) -> None:
    store.promote(0)
    original, calls = getattr(MlflowClient, method), []

    def interrupted(*arguments, **named):
        result = original(*arguments, **named)
        calls.append(method)
        if len(calls) == times:
            raise KeyboardInterrupt
        return result

    with monkeypatch.context() as patch:
        patch.setattr(MlflowClient, method, interrupted)
        with pytest.raises(KeyboardInterrupt):
            store.promote(1)
    if store.aliases["champion"] == 1:
        store.promote(1)
    assert store.aliases == {"champion": 2, "challenger": 2, "previous": 1}
    assert store.events[1:] == [("champion", 1, 2, "better 1")]


def test_two_rollbacks_go_back_two_versions_and_keep_the_promotions(store: Store) -> None:
    store.promote(0, 1, 2)
    assert store.roll_back() == (3, 2)
    assert store.aliases == {"champion": 2, "challenger": 3, "previous": 1}
    assert store.roll_back() == (2, 1)
    assert store.aliases == {"champion": 1, "challenger": 3}
    events = store.events
    for to in (None, 1, 4):
        with pytest.raises(UserError, match=rf"^{MODEL}: "):
            store.roll_back(to)
    assert store.events == events
    assert store.roll_back(3) == (1, 3)
    assert store.aliases == {"champion": 3, "challenger": 3, "previous": 2}
    assert store.events == [
        *(("champion", *versions) for versions in ((None, 1, "better 0"), (1, 2, "better 1"), (2, 3, "better 2"))),
        *(("rollback", *versions, "worse") for versions in ((3, 2), (2, 1), (1, 3))),
    ]


def test_without_a_champion_the_rollback_goes_to_the_previous_one(store: Store) -> None:
    store.promote(0, 1)
    store.client.delete_model_version(MODEL, "2")
    assert store.roll_back() == (None, 1)


def test_a_champion_that_was_moved_by_hand_is_reported(store: Store) -> None:
    store.promote(0, 1)
    assert unexplained_champion(list_versions(store.client, MODEL)) is None
    store.client.set_registered_model_alias(MODEL, "champion", "1")
    assert unexplained_champion(list_versions(store.client, MODEL)) is not None
    assert store.roll_back(2) == (1, 2)


def test_the_current_user_is_known_without_git(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Ada")
    monkeypatch.setenv("GIT_AUTHOR_EMAIL", "ada@example.org")
    assert current_user() == ADA
    monkeypatch.setenv("LOGNAME", "grace")
    monkeypatch.setenv("PATH", "/nowhere")
    assert current_user() == "grace"
