"""docs/ml-test-score.md names tests and files that exist, and its points add up."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = (REPOSITORY / "docs/ml-test-score.md").read_text()
PROOFS = re.findall(r"^\d\. .+: `(\S+)`$", PAGE, re.MULTILINE)  # commands hold a space: see test_documentation.py
STATUSES = ("automated", "manual", "missing")
SECTIONS = re.findall(r"^## .+: ([\d.]+) of 7 \(([\d.]+)\)$([^#]+)", PAGE, re.MULTILINE)


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


def test_checks_are_those_of_the_monitor() -> None:
    alarms = yaml.safe_load((REPOSITORY / "references/alarms.yaml").read_text())["alarms"]
    named = {check for part in re.findall(r"; checks? ([^;)]+)", PAGE) for check in re.findall(r"`(\w+)`", part)}
    alerts = re.findall(r"runbook\.md#(\w+)", (REPOSITORY / "deploy/prometheus/rules.yml").read_text())
    assert named == set(alarms) - set(alerts)


def test_a_proof_that_does_not_exist_is_noticed() -> None:
    # The first function has a longer namesake, the second is in another file.
    for proof in ("test_params.py::test_a_missing_key", "test_params.py::test_a_proof_exists", "nothing.py"):
        assert not exists(f"tests/unit/{proof}")


def test_points_are_those_of_the_statuses() -> None:
    assert len(SECTIONS) == 4
    for points, strict, entries in SECTIONS:
        lines = re.findall(r"^\d\. .+$", entries, re.MULTILINE)
        statuses = [status for line in lines for status in re.findall(r" \((\w+)[);]", line)]
        assert len(lines) == len(statuses) == 7
        assert set(statuses) <= set(STATUSES)
        assert [status == "missing" for status in statuses] == ["`" not in line for line in lines]
        assert float(points) == statuses.count("automated") + statuses.count("manual") / 2
        assert float(strict) == (7 - statuses.count("missing")) / 2
    assert f"**{min(float(points) for points, _, _ in SECTIONS):g} of 7: " in PAGE
