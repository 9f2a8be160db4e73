"""review.ml_test_score: how tests are counted, what an entry must say, and the page."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from flight_delay.commands import ml_test_score as command
from flight_delay.core.errors import UserError
from flight_delay.review.ml_test_score import POINTS, MlTestScore, load_score, markdown, points, reading

SECTIONS = ("features_and_data", "model_development", "ml_infrastructure", "monitoring")
STATUSES = st.lists(st.lists(st.sampled_from(sorted(POINTS)), min_size=7, max_size=7), min_size=4, max_size=4)
# 5.5, 3, 1 and 2 points.
MIXED = [
    ["automated"] * 5 + ["manual", "missing"],
    ["automated"] + ["manual"] * 4 + ["missing"] * 2,
    ["manual"] * 2 + ["missing"] * 5,
    ["automated"] * 2 + ["missing"] * 5,
]


def content(statuses: list[list[str]]) -> dict[str, Any]:
    """What the file holds for tests of these statuses."""
    entries = [
        [
            {"test": f"{section} {number}", "status": status, "says": f"{status}: {section} {number}."}
            | ({} if status == "missing" else {"proof": [f"tests/unit/test_{section}.py::test_{number}"]})
            for number, status in enumerate(of, start=1)
        ]
        for section, of in zip(SECTIONS, statuses, strict=True)
    ]
    return {"format": 1, **dict(zip(SECTIONS, entries, strict=True))}


def refusal(folder: Path, changed: dict[str, Any]) -> str:
    """The message with which a file is refused; always one line."""
    path = folder / "ml_test_score.yaml"
    path.write_text(yaml.safe_dump(changed, sort_keys=False))
    with pytest.raises(UserError) as error:
        load_score(path)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_automated_counts_one_manual_a_half_and_missing_nothing_and_the_score_is_the_smallest_sum() -> None:
    score = MlTestScore.model_validate(content(MIXED))
    assert [(name, points(of)) for name, of in score.sections] == [
        ("Features and data", 5.5),
        ("Model development", 3.0),
        ("ML infrastructure", 1.0),
        ("Monitoring", 2.0),
    ]
    assert score.final == 1.0


@given(STATUSES)
def test_no_section_makes_up_for_another(statuses: list[list[str]]) -> None:
    score = MlTestScore.model_validate(content(statuses))
    sums = [sum({"automated": 1, "manual": 0.5, "missing": 0}[status] for status in of) for of in statuses]
    assert [points(of) for _, of in score.sections] == sums
    assert score.final in sums
    assert all(score.final <= of for of in sums)


@pytest.mark.parametrize(("first", "last"), [(0.0, 0.0), (0.5, 1.0), (1.5, 2.0), (2.5, 3.0), (3.5, 5.0), (5.5, 7.0)])
def test_a_score_is_read_by_the_ranges_of_the_paper(first: float, last: float) -> None:
    assert reading(first) == reading(last)
    assert first == 0 or reading(first - 0.5) != reading(first)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"status": "missing"}, ("missing", "proof")),
        ({"proof": []}, ("automated", "proof")),
        ({"status": "manual", "proof": []}, ("manual", "proof")),
        ({"proof": ["docs/decisions.md"]}, ("automated", "test", "make", "stage")),
        ({"proof": ["flight-delay verify"]}, ("automated", "test", "make", "stage")),
        ({"status": "partly"}, ("status: ", "'automated', 'manual' or 'missing'")),
        ({"proof": ["somebody said so"]}, ("proof.0: ",)),
        ({"proof": ["tests/unit/test_params.py"]}, ("automated", "test", "make", "stage")),
        ({"says": "It is done"}, ("says ",)),
        ({"says": "Done. And good."}, ("says ",)),
        ({"says": "It is done. Or"}, ("says ",)),
        ({"says": ""}, ("says: ", " 1 ")),
        ({"test": ""}, ("test: ", " 1 ")),
        ({"points": 1}, ("points: ",)),
    ],
)
def test_an_entry_that_proves_nothing_or_contradicts_itself_is_named(
    tmp_path: Path, change: dict[str, Any], said: tuple[str, ...]
) -> None:
    changed = content(MIXED)
    changed["monitoring"][1] |= change
    message = refusal(tmp_path, changed)
    assert "monitoring.1" in message
    assert [name for name in said if name not in message] == []


def test_a_manual_test_may_be_proved_by_a_document_or_a_command_and_a_number_has_a_point(tmp_path: Path) -> None:
    changed = content(MIXED)
    proof = ["docs/decisions.md", "flight-delay review request", "flight-delay verify --quick"]
    changed["ml_infrastructure"][0] |= {"proof": proof, "says": "Takes 0.5 s (v1.2, e.g.this)."}
    assert MlTestScore.model_validate(changed).ml_infrastructure[0].proof == proof


@pytest.mark.parametrize("proof", ["make test", "dvc repro check_data", "tests/contract/test_imports.py::test_nothing"])
def test_an_automated_test_is_proved_by_what_needs_no_judgement(proof: str) -> None:
    changed = content(MIXED)
    changed["monitoring"][0]["proof"] = ["docs/decisions.md", proof]
    assert MlTestScore.model_validate(changed).monitoring[0].proof[1] == proof


def test_a_section_has_seven_tests(tmp_path: Path) -> None:
    for section in SECTIONS:
        changed = content(MIXED)
        spare = changed[section].pop()
        assert section in refusal(tmp_path, changed)
        changed[section] += [spare, {**spare, "test": "another"}]
        assert section in refusal(tmp_path, changed)


def test_a_test_that_stands_there_twice_and_a_section_that_does_not_are_named(tmp_path: Path) -> None:
    changed = content(MIXED)
    changed["monitoring"][6]["test"] = "model_development 2"
    assert "model_development 2 " in refusal(tmp_path, changed)
    del changed["monitoring"]
    assert "monitoring: " in refusal(tmp_path, changed)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none\.yaml: "):
        load_score(tmp_path / "none.yaml")


def test_the_page_begins_with_the_score_and_has_all_sums() -> None:
    lines = markdown(MlTestScore.model_validate(content(MIXED))).splitlines()
    assert lines[:3] == ["# ML Test Score", "", f"**1 of 7: {reading(1.0)}**"]
    # The last column: 0.5 for each of 6, 5, 2 and 2 that are not missing.
    assert [line for line in lines if line.startswith("| ")][1:] == [
        "| Features and data | 5 | 1 | 1 | 5.5 | 3 |",
        "| Model development | 1 | 4 | 2 | 3 | 2.5 |",
        "| ML infrastructure | 0 | 2 | 5 | 1 | 1 |",
        "| Monitoring | 2 | 0 | 5 | 2 | 1 |",
    ]


def test_the_page_has_every_test_in_its_section_with_status_sentence_and_proofs() -> None:
    page = markdown(MlTestScore.model_validate(content(MIXED)))
    assert page.split("\n## Monitoring: 2 of 7\n")[1].splitlines() == [
        "",
        "1. **monitoring 1** (automated). automated: monitoring 1.",
        "   - `tests/unit/test_monitoring.py::test_1`",
        "2. **monitoring 2** (automated). automated: monitoring 2.",
        "   - `tests/unit/test_monitoring.py::test_2`",
        *(f"{number}. **monitoring {number}** (missing). missing: monitoring {number}." for number in range(3, 8)),
    ]
    assert [line for line in page.splitlines() if line.startswith("## ")] == [
        "## Features and data: 5.5 of 7",
        "## Model development: 3 of 7",
        "## ML infrastructure: 1 of 7",
        "## Monitoring: 2 of 7",
    ]


def test_the_command_prints_the_page(tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    (tmp_path / "references").mkdir()
    (tmp_path / "references/ml_test_score.yaml").write_text(yaml.safe_dump(content(MIXED)))
    monkeypatch.chdir(tmp_path)
    parsed = argparse.ArgumentParser()
    command.add_to(parsed.add_subparsers())
    arguments = parsed.parse_args(["ml-test-score"])
    assert arguments.run(arguments) == 0
    assert capsys.readouterr().out == markdown(MlTestScore.model_validate(content(MIXED)))
