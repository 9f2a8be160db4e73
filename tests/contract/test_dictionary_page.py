"""The page of the data dictionary is made from the dictionary, and says all that it says."""

from __future__ import annotations

import subprocess
from pathlib import Path

from flight_delay.data.dictionary import load_dictionary
from flight_delay.report.dictionary import markdown

REPOSITORY = Path(__file__).resolve().parents[2]


def test_the_page_is_the_one_that_the_command_prints() -> None:
    done = subprocess.run(["flight-delay", "dictionary"], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert (REPOSITORY / "docs/data_dictionary.md").read_text() == done.stdout


def test_every_word_of_the_dictionary_is_on_the_page() -> None:
    dictionary = load_dictionary(REPOSITORY / "references/data_dictionary.yaml")
    page = markdown(dictionary)
    for name, column in dictionary.columns.items():
        section = page.split(f"\n## {name}\n")[1].split("\n## ")[0]
        said = [column.description[1:], *column.notes.model_dump().values(), column.not_used_because or ""]
        assert [words for words in said if words not in section] == [], name
        assert [
            f"`{source}`" for sources in column.sources.values() for source in sources if f"`{source}`" not in section
        ] == []
