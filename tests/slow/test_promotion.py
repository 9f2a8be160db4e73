"""Test `flight-delay promote`, `rollback` and `registry` on a small real pipeline, in a real MLflow database.

One test reuses the outputs of the verified clone; the others replace verification by the check of `verify --quick`."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa
from environments import adapt, read_settings, running, walk_through
from mlflow import MlflowClient

from flight_delay.promotion import collect
from flight_delay.promotion.evidence import DataQuality, Evidence, ModelReplay
from flight_delay.review.verification import verify
from flight_delay.serving.state import read_manifest
from flight_delay.serving.states import read_current
from flight_delay.tracking.registry.loaded_model import Speed
from flight_delay.vcs.history import PipelineCommit

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = (REPOSITORY / "docs/registry.md").read_text()
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
# Speed depends on what else this machine does; that slow models are refused: tests/unit/test_gate.py.
PATIENT = {"max_latency_ms": 600_000, "min_throughput_rows_per_s": 0.001}
STRICT, LOOSE = ({"promote": {**PATIENT, "max_calibration_error": error}} for error in (0.06, 0.2))


@contextmanager
def quick_verification() -> Iterator[None]:
    """Let commands check dvc.lock instead of making everything again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verify, "verify", verify.check_lock)
        yield


class Answer(NamedTuple):
    """The exit code, and what was printed."""

    code: int
    out: str
    error: str

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

    def promote(self, ref: str) -> Answer:
        """With a quick look instead of making everything again."""
        with quick_verification():
            done = self.project.command("promote", ref, "--reason", "tried", code=None)
        return Answer(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def published(by_hand) -> Published:
    client = MlflowClient(f"sqlite:///{by_hand.project.root / 'mlflow.db'}")
    worse, main = (run["id"] for run in by_hand.runs["committed"])
    by_hand.project.params(STRICT)  # the gate is that of the checkout
    return Published(by_hand.project, client, main, worse)


@pytest.fixture(scope="module")
def first(published: Published) -> Answer:
    """What was said when the worse of the two became the first champion."""
    published.project.params(LOOSE)
    answer = published.promote(f"runs:/{published.worse}")
    published.project.params(STRICT)
    return answer


@pytest.fixture(scope="module")
def second(published: Published, first: Answer, verification, made_again) -> Answer:
    """What the page's own command said, when the better one beat it, everything made again."""
    program, *arguments = shlex.split(COMMANDS[0])
    assert program == "flight-delay"
    with made_again() as commits:
        done = published.project.command(*arguments, code=None)
    assert commits == [published.project.run("git", "rev-parse", "main").stdout.strip()]
    return Answer(done.returncode, done.stdout, done.stderr)


def test_the_first_champion_has_none_to_beat(published, first) -> None:
    assert (first.code, first.failing) == (0, [])
    assert published.aliases == {"champion": 1, "challenger": 1}


def test_a_better_model_is_promoted_after_everything_was_made_again(published, second, pipeline_outputs) -> None:
    assert (second.code, second.failing) == (0, [])
    assert f"all {len(pipeline_outputs)} outputs" in second.out
    (backtest,) = re.findall(r"^backtest +passed +better .*", second.out, re.MULTILINE)
    assert re.search(r" champion 1: ROC AUC \+0\.0", backtest)
    assert published.aliases == {"champion": 2, "challenger": 2, "previous": 1}
    version = published.client.get_model_version_by_alias("flight-delay", "champion")
    assert version.run_id == published.main
    assert version.description.startswith("**backtest** ROC AUC 0.")
    assert (
        version.tags["git_commit"]
        == published.project.run("git", "rev-list", "-1", "main", "--", "dvc.lock").stdout.strip()
    )
    again = published.promote(published.main)
    assert again.code == 0
    assert again.out.startswith(f"run {published.main} ")
    assert again.out.count("\n") == 1  # without any check


def test_the_other_commands_of_the_page_run(published, second) -> None:
    assert [command.split()[1] for command in COMMANDS] == ["promote", "registry", "rollback", "registry"]
    shown, went_back, after = (published.project.command(*shlex.split(command)[1:]).stdout for command in COMMANDS[1:])
    assert re.findall(r"\d+", went_back) == ["2", "1"]
    assert re.findall(r"^version (\d) \((.*?)\)", shown, re.MULTILINE) == [
        ("1", "previous"),
        ("2", "challenger, champion"),
    ]
    assert re.findall(r"^version (\d) \((.*?)\)", after, re.MULTILINE) == [("1", "champion"), ("2", "challenger")]
    (rollback,) = re.findall(r"rollback 2 -> 1 +by Ada Lovelace <ada@example.org>: (.*)", after)
    assert rollback == shlex.split(COMMANDS[2])[-1]
    # Without its history and its cache, too.
    bare = replace(published.project, root=published.project.root.with_name("bare"))
    bare.root.mkdir()
    shutil.copy2(published.project.root / "params.yaml", bare.root)
    uri = f"sqlite:///{published.project.root / 'mlflow.db'}"
    bare.command("rollback", "--to", "2", "--reason", "it was right", MLFLOW_TRACKING_URI=uri)
    assert published.aliases["champion"] == 2


def test_the_champion_loads_as_the_page_says(published, second) -> None:
    program = PROGRAM.replace("/home/ada/flight-delay", str(published.project.root))
    assert published.project.run("python", "-c", program + PREDICT).stdout.splitlines()[-1] == "1.0"


def test_a_model_goes_through_acceptance_to_production_and_back(published, second, tmp_path) -> None:
    """The walk-through of docs/environments.md, with its files of settings."""
    (block,) = re.findall(r"```bash\n(.*?)```", (REPOSITORY / "docs/environments.md").read_text(), re.DOTALL)
    published.client.set_registered_model_alias("flight-delay", "champion", "1")
    published.client.delete_registered_model_alias("flight-delay", "challenger")
    tracking = f"sqlite:///{published.project.root / 'mlflow.db'}"
    settings = {name: adapt(read_settings(name), tmp_path, tracking) for name in ("acceptance", "production")}
    deployed, statuses = [], []
    with ExitStack() as services:

        def serve(command: str, values: dict[str, str]) -> None:
            services.enter_context(running(published.project, command, values, tmp_path / "output.txt"))

        for (program, *arguments), values in walk_through(block, settings.__getitem__, serve):
            if program != "flight-delay":
                published.project.run("bash", "-ec", shlex.join([program, *arguments]).replace("'", '"'), **values)
                continue
            with quick_verification():
                done = published.project.command(*arguments, code=None, **values)
            statuses.append((arguments[0], done.returncode))
            if arguments[0] == "deploy":
                states = Path(values["FLIGHT_DELAY_SERVICE"]) / "states"
                manifest = read_manifest(states, read_current(states))
                deployed.append((manifest.model_version, manifest.shadow_version))
    assert {code for name, code in statuses if name != "health"} == {0}
    assert [code in {0, 1} for name, code in statuses if name == "health"] == [True]  # 1: a disk may be full
    acceptance, *production = deployed
    assert acceptance == ("2", "1")
    assert production == [("1", "2"), ("2", None), ("1", "2")]
    engine = sa.create_engine(settings["acceptance"]["FLIGHT_DELAY_DATABASE"])
    with engine.connect() as connection:
        query = "SELECT count(*) > 0, count(*) = count(shadow_probability) FROM predictions"
        assert connection.execute(sa.text(query)).one() == (1, 1)
    engine.dispose()
    published.client.set_registered_model_alias("flight-delay", "champion", "2")


def test_a_worse_model_in_an_experiment_is_refused_with_all_its_reasons(published, second) -> None:
    commits = published.project.run("git", "rev-parse", "main", "worse").stdout.split()
    published.project.run("git", "update-ref", f"refs/exps/{commits[0][:2]}/{commits[0][2:]}/tried", commits[1])
    published.project.run("git", "branch", "--quiet", "--delete", "--force", "worse")
    database = (published.project.root / "mlflow.db").read_bytes()
    answer = published.promote("tried")
    assert answer.code == 1
    assert answer.failing == ["committed", "backtest", "test", "slices", "calibration"]
    assert re.search(r"committed +FAILED .* experiment tried", answer.out)
    (backtest,) = re.findall(r"^backtest +FAILED +worse .*", answer.out, re.MULTILINE)
    _, _, difference = backtest.partition(" 2: ROC AUC ")
    assert re.match(r"-0\.\d+ \(-0\.\d+ .* -0\.\d+\)", difference)
    assert answer.out.splitlines()[-1].startswith(f"run {published.worse} (")
    assert f" {', '.join(answer.failing)})" in answer.out.splitlines()[-1]
    assert (published.project.root / "mlflow.db").read_bytes() == database


def test_a_model_that_was_changed_in_mlflow_is_refused(published, second) -> None:
    (model,) = published.client.search_logged_models(["1"], f"source_run_id = '{published.main}'")
    path = Path(model.artifact_location.removeprefix("file://")) / "artifacts/bundle/model.ubj"
    content = path.read_bytes()
    published.client.delete_registered_model_alias("flight-delay", "champion")
    try:
        path.write_bytes(content + b" ")
        answer = published.promote(published.main)
    finally:
        path.write_bytes(content)
        published.client.set_registered_model_alias("flight-delay", "champion", "2")
    assert (answer.code, answer.failing) == (1, ["loaded model", "speed"])


def test_a_run_that_is_in_no_commit_cannot_be_checked(published, second) -> None:
    run = published.client.get_run(published.worse)
    published.client.set_tag(published.worse, "pipeline_digest", "0" * 64)
    try:
        line = one_line(published.promote(published.worse))
    finally:
        published.client.set_tag(published.worse, "pipeline_digest", run.data.tags["pipeline_digest"])
    assert re.search(rf"run {published.worse} .*dvc\.lock .*`git fetch`", line)


def test_a_promotion_that_lost_to_another_one_says_so(published, second, monkeypatch) -> None:
    def collect_evidence(commit: PipelineCommit, *_: object) -> Evidence:
        published.client.set_registered_model_alias("flight-delay", "champion", "2")
        quality, replay = DataQuality((), 0, 0), ModelReplay((), 1, 0, Speed(1, 1e6))
        return Evidence(commit, verify.check_lock("main"), quality, None, 0.0, replay)

    monkeypatch.setattr(collect, "collect_evidence", collect_evidence)
    published.client.set_registered_model_alias("flight-delay", "champion", "1")
    answer = published.promote(published.main)
    assert (answer.code, answer.failing) == (2, [])
    assert re.findall(r" version (\d)", answer.error.splitlines()[-1]) == ["1", "2"]
    assert published.aliases["champion"] == 2


def test_an_error_is_one_line(published, second) -> None:
    client = published.client
    run = client.create_run("1", tags={"pipeline_digest": "1"}).info.run_id
    assert f" runs:/{run}: " in one_line(published.promote(f"runs:/{run}"))
    client.set_terminated(run)
    assert f" {run}: " in one_line(published.promote(run))
    client.delete_run(run)
    assert f"`mlflow runs restore --run-id {run}`" in one_line(published.promote(run))
    assert "'no-such-branch'" in one_line(published.promote("no-such-branch"))
    first_commit = published.project.run("git", "rev-list", "--max-parents=0", "HEAD").stdout.strip()
    assert "dvc.lock" in one_line(published.promote(first_commit))
    nowhere = "http://127.0.0.1:9"
    down = published.project.command("rollback", "--reason", "it is down", code=2, MLFLOW_TRACKING_URI=nowhere)
    assert nowhere in one_line(Answer(down.returncode, down.stdout, down.stderr), "rollback")


def one_line(answer: Answer, command: str = "promote") -> str:
    assert (answer.code, answer.out) == (2, "")
    (line,) = (line for line in answer.error.splitlines() if "error" in line)
    assert line == answer.error.splitlines()[-1]
    assert line.startswith(f"flight-delay {command}: error: ")
    return line
