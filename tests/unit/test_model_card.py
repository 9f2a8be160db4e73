"""report.card: what people say of the model is whole, holds no figure, and is refused where a key is wrong."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from flight_delay.core.errors import UserError
from flight_delay.report.card import CARD_FILE, load_card

REPOSITORY = Path(__file__).resolve().parents[2]
PATH = REPOSITORY / CARD_FILE
CONTENT: dict[str, Any] = yaml.safe_load(PATH.read_text())
Content = dict[str, Any]


def texts(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Every text of a card with its place, such as 'ethics.harms.0.who'."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    if isinstance(value, str):
        yield place.removeprefix("."), value
    for key, of in entries:
        yield from texts(of, f"{place}.{key}")


def written(folder: Path, content: Any) -> Path:
    path = folder / "model_card.yaml"
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content, sort_keys=False))
    return path


def test_the_card_of_this_repository_is_whole() -> None:
    card = load_card(PATH)
    assert card.model_dump() == CONTENT
    assert len(list(texts(CONTENT))) > 40


def test_the_card_holds_no_figures_since_those_come_from_what_stages_wrote() -> None:
    with_digits = [place for place, text in texts(CONTENT) if re.search(r"\d", text)]
    assert with_digits == ["licence"]


def test_what_must_not_be_done_cannot_be_read_as_what_is_to_be_done() -> None:
    assert [said for said in CONTENT["ethics"]["must_not"] if not said.startswith("No ")] == []


def test_sentences_end_and_names_do_not() -> None:
    sentences = ("uses", "users", "because", "factors", "limits", "how", "says", "must_not", "when_wrong")
    for place, text in texts(CONTENT):
        keys = [key for key in place.split(".") if not key.isdigit()]
        assert text.endswith(".") == (keys[-1] in sentences), place


def test_a_card_cannot_be_changed_after_loading() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        load_card(PATH).factors = "others"  # type: ignore[misc]


MISTAKES: dict[str, tuple[Callable[[Content], Any], str, str]] = {  # mistake, entry that is named, what is said of it
    "a misspelt section": (lambda card: card.update(ethic=card.pop("ethics")), "ethic:", "not permitted"),
    "a section nobody reads": (lambda card: card.update(figures="0.654"), "figures", "not permitted"),
    "an unknown level": (
        lambda card: card["ratings"]["integrity"].update(level="medium"),
        "ratings.integrity.level",
        "'low', 'moderate' or 'high'",
    ),
    "a blank reason": (
        lambda card: card["ratings"]["integrity"].update(because=" "),
        "ratings.integrity.because",
        "should match",
    ),
    "no harms": (lambda card: card["ethics"].update(harms=[]), "ethics.harms", "at least 1 item"),
    "no considerations": (
        lambda card: card["ethics"].update(considerations=[]),
        "ethics.considerations",
        "at least 1 item",
    ),
    "no limits": (lambda card: card.update(limits=[]), "limits", "at least 1 item"),
    "nothing out of scope": (lambda card: card.update(out_of_scope=[]), "out_of_scope", "at least 1 item"),
    "no metrics": (lambda card: card.update(metrics=[]), "metrics", "at least 1 item"),
    "a text for a list": (lambda card: card.update(limits="It grows old."), "limits", "valid list"),
    "an entry as a mapping": (
        lambda card: card["limits"].append({"It grows old": "soon."}),
        f"limits.{len(CONTENT['limits'])}",
        "valid string",
    ),
    "a number for a text": (lambda card: card.update(licence=2), "licence", "valid string"),
    "nobody who keeps it": (lambda card: card.update(maintainers=None), "maintainers", "valid string"),
}


@pytest.mark.parametrize(("plant", "entry", "said"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_refused_in_one_line_that_names_the_entry(
    plant: Callable[[Content], Any], entry: str, said: str, tmp_path: Path
) -> None:
    content = copy.deepcopy(CONTENT)
    plant(content)
    path = written(tmp_path, content)
    with pytest.raises(UserError) as caught:
        load_card(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert entry in message
    assert said in message
    assert "\n" not in message


def keys(value: Any, *above: str | int) -> Iterator[tuple[str | int, ...]]:
    """Where every key of a card stands, with those above it and the places in lists."""
    for key, of in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        if isinstance(key, str):
            yield (*above, key)
        yield from keys(of, *above, key)


def test_every_key_must_be_there(tmp_path: Path) -> None:
    for *above, key in keys(CONTENT):
        content = copy.deepcopy(CONTENT)
        entry: Any = content
        for step in above:
            entry = entry[step]
        del entry[key]
        with pytest.raises(UserError, match=re.escape(f"{'.'.join(map(str, (*above, key)))}: Field required")):
            load_card(written(tmp_path, content))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{PATH.read_text()}\nlicence: MIT\n", "'licence'"),
        (PATH.read_text().replace("level: low", "level: low\n    level: high", 1), "'level'"),
        ("limits: [It grows old.", "not valid YAML"),
        ("- limits", "not a mapping"),
    ],
)
def test_a_file_that_is_no_card_is_refused_in_one_line(text: str, said: str, tmp_path: Path) -> None:
    path = written(tmp_path, text)
    with pytest.raises(UserError, match=said) as caught:
        load_card(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_a_missing_card_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no_card.yaml: no such file"):
        load_card(tmp_path / "no_card.yaml")
