"""report.card: the card of this repository is complete and has no figures, and mistakes are refused by name."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from flight_delay.core.errors import UserError
from flight_delay.report.card import CARD_FILE, load_card

PATH = Path(__file__).resolve().parents[2] / CARD_FILE
CONTENT: dict[str, Any] = yaml.safe_load(PATH.read_text())
Content = dict[str, Any]


def entries(value: Any, *above: str | int) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Every value of a card with its keys and places in lists."""
    yield above, value
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from entries(child, *above, key)


TEXTS = {keys: value for keys, value in entries(CONTENT) if isinstance(value, str)}


def test_the_card_of_this_repository_is_complete() -> None:
    assert load_card(PATH).model_dump() == CONTENT
    assert len(TEXTS) > 40


def test_only_the_licence_has_a_figure() -> None:
    assert [keys for keys, text in TEXTS.items() if re.search(r"\d", text)] == [("licence",)]


def test_prohibited_uses_cannot_be_read_as_advice_and_sentences_end() -> None:
    assert [text for text in CONTENT["ethics"]["must_not"] if not text.startswith("No ")] == []
    sentences = {"uses", "users", "reason", "factors", "limitations", "how", "text", "must_not", "failure_modes"}
    for keys, text in TEXTS.items():
        assert text.endswith(".") == bool(sentences & set(keys)), keys


MISTAKES: dict[str, tuple[Callable[[Content], Any], str]] = {  # mistake, entry
    "an unknown section": (lambda card: card.update(figures="0.654"), "figures"),
    "an unknown level": (lambda card: card["security"]["integrity"].update(level="medium"), "security.integrity.level"),
    "a blank text": (lambda card: card["security"]["integrity"].update(reason=" "), "security.integrity.reason"),
    "an empty list": (lambda card: card["ethics"].update(harms=[]), "ethics.harms"),
    "a number for a text": (lambda card: card.update(licence=2), "licence"),
}


def refusal(folder: Path, text: str) -> str:
    """The message for a card with a mistake, in one line that begins with the path."""
    path = folder / "model_card.yaml"
    path.write_text(text)
    with pytest.raises(UserError) as error:
        load_card(path)
    message = str(error.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message


@pytest.mark.parametrize(("mistake", "entry"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_refused_by_entry(mistake: Callable[[Content], Any], entry: str, tmp_path: Path) -> None:
    content = copy.deepcopy(CONTENT)
    mistake(content)
    assert f"{entry}: " in refusal(tmp_path, yaml.safe_dump(content, sort_keys=False))


def test_every_key_is_required(tmp_path: Path) -> None:
    for *above, key in (keys for keys, _ in entries(CONTENT) if keys and isinstance(keys[-1], str)):
        content = copy.deepcopy(CONTENT)
        entry: Any = content
        for step in above:
            entry = entry[step]
        del entry[key]
        name = ".".join(map(str, (*above, key)))
        assert f"{name}: Field required" in refusal(tmp_path, yaml.safe_dump(content, sort_keys=False))
