"""`flight-delay review`: a request is filled in from the artefacts, a machine does its part of it, and nothing frozen is
written to."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

# Run here as they stand on the page.
DOCUMENTED = (
    "flight-delay review request --name my-change --against HEAD~1",
    "flight-delay review run docs/reviews/*-my-change-request.md",
)
REQUEST, RUN = DOCUMENTED


def front(text: str) -> dict:
    return yaml.safe_load(re.match(r"---\n(.*?)\n---\n", text, re.DOTALL)[1])


def page(project, name: str, kind: str) -> Path:
    """The one page of a review and a kind; other reviews may be kept beside it."""
    (path,) = (project.root / "docs/reviews").glob(f"*-{name}-{kind}.md")
    return path


def only_tweak(project, review: str, name: str) -> Path:
    """Edit a request as a reviewer may, so that one experiment is left."""
    path = page(project, review, "request")
    wanted = front(path.read_text())
    wanted["tweaks"] = [of for of in wanted["tweaks"] if of["name"] == name]
    assert wanted["tweaks"]
    body = re.split(r"\n---\n", path.read_text(), maxsplit=1)[1]
    path.write_text(f"---\n{yaml.safe_dump(wanted)}---\n{body}")
    return path


def one_line(done) -> str:
    lines = [line for line in done.stderr.splitlines() if "error: " in line]
    assert len(lines) == 1, done.stderr
    assert done.stdout == ""
    return lines[0]


@pytest.fixture(scope="session")
def request_review(flight_delay) -> Callable[..., Any]:
    """Requests a review in a checkout."""

    def request(project, *arguments: str, code: int = 0):
        return flight_delay(project, "review", "request", *arguments, code=code)

    return request


@pytest.fixture(scope="module")
def requested(made, copied, request_review, tmp_path_factory):
    """A checkout in which a review called `a` is requested. Not to be changed."""
    project = copied(made, tmp_path_factory.mktemp("requested") / "project")
    request_review(project, "--name", "a")
    return project


@pytest.fixture
def asked(requested, copied, tmp_path):
    """A copy of it, and the request."""
    project = copied(requested, tmp_path / "project")
    return project, page(project, "a", "request")


def test_a_request_says_what_the_artefacts_say(copy_of_made, request_review) -> None:
    project = copy_of_made
    said = request_review(project, "--name", "First look!", "--against", "HEAD").stdout
    path = page(project, "first-look", "request")
    assert str(path.relative_to(project.root)) in said
    text = path.read_text()
    head = project.run("git", "rev-parse", "HEAD").stdout.strip()
    made = {out["path"]: out["md5"] for entry in project.lock().values() for out in entry["outs"]}
    assert front(text)["commit"] == front(text)["against"] == head
    assert len(front(text)["frozen"]) == 8
    assert front(text)["frozen"].items() <= made.items()

    metrics = json.loads((project.root / "reports/metrics.json").read_text())
    for name in ("roc_auc", "average_precision", "log_loss"):
        for of in (metrics["test"], metrics["baselines"]["logistic"]["test"]):
            assert f"{of[name]:.3f} (" in text
        for window in ("train", "validation", "backtest"):
            assert f"| {metrics[window][name]:.3f} |" in text
    assert metrics["verdict"] in text
    sections = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert [name for name in sections if name in {
        "Objective", "Key figures", "Inputs", "Outputs", "Assumptions", "Transformations", "Bias and variance",
        "Known limits", "To try",
    }] == [
        "Objective", "Key figures", "Inputs", "Outputs", "Assumptions", "Transformations", "Bias and variance",
        "Known limits", "To try",
    ]  # fmt: skip
    (comparison,) = re.findall(r"^### A and B .*$", text, re.MULTILINE)
    assert comparison.endswith(", byte for byte")
    assert len(re.findall(r"^\| 2013-05-\d\d-", text, re.MULTILINE)) >= 5  # records
    assert len(re.findall(r"\| \*\*(?:yes|no|cannot tell)\*\* \|", text)) == 6  # assumptions
    assert len(re.findall(r"`dvc exp run -S '", text)) == len(front(text)["tweaks"]) >= 5
    assert not re.search(r"\bNone\b|\bnan\b|Undefined", text)


def test_what_a_review_cannot_be_of_is_refused_in_one_line(copy_of_made, request_review) -> None:
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


def test_a_machine_does_its_part_and_leaves_the_questions(
    copy_of_made, request_review, flight_delay, made_again, pipeline_outputs
) -> None:
    project = copy_of_made
    project.run("git", "checkout", "--quiet", "-b", "calibrated")  # a branch that is called as an experiment will be
    project.run("git", "commit", "--quiet", "--allow-empty", "--message", "my change")
    flight_delay(project, *shlex.split(REQUEST)[1:])
    path = only_tweak(project, "my-change", "calibrated")
    *words, pattern = shlex.split(RUN)[1:]
    assert list(project.root.glob(pattern)) == [path]
    before = project.state()
    head = project.run("git", "rev-parse", "HEAD").stdout.strip()
    with made_again() as asked:
        done = flight_delay(project, *words, str(path), MLFLOW_TRACKING_URI="http://127.0.0.1:9")
    assert asked == [head]
    result = page(project, "my-change", "result")
    assert str(result.relative_to(project.root)) in done.stdout
    assert {
        path: of for path, of in project.state().items() if ".git" not in Path(path).parts and path != str(result)
    } == {path: of for path, of in before.items() if ".git" not in Path(path).parts}

    text = result.read_text()
    assert front(text)["request"] == path.name
    assert front(text)["commit"] == head
    assert front(text)["same"] is True
    assert list(front(text)["experiments"]) == ["calibrated"]
    assert f"**All {len(pipeline_outputs)} outputs" in text
    metrics = json.loads((project.root / "reports/metrics.json").read_text())
    flights = metrics["validation"]["rows"] + metrics["test"]["rows"]
    assert re.search(rf" {flights:,} .*, bit for bit", text)
    row = re.search(r"^\| calibrated \| ([^|]+) \| ([+−]0\.\d{4})", text, re.MULTILINE)
    assert row[1] == front(text)["experiments"]["calibrated"]
    assert "byte for byte" not in row[1]
    assert row[2] != "+0.0000"
    assert len(re.findall(r"^\| \w\w \d+, 2013-05-\d\d \|", text, re.MULTILINE)) == 20
    assert text.count("*Open: ") == text.count("\n### ") >= 5

    assert result.name in one_line(flight_delay(project, "review", "run", str(path), code=2))
    assert result.read_text() == text


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("commit: ", "commit: 0", "front matter: commit"),
        ("models/bundle/model.ubj: ", "models/bundle/model.ubj: 0", "is frozen as 0"),
        ("---\n", "", "does not begin with the front matter"),
    ],
)
def test_a_request_that_was_tampered_with_is_refused(asked, flight_delay, old: str, new: str, said: str) -> None:
    project, path = asked
    path.write_text(path.read_text().replace(old, new, 1))
    assert said in one_line(flight_delay(project, "review", "run", str(path), code=2))
    assert list((project.root / "docs/reviews").glob("*-a-result*")) == []


def test_a_time_box_that_is_too_small_leaves_nothing(asked, flight_delay) -> None:
    project, path = asked
    said = one_line(flight_delay(project, "review", "run", str(path), "--minutes", "0.02", code=2))
    assert "0.02 minutes" in said
    assert "--minutes" in said
    assert list((project.root / "docs/reviews").glob("*-a-result*")) == []
    assert "usage: " in flight_delay(project, "review", "run", str(path), "--minutes", "0", code=2).stderr
