"""`flight-delay promote`, `rollback` and `registry` on a small real pipeline, in a real MLflow database. Making a commit again takes
longest: it is done once, by the page that tells of it, and is only looked at quickly in the other tests."""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import mlflow
import pytest
from mlflow import MlflowClient

from flight_delay.commands import promote
from flight_delay.core.errors import UserError
from flight_delay.promotion import gather as gathering
from flight_delay.promotion.evidence import Committed, Evidence, Loaded, Outcome, Quality, Speed
from flight_delay.review.verification import verify

PAGE = (Path(__file__).resolve().parents[2] / "docs/registry.md").read_text()
COMMANDS = [line for block in re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
PROGRAM = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)[1]
PREDICT = """
import pandas as pd
flights = pd.read_parquet("data/processed/2013-05.parquet")
features = flights[flights["late"].notna()][model.metadata.get_input_schema().input_names()]
recorded = pd.read_parquet("reports/evaluate/predictions/2013-05.parquet")["probability"]
print((model.predict(features) == recorded.to_numpy()).mean())
"""
CHECKS = ["committed", "verified", "data", "backtest", "test", "slices", "calibration", "loaded model", "speed"]
LOOSE = {"promote": {"max_calibration_error": 0.2}}


class Answer(NamedTuple):
    """The exit code, and what was printed."""

    code: int
    out: str

    @property
    def failing(self) -> list[str]:
        rows = [line for line in self.out.splitlines() if line[14:20] in {"passed", "FAILED"}]
        assert [row[:14].strip() for row in rows] == CHECKS
        return [row[:14].strip() for row in rows if row[14:20] == "FAILED"]


class Published(NamedTuple):
    """A checkout with two published pipelines: that of `main`, and on the branch `worse` one of a single tree."""

    project: Any
    client: MlflowClient
    main: str
    worse: str

    @property
    def aliases(self) -> dict[str, int]:
        models = self.client.search_registered_models()
        return {alias: int(version) for model in models for alias, version in model.aliases.items()}

    def promote(self, meant: str) -> Answer:
        """In this process, with a quick look instead of making everything again."""
        out = io.StringIO()
        with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out):
            for name in [name for name in os.environ if name.startswith(("DVC_", "MLFLOW_", "GIT_"))]:
                patch.delenv(name)
            for name, value in self.project.environment.items():
                patch.setenv(name, value)
            patch.chdir(self.project.root)
            patch.setattr(verify, "verify", lambda revision, _: verify.check_lock(revision))
            code = promote.run(argparse.Namespace(meant=meant, to="champion", why="tried"))
        return Answer(code, out.getvalue())


@pytest.fixture(scope="module")
def published(made, project_at, tmp_path_factory) -> Iterator[Published]:
    root = tmp_path_factory.mktemp("promotion") / "project"
    shutil.copytree(made.root, root, symlinks=True, ignore=shutil.ignore_patterns("mlflow.db*", "mlruns", "logs"))
    project = project_at(root)
    project.stage("publish")
    project.run("git", "switch", "--quiet", "--create", "worse")
    project.params({"train_model": {"max_rounds": 1}})
    project.run("dvc", "repro")
    project.commit("a single tree")
    project.run("git", "switch", "--quiet", "main")
    project.run("dvc", "checkout", "--quiet", "--force")
    client = MlflowClient(f"sqlite:///{root / 'mlflow.db'}")
    newest_first = client.search_runs([of.experiment_id for of in client.search_experiments()])
    worse, main = (run.info.run_id for run in newest_first)
    yield Published(project, client, main, worse)
    mlflow.set_tracking_uri(None)


@pytest.fixture(scope="module")
def first(published: Published) -> Answer:
    """What was said when the worse of the two became the first champion."""
    published.project.params(LOOSE)  # the gate is that of the checkout
    answer = published.promote(f"runs:/{published.worse}")
    published.project.run("git", "restore", "params.yaml")
    return answer


@pytest.fixture(scope="module")
def second(published: Published, first: Answer) -> Answer:
    """What the page's own command said, when the better one beat it, everything made again."""
    done = published.project.run("bash", "-ec", COMMANDS[0])
    return Answer(done.returncode, done.stdout)


