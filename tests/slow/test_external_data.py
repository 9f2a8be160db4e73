"""Files that a user adds to data/external with `dvc add`, as docs/bts.md says: nothing loses them, others get them."""

from __future__ import annotations

import dataclasses
import gzip
import shutil
from pathlib import Path

import pytest
import yaml
from checkouts import forked_clones

REPOSITORY = Path(__file__).resolve().parents[2]
STAGES = ("fetch_raw", "make_dataset")  # the only ones that depend on the source
FILES = {"data/external/flights.csv": "", "data/external/airports.csv": "faa,tzone\nSTT,America/St_Thomas\n"}


def january(rows: int) -> str:
    """Header and first rows of the sample, which are of October 1987 and of Januaries."""
    with gzip.open(REPOSITORY / "tests/data/allyears2k.csv.gz", "rt", encoding="latin-1") as file:
        return "".join(next(file) for _ in range(rows + 1))


@pytest.fixture(scope="module")
def pushed(made, tmp_path_factory):
    """A pipeline of two stages on added files, run, committed and pushed to a remote. Not to be changed."""
    project = made.bare_copy(tmp_path_factory.mktemp("external") / "project")
    shutil.copytree(made.root / ".dvc", project.root / ".dvc", ignore=shutil.ignore_patterns("cache", "tmp"))
    (project.root / "dvc.lock").unlink()
    pipeline = yaml.safe_load((project.root / "dvc.yaml").read_text())
    stages = {name: pipeline["stages"][name] for name in STAGES}
    (project.root / "dvc.yaml").write_text(yaml.safe_dump({"stages": stages}))
    project.params({"fetch_raw": {"source": "bts", "last_month": "1987-10", "allow_gaps": True}})
    project.params({"make_dataset": {"max_quarantined_share": 0.1}})
    for name, text in FILES.items():
        (project.root / name).write_text(text or january(300))
    project.run("git", "init", "--quiet", "--initial-branch", "main")
    project.dvc("add", *FILES)
    project.dvc("remote", "add", "--default", "storage", str(project.root.parent / "storage"))
    project.dvc("repro")
    project.commit("run the pipeline on own files")
    project.dvc("push")
    return project


@pytest.fixture
def project(pushed, tmp_path):
    """A copy of it, to be changed."""
    shutil.copytree(pushed.root, tmp_path / "project", symlinks=True)
    return dataclasses.replace(pushed, root=tmp_path / "project")


@pytest.fixture
def clone(pushed, tmp_path):
    """A clone on "another machine", without a cache."""
    pushed.run("git", "clone", "--quiet", str(pushed.root), str(tmp_path / "clone"))
    environment = {**pushed.environment, "DVC_SITE_CACHE_DIR": str(tmp_path / "site")}
    return dataclasses.replace(pushed, root=tmp_path / "clone", environment=environment)


def external(project) -> dict[str, str]:
    return {name: (project.root / name).read_text() for name in FILES if (project.root / name).exists()}


def test_git_has_the_dvc_files_only(pushed, project) -> None:
    (project.root / "data/external/not_added.csv").write_text("Year\n")
    project.run("git", "add", "--all")
    tracked = project.run("git", "ls-files", "data/external").stdout.split()
    assert sorted(tracked) == sorted(["data/external/README.md", *(f"{name}.dvc" for name in FILES)])


def test_checkout_and_garbage_collection_keep_them(pushed, project) -> None:
    project.dvc("checkout", "--force")
    project.dvc("gc", "--workspace", "--force")
    assert external(project) == external(pushed)
    shutil.rmtree(project.root / "data/external")
    project.run("git", "restore", "data/external")
    project.dvc("checkout")
    assert external(project) == external(pushed)
    assert set(external(pushed)) == set(FILES)


@pytest.mark.parametrize("way", ["--temp", "--queue"])
def test_experiments_in_another_folder_read_them(project, way) -> None:
    project.dvc("exp", "run", way, "--name", "tried", "-S", "fetch_raw.allow_gaps=false")
    if way == "--queue":
        project.dvc("exp", "run", "--run-all")
    experiment = project.command("provenance", "data/raw/manifest.json", "--at", "tried").stdout
    assert "not confirmed" not in experiment


def test_a_clone_gets_them_with_its_outputs(pushed, clone, stages_run) -> None:
    assert external(clone) == {}
    assert stages_run(clone.dvc("repro", "--pull").stdout) == []
    assert external(clone) == external(pushed)
    assert clone.run("git", "status", "--porcelain").stdout == ""


def test_a_commit_is_verified_with_them(project) -> None:
    """With the remote only, which is where a reviewer has them from."""
    shutil.rmtree(project.root / ".dvc/cache")
    project.command("verify", "--quick")
    with forked_clones():
        project.command("verify")
    assert "not confirmed" not in project.command("provenance", "data/raw/manifest.json").stdout


def test_other_external_data_are_a_stale_lock(project) -> None:
    (project.root / "data/external/airports.csv").write_text("faa,tzone\n")
    project.dvc("add", "data/external/airports.csv")
    project.commit("other airports")
    done = project.command("verify", "--quick", code=1)
    assert "fetch_raw: data/external changed" in done.stdout
    assert (
        "data/external" in project.command("provenance", "data/raw/manifest.json").stdout.partition("not confirmed")[2]
    )


def test_without_them_nothing_is_verified(project) -> None:
    shutil.rmtree(project.root / ".dvc/cache")
    project.dvc("remote", "modify", "storage", "url", str(project.root / "nowhere"))
    done = project.command("verify", code=2)
    assert done.stderr.splitlines()[-1].count("data/external/") == 1


FOLDERS = (
    "data",
    "data/external",
    "data/raw",
    "data/interim",
    "models",
    "references",
    "reports",
    "docs",
    "tests",
    "src",
)


def test_dvc_sees_every_file_that_it_accepts(project) -> None:
    """A .gitignore that hides a folder from DVC lets `dvc add` succeed, and `dvc push` and `dvc gc` forget the file."""
    refused = []
    for folder in FOLDERS:
        (project.root / folder / "own.bin").write_text(folder)
        if project.dvc("add", f"{folder}/own.bin", code=None).returncode:
            refused.append(folder)
    assert refused == ["data/interim", "models", "reports"]
    project.commit("own files")
    project.dvc("checkout", "--force")
    project.dvc("gc", "--workspace", "--force")
    for folder in FOLDERS:
        if folder not in refused:
            (project.root / folder / "own.bin").unlink()
    project.dvc("checkout")
    assert [folder for folder in FOLDERS if (project.root / folder / "own.bin").exists()] == list(FOLDERS)
