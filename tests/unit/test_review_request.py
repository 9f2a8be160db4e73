"""review.request: front matter, experiments, and the pages of a request and its result. A whole review runs in tests/slow."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from flight_delay.core.errors import UserError
from flight_delay.core.references import read_reference
from flight_delay.report.page import SECTIONS
from flight_delay.review.diff.files import Tolerance
from flight_delay.review.environment import Environment
from flight_delay.review.request.experiments import ExperimentResult, ReviewRun, replay_recorded
from flight_delay.review.request.forms import Experiment, Question, Request, ReviewTemplate, read_request, render_page
from flight_delay.review.request.replay import ReplayedPredictions
from flight_delay.review.request.request import is_noop, request_page, slug
from flight_delay.review.request.result import result_page
from flight_delay.review.verification.verdict import summarize_verification, verification_table
from flight_delay.review.verification.verify import OutputCheck, Verification

REPOSITORY = Path(__file__).resolve().parents[2]
DEEPER = Experiment(name="deeper", parameters={"train_model.max_depth": 8}, question="Is it too simple?")
REQUEST = Request(
    format=2, name="depth", date="2013-12-31", author="A <a@b>", commit="a" * 40, against=None,
    versions={"xgboost": "3.2.0"}, md5={"model": "m1"}, experiments=[DEEPER],
)  # fmt: skip
QUESTION = Question(title="Why?", text="Who needs it?")
ENVIRONMENT = Environment("Linux", 2, "3.11.7", {}, fresh=False)
NAMES = st.from_regex(r"[a-z0-9][a-z0-9-]{0,9}", fullmatch=True)
VALUES = (
    st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.lists(st.text("abc_*", min_size=1))
)


@given(st.dictionaries(st.text("ab._", min_size=1), VALUES, min_size=1), NAMES, st.text())
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
        ("---\nonly words\n---\n", "Request"),
        ({"format": 1}, "format: "),
        ({"commit": "HEAD"}, "commit: "),
        ({"name": "../up"}, "name: "),
        ({"experiments": [{"name": "x"}]}, "experiments.0.parameters: "),
    ],
)
def test_an_invalid_request_is_refused_with_path_and_field(tmp_path: Path, text, part: str) -> None:
    path = tmp_path / "page.md"
    if isinstance(text, dict):
        text = render_page("request.md.j2", REQUEST.model_dump() | text, request=REQUEST, comparison=None)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UserError) as refused:
        read_request(path)
    assert str(refused.value).startswith(f"{path}: ")
    assert part in str(refused.value)
    assert "\n" not in str(refused.value)


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


def test_an_experiment_that_changes_no_parameter_is_a_noop() -> None:
    both = Experiment(name="x", parameters={"train_model.max_depth": 8, "train_model.seed": 1}, question="?")
    assert is_noop(DEEPER, {"train_model": {"max_depth": 8}})
    assert not is_noop(DEEPER, {"train_model": {"max_depth": 4}})
    assert not is_noop(DEEPER, {"train_model": {}})
    assert not is_noop(both, {"train_model": {"max_depth": 8, "seed": 2}})


def test_branch_names_become_file_names() -> None:
    assert slug("Feature/Deeper trees!") == "feature-deeper-trees"


def test_experiments_and_links_of_every_review_lead_somewhere() -> None:
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


def verified(md5: str) -> Verification:
    return Verification("a" * 40, [OutputCheck("train", "model", "m1", md5)], [], ENVIRONMENT, [], Tolerance())


def page(**changes: Any) -> str:
    result = ExperimentResult(DEEPER, 30.0, None, "a stage|failed")
    run = ReviewRun(REQUEST, 90.0, verified("m1"), ReplayedPredictions(1000, 0, 0.0), [result])._replace(**changes)
    return result_page(run, [QUESTION], date="2014-01-01")


@pytest.mark.parametrize(("md5", "same"), [("m1", True), ("m2", False)])
def test_a_result_holds_verdict_and_output_of_verify(md5: str, same: bool) -> None:
    text = page(verified=verified(md5))
    assert f"| {summarize_verification(verified(md5))} |" in text
    assert f"```text\n{verification_table(verified(md5))}\n```" in text
    front_matter = yaml.safe_load(text.split("---\n")[1])
    assert front_matter["same"] is same
    assert front_matter["minutes"] == 1.5
    assert front_matter["request"] == "2013-12-31-depth-request.md"


def test_an_experiment_that_did_not_run_has_its_error_and_no_figures() -> None:
    (row,) = (line for line in page().splitlines() if line.startswith("| deeper |"))
    assert row.endswith(" a stage\\|failed | – | – | – | – | – | – | 0.5 |")


def test_questions_are_left_open() -> None:
    assert f"### {QUESTION.title}\n\n{QUESTION.text}\n\n*Open: " in page()


def test_a_replay_that_is_not_possible_ends_nothing(tmp_path: Path) -> None:
    class NoArtefacts:
        def copy(self, path: str, _: Path) -> None:
            raise UserError(f"{path}: not here")

    artefacts: Any = NoArtefacts()
    assert replay_recorded(artefacts, tmp_path, set()) == "models/bundle/model.ubj: not here"