@pytest.fixture
def kept(published: Published) -> Callable[[str], Path]:
    """Finds a file of the bundle that MLflow keeps of the run of `main`."""

    def find(name: str) -> Path:
        model = published.client.search_logged_models(["1"], f"source_run_id = '{published.main}'")[0]
        return Path(model.artifact_location.removeprefix("file://")) / "artifacts/bundle" / name

    return find


def test_the_first_champion_has_none_to_beat(published, first) -> None:
    assert (first.code, first.failing) == (0, [])
    assert first.out.count("there is no champion yet to compare with") == 3
    assert first.out.endswith("is promoted: challenger went from none to 1, champion went from none to 1\n")


def test_a_better_model_is_promoted_after_everything_was_made_again(published, second) -> None:
    assert (second.code, second.failing) == (0, [])
    assert "all 24 outputs are reproduced byte for byte" in second.out
    assert "backtest      passed  better against champion 1: ROC AUC +0.0" in second.out
    assert second.out.endswith("is promoted: challenger went from 1 to 2, champion went from 1 to 2\n")
    assert published.aliases == {"champion": 2, "challenger": 2}
    version = published.client.get_model_version_by_alias("flight-delay", "champion")
    assert version.run_id == published.main
    assert version.description.startswith("**backtest** average precision 0.")
    assert (
        version.tags["git_commit"]
        == published.project.run("git", "rev-list", "-1", "main", "--", "dvc.lock").stdout.strip()
    )
    again = published.promote(published.main)
    assert again.code == 0
    assert "is champion already, as version 2 of flight-delay; nothing was moved" in again.out


def test_the_other_commands_of_the_page_run(published, second) -> None:
    assert [command.split()[1] for command in COMMANDS] == ["promote", "registry", "rollback", "registry"]
    shown, went_back, after = (published.project.run("bash", "-ec", command).stdout for command in COMMANDS[1:])
    assert went_back == "flight-delay: champion went back from version 2 to version 1\n"
    assert shown.splitlines()[2].startswith("2        challenger, champion")
    assert [row[:30].split()[1] for row in after.splitlines()[1:3]] == ["champion", "challenger"]
    assert after.splitlines()[-1].strip() == "calls at JFK look wrong"
    assert "by Ada Lovelace <ada@example.org>" in after.splitlines()[-2]
    # Without its history and its cache, too.
    bare = replace(published.project, root=published.project.root.with_name("bare"))
    bare.root.mkdir()
    shutil.copy2(published.project.root / "params.yaml", bare.root)
    uri = f"sqlite:///{published.project.root / 'mlflow.db'}"
    bare.run("flight-delay", "rollback", "--to", "2", "--why", "it was right", MLFLOW_TRACKING_URI=uri)
    assert published.aliases["champion"] == 2


def test_the_champion_loads_as_the_page_says(published, second) -> None:
    assert published.project.run("python", "-c", PROGRAM + PREDICT).stdout.splitlines()[-1] == "1.0"


def test_a_worse_model_in_an_experiment_is_refused_with_all_its_reasons(published, second) -> None:
    commits = published.project.run("git", "rev-parse", "main", "worse").stdout.split()
    published.project.run("git", "update-ref", f"refs/exps/{commits[0][:2]}/{commits[0][2:]}/tried", commits[1])
    published.project.run("git", "branch", "--quiet", "--delete", "--force", "worse")
    database = (published.project.root / "mlflow.db").read_bytes()
    answer = published.promote("tried")
    assert answer.code == 1
    assert answer.failing == ["committed", "backtest", "test", "slices", "calibration"]
    assert "only in the DVC experiment tried" in answer.out
    assert re.search(r"backtest +FAILED  worse against champion 2: ROC AUC -0\.\d+ \(-0\.\d+ to -0\.\d+\)", answer.out)
    assert answer.out.splitlines()[-1].startswith(f"run {published.worse} (")
    assert answer.out.endswith(
        "is refused (5 of 9 checks failed: committed, backtest, test, slices, calibration); nothing was moved\n"
    )
    assert (published.project.root / "mlflow.db").read_bytes() == database


