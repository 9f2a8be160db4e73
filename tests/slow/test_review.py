"""Test `flight-delay review`: a request from a commit, a review in a clean clone, and an unchanged checkout."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from checkouts import forked_clones

# Run here as they stand on the page.
DOCUMENTED = (
    "flight-delay review request --name my-change --against HEAD~1",
    "flight-delay review run docs/reviews/*-my-change-request.md",
)
REQUEST, RUN = DOCUMENTED


def front_matter(text: str) -> dict[str, Any]:
    return yaml.safe_load(text.split("---\n")[1])


def page(project, name: str, kind: str) -> Path:
    """The only page of a review and a kind; other reviews may be kept beside it."""
    (path,) = (project.root / "docs/reviews").glob(f"*-{name}-{kind}.md")
    return path


def keep_one_experiment(path: Path, name: str) -> None:
    """Edit a request as a reviewer may."""
    _, front, body = path.read_text().split("---\n", 2)
    content = yaml.safe_load(front)
    content["experiments"] = [entry for entry in content["experiments"] if entry["name"] == name]
    assert content["experiments"]
    path.write_text(f"---\n{yaml.safe_dump(content)}---\n{body}")


def one_line(done) -> str:
    lines = [line for line in done.stderr.splitlines() if "error: " in line]
    assert len(lines) == 1, done.stderr
    assert done.stdout == ""
    return lines[0]


@pytest.fixture(scope="session")
def request_review() -> Callable[..., Any]:
    """Requests a review in a checkout."""

    def request(project, *arguments: str, code: int = 0):
        return project.command("review", "request", *arguments, code=code)

    return request


@pytest.fixture(scope="module")
def requested(made, copied, request_review, tmp_path_factory):
    """A checkout in which a review called `a` is requested. Not to be changed."""
    project = copied(made, tmp_path_factory.mktemp("requested") / "project")
    request_review(project, "--name", "a")
    return project


@pytest.fixture
def with_request(requested, copied, tmp_path):
    """A copy of it, and the page."""
    project = copied(requested, tmp_path / "project")
    return project, page(project, "a", "request")


def test_a_request_identifies_what_is_reviewed(copy_of_made, request_review) -> None:
    project = copy_of_made
    printed = request_review(project, "--name", "First look!", "--against", "HEAD").stdout
    path = page(project, "first-look", "request")
    assert str(path.relative_to(project.root)) in printed
    text = path.read_text()
    request = front_matter(text)
    assert request["commit"] == request["against"] == project.run("git", "rev-parse", "HEAD").stdout.strip()
    assert request["author"] == project.run("git", "show", "--no-patch", "--format=%an <%ae>").stdout.strip()
    for link in re.findall(r"\]\(([^)#]+)", text):
        assert (path.parent / link).exists(), link
    (heading,) = re.findall(r"^### A and B .*$", text, re.MULTILINE)
    assert heading.endswith(", byte for byte")
    assert len(re.findall(r"`dvc exp run -S '", text)) == len(request["experiments"]) >= 5
    assert not re.search(r"\bNone\b|\bnan\b|Undefined", text)


def test_invalid_requests_are_refused_in_one_line(copy_of_made, request_review) -> None:
    project = copy_of_made
    request_review(project, "--name", "twice")
    written = page(project, "twice", "request")
    before = written.read_text()
    assert f"docs/reviews/{written.name}" in one_line(request_review(project, "--name", "twice", code=2))
    assert written.read_text() == before
    assert "'!!'" in one_line(request_review(project, "--name", "!!", code=2))
    assert "'nowhere'" in one_line(request_review(project, "--name", "a", "--against", "nowhere", code=2))
    project.params({"train_model": {"seed": 1}})
    assert "params.yaml" in one_line(request_review(project, "--name", "a", code=2))
    project.commit()
    stale = one_line(request_review(project, "--name", "a", code=2))
    assert "(train_model: train_model.seed is 1, was 2013)" in stale
    assert [path.name for path in (project.root / "docs/reviews").glob("*-a-*")] == []


def test_a_review_verifies_replays_and_runs_experiments(
    copy_of_made, request_review, made_again, pipeline_outputs
) -> None:
    project = copy_of_made
    project.run("git", "checkout", "--quiet", "-b", "calibrated")  # a branch that is called as an experiment will be
    project.run("git", "commit", "--quiet", "--allow-empty", "--message", "my change")
    project.command(*shlex.split(REQUEST)[1:])
    path = page(project, "my-change", "request")
    keep_one_experiment(path, "calibrated")
    *words, pattern = shlex.split(RUN)[1:]
    assert list(project.root.glob(pattern)) == [path]
    before = project.state()
    head = project.run("git", "rev-parse", "HEAD").stdout.strip()
    with made_again() as commits, forked_clones():
        done = project.command(*words, str(path), MLFLOW_TRACKING_URI="http://127.0.0.1:9")
    assert commits == [head]
    result = page(project, "my-change", "result")
    assert str(result.relative_to(project.root)) in done.stdout
    assert {
        path: entry for path, entry in project.state().items() if ".git" not in Path(path).parts and path != str(result)
    } == {path: entry for path, entry in before.items() if ".git" not in Path(path).parts}

    text = result.read_text()
    assert front_matter(text)["request"] == path.name
    assert front_matter(text)["commit"] == head
    assert front_matter(text)["same"] is True
    assert f"| all {len(pipeline_outputs)} outputs" in text
    assert len(re.findall(r" same$", text, re.MULTILINE)) == len(pipeline_outputs)
    metrics = json.loads((project.root / "reports/metrics.json").read_text())
    assert f"| all {metrics['validation']['rows'] + metrics['test']['rows']:,} predictions" in text
    row = re.search(r"^\| calibrated \| ([^|]+) \| ([+−]0\.\d{4})", text, re.MULTILINE)
    assert front_matter(text)["experiments"] == {"calibrated": row[1]}
    assert "byte for byte" not in row[1]
    assert row[2] != "+0.0000"
    assert text.count("*Open: ") == text.count("\n### ") >= 5

    assert result.name in one_line(project.command("review", "run", str(path), code=2))
    assert result.read_text() == text


def test_a_changed_request_is_refused(with_request) -> None:
    project, path = with_request
    text = path.read_text()
    for old, new, part in (
        ("commit: ", "commit: 0", "front matter: commit"),
        ("format: 3", "format: 2", "front matter: format"),
        ("---\n", "", "no front matter"),
    ):
        path.write_text(text.replace(old, new, 1))
        assert part in one_line(project.command("review", "run", str(path), code=2))
    assert list((project.root / "docs/reviews").glob("*-a-result*")) == []


def test_a_time_limit_that_is_too_small_leaves_nothing(with_request) -> None:
    project, path = with_request
    error = one_line(project.command("review", "run", str(path), "--minutes", "0.02", code=2))
    assert "0.02 minutes" in error
    assert "--minutes" in error
    assert list((project.root / "docs/reviews").glob("*-a-result*")) == []
    assert "usage: " in project.command("review", "run", str(path), "--minutes", "0", code=2).stderr
