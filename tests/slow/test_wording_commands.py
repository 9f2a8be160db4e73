"""What commands print, word for word, where no package of the library says it: the work behind is replaced here."""

from __future__ import annotations

from argparse import Namespace
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest
from filelock import FileLock

from flight_delay.commands import promote, publish, rollback, tune
from flight_delay.core.errors import UserError
from flight_delay.promotion import collect, gate
from flight_delay.review.request import forms, request
from flight_delay.tracking import client, database, lookup, publish_revision
from flight_delay.tracking import publish as publishing
from flight_delay.tracking.registry import aliases, candidate, versions
from flight_delay.tracking.registry.versions import Event
from flight_delay.tuning import write
from flight_delay.vcs import history

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def in_the_repository(monkeypatch) -> None:
    monkeypatch.chdir(REPOSITORY)
    monkeypatch.setattr(client, "mlflow_errors_as_user_errors", lambda **_: nullcontext())
    monkeypatch.setattr(client, "connect", lambda: None)
    monkeypatch.setattr(database, "require_database", lambda _: None)


@pytest.mark.parametrize(("previous", "label"), [(2, "version 2"), (None, "none")])
@pytest.mark.usefixtures("in_the_repository")
def test_rollback_prints_from_which_version_to_which(previous, label: str, monkeypatch, capsys) -> None:
    monkeypatch.setattr(aliases, "roll_back", lambda *_: Event("rollback", 1, previous, "Ada", "", "wrong"))
    assert rollback.run(Namespace(reason="wrong", to=None)) == 0
    assert capsys.readouterr().out == f"flight-delay: champion moved back from {label} to version 1\n"


@pytest.fixture
def candidate_of_a_commit(in_the_repository: None, monkeypatch) -> None:
    published = SimpleNamespace(run_id="1ab", run_name="deeper", digest="d", model_md5="m")
    candidate_run = SimpleNamespace(published=published, model_id="m-1", metrics={})
    monkeypatch.setattr(candidate, "find_candidate", lambda _: candidate_run)
    monkeypatch.setattr(versions, "list_versions", lambda *_: [])
    monkeypatch.setattr(lookup, "find_pipeline_commit", lambda *_: history.PipelineCommit("c" * 40, None))
    monkeypatch.setattr(collect, "collect_evidence", lambda *_: None)


@pytest.mark.parametrize(("previous", "label"), [(3, "version 3"), (None, "none")])
@pytest.mark.usefixtures("candidate_of_a_commit")
def test_promote_prints_which_alias_moved_where(previous, label: str, monkeypatch, capsys) -> None:
    monkeypatch.setattr(gate, "check_candidate", lambda *_: [gate.Check("committed", True, "main")])
    monkeypatch.setattr(aliases, "promote", lambda *_: Event("champion", 4, previous, "Ada", "", "better"))
    assert promote.run(Namespace(ref="main", to="champion", reason="better")) == 0
    assert capsys.readouterr().out.splitlines()[-1] == (
        f"run 1ab (deeper) is promoted: champion moved from {label} to version 4"
    )


@pytest.mark.usefixtures("candidate_of_a_commit")
def test_promote_names_a_run_that_is_champion_already_or_in_no_commit(monkeypatch, capsys) -> None:
    monkeypatch.setattr(lookup, "find_pipeline_commit", lambda *_: None)
    with pytest.raises(UserError) as refused:
        promote.run(Namespace(ref="main", to="champion", reason="better"))
    assert str(refused.value) == (
        "run 1ab (deeper): its pipeline is in no commit here; "
        "commit dvc.lock where it was run, or `git fetch` the commit"
    )
    champion = versions.Version(4, ("champion",), "1ab", None, "", "", {})
    monkeypatch.setattr(versions, "list_versions", lambda *_: [champion])
    assert promote.run(Namespace(ref="main", to="champion", reason="better")) == 0
    assert capsys.readouterr().out == (
        "run 1ab (deeper) is champion already, as version 4 of flight-delay; nothing was moved\n"
    )


@pytest.mark.parametrize(
    ("added", "commit", "printed"),
    [
        (True, None, "added run 1ab (deeper; not in a commit of a branch yet)\n"),
        (False, "c" * 40, "already published: run 1ab (deeper; commit cccccccccc)\n"),
    ],
)
@pytest.mark.usefixtures("in_the_repository")
def test_publish_says_which_run_it_is_and_of_which_commit(added, commit, printed: str, monkeypatch, capsys) -> None:
    @contextmanager
    def read_revision(_: str):
        yield SimpleNamespace(name="deeper"), commit

    monkeypatch.setattr(publish_revision, "read_revision", read_revision)
    monkeypatch.setattr(publishing, "publish", lambda *_, **__: ("1ab", added))
    assert publish.run(Namespace(rev="HEAD")) == 0
    assert capsys.readouterr().out == printed


@pytest.mark.parametrize(
    ("changed", "verdict", "message"),
    [
        ([], "better", "params.yaml already has the best parameters."),
        (["max_depth"], "better", "Wrote to params.yaml: max_depth. Next: `dvc repro`."),
        (
            ["max_depth", "subsample"],
            "not_significant",
            "Wrote to params.yaml: max_depth, subsample. The improvement is not significant; "
            "`git diff params.yaml` shows what to undo. Next: `dvc repro`.",
        ),
    ],
)
def test_tune_says_what_it_wrote_and_whether_it_is_significant(changed, verdict, message: str, monkeypatch) -> None:
    monkeypatch.setattr(write, "write_values", lambda *_: changed)
    row = {"difference": -0.01, "low": -0.02, "high": 0.01, "verdict": verdict}
    best = SimpleNamespace(user_attrs={"values": {}, "improvement": {"log_loss": row}})
    assert tune._write(best, "log_loss") == message


def test_a_review_refuses_existing_pages_and_invalid_names(tmp_path) -> None:
    (tmp_path / "a.md").touch()
    with pytest.raises(UserError) as refused:
        forms.require_absent(tmp_path / "a.md")
    assert str(refused.value) == (
        f"{tmp_path / 'a.md'} exists, and may have been edited; move it away, or choose another name"
    )
    with pytest.raises(UserError) as refused:
        request.slug("!!")
    assert str(refused.value) == "'!!' is not a valid name of a review; use letters and digits"


def test_a_second_server_in_a_checkout_is_told_of_the_first(small) -> None:
    folder = small.root / "server/postgres"
    folder.mkdir(parents=True)
    with FileLock(folder / ".lock"):
        done = small.command("server", "--port", "0", code=2)
    assert done.stderr == (
        f"flight-delay server: error: another server uses {folder}; stop it, or name a database in "
        "FLIGHT_DELAY_SERVER_DATABASE, or use deploy/compose.yaml\n"
    )


def test_a_lock_that_does_not_fit_says_where(small) -> None:
    lock = small.lock()
    read = next(dep["md5"] for dep in lock["train"]["deps"] if dep["path"] == "data")
    before, train = (small.root / "dvc.lock").read_text().split("  train:\n")
    (small.root / "dvc.lock").write_text(f"{before}  train:\n{train.replace(read, 'f' * 32 + '.dir')}")
    small.commit()
    printed = small.command("verify", "--quick", code=1).stdout.splitlines()
    assert printed[1:] == [
        "dvc.lock does not fit the commit: train: data was read in another version than make wrote",
        "dvc.lock is out of date: run `dvc repro` and commit it; remove it before if it has what is no longer declared",
    ]