def test_a_lock_that_was_changed_by_hand_is_refused(published, second) -> None:
    project = published.project
    project.run("git", "switch", "--quiet", "--create", "pretended")
    pretended = next(out["md5"] for out in project.lock()["train_baselines"]["outs"] if "baselines" in out["path"])
    lock = project.root / "dvc.lock"
    lock.write_text(lock.read_text().replace(pretended, f"{'d' * 32}.dir", 1))
    project.commit("pretend")
    project.stage("publish")
    project.run("git", "switch", "--quiet", "main")
    answer = published.promote("pretended")
    assert (answer.code, answer.failing) == (1, ["verified", "backtest"])
    assert "verified      FAILED  dvc.lock is out of date" in answer.out
    assert "the same probability for every flight as champion 2; not simpler" in answer.out


@pytest.mark.parametrize(
    ("name", "failing"),
    [("model.ubj", ["verified", "loaded model", "speed"]), ("decision.json", ["loaded model"])],
)
def test_a_model_that_was_changed_in_mlflow_is_refused(published, second, kept, name, failing) -> None:
    content = kept(name).read_bytes()
    published.client.delete_registered_model_alias("flight-delay", "champion")
    try:
        kept(name).write_bytes(
            content.replace(b'"threshold": 0.', b'"threshold": 0.9') if name.endswith("n") else content + b" "
        )
        answer = published.promote(published.main)
    finally:
        kept(name).write_bytes(content)
        published.client.set_registered_model_alias("flight-delay", "champion", "2")
    assert (answer.code, answer.failing) == (1, failing)
    assert ("not the commit's: decision.json" in answer.out) == (name == "decision.json")


def test_a_run_that_is_in_no_commit_is_refused(published, second) -> None:
    run = published.client.get_run(published.worse)
    published.client.set_tag(published.worse, "pipeline_digest", "0" * 64)
    try:
        answer = published.promote(published.worse)
    finally:
        published.client.set_tag(published.worse, "pipeline_digest", run.data.tags["pipeline_digest"])
    assert (answer.code, answer.failing) == (1, CHECKS)
    assert "committed     FAILED  its pipeline is in no commit here; commit dvc.lock where it was made" in answer.out


def test_a_champion_that_changes_during_the_checks_is_noticed(published, second, monkeypatch) -> None:
    def gather(*_: object) -> Evidence:
        published.client.set_registered_model_alias("flight-delay", "champion", "2")
        return Evidence(
            Committed("c" * 40, None), Outcome(True, ""), Quality((), 0, 0), None, 0.0, Loaded((), 1, 0), Speed(1, 1e6)
        )

    monkeypatch.setattr(gathering, "gather", gather)
    published.client.set_registered_model_alias("flight-delay", "champion", "1")
    answer = published.promote(published.main)
    assert (answer.code, answer.failing) == (1, [])
    assert answer.out.endswith(
        "champion was version 1 when the checks began and is version 2 now: nothing was moved; run it again\n"
    )
    assert published.aliases == {"champion": 2, "challenger": 2}


def test_what_cannot_be_checked_is_said_in_one_line(published, second) -> None:
    client = published.client
    run = client.create_run("1", tags={"pipeline_digest": "1"}).info.run_id
    with pytest.raises(UserError, match=rf"^runs:/{run}: run {run} is not complete \(RUNNING\); [^\n]+$"):
        published.promote(run)
    client.set_terminated(run)
    with pytest.raises(UserError, match=rf"^{run}: run {run} has no model; choose one that `dvc repro` published$"):
        published.promote(run)
    client.delete_run(run)
    with pytest.raises(UserError, match=rf"^{run}: run {run} is deleted; `mlflow runs restore --run-id {run}` brings"):
        published.promote(run)
    with pytest.raises(UserError, match=r"^there is no commit 'no-such-branch' here; [^\n]+$"):
        published.promote("no-such-branch")
    first_commit = published.project.run("git", "rev-list", "--max-parents=0", "HEAD").stdout.strip()
    with pytest.raises(UserError, match=r"has no dvc\.lock; [^\n]+$"):
        published.promote(first_commit)
    down = published.project.run(
        "flight-delay", "rollback", "--why", "it is down", code=2, MLFLOW_TRACKING_URI="http://127.0.0.1:9"
    )
    assert down.stdout == ""
    assert re.fullmatch(
        r"flight-delay rollback: error: MLflow at http://127\.0\.0\.1:9 does not answer [^\n]+\n", down.stderr
    )
