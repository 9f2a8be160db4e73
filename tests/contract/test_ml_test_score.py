"""The ML Test Score tells the truth: its tests are those of the paper, its proofs exist, and the page is made from it."""

from __future__ import annotations

import argparse
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from flight_delay.cli import COMMANDS
from flight_delay.review.ml_test_score import load_score

REPOSITORY = Path(__file__).resolve().parents[2]
SCORE = load_score(REPOSITORY / "references/ml_test_score.yaml")
STAGES = yaml.safe_load((REPOSITORY / "dvc.yaml").read_text())["stages"]
TARGETS = re.findall(r"^(\w+):.*## ", (REPOSITORY / "Makefile").read_text(), re.MULTILINE)
PROOFS = sorted({proof for _, entries in SCORE.sections for entry in entries for proof in entry.proof})

# Tables I to IV of the paper.
PAPER = {
    "Features and data": [
        "Feature expectations are captured in a schema", "All features are beneficial", "No feature's cost is too much",
        "Features adhere to meta-level requirements", "The data pipeline has appropriate privacy controls",
        "New features can be added quickly", "All input feature code is tested",
    ],
    "Model development": [
        "Model specs are reviewed and submitted", "Offline and online metrics correlate",
        "All hyperparameters have been tuned", "The impact of model staleness is known", "A simpler model is not better",
        "Model quality is sufficient on important data slices", "The model is tested for considerations of inclusion",
    ],
    "ML infrastructure": [
        "Training is reproducible", "Model specs are unit tested", "The ML pipeline is integration tested",
        "Model quality is validated before serving", "The model is debuggable", "Models are canaried before serving",
        "Serving models can be rolled back",
    ],
    "Monitoring": [
        "Dependency changes result in notification", "Data invariants hold for inputs",
        "Training and serving are not skewed", "Models are not too stale", "Models are numerically stable",
        "Computing performance has not regressed", "Prediction quality has not regressed",
    ],
}  # fmt: skip


def exists(proof: str) -> bool:
    """Whether there is the test, target, stage, command or file that a proof names."""
    first, *words = proof.split()
    if "::" in proof:
        name, _, function = proof.partition("::")
        path = REPOSITORY / name
        return path.is_file() and re.search(rf"^def {function}\(", path.read_text(), re.MULTILINE) is not None
    if first == "make":
        return words[0] in TARGETS
    if first == "dvc":
        return words[1] in STAGES
    return _is_command(words) if first == "flight-delay" else (REPOSITORY / proof).is_file()


def _is_command(words: list[str]) -> bool:
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers()
    for command in COMMANDS:
        command.add_to(commands)
    for word in words:
        if word.startswith("-"):
            if word not in parser._option_string_actions:
                return False
            continue
        parts = [of.choices for of in parser._actions if isinstance(of, argparse._SubParsersAction)]
        if not parts or word not in parts[0]:
            return False
        parser = parts[0][word]
    return True


def test_the_tests_are_those_of_the_paper_in_its_order() -> None:
    assert {name: [entry.test for entry in entries] for name, entries in SCORE.sections} == PAPER


@pytest.mark.parametrize("proof", PROOFS)
def test_a_proof_exists(proof: str) -> None:
    assert exists(proof)


@pytest.mark.parametrize(
    "proof",
    [
        "tests/unit/test_params.py::test_a_missing_key",  # there is a longer one
        "tests/unit/test_params.py::refusal_of_nothing",
        "tests/unit/test_nothing.py::test_a_missing_key_is_named",
        "make nothing",
        "dvc repro nothing",
        "flight-delay nothing",
        "flight-delay verify --nothing",
        "flight-delay verify nothing",
        "docs/nothing.md",
        "docs/",
    ],
)
def test_a_proof_that_does_not_exist_is_found_out(proof: str) -> None:
    assert not exists(proof)


@pytest.mark.parametrize(
    "proof",
    [
        "tests/unit/test_params.py::test_a_missing_key_is_named",
        "make verify",
        "dvc repro train_model",
        "flight-delay ui --port",
        "docs/decisions.md",
    ],
)
def test_a_proof_of_every_kind_is_found(proof: str) -> None:
    assert exists(proof)


def test_the_page_is_the_one_that_the_command_prints() -> None:
    done = subprocess.run(["flight-delay", "ml-test-score"], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert (REPOSITORY / "docs/ml-test-score.md").read_text() == done.stdout
