"""A DVC remote brings a pipeline to another machine: everything is fetched, nothing is trained a second time."""

from __future__ import annotations

import dataclasses
import hashlib
import re
import shlex

import pytest

# Run here as they stand in the README.
DOCUMENTED = (
    "dvc remote add --default storage ../flight-delay-storage",
    "dvc push --run-cache",
    "dvc repro --pull",
)
ADD, PUSH, PULL = DOCUMENTED


def outputs(project) -> dict[str, str]:
    """Return the SHA-256 of every output file of every stage but `publish`, by path."""
    entries = [entry for stage, entry in project.lock().items() if stage != "publish"]
    paths = [project.root / out["path"] for entry in entries for out in entry["outs"]]
    files = [file for path in paths for file in (path.rglob("[!.]*") if path.is_dir() else [path]) if file.is_file()]
    return {str(file.relative_to(project.root)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


@pytest.fixture(scope="module")
def pushed(made, copied, tmp_path_factory):
    """A checkout with a remote, which has what was pushed. Not to be changed."""
    project = copied(made, tmp_path_factory.mktemp("pushed") / "project")
    project.dvc(*shlex.split(ADD)[1:])
    project.commit("name a remote")
    done = project.dvc(*shlex.split(PUSH)[1:])
    assert re.search(r"\d+ files pushed", done.stdout + done.stderr)
    return project


@pytest.fixture
def elsewhere(pushed, tmp_path):
    """A clone on "another machine": its own cache and MLflow, and the remote."""
    pushed.run("git", "clone", "--quiet", str(pushed.root), str(tmp_path / "elsewhere"))
    remote = pushed.root.parent / "flight-delay-storage"
    (tmp_path / "flight-delay-storage").symlink_to(remote)
    environment = {**pushed.environment, "DVC_SITE_CACHE_DIR": str(tmp_path / "site")}
    return dataclasses.replace(pushed, root=tmp_path / "elsewhere", environment=environment)


def test_a_clone_that_pulls_has_everything_and_runs_nothing(made, elsewhere, stages_run) -> None:
    assert not (elsewhere.root / "data/processed").exists()
    elsewhere.dvc("pull")
    assert stages_run(elsewhere.dvc("repro", "report").stdout) == []
    assert outputs(elsewhere) == outputs(made) != {}
    assert elsewhere.run("git", "status", "--porcelain").stdout == ""


def test_repro_with_pull_trains_nothing(made, elsewhere, stages_run) -> None:
    # DVC does not miss the receipt, which is no data, when it pulls: publishing may be left to the next `dvc repro`.
    ran = stages_run(elsewhere.dvc(*shlex.split(PULL)[1:]).stdout) + stages_run(elsewhere.dvc("repro").stdout)
    assert ran == ["publish"]
    assert outputs(elsewhere) == outputs(made)
    assert elsewhere.run("git", "status", "--porcelain").stdout == ""
    assert "up to date" in elsewhere.dvc("status").stdout
    assert (elsewhere.root / "mlflow.db").exists()


def test_without_a_lock_file_the_run_cache_of_the_remote_saves_training(made, elsewhere, stages_run) -> None:
    (elsewhere.root / "dvc.lock").unlink()
    ran = stages_run(elsewhere.dvc(*shlex.split(PULL)[1:], "report", "drift_thresholds").stdout)
    # A remote does not get files that git keeps (manifest, quality, metrics): the stages that write them may run again.
    # Those that keep months run again, too.
    assert set(ran) <= {"fetch_raw", "make_dataset", "build_features", "evaluate"}
    assert {stage: entry for stage, entry in made.lock().items() if stage != "publish"} == elsewhere.lock()
    assert outputs(elsewhere) == outputs(made)
    assert elsewhere.run("git", "diff", "--stat", "--", ".", ":!dvc.lock").stdout == ""
