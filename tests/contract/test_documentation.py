"""README and docs tell the truth: their commands exist (that they run: tests/slow/test_documented_commands.py), their numbers
are those of reports/metrics.json."""

from __future__ import annotations

import json
import re
import shlex
import textwrap
from pathlib import Path

import pytest
import yaml

from flight_delay.features.feature import Feature
from flight_delay.model.selection import read_selection, write_selection

REPOSITORY = Path(__file__).resolve().parents[2]
README = (REPOSITORY / "README.md").read_text()
PAGES = [REPOSITORY / "README.md", REPOSITORY / "CONTRIBUTING.md", *sorted((REPOSITORY / "docs").glob("*.md"))]
TARGETS = set(re.findall(r"^([a-z-]+):.*## ", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))


def blocks(language: str) -> list[str]:
    """Code blocks of a language in all pages, in order."""
    return [text for page in PAGES for text in re.findall(rf"```{language}\n(.*?)```", page.read_text(), re.DOTALL)]


def test_the_first_lines_say_how_well_it_predicts() -> None:
    metrics = json.loads((REPOSITORY / "reports/metrics.json").read_text())
    rows = {
        "model (XGBoost)": metrics["test"],
        "logistic regression": metrics["baselines"]["logistic"]["test"],
        "base rate": metrics["baselines"]["base_rate"]["test"],
    }
    first_lines = README.splitlines()[:30]
    for label, of in rows.items():
        figures = " | ".join(f"{of[name]:.3f}" for name in ("roc_auc", "average_precision", "log_loss"))
        assert f"| {label} | {figures} |" in first_lines


def test_the_first_lines_hold_the_two_commands_and_their_output() -> None:
    first_lines = "\n".join(README.splitlines()[:30])
    assert "make repro" in first_lines
    assert "make test" in first_lines
    assert "```text\n" in first_lines


def test_the_table_of_stages_is_that_of_the_pipeline() -> None:
    stages = yaml.safe_load((REPOSITORY / "dvc.yaml").read_text())["stages"]
    table = {name: line.split("|") for line in README.splitlines() if (name := line[3 : line.find("`", 3)]) in stages}
    assert list(table) == list(stages)
    for name, row in table.items():
        assert re.findall(r"`(\w+)`", row[3]) == stages[name].get("params", [])
        for output in re.findall(r"`([\w/.]+)`", row[4]):
            paths = [
                path if isinstance(path, str) else next(iter(path))
                for path in [*stages[name]["outs"], *stages[name].get("metrics", [])]
            ]
            assert any(path.startswith(output.rstrip("/")) for path in paths), (name, output)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_commands_named_in_the_text_exist(page: Path, made) -> None:
    named = set(re.findall(r"`((?:make|dvc|flight-delay) [^`]+)`", page.read_text()))
    for command in sorted(named):
        tool, *words = shlex.split(command)
        if tool == "make":
            assert words[0] in TARGETS, command
        else:
            verbs = [word for word in words if re.fullmatch(r"[a-z][a-z-]*", word)]
            made.run(tool, *verbs[: 2 if verbs[0] in {"exp", "queue", "remote", "review"} else 1], "--help")


def test_links_between_pages_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\((?!https?://)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_feature_of_the_how_to_is_judged_and_reaches_the_model(copy_of_made) -> None:
    function = next(block for block in blocks("python") if "def week_of_year" in block)
    entry = next(block for block in blocks("yaml") if "week_of_year" in block)
    calendar = copy_of_made.root / "src/flight_delay/features/calendar.py"
    dictionary = copy_of_made.root / "references/data_dictionary.yaml"
    calendar.write_text(f"{calendar.read_text()}\n\n{function}")
    indented = textwrap.indent(textwrap.dedent(entry), "  ")
    dictionary.write_text(dictionary.read_text().replace("\nfeatures:\n", f"\nfeatures:\n{indented}", 1))
    for stage in ("build_features", "check_data"):
        copy_of_made.stage(stage)
    path = copy_of_made.root / "data/selection.json"
    selection = read_selection(path)
    assert "week_of_year" in {of.name for of in selection.features} | {of.feature for of in selection.dropped}

    # Whatever it was found to be worth.
    week = Feature(name="week_of_year", kind="quantitative", group="schedule")
    others = tuple(of for of in selection.features if of.name != week.name)
    write_selection(path, selection.model_copy(update={"features": (week, *others)}))
    copy_of_made.stage("train_model")
    manifest = json.loads((copy_of_made.root / "models/bundle/manifest.json").read_text())
    added = manifest["features"][0]
    assert (added["name"], added["kind"]) == ("week_of_year", "quantitative")
