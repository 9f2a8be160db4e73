"""A DVC remote brings a pipeline to another machine: everything is fetched, nothing is trained a second time."""

from __future__ import annotations

import dataclasses
import hashlib
import re

import pytest


def stages_run(output: str) -> list[str]:
    return re.findall(r"^Running stage '(\w+)'", output, re.MULTILINE)


def outputs(project) -> dict[str, str]:
    """SHA-256 of every file of every output of every stage, by path."""
    paths = [project.root / out["path"] for entry in project.lock().values() for out in entry["outs"]]
    files = [file for path in paths for file in (path.rglob("*") if path.is_dir() else [path]) if file.is_file()]
    return {str(file.relative_to(project.root)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


@pytest.fixture
def elsewhere(copy_of_made, tmp_path):
    """A clone on "another machine": its own cache and MLflow; the remote has what `dvc push --run-cache` put there."""
    copy_of_made.run("dvc", "remote", "add", "--default", "store", str(tmp_path / "remote"))
    copy_of_made.commit("name a remote")
    pushed = copy_of_made.run("dvc", "push", "--run-cache")
    assert re.search(r"\d+ files pushed", pushed.stdout + pushed.stderr)
    copy_of_made.run("git", "clone", "--quiet", str(copy_of_made.root), str(tmp_path / "elsewhere"))
    site = str(tmp_path / "site")
    return dataclasses.replace(
        copy_of_made,
        root=tmp_path / "elsewhere",
        environment={**copy_of_made.environment, "DVC_SITE_CACHE_DIR": site},
    )


def test_a_clone_that_pulls_has_everything_and_only_publishes(made, elsewhere) -> None:
    assert not (elsewhere.root / "data/processed").exists()
    elsewhere.run("dvc", "pull")
    assert stages_run(elsewhere.run("dvc", "repro").stdout) == ["publish"]
    assert outputs(elsewhere) == outputs(made)
    assert len(outputs(elsewhere)) > 30
    assert elsewhere.run("git", "status", "--porcelain").stdout == ""
    assert elsewhere.run("dvc", "status").stdout.strip() == "Data and pipelines are up to date."
    assert (elsewhere.root / "mlflow.db").exists()


def test_repro_with_pull_trains_nothing(made, elsewhere) -> None:
    # DVC does not miss the receipt, which is no data, when it pulls: publishing may be left to the next `dvc repro`.
    ran = stages_run(elsewhere.run("dvc", "repro", "--pull").stdout) + stages_run(elsewhere.run("dvc", "repro").stdout)
    assert ran == ["publish"]
    assert outputs(elsewhere) == outputs(made)
    assert elsewhere.run("git", "status", "--porcelain").stdout == ""


def test_without_a_lock_file_the_run_cache_of_the_remote_saves_training(made, elsewhere) -> None:
    (elsewhere.root / "dvc.lock").unlink()
    ran = stages_run(elsewhere.run("dvc", "repro", "--pull").stdout)
    # A remote does not get the files that git keeps (manifest, quality, metrics), so the stages that write them may run again.
    assert set(ran) <= {"fetch_raw", "make_dataset", "evaluate", "publish"}
    assert outputs(elsewhere) == outputs(made)
    assert elsewhere.run("git", "status", "--porcelain").stdout == ""
