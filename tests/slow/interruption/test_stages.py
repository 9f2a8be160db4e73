"""Test killed stages.

Every stage is killed before it renames its temporary outputs: the former outputs stay whole. Three that differ in kind
are also killed under DVC, while they work and while they write, without former outputs: the next `dvc repro` runs them
again and ends with the bytes of an undisturbed run. `publish` is killed while it creates MLflow's database and while it
logs files."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parents[3]
STAGES = [stage for stage in yaml.safe_load((REPOSITORY / "dvc.yaml").read_text())["stages"] if stage != "publish"]
AS_IT_WRITES = r"1 os\.rename .*\.partial"
KILLS = [
    ("make_dataset", r"1 log .*\(2 of 5\)"),
    ("make_dataset", AS_IT_WRITES),
    ("train_model", r"2 open data/processed/.*\.parquet"),
    ("train_model", AS_IT_WRITES),
    ("report", r"1 open reports/metrics\.json"),
    ("report", AS_IT_WRITES),
    ("publish", r"1 sql INSERT INTO _alembic_tmp"),  # a table is being changed, which takes several steps
    ("publish", r"3 (open|shutil\.copyfile) .*mlruns/.*/artifacts/"),
]


def hold(stage: str, moment: str) -> str:
    return f"flight_delay.stages.{stage} {moment}"


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_killed_as_it_writes_leaves_its_former_outputs_whole(checkout, begin, stage: str) -> None:
    before = checkout.state()
    command = ("python", "-m", f"flight_delay.stages.{stage}")
    killed = begin(checkout, *command, hold=hold(stage, AS_IT_WRITES), PYTHONPATH="src")
    killed.wait_until_held()
    killed.kill()
    after = checkout.state()
    assert [path for path in after if path.endswith(".partial")] != []
    assert {path: entry for path, entry in after.items() if ".partial" not in path} == before


class Disturbed(NamedTuple):
    """A checkout in which stages were killed; the stages that each `dvc repro` ran, and what was left behind."""

    project: Any
    ran: list[list[str]]
    left_behind: list[str]  # of a stage that was killed although DVC's cache has what it makes


@pytest.fixture(scope="module")
def disturbed(made, copied, remove_outputs, beginning, stages_run, tmp_path_factory) -> Disturbed:
    root = tmp_path_factory.mktemp("disturbed")
    project, ran, left_behind = copied(made, root / "project"), [], []
    remove_outputs(project, "make_dataset", "train_model", "report")
    with beginning(root / "begun") as begin:

        def kill(stage: str, moment: str, *command: str) -> list[str]:
            command = begin(project, *command, hold=hold(stage, moment))
            command.wait_until_held()
            command.kill()
            return stages_run(command.output.read_text())

        for stage, moment in KILLS:
            if stage == "publish" and not left_behind:
                kill("train_baselines", AS_IT_WRITES, "dvc", "repro", "--single-item", "--force", "train_baselines")
                left_behind = [path.name for path in (project.root / "reports").rglob("*partial")]
            ran.append(kill(stage, moment))
    ran.append(stages_run(project.dvc("repro").stdout))
    return Disturbed(project, ran, left_behind)


def test_a_killed_stage_runs_again_and_no_other_one(disturbed) -> None:
    killed = [stage for stage, _ in KILLS]
    following = zip([None, *killed], [*killed, "publish"], strict=True)
    assert disturbed.ran == [list(dict.fromkeys(filter(None, pair))) for pair in following]


def test_every_byte_is_that_of_an_undisturbed_run(disturbed, made, assert_same) -> None:
    assert_same(disturbed.project, made)
    assert disturbed.project.run("git", "status", "--porcelain").stdout == ""


def test_a_killed_stage_is_restored_from_the_cache_and_its_leftovers_are_not_published(disturbed) -> None:
    assert ".baselines.partial" in disturbed.left_behind
    published = [path.name for path in (disturbed.project.root / "mlruns").rglob("*")]
    assert "index.html" in published
    assert [name for name in published if name.endswith("partial")] == []


def test_after_publish_was_killed_there_is_one_complete_run(disturbed, made) -> None:
    (run,) = disturbed.project.runs()
    assert run.info.status == "FINISHED"
    assert run.data.tags["pipeline_digest"] in (made.root / "logs/publish/receipt.json").read_text()
    logged = Path(run.info.artifact_uri.removeprefix("file://"))
    assert (logged / "report/index.html").read_bytes() == (made.root / "reports/index.html").read_bytes()
