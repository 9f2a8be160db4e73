"""review.assessment.forms: what programs read of the pages of a review."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from flight_delay.core.errors import UserError
from flight_delay.core.references import read_reference
from flight_delay.review.assessment.forms import Request, Review, Tweak, page_path, read_request, with_front_matter
from flight_delay.review.assessment.request import changes_something

REPOSITORY = Path(__file__).resolve().parents[2]
DEEPER = Tweak(name="deeper", parameters={"train_model.max_depth": 8}, asks="Is it too simple?")
REQUEST = Request(
    format=1, name="depth", date="2013-12-31", commit="a" * 40, against=None, frozen={"model": "m1"}, tweaks=[DEEPER]
)
NAMES = st.from_regex(r"[a-z0-9][a-z0-9-]{0,9}", fullmatch=True)
VALUES = (
    st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.lists(st.text("abc_*", min_size=1))
)


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


@given(st.dictionaries(st.text("ab._", min_size=1), VALUES, min_size=1), NAMES, st.text())
def test_what_was_written_is_read(tmp_path_factory, parameters, name: str, asks: str) -> None:
    tweak = Tweak(name=name, parameters=parameters, asks=asks)
    request = REQUEST.model_copy(update={"name": name, "tweaks": [tweak]})
    path = written(tmp_path_factory.mktemp("page") / "page.md", with_front_matter(request, "# Title\n\n---\n"))
    assert read_request(path) == request


def test_a_page_has_one_place() -> None:
    assert REQUEST.path("request") == Path("docs/reviews/2013-12-31-depth-request.md")
    assert page_path("2013-12-31", "depth", "result") == Path("docs/reviews/2013-12-31-depth-result.md")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("# No front matter\n", "front matter"),
        ("---\nformat: [1\n---\n", "YAML"),
        ("---\njust words\n---\n", "Request"),
        (with_front_matter({**REQUEST.model_dump(), "format": 2}, ""), "format: "),
        (with_front_matter({**REQUEST.model_dump(), "commit": "HEAD"}, ""), "commit: "),
        (with_front_matter({**REQUEST.model_dump(), "name": "../up"}, ""), "name: "),
        (with_front_matter({**REQUEST.model_dump(), "more": 1}, ""), "more: "),
        (with_front_matter({**REQUEST.model_dump(), "tweaks": [{"name": "x"}]}, ""), "tweaks.0.parameters: "),
    ],
)
def test_a_page_that_is_no_request_is_one_line_that_names_what_is_wrong(tmp_path: Path, text: str, said: str) -> None:
    path = written(tmp_path / "page.md", text)
    with pytest.raises(UserError) as refused:
        read_request(path)
    assert str(refused.value).startswith(f"{path}: ")
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_page_that_is_not_there_or_no_text_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"nowhere\.md: [^\n]*`flight-delay review request`"):
        read_request(tmp_path / "nowhere.md")
    (tmp_path / "page.md").write_bytes(b"---\n\xff")
    with pytest.raises(UserError, match=r"page\.md: [^\n]*`flight-delay review request`"):
        read_request(tmp_path / "page.md")


@pytest.mark.parametrize(
    ("value", "spelt"), [(8, "8"), (0.1, "0.1"), (False, "false"), ("none", "none"), (["a_*", "b"], "[a_*,b]")]
)
def test_a_tweak_is_spelt_as_dvc_takes_it(value, spelt: str) -> None:
    tweak = Tweak(name="x", parameters={"stage.key": value}, asks="?")
    assert tweak.settings == [f"stage.key={spelt}"]
    assert tweak.command.split() == ["dvc", "exp", "run", "-S", f"'stage.key={spelt}'"]


def test_only_a_tweak_that_changes_something_is_asked_for() -> None:
    both = Tweak(name="x", parameters={"train_model.max_depth": 8, "train_model.seed": 1}, asks="?")
    assert not changes_something(DEEPER, {"train_model": {"max_depth": 8}})
    assert changes_something(DEEPER, {"train_model": {"max_depth": 4}})
    assert changes_something(DEEPER, {"train_model": {}})
    assert changes_something(both, {"train_model": {"max_depth": 8, "seed": 2}})


def test_what_is_asked_of_every_model_sets_parameters_that_there_are() -> None:
    review = read_reference(REPOSITORY / "references/review.yaml", Review)
    params = yaml.safe_load((REPOSITORY / "params.yaml").read_text())
    assert len({of.name for of in review.tweaks}) == len(review.tweaks) >= 5
    assert len({of.title for of in review.questions}) == len(review.questions) >= 5
    for tweak in review.tweaks:
        assert changes_something(tweak, params), tweak.name
        for name in tweak.parameters:
            section, key = name.split(".")
            assert key in params[section], name
