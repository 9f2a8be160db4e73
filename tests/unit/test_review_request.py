"""review.request: front matter, experiments, and pages of requests and results. tests/slow runs a whole review."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from verifications import MODEL, other_model, verified

from flight_delay.core.errors import UserError
from flight_delay.core.references import read_reference
from flight_delay.report.page import SECTIONS
from flight_delay.review.request.experiments import ExperimentResult, ReviewRun, replay_recorded
from flight_delay.review.request.forms import Experiment, Question, Request, ReviewTemplate, read_request, render_page
from flight_delay.review.request.replay import ReplayedPredictions
from flight_delay.review.request.request import is_noop, request_page, slug
from flight_delay.review.request.result import result_page
from flight_delay.review.verification.verdict import summarize_verification, verification_table
from flight_delay.review.verification.verify import OutputCheck

REPOSITORY = Path(__file__).resolve().parents[2]
DEEPER = Experiment(name="deeper", parameters={"train_model.max_depth": 8}, question="Is it too simple?")
REQUEST = Request(
    format=3, name="depth", date="2013-12-31", author="A <a@b>", commit="a" * 40, against=None, experiments=[DEEPER]
)
QUESTION = Question(title="Why?", text="Who needs it?")
NAMES = st.from_regex(r"[a-z0-9][a-z0-9-]{0,9}", fullmatch=True)
VALUES = (
    st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.lists(st.text("abc_*", min_size=1))
)


@given(st.dictionaries(st.text("ab._", min_size=1), VALUES, min_size=1), NAMES, st.text())
@example({"a": 1}, "deeper", "line\x85line")
def test_a_written_request_is_read_again(tmp_path_factory, parameters, name: str, question: str) -> None:
    experiment = Experiment(name=name, parameters=parameters, question=question)
    request = REQUEST.model_copy(update={"name": name, "experiments": [experiment]})
    path = tmp_path_factory.mktemp("page") / "page.md"
    path.write_text(request_page(request, "## Heading\n\n---\n"))
    assert read_request(path) == request


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (b"---\n\xff", "`flight-delay review request`"),
        (b"# Title\n", "---"),
        (b"---\nformat: [1\n---\n", "YAML"),
        (b"---\nonly words\n---\n", "Request"),
        ({"format": 1}, "format: "),
        ({"commit": "HEAD"}, "commit: "),
        ({"name": "../up"}, "name: "),
        ({"more": 1}, "more: "),
        ({"experiments": [{"name": "x"}]}, "experiments.0.parameters: "),
    ],
)
def test_an_invalid_request_is_refused_with_path_and_field(tmp_path: Path, text, part: str) -> None:
    path = tmp_path / "page.md"
    if isinstance(text, dict):
        page = render_page("request.md.j2", REQUEST.model_dump() | text, request=REQUEST, comparison=None)
        text = page.encode()
    path.write_bytes(text)
    with pytest.raises(UserError, match=rf"^{path}: [^\n]*{re.escape(part)}[^\n]*$"):
        read_request(path)


def test_a_request_lists_experiments_and_nests_the_comparison() -> None:
    page = request_page(REQUEST, "## B is better\n\n### Backtest\n")
    assert "\n### B is better\n\n#### Backtest\n" in page
    assert f"| deeper | {DEEPER.question} | `{DEEPER.command}` |\n" in page
    assert "B is better" not in request_page(REQUEST, None)


@pytest.mark.parametrize(
    ("value", "text"), [(8, "8"), (0.1, "0.1"), (False, "false"), ("none", "none"), (["a_*", "b"], "[a_*,b]")]
)
def test_settings_have_the_syntax_of_dvc(value, text: str) -> None:
    experiment = Experiment(name="x", parameters={"stage.key": value}, question="?")
    assert experiment.settings == [f"stage.key={text}"]
    assert experiment.command.split() == ["dvc", "exp", "run", "-S", f"'stage.key={text}'"]


def test_a_value_does_not_end_the_quotes_of_its_command() -> None:
    experiment = Experiment(name="x", parameters={"stage.key": "a'; touch b; '"}, question="?")
    assert shlex.split(experiment.command) == ["dvc", "exp", "run", "-S", "stage.key=a'; touch b; '"]


def test_an_experiment_that_changes_no_parameter_is_a_noop() -> None:
    both = Experiment(name="x", parameters={"train_model.max_depth": 8, "train_model.seed": 1}, question="?")
    assert is_noop(DEEPER, {"train_model": {"max_depth": 8}})
    for experiment, section in ((DEEPER, {"max_depth": 4}), (DEEPER, {}), (both, {"max_depth": 8, "seed": 2})):
        assert not is_noop(experiment, {"train_model": section})


def test_branch_names_become_file_names() -> None:
    assert slug("Feature/Deeper trees!") == "feature-deeper-trees"


def test_the_committed_experiments_and_links_are_valid() -> None:
    review = read_reference(REPOSITORY / "references/review.yaml", ReviewTemplate)
    params = yaml.safe_load((REPOSITORY / "params.yaml").read_text())
    assert len({experiment.name for experiment in review.experiments}) == len(review.experiments) >= 5
    assert len({question.title for question in review.questions}) == len(review.questions) >= 5
    for experiment in review.experiments:
        assert not is_noop(experiment, params), experiment.name
        for name in experiment.parameters:
            section, key = name.split(".")
            assert key in params[section], name
    anchors = re.findall(r"index\.html#(\w+)", (REPOSITORY / "references/review.yaml").read_text())
    assert set(anchors) <= set(SECTIONS)


@pytest.mark.parametrize("output", [MODEL, other_model()])
def test_a_result_has_verification_experiments_and_open_questions(output: OutputCheck) -> None:
    verification = verified(output)
    result = ExperimentResult(DEEPER, 30.0, None, "a stage|failed")
    run = ReviewRun(REQUEST, 90.0, verification, ReplayedPredictions(1000, 0, 0.0), [result])
    text = result_page(run, [QUESTION], date="2014-01-01")
    assert f"| {summarize_verification(verification)} |" in text
    assert f"```text\n{verification_table(verification)}\n```" in text
    front_matter = yaml.safe_load(text.split("---\n")[1])
    assert (front_matter["same"], front_matter["minutes"]) == (output is MODEL, 1.5)
    assert front_matter["request"] == "2013-12-31-depth-request.md"
    (row,) = (line for line in text.splitlines() if line.startswith("| deeper |"))
    assert row.endswith(" a stage\\|failed | – | – | – | – | – | – | 0.5 |")
    assert f"### {QUESTION.title}\n\n{QUESTION.text}\n\n*Open: " in text


def test_a_replay_that_is_not_possible_returns_the_reason(tmp_path: Path) -> None:
    class NoArtefacts:
        def copy(self, path: str, _: Path) -> None:
            raise UserError(f"{path}: not here")

    artefacts: Any = NoArtefacts()
    assert replay_recorded(artefacts, tmp_path, set()) == "models/bundle/model.ubj: not here"
