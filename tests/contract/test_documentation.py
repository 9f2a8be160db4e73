"""README and docs tell the truth: their commands exist (that they run: tests/slow/test_documented_commands.py), their
numbers are those of reports/metrics.json."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import networkx as nx
import pytest
from dvc.cli.parser import get_main_parser

REPOSITORY = Path(__file__).resolve().parents[2]
README = (REPOSITORY / "README.md").read_text()
PAGES = [REPOSITORY / "README.md", REPOSITORY / "CONTRIBUTING.md", *sorted((REPOSITORY / "docs").glob("*.md"))]
GENERATED = {"data_dictionary.md": ["dictionary"], "runbook.md": ["monitor", "--runbook"], "hosting-cost.md": ["cost"]}
HAND_WRITTEN = [
    f"docs/{page.name}" for page in sorted((REPOSITORY / "docs").glob("*.md")) if page.name not in GENERATED
]
TARGETS = set(re.findall(r"^([a-z-]+):.*## ", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))


def test_the_first_lines_hold_the_metrics_beside_those_of_baselines() -> None:
    metrics = json.loads((REPOSITORY / "reports/metrics.json").read_text())
    rows = {
        "model (XGBoost)": metrics["test"],
        "logistic regression": metrics["baselines"]["logistic"]["test"],
        "base rate": metrics["baselines"]["base_rate"]["test"],
    }
    first_lines = README.splitlines()[:30]
    for label, metrics_of_row in rows.items():
        figures = " | ".join(f"{metrics_of_row[name]:.3f}" for name in ("roc_auc", "average_precision", "log_loss"))
        assert f"| {label} | {figures} |" in first_lines


def test_the_first_lines_hold_the_two_commands_and_their_output() -> None:
    first_lines = "\n".join(README.splitlines()[:30])
    assert "make repro" in first_lines
    assert "make test" in first_lines
    assert "```text\n" in first_lines


def test_the_table_of_stages_is_that_of_the_pipeline(pipeline_stages) -> None:
    stages = pipeline_stages
    table = {name: line.split("|") for line in README.splitlines() if (name := line[3 : line.find("`", 3)]) in stages}
    assert list(table) == list(stages)
    for name, row in table.items():
        outputs = [
            path if isinstance(path, str) else next(iter(path))
            for path in [*stages[name]["outs"], *stages[name].get("metrics", [])]
        ]
        (shown,) = re.findall(r"`([\w/.]+)`", row[3])
        assert any(path == shown or path.startswith(f"{shown}/") for path in outputs), name


def test_the_diagram_is_the_graph_of_dvc_without_implied_edges(graph_of_stages: nx.DiGraph) -> None:
    (diagram,) = re.findall(r"```mermaid\n(.*?)```", README, re.DOTALL)
    edges = re.findall(r"(\w+) --> (\w+)", diagram)
    assert len(edges) == len(diagram.splitlines()) - 1
    assert set(edges) == set(nx.transitive_reduction(graph_of_stages).edges)


@pytest.fixture
def graph_of_stages(project_at) -> nx.DiGraph:
    """The graph that `dvc dag` draws."""
    drawn = project_at(REPOSITORY).run("dvc", "dag", "--mermaid").stdout
    names = dict(re.findall(r'(node\d+)\["(\w+)"\]', drawn))
    return nx.DiGraph([(names[one], names[other]) for one, other in re.findall(r"(node\d+)-->(node\d+)", drawn)])


@pytest.mark.parametrize("page", GENERATED)
def test_a_generated_page_is_what_its_command_prints_and_is_made_by_make(page: str, project_at) -> None:
    arguments = GENERATED[page]
    assert project_at(REPOSITORY).command(*arguments).stdout == (REPOSITORY / "docs" / page).read_text()
    (recipe,) = re.findall(r"^docs:.*\n((?:\t.*\n)+)", (REPOSITORY / "Makefile").read_text(), re.MULTILINE)
    command = rf"\tpage=\$\$\(flight-delay {' '.join(arguments)}\) && .* > docs/{page}\n"
    assert re.search(command, recipe)


@pytest.mark.parametrize(("pages", "most_words"), [(["README.md"], 800), (HAND_WRITTEN, 6000)], ids=["README", "docs"])
def test_pages_are_short(pages: list[str], most_words: int) -> None:
    assert sum(len((REPOSITORY / page).read_text().split()) for page in pages) <= most_words


def test_pictures_of_the_readme_are_there_small() -> None:
    screenshots = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", README)
    assert len(screenshots) == 2
    assert sum((REPOSITORY / screenshot).stat().st_size for screenshot in screenshots) <= 300_000


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_commands_named_in_the_text_exist(page: Path, project_at) -> None:
    dvc = get_main_parser()
    named = set(re.findall(r"`((?:make|dvc|flight-delay) [^`]+)`", page.read_text()))
    for command in sorted(named):
        tool, *words = shlex.split(command)
        if tool == "make":
            assert words[0] in TARGETS, command
        else:
            verbs = [word for word in words if re.fullmatch(r"[a-z][a-z-]*", word)]
            arguments = [*verbs[: 2 if verbs[0] in {"exp", "queue", "remote", "review"} else 1], "--help"]
            if tool == "flight-delay":
                project_at(REPOSITORY).command(*arguments)
            else:
                with pytest.raises(SystemExit) as ended:
                    dvc.parse_args(arguments)
                assert ended.value.code == 0, command


def test_links_between_pages_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\((?!https?://)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
