"""Killed stages: the next `dvc repro` goes on, and ends with the bytes of the run that nobody disturbed. In a fresh clone one stage
after the other is killed as it is about to name what it wrote, three that differ in kind before that, too: `make_dataset` goes through
months and has written some of them, `train_model` reads and then trains for long, `report` only reads what others made. `publish`
is killed while it makes MLflow's database, and while it logs files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from mlflow import MlflowClient

REPOSITORY = Path(__file__).resolve().parents[3]
STAGES = list(yaml.safe_load((REPOSITORY / "dvc.yaml").read_text())["stages"])
MAKING = [stage for stage in STAGES if stage != "publish"]
AS_IT_WRITES = r"1 os\.rename .*\.partial"
AS_IT_WORKS = {
    "make_dataset": r"1 log .*\(2 of 5\)",
    "train_model": r"2 open data/processed/.*\.parquet",
    "report": r"1 open reports/metrics\.json",
}
KILLS = [
    *((stage, moment) for stage in MAKING for moment in (AS_IT_WORKS.get(stage), AS_IT_WRITES) if moment),
    ("publish", r"1 sql INSERT INTO _alembic_tmp"),  # a table is being changed, which takes several steps
    ("publish", r"3 (open|shutil\.copyfile) .*mlruns/.*/artifacts/"),
]


def hold(stage: str, moment: str) -> str:
    return f"flight_delay.stages.{stage} {moment}"


class Disturbed(NamedTuple):
    """A clone in which every stage was killed; the stages that each `dvc repro` ran, and what was left behind."""

    project: Any
    ran: list[list[str]]
    left_behind: list[str]  # of a stage that was killed although DVC's cache has what it makes


@pytest.fixture(scope="module")
def disturbed(made, made_once, project_at, beginning, stages_run) -> Disturbed:
    def make(root: Path) -> None:
        made.run("git", "clone", "--quiet", str(made.root), str(root / "project"))
        project, ran, left_behind = project_at(root / "project"), [], []

        def kill(stage: str, moment: str, *command: str) -> list[str]:
            command = begin(project, *command, hold=hold(stage, moment))
            command.wait_until_held()
            command.kill()
            return stages_run(command.said())

        with beginning(root / "begun") as begin:
            for stage, moment in KILLS:
                if stage == "publish" and not left_behind:
                    kill("train_baselines", AS_IT_WRITES, "dvc", "repro", "--single-item", "--force", "train_baselines")
                    left_behind = [path.name for path in (project.root / "reports").rglob("*partial")]
                ran.append(kill(stage, moment))
        ran.append(stages_run(project.run("dvc", "repro").stdout))
        (root / "record.json").write_text(json.dumps([ran, left_behind]))

    root = made_once("disturbed", make)
    return Disturbed(project_at(root / "project"), *json.loads((root / "record.json").read_text()))


@pytest.mark.parametrize("number", range(len(KILLS)), ids=[f"{stage}-{moment}" for stage, moment in KILLS])
def test_a_killed_stage_runs_again_and_no_other_one(disturbed, number: int) -> None:
    stage, _ = KILLS[number]
    before, after = disturbed.ran[number], disturbed.ran[number + 1]
    assert before[-1] == stage
    following, _ = (KILLS[number + 1 :] or [("publish", "")])[0]
    assert after == STAGES[STAGES.index(stage) : STAGES.index(following) + 1]


def test_every_byte_is_that_of_the_run_that_nobody_disturbed(disturbed, made, assert_same) -> None:
    assert_same(disturbed.project, made)
    assert disturbed.project.run("git", "status", "--porcelain").stdout == ""


def test_a_killed_stage_is_restored_from_the_cache_and_what_it_left_behind_is_not_published(disturbed) -> None:
    assert ".baselines.partial" in disturbed.left_behind
    assert "train_baselines" not in disturbed.ran[KILLS.index(("report", AS_IT_WRITES)) + 1]
    published = [path.name for path in (disturbed.project.root / "mlruns").rglob("*")]
    assert "index.html" in published
    assert [name for name in published if name.endswith("partial")] == []


def test_after_publish_was_killed_there_is_one_whole_run(disturbed, made) -> None:
    client = MlflowClient(f"sqlite:///{disturbed.project.root / 'mlflow.db'}")
    runs = client.search_runs([experiment.experiment_id for experiment in client.search_experiments()])
    assert [run.info.status for run in runs] == ["FINISHED"]
    assert runs[0].data.tags["pipeline_digest"] in (made.root / "logs/publish/receipt.json").read_text()
    logged = Path(runs[0].info.artifact_uri.removeprefix("file://"))
    assert (logged / "report/index.html").read_bytes() == (made.root / "reports/index.html").read_bytes()
