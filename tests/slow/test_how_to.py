"""The feature that CONTRIBUTING.md adds as an example is checked by check_data and can be trained on."""

from __future__ import annotations

import json
import re
import textwrap
from pathlib import Path

from flight_delay.features.feature import Feature
from flight_delay.model.selection import read_selection, write_selection

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = (REPOSITORY / "CONTRIBUTING.md").read_text()


def blocks(language: str) -> list[str]:
    """List the code blocks of a language, without the indentation of their list."""
    return [textwrap.dedent(text) for text in re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)]


def test_the_feature_of_the_how_to_is_judged_and_reaches_the_model(copy_of_made) -> None:
    function = next(block for block in blocks("python") if "def week_of_year" in block)
    entry = next(block for block in blocks("yaml") if "week_of_year" in block)
    calendar = copy_of_made.root / "src/flight_delay/features/calendar.py"
    dictionary = copy_of_made.root / "references/data_dictionary.yaml"
    calendar.write_text(f"{calendar.read_text()}\n\n{function}")
    indented = textwrap.indent(entry, "  ")
    dictionary.write_text(dictionary.read_text().replace("\nfeatures:\n", f"\nfeatures:\n{indented}", 1))
    for stage in ("build_features", "check_data"):
        copy_of_made.stage(stage)
    path = copy_of_made.root / "data/selected_features.json"
    selection = read_selection(path)
    assert "week_of_year" in {entry.name for entry in selection.features} | {
        entry.feature for entry in selection.dropped
    }

    # Whatever it was found to be worth.
    week = Feature(name="week_of_year", kind="quantitative", group="schedule")
    others = tuple(entry for entry in selection.features if entry.name != week.name)
    write_selection(path, selection.model_copy(update={"features": (week, *others)}))
    copy_of_made.stage("train_model")
    manifest = json.loads((copy_of_made.root / "models/bundle/manifest.json").read_text())
    added = manifest["features"][0]
    assert (added["name"], added["kind"]) == ("week_of_year", "quantitative")
