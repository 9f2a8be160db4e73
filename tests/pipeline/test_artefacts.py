"""vcs.commit_files: the files of any commit, read from git, the cache or a remote, and none written."""

from __future__ import annotations

import shutil

import pytest

from flight_delay.core.errors import UserError
from flight_delay.vcs.commit_files import CommitFiles
from flight_delay.vcs.git import resolve_revision
from flight_delay.vcs.lock import input_hashes


def next_commit(project) -> None:
    """Four rows instead of three."""
    (project.root / "params.yaml").write_text("make: {rows: 4}\n")
    project.dvc("repro")
    project.commit("one row more")


def test_files_of_any_commit_are_read_whatever_is_checked_out(small) -> None:
    next_commit(small)
    parent, head = CommitFiles.at("HEAD~1"), CommitFiles.at()
    assert (parent.params, head.params) == ({"make": {"rows": 3}}, {"make": {"rows": 4}})
    assert (parent.read_text("model.txt"), head.read_text("model.txt")) == ("model of 3\n", "model of 4\n")
    assert (parent.read_json("metrics.json"), head.read_json("metrics.json")) == ({"score": 0.3}, {"score": 0.4})
    assert parent.files("data") == ["data/inner/count.txt", "data/rows.txt"]
    assert (parent.files("model.txt"), parent.files("nowhere")) == (["model.txt"], [])
    assert head.lock == small.lock()
    assert parent.lock["make"]["params"] == {"params.yaml": {"make": {"rows": 3}}}


def test_folders_and_files_are_copied(small, tmp_path) -> None:
    next_commit(small)
    parent = CommitFiles.at("HEAD~1")
    for path in ("data", "model.txt", "metrics.json"):
        parent.copy(path, tmp_path / "copy" / path)
    copied = {
        entry.relative_to(tmp_path / "copy").as_posix(): entry.read_text() for entry in (tmp_path / "copy").rglob("*.*")
    }
    assert copied == {
        "data/inner/count.txt": "3\n", "data/rows.txt": "row\nrow\nrow\n", "model.txt": "model of 3\n",
        "metrics.json": '{"score": 0.3}',
    }  # fmt: skip


def test_an_experiment_is_found_by_its_name(small) -> None:
    small.dvc("exp", "run", "--temp", "--name", "five", "-S", "make.rows=5")
    assert CommitFiles.at("five").read_text("model.txt") == "model of 5\n"
    assert resolve_revision("five") not in small.run("git", "log", "--format=%H").stdout
    assert CommitFiles.at().read_text("model.txt") == "model of 3\n"


def test_what_is_not_in_the_cache_is_taken_from_a_remote_and_kept_out_of_the_cache(small, tmp_path) -> None:
    small.dvc("remote", "add", "--default", "storage", str(tmp_path / "storage"))
    small.dvc("push", "--quiet")
    small.commit("a remote")
    shutil.rmtree(small.root / ".dvc/cache")
    assert CommitFiles.at().read_text("data/inner/count.txt") == "3\n"
    assert not (small.root / ".dvc/cache").exists()


def test_what_is_nowhere_is_said_in_one_line(small, tmp_path) -> None:
    shutil.rmtree(small.root / ".dvc/cache")
    artefacts = CommitFiles.at()
    for refused in (lambda: artefacts.read_bytes("model.txt"), lambda: artefacts.copy("data", tmp_path / "data")):
        with pytest.raises(UserError, match=r"^(model.txt|data) of commit [^\n]*$"):
            refused()
    assert not (tmp_path / "data").exists()
    assert artefacts.read_json("metrics.json") == {"score": 0.3}  # in git


def test_a_commit_without_a_lock_and_one_that_is_not_there_are_said(small) -> None:
    small.run("git", "rm", "--quiet", "dvc.lock")
    small.commit()
    with pytest.raises(UserError, match=r"^commit \w{10} .*dvc\.lock"):
        _ = CommitFiles.at().lock
    with pytest.raises(UserError, match=r"^[^\n]*'nowhere'[^\n]*$"):
        CommitFiles.at("nowhere")


def test_reading_changes_nothing(small) -> None:
    before = small.state()
    CommitFiles.at().read_bytes("data/rows.txt")
    assert small.state() == before


def test_checksums_are_those_of_dvc_without_reading_data(small) -> None:
    """Of a folder with a .dvc file, with a file that git has and DVC ignores, and with one that only DVC has."""
    (small.root / "own").mkdir()
    for name, text in {
        "flights.csv": "1\n",
        "README.md": "own\n",
        "b/c.txt": "2\n",
        "b.txt": "3\n",
        ".b.swp": "",
    }.items():
        (small.root / "own" / name).parent.mkdir(exist_ok=True)
        (small.root / "own" / name).write_text(text)
    (small.root / ".dvcignore").write_text("*.swp\n")
    small.dvc("add", "own/flights.csv")
    pipeline = (small.root / "dvc.yaml").read_text().replace("deps: [make.py", "deps: [make.py, own")
    (small.root / "dvc.yaml").write_text(pipeline)
    small.dvc("repro")
    small.commit("own data")
    shutil.rmtree(small.root / ".dvc/cache")
    artefacts = CommitFiles.at()
    assert artefacts.added_data == ["own/flights.csv"]
    inputs = input_hashes(artefacts.lock)
    assert {path: artefacts.md5(path) for path in inputs} == inputs
    assert set(inputs) == {"own", "make.py", "train.py", "requirements.txt"}
    assert artefacts.md5("nowhere") is None


def test_a_remote_that_fails_and_a_broken_pipeline_end_in_one_line(small) -> None:
    for url in ("ssh://127.0.0.1:9/storage", "s3://bucket/storage", "http://127.0.0.1:9/storage"):
        small.dvc("remote", "add", "--local", "--force", "--default", "storage", url)
        shutil.rmtree(small.root / ".dvc/cache", ignore_errors=True)
        with pytest.raises(UserError):
            CommitFiles.at().read_bytes("model.txt")
    (small.root / "dvc.yaml").write_text("stages: {make: {}}\n")
    small.commit("no command")
    with pytest.raises(UserError):
        CommitFiles.at().md5("make.py")
