"""tracking.registry and tracking.moving in a real MLflow database: registering, promoting, going back, and what is written down."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from unittest.mock import Mock

import mlflow
import pytest
from mlflow import MlflowClient

from flight_delay.core.errors import UserError
from flight_delay.tracking.registry import alone as alone_module
from flight_delay.tracking.registry.alone import alone
from flight_delay.tracking.registry.history import history
from flight_delay.tracking.registry.moves import Move
from flight_delay.tracking.registry.moving import Intent, OvertakenError, promote, roll_back
from flight_delay.tracking.registry.registry import Entry, look, register, versions

MODEL = "flight-delay"
WHY = Intent("promotion", "Ada <ada@example.org>", "better", {"test": "+0.1"})
BACK = Intent("rollback", "Ada <ada@example.org>", "worse than thought")


class Store(NamedTuple):
    """A database with an experiment, and an entry for each of four runs of it."""

    uri: str
    client: MlflowClient
    entries: list[Entry]


@pytest.fixture(scope="module")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MLflow's migrations take seconds: they are made once."""
    path = tmp_path_factory.mktemp("empty") / "mlflow.db"
    MlflowClient(f"sqlite:///{path}").search_experiments()
    return path


@pytest.fixture
def store(empty_database: Path, tmp_path: Path) -> Iterator[Store]:
    path = tmp_path / "mlflow.db"
    path.write_bytes(empty_database.read_bytes())
    uri = f"sqlite:///{path}"
    mlflow.set_tracking_uri(uri)
    client = MlflowClient()
    experiment = client.create_experiment("flights", artifact_location=(tmp_path / "mlruns").as_uri())
    entries = []
    for number in range(1, 5):
        run = client.create_run(experiment, run_name=f"max_depth 3→{number}").info.run_id
        client.log_metric(run, "test/log_loss", number / 10)
        model = client.create_logged_model(experiment, name="model", source_run_id=run).model_id
        entries.append(Entry(run, model, f"{number}" * 40, f"digest{number}", f"md5{number}", f"figures {number}"))
    yield Store(uri, client, entries)
    mlflow.set_tracking_uri(None)


def promoted(store: Store, *entries: int) -> list[Move]:
    """Promote the entries one after the other, as if each had been compared with the one before."""
    moves = []
    for at in entries:
        champion = look(store.client, MODEL).aliases.get("champion")
        moves += promote(store.client, MODEL, store.entries[at], "champion", champion, WHY)
    return moves


def aliases(store: Store) -> dict[str, int]:
    return look(store.client, MODEL).aliases


def said(moves: list[Move]) -> list[tuple[str, int | None, int]]:
    return [(of.alias, of.came_from, of.went_to) for of in moves]


def recorded(store: Store) -> list[tuple[str, int | None, int]]:
    return said([of.move for of in look(store.client, MODEL).record.moves])


def test_the_first_promotion_registers_the_run_and_moves_both_aliases(store: Store) -> None:
    assert look(store.client, MODEL) == (MODEL, {}, ((), ()))
    moves = promoted(store, 0)
    assert said(moves) == recorded(store) == [("challenger", None, 1), ("champion", None, 1)]
    assert {(of.who, of.why, of.figures["test"], of.when[:2]) for of in moves} == {(WHY.who, "better", "+0.1", "20")}
    version = store.client.get_model_version_by_alias(MODEL, "champion")
    entry = store.entries[0]
    assert (version.run_id, version.description, version.source) == (
        entry.run_id,
        "figures 1",
        f"models:/{entry.model_id}",
    )
    assert version.tags == {"git_commit": "1" * 40, "pipeline_digest": "digest1", "model_md5": "md51"}
    assert [of.name for of in store.client.search_registered_models()] == [MODEL]  # no lock is left


def test_a_run_is_registered_once_and_what_is_done_already_is_left(store: Store) -> None:
    promoted(store, 0, 1)
    assert promote(store.client, MODEL, store.entries[1], "champion", 2, WHY) == []
    assert register(store.client, MODEL, store.entries[0]) == 1
    assert said(promoted(store, 0)) == [("challenger", 2, 1), ("champion", 2, 1)]
    assert [(of.number, of.commit) for of in versions(store.client, MODEL)] == [(1, "1" * 40), (2, "2" * 40)]


def test_a_challenger_leaves_the_champion_where_it_is(store: Store) -> None:
    promoted(store, 0)
    assert said(promote(store.client, MODEL, store.entries[1], "challenger", 1, WHY)) == [("challenger", 1, 2)]
    assert aliases(store) == {"champion": 1, "challenger": 2}
    assert said(promote(store.client, MODEL, store.entries[1], "champion", 1, WHY)) == [("champion", 1, 2)]


