"""docs/ml-test-score.md names tests and files that exist, and its table adds up."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = (REPOSITORY / "docs/ml-test-score.md").read_text()
PROOFS = re.findall(r"^   - `(\S+)`$", PAGE, re.MULTILINE)  # commands hold a space: see test_documentation.py
STATUSES = ("automated", "manual", "missing")
SECTIONS = re.findall(r"^## ([^:]+): ([\d.]+) of 7$([^#]+)", PAGE, re.MULTILINE)


def exists(proof: str) -> bool:
    """Whether a test, by its pytest id, or a file exists."""
    file, _, function = proof.partition("::")
    path = REPOSITORY / file
    definition = rf"^def {function}\(" if function else ""
    return path.is_file() and re.search(definition, path.read_text(), re.MULTILINE) is not None


@pytest.mark.parametrize("proof", PROOFS)
def test_a_proof_exists(proof: str) -> None:
    assert exists(proof)


def test_stages_are_those_of_the_pipeline(pipeline_stages) -> None:
    assert set(re.findall("`dvc repro (\\w+)`", PAGE)) <= set(pipeline_stages)


def test_a_proof_that_does_not_exist_is_noticed() -> None:
    # The first function has a longer namesake, the second is in another file.
    for proof in ("test_params.py::test_a_missing_key", "test_params.py::test_a_proof_exists", "nothing.py"):
        assert not exists(f"tests/unit/{proof}")


def test_points_are_those_of_the_statuses() -> None:
    assert len(SECTIONS) == 4
    for name, points, entries in SECTIONS:
        statuses = re.findall(r"^\d\. \*\*.+\*\* \((\w+)\)\.", entries, re.MULTILINE)
        automated, manual, missing = (statuses.count(status) for status in STATUSES)
        assert automated + manual + missing == len(statuses) == 7
        assert float(points) == automated + manual / 2
        strict = (automated + manual) / 2
        assert f"| {name} | {automated} | {manual} | {missing} | {points} | {strict:g} |" in PAGE
    assert f"**{min(float(points) for _, points, _ in SECTIONS):g} of 7: " in PAGE
