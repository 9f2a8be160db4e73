"""`flight-delay review`: a request is filled in from the artefacts, a machine does its part of it, and nothing frozen is
written to."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml


def front(text: str) -> dict:
    return yaml.safe_load(re.match(r"---\n(.*?)\n---\n", text, re.DOTALL)[1])


def request(project, *arguments: str, code: int = 0):
    return project.run("flight-delay", "review", "request", *arguments, code=code)


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


@pytest.fixture(scope="module")
def requested(made, copied, tmp_path_factory):
    """A checkout in which a review called `a` is requested. Not to be changed."""
    project = copied(made, tmp_path_factory.mktemp("requested") / "project")
    request(project, "--name", "a")
    return project


@pytest.fixture
def asked(requested, copied, tmp_path):
    """A copy of it, and the request."""
    project = copied(requested, tmp_path / "project")
    return project, page(project, "a", "request")


def test_a_request_says_what_the_artefacts_say(copy_of_made) -> None:
    project = copy_of_made
    said = request(project, "--name", "First look!", "--against", "HEAD").stdout
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
    assert "### A and B are the same model, byte for byte" in text
    assert len(re.findall(r"^\| 2013-05-\d\d-", text, re.MULTILINE)) >= 5  # records
    assert len(re.findall(r"\| \*\*(?:yes|no|cannot tell)\*\* \|", text)) == 6  # assumptions
    assert len(re.findall(r"`dvc exp run -S '", text)) == len(front(text)["tweaks"]) >= 5
    assert not re.search(r"\bNone\b|\bnan\b|Undefined", text)


def test_what_a_review_cannot_be_of_is_refused_in_one_line(copy_of_made) -> None:
    project = copy_of_made
    request(project, "--name", "twice")
    before = page(project, "twice", "request").read_text()
    assert "exists, and may hold what somebody has added" in one_line(request(project, "--name", "twice", code=2))
    assert page(project, "twice", "request").read_text() == before
    assert "is no name for a review" in one_line(request(project, "--name", "!!", code=2))
    assert "there is no commit 'nowhere'" in one_line(request(project, "--name", "a", "--against", "nowhere", code=2))
    project.params({"train_model": {"seed": 1}})
    assert "params.yaml is changed and not committed" in one_line(request(project, "--name", "a", code=2))
    project.commit()
    assert "dvc.lock does not fit the commit (train_model: train_model.seed is 1, was 2013)" in one_line(
        request(project, "--name", "a", code=2)
    )
    assert [path.name for path in (project.root / "docs/reviews").glob("*-a-*")] == []


def test_a_machine_does_its_part_and_leaves_the_questions(copy_of_made) -> None:
    project = copy_of_made
    project.run("git", "checkout", "--quiet", "-b", "calibrated")  # a branch that is called as an experiment will be
    request(project)
    path = only_tweak(project, "calibrated", "calibrated")
    before = project.state()
    done = project.run("flight-delay", "review", "run", str(path), MLFLOW_TRACKING_URI="http://127.0.0.1:9")
    assert re.search(r"review: making everything of \w{10} again \(60 of 60 minutes left\)", done.stderr)
    result = page(project, "calibrated", "result")
    assert str(result.relative_to(project.root)) in done.stdout
    assert {path: of for path, of in project.state().items() if ".git" not in path.parts and path != result} == {
        path: of for path, of in before.items() if ".git" not in path.parts
    }

    text = result.read_text()
    assert front(text)["request"] == path.name
    assert front(text)["commit"] == project.run("git", "rev-parse", "HEAD").stdout.strip()
    assert front(text)["same"] is True
    assert list(front(text)["experiments"]) == ["calibrated"]
    assert "**All 24 outputs are reproduced byte for byte.**" in text
    metrics = json.loads((project.root / "reports/metrics.json").read_text())
    flights = metrics["validation"]["rows"] + metrics["test"]["rows"]
    assert f"it gives all {flights:,} recorded flights the same probability, bit for bit" in text
    row = re.search(r"^\| calibrated \| ([^|]+) \| ([+−]0\.\d{4})", text, re.MULTILINE)
    assert row[1] == front(text)["experiments"]["calibrated"] != "they are the same model, byte for byte"
    assert row[2] != "+0.0000"
    assert len(re.findall(r"^\| \w\w \d+, 2013-05-\d\d \|", text, re.MULTILINE)) == 20
    assert text.count("*Open: to be answered by the reviewer.*") == text.count("\n### ") >= 5

    again = project.run("flight-delay", "review", "run", str(path), code=2)
    assert "exists, and may hold answers of a reviewer" in one_line(again)
    assert result.read_text() == text


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("commit: ", "commit: 0", "front matter: commit"),
        ("models/bundle/model.ubj: ", "models/bundle/model.ubj: 0", "is frozen as 0"),
        ("---\n", "", "does not begin with the front matter"),
    ],
)
def test_a_request_that_was_tampered_with_is_refused(asked, old: str, new: str, said: str) -> None:
    project, path = asked
    path.write_text(path.read_text().replace(old, new, 1))
    assert said in one_line(project.run("flight-delay", "review", "run", str(path), code=2))
    assert list((project.root / "docs/reviews").glob("*-a-result*")) == []


def test_a_time_box_that_is_too_small_leaves_nothing(asked) -> None:
    project, path = asked
    said = one_line(project.run("flight-delay", "review", "run", str(path), "--minutes", "0.05", code=2))
    assert "0.05 minutes were over before everything had been made again; allow more with --minutes" in said
    assert list((project.root / "docs/reviews").glob("*-a-result*")) == []
    assert "usage: " in project.run("flight-delay", "review", "run", str(path), "--minutes", "0", code=2).stderr