def test_another_champion_than_the_one_compared_with_is_noticed_and_nothing_is_moved(store: Store) -> None:
    promoted(store, 0, 1)
    before = store.client.get_registered_model(MODEL)
    for expected in (None, 1):
        with pytest.raises(OvertakenError, match=rf"^[^\n]*\b{expected or 'none'}\b[^\n]*\b2\b[^\n]*$"):
            promote(store.client, MODEL, store.entries[2], "champion", expected, WHY)
    assert store.client.get_registered_model(MODEL).tags == before.tags
    assert aliases(store) == {"champion": 2, "challenger": 2}
    assert len(versions(store.client, MODEL)) == 2


@pytest.mark.parametrize("after", ["create_model_version", "set_registered_model_tag", "set_registered_model_alias"])
@pytest.mark.parametrize("times", [1, 2])
def test_a_kill_is_healed_by_the_same_command(store: Store, monkeypatch, after: str, times: int) -> None:
    promoted(store, 0)
    whole, calls = getattr(MlflowClient, after), []

    def killed(*arguments, **named):
        result = whole(*arguments, **named)
        calls.append(after)
        if len(calls) == times:
            raise KeyboardInterrupt
        return result

    with monkeypatch.context() as patch, suppress(KeyboardInterrupt):
        patch.setattr(MlflowClient, after, killed)
        promote(store.client, MODEL, store.entries[1], "champion", 1, WHY)
    assert calls
    champion = aliases(store)["champion"]
    promote(store.client, MODEL, store.entries[1], "champion", champion, WHY)
    assert aliases(store) == {"champion": 2, "challenger": 2}
    # Every move is written down once, however often it was begun.
    assert recorded(store)[2:] == [("challenger", 1, 2), ("champion", 1, 2)]
    assert history(store.client, MODEL).notes == []


def test_a_kill_between_record_and_move_is_shown(store: Store, monkeypatch) -> None:
    promoted(store, 0)
    with monkeypatch.context() as patch:
        patch.setattr(MlflowClient, "set_registered_model_alias", Mock(side_effect=KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            promoted(store, 1)
    (note,) = history(store.client, MODEL).notes
    assert re.findall(r"challenger|champion|\d+", note) == ["challenger", "1", "2"]


def test_a_rollback_goes_back_as_often_as_it_is_asked(store: Store) -> None:
    promoted(store, 0, 1, 2)
    assert said([roll_back(store.client, MODEL, None, BACK) for _ in range(2)]) == [
        ("champion", 3, 2),
        ("champion", 2, 1),
    ]
    assert aliases(store) == {"champion": 1, "challenger": 3}
    with pytest.raises(UserError, match=r"^flight-delay: [^\n\d]*$"):
        roll_back(store.client, MODEL, None, BACK)
    assert roll_back(store.client, MODEL, 3, BACK).went_to == 3
    last = look(store.client, MODEL).record.moves[-1].move
    assert (last.kind, last.why, last.came_from, last.went_to) == ("rollback", "worse than thought", 1, 3)


def test_a_rollback_is_refused_where_there_is_no_way_back(store: Store) -> None:
    with pytest.raises(UserError, match=rf"^{MODEL}: [^\n\d]*$"):
        roll_back(store.client, MODEL, None, BACK)
    promoted(store, 0, 1)
    promote(store.client, MODEL, store.entries[2], "challenger", 2, WHY)
    store.client.delete_model_version(MODEL, "1")
    before = recorded(store)
    for to, words in (
        (None, r"\b1\b.*--to"),
        (2, r"\b2\b.*`flight-delay registry`"),
        (3, r"\b3\b.*`flight-delay promote`"),
    ):
        with pytest.raises(UserError, match=words):
            roll_back(store.client, MODEL, to, BACK)
    assert (aliases(store), recorded(store)) == ({"champion": 2, "challenger": 3}, before)


def test_the_history_has_versions_with_figures_and_what_was_moved_by_hand(store: Store) -> None:
    promoted(store, 0, 1)
    store.client.set_registered_model_alias(MODEL, "champion", "1")
    store.client.set_registered_model_tag(MODEL, "move.mine", "x")
    of = history(store.client, MODEL)
    first, second = of.lines
    assert (first.version, first.aliases, first.run_name, first.commit) == (1, ("champion",), "max_depth 3→1", "1" * 40)
    assert (second.aliases, second.figures["test log loss"], second.figures["test AP"]) == (("challenger",), 0.2, None)
    moved, unreadable = of.notes
    assert re.findall(r"challenger|champion|\d+", moved) == ["champion", "1", "2"]
    assert [name in unreadable for name in ("move.mine", "flight-delay")] == [True, True]


def test_a_lock_that_was_left_is_broken_and_one_that_is_held_is_waited_for(store: Store, monkeypatch) -> None:
    monkeypatch.setattr(alone_module, "PATIENCE_SECONDS", 0.5)
    store.client.create_registered_model(f"{MODEL}.lock", description="somebody who was killed")
    promoted(store, 0)
    assert aliases(store)["champion"] == 1
    with alone(store.client, MODEL, "one"):  # broken by another one, whose lock is not taken away
        store.client.delete_registered_model(f"{MODEL}.lock")
        store.client.create_registered_model(f"{MODEL}.lock", description="another")
    assert store.client.get_registered_model(f"{MODEL}.lock").description == "another"
