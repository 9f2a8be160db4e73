"""What commands print, word for word, where no package of the library says it: the work behind them is replaced here."""

from __future__ import annotations

from argparse import Namespace
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest
from filelock import FileLock

from flight_delay.commands import promote, publish, rollback, tune
from flight_delay.core.errors import UserError
from flight_delay.promotion import gate, gather
from flight_delay.promotion.evidence import Committed
from flight_delay.review.assessment import pages, request
from flight_delay.tracking import client, revision
from flight_delay.tracking import publish as publishing
from flight_delay.tracking.registry import candidate, moving, registry
from flight_delay.tuning import write

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def in_the_repository(monkeypatch) -> None:
    monkeypatch.chdir(REPOSITORY)
    for of in (client, moving):
        monkeypatch.setattr(of, "reachable", lambda **_: nullcontext(), raising=False)
    monkeypatch.setattr(client, "connect", lambda: None)
    monkeypatch.setattr(client, "require_database", lambda _: None)


@pytest.mark.parametrize(("came_from", "said"), [(2, "version 2"), (None, "none")])
@pytest.mark.usefixtures("in_the_repository")
def test_rollback_says_from_which_version_to_which(came_from, said: str, monkeypatch, capsys) -> None:
    monkeypatch.setattr(moving, "roll_back", lambda *_: SimpleNamespace(came_from=came_from, went_to=1))
    assert rollback.run(Namespace(why="wrong", to=None)) == 0
    assert capsys.readouterr().out == f"flight-delay: champion went back from {said} to version 1\n"


@pytest.mark.usefixtures("in_the_repository")
def test_promote_says_which_alias_went_where(monkeypatch, capsys) -> None:
    published = SimpleNamespace(run_id="1ab", run_name="deeper")
    moves = [
        SimpleNamespace(alias="challenger", came_from=None, went_to=1),
        SimpleNamespace(alias="champion", came_from=3, went_to=1),
    ]
    monkeypatch.setattr(candidate, "find_candidate", lambda _: SimpleNamespace(published=published))
    monkeypatch.setattr(registry, "look", lambda *_: registry.Registered("flight-delay", {}, None))
    monkeypatch.setattr(registry, "versions", lambda *_: [])
    monkeypatch.setattr(gather, "gather", lambda *_: None)
    monkeypatch.setattr(gate, "judge", lambda *_: [gate.Check("committed", True, "main")])
    monkeypatch.setattr(moving, "promote", lambda *_: moves)
    monkeypatch.setattr(promote, "_found", lambda _: Committed("c" * 40, None))
    for name in ("_champion", "_sources", "_entry"):
        monkeypatch.setattr(promote, name, lambda *_: None)
    assert promote.run(Namespace(meant="main", to="champion", why="better")) == 0
    assert capsys.readouterr().out.splitlines()[-1] == (
        "run 1ab (deeper) is promoted: challenger went from none to 1, champion went from 3 to 1"
    )


@pytest.mark.parametrize(
    ("added", "commit", "said"),
    [
        (True, None, "added run 1ab (deeper; in no commit of a branch yet)\n"),
        (False, "c" * 40, "already there: run 1ab (deeper; commit cccccccccc)\n"),
    ],
)
@pytest.mark.usefixtures("in_the_repository")
def test_publish_says_which_run_it_is_and_of_which_commit(added, commit, said: str, monkeypatch, capsys) -> None:
    @contextmanager
    def checked_out(_: str):
        yield SimpleNamespace(name="deeper"), commit

    monkeypatch.setattr(revision, "checked_out", checked_out)
    monkeypatch.setattr(publishing, "publish", lambda *_: ("1ab", added))
    assert publish.run(Namespace(rev="HEAD")) == 0
    assert capsys.readouterr().out == said


@pytest.mark.parametrize(
    ("changed", "verdict", "said"),
    [
        ([], None, "params.yaml has the best parameters already."),
        (["max_depth 4 -> 6"], "better", "Written to params.yaml: max_depth 4 -> 6. Next: `dvc repro`."),
        (
            ["max_depth 4 -> 6", "subsample 0.8 -> 0.9"],
            "cannot tell",
            "Written to params.yaml: max_depth 4 -> 6, subsample 0.8 -> 0.9. They are not shown to be better than the "
            "former ones; `git restore params.yaml` takes them back. Next: `dvc repro`.",
        ),
    ],
)
def test_tune_says_what_it_wrote_and_whether_that_is_better(changed, verdict, said: str, monkeypatch) -> None:
    monkeypatch.setattr(write, "write_values", lambda *_: changed)
    over = {"log_loss": SimpleNamespace(verdict=verdict)}
    found = SimpleNamespace(best=SimpleNamespace(values={}), over_current=over, metric="log_loss")
    assert tune._written(found) == said


def test_a_review_says_what_would_be_lost_and_which_names_there_are(tmp_path) -> None:
    (tmp_path / "a.md").touch()
    with pytest.raises(UserError) as told:
        pages.refuse_existing(tmp_path / "a.md", "answers of a reviewer")
    assert str(told.value) == (
        f"{tmp_path / 'a.md'} exists, and may hold answers of a reviewer; move it away, or choose another name"
    )
    with pytest.raises(UserError) as told:
        request._slug("!!")
    assert str(told.value) == "'!!' is no name for a review; use letters and digits"


def test_a_second_server_in_a_checkout_is_told_of_the_first(small, flight_delay) -> None:
    folder = small.root / "server/postgres"
    folder.mkdir(parents=True)
    with FileLock(folder / ".lock"):
        done = flight_delay(small, "server", "--port", "0", code=2)
    assert done.stderr == (
        f"flight-delay server: error: another server uses {folder}; stop it, or name a database in "
        "FLIGHT_DELAY_SERVER_DATABASE, or use deploy/compose.yaml\n"
    )


def test_a_lock_that_does_not_fit_says_where(small, flight_delay) -> None:
    lock = small.lock()
    read = next(dep["md5"] for dep in lock["train"]["deps"] if dep["path"] == "data")
    before, train = (small.root / "dvc.lock").read_text().split("  train:\n")
    (small.root / "dvc.lock").write_text(f"{before}  train:\n{train.replace(read, 'f' * 32 + '.dir')}")
    small.commit()
    said = flight_delay(small, "verify", "--quick", code=1).stdout.splitlines()
    assert said[1:] == [
        "dvc.lock does not fit the commit: train: data was read in another version than make wrote",
        "dvc.lock is out of date: run `dvc repro` and commit it",
    ]
