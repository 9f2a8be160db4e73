"""The page of the data dictionary is made from the dictionary, and says all that it says."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from flight_delay.commands import dictionary
from flight_delay.data.dictionary import load_dictionary

REPOSITORY = Path(__file__).resolve().parents[2]
DICTIONARY = load_dictionary(REPOSITORY / "references/data_dictionary.yaml")


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    """What the command prints."""
    monkeypatch.chdir(REPOSITORY)
    assert dictionary.run(argparse.Namespace()) == 0
    return capsys.readouterr().out


def test_the_page_stays_where_the_dictionary_has_a_mistake(tmp_path: Path) -> None:
    page = tmp_path / "docs/data_dictionary.md"
    page.parent.mkdir()
    page.write_text("page\n")
    shutil.copy(REPOSITORY / "Makefile", tmp_path)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    command = ["make", "--old-file", ".venv/.runtime-installed", "docs"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 2
    assert page.read_text() == "page\n"


def test_every_word_of_the_dictionary_is_on_the_page(page: str) -> None:
    for name, column in DICTIONARY.columns.items():
        section = page.split(f"\n## {name}\n")[1].split("\n## ", maxsplit=1)[0]
        texts = [column.description[1:], *column.notes.model_dump().values(), column.not_used_because or ""]
        assert [words for words in texts if words not in section] == [], name
        assert [
            f"`{source}`" for sources in column.sources.values() for source in sources if f"`{source}`" not in section
        ] == []


def test_every_feature_is_in_the_table_in_order_and_a_family_is_there_once(page: str) -> None:
    section = page.split("\n## Features\n")[1]
    rows = [[cell.strip() for cell in line.split(" | ")] for line in section.splitlines() if line.startswith("| `")]
    assert len(rows) == len(DICTIONARY.features)
    for (name, label, group, kind, effect, description), (feature, entry) in zip(
        rows, DICTIONARY.features.items(), strict=True
    ):
        shown = f"{feature}_<days>d" if entry.group == "history" else feature
        assert name == f"| `{shown}`"
        assert label == (entry.label or "")
        assert group == entry.group
        assert kind == (f"{entry.kind}, {entry.unit}" if entry.unit else entry.kind)
        assert effect == (entry.effect or "")
        assert description == f"{entry.description.replace('{days}', '`<days>`')} |"


def test_the_page_says_where_columns_and_features_are_edited_and_where_days_are_set(page: str) -> None:
    top, features = page.split("\n## Features\n")
    top = top.split("\n| column")[0]
    assert [
        words for words in ("references/data_dictionary.yaml", "edit that file", "(#features)") if words not in top
    ] == []
    assert [
        words for words in ("src/flight_delay/features/", "build_features.history_days") if words not in features
    ] == []
