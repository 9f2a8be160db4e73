"""`flight-delay retrain` runs a later month in a clone, and adds a branch with its results and a request."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
import yaml
from checkouts import forked_clones

MONTH, BRANCH = "2013-06", "retrain-2013-06"


def outside_git(project) -> dict[str, object]:
    """State of the checkout without git's own files, DVC's cache and MLflow's runs."""
    apart = {".git", "cache", "tmp", "mlruns", "mlflow.db"}
    return {
        path: entry
        for path, entry in project.state().items()
        if not apart & set(Path(path).relative_to(project.root).parts)
    }


def refs(project) -> str:
    return project.run("git", "for-each-ref").stdout + project.run("git", "symbolic-ref", "HEAD").stdout


def refuse(project, *arguments: str) -> str:
    """Expect an error in one line and no change; return the line."""
    before = outside_git(project), refs(project)
    done = project.command("retrain", *arguments, code=2)
    assert (outside_git(project), refs(project)) == before
    assert done.stdout == ""
    (line,) = (line for line in done.stderr.splitlines() if "error: " in line and line.startswith("flight-delay"))
    return line


@pytest.fixture(scope="module")
def retrained(made, copied, tmp_path_factory):
    """A checkout with an untracked file in which a month was added, its state before, and the output."""
    project = copied(made, tmp_path_factory.mktemp("retrain") / "project")
    (project.root / "notes.txt").write_text("mine\n")
    before, temporary = outside_git(project), tmp_path_factory.mktemp("tmp")
    dry = project.command("retrain", MONTH, "--dry-run")
    assert (outside_git(project), refs(project)) == (before, refs(made))
    with pytest.MonkeyPatch.context() as patch, forked_clones():
        patch.setattr(tempfile, "tempdir", str(temporary))
        done = project.command("retrain", MONTH)
    assert list(temporary.iterdir()) == []
    return project, before, dry, done


def show(project, path: str) -> str:
    return project.run("git", "show", f"{BRANCH}:{path}").stdout


def test_the_checkout_stays_as_it_is(made, retrained) -> None:
    project, before, _, _ = retrained
    assert outside_git(project) == before
    assert project.run("git", "status", "--porcelain").stdout == "?? notes.txt\n"
    added = set(refs(project).splitlines()) - set(refs(made).splitlines())
    assert [line.rpartition("/")[2] for line in added] == [BRANCH]


def test_the_branch_has_the_shifted_parameters_with_their_results(retrained) -> None:
    project, _, dry, _ = retrained
    params = yaml.safe_load(show(project, "params.yaml"))
    assert params["fetch_raw"]["last_month"] == MONTH
    assert params["splits"] == {
        "train": {"first": "2013-02", "last": "2013-03"},
        "validation": {"first": "2013-04", "last": "2013-05"},
        "test": {"first": MONTH, "last": MONTH},
    }
    assert params["backtest"]["first_test_month"] == "2013-04"
    assert f"fetch_raw.last_month={MONTH}" in dry.stdout
    assert "backtest.first_test_month: 2013-03 → 2013-04" in dry.stdout
    assert f"flights/{MONTH}.parquet" in json.loads(show(project, "data/raw/manifest.json"))["files"]
    assert json.loads(show(project, "reports/metrics.json"))["test"]["rows"] > 20_000


def test_the_branch_ends_with_a_request_that_compares_it(retrained) -> None:
    project, _, _, done = retrained
    commits = project.run("git", "rev-list", "--reverse", f"HEAD..{BRANCH}").stdout.split()
    assert len(commits) == 2
    (page,) = project.run("git", "diff", "--name-only", *commits).stdout.split()
    assert page in done.stdout
    request = yaml.safe_load(show(project, page).split("---\n")[1])
    assert request["commit"] == commits[0]
    assert request["against"] == project.run("git", "rev-parse", "HEAD").stdout.strip()
    assert request["author"] == "Ada Lovelace <ada@example.org>"
    assert "### " in show(project, page)


def test_it_is_one_run_in_the_mlflow_of_the_checkout_which_moves_no_alias(retrained) -> None:
    project, *_ = retrained
    (run,) = project.runs()
    assert run.info.status == "FINISHED"
    assert run.data.params["fetch_raw.last_month"] == MONTH
    assert run.data.tags["dvc_experiment"] == BRANCH
    # The lock fits, and the outputs are in the cache of this checkout.
    project.command("publish", "--rev", f"{BRANCH}~1")
    (again,) = project.runs()
    assert again.info.run_id == run.info.run_id
    assert again.data.tags["git_commit"] == project.run("git", "rev-parse", f"{BRANCH}~1").stdout.strip()
    assert "champion" not in project.command("registry").stdout


def test_what_cannot_be_retrained_is_refused_in_one_line(retrained, copied, tmp_path) -> None:
    project = copied(retrained[0], tmp_path / "project")
    assert BRANCH in refuse(project, MONTH)
    assert "2013-05" in refuse(project, "2013-05")
    assert "2013-04" in refuse(project, "2013-04", "--dry-run")
    params = project.root / "params.yaml"
    params.write_text(f"{params.read_text()}\n")
    assert "params.yaml" in refuse(project, "2013-07")
    project.run("git", "restore", "params.yaml")
    # The package has no such month, which the first stage finds.
    assert "retrain-2014-01" in refuse(project, "2014-01")


def test_the_branch_can_be_merged(retrained, copied, tmp_path) -> None:
    project = copied(retrained[0], tmp_path / "project")
    project.run("git", "merge", "--quiet", BRANCH)
    project.dvc("checkout")
    assert (project.root / f"data/processed/{MONTH}.parquet").exists()
