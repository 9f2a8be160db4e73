"""hosting: the exact wording of what `flight-delay cost` refuses."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from checkouts import Project

REPOSITORY = Path(__file__).resolve().parents[2]
PRICES = "references/prices.yaml"


@pytest.fixture
def project(project_at: Callable[[Path], Project], tmp_path: Path) -> Project:
    """A folder with the files that the command reads."""
    (tmp_path / "references").mkdir()
    for name in ("params.yaml", PRICES, "references/measured_costs.yaml"):
        shutil.copy(REPOSITORY / name, tmp_path / name)
    return project_at(tmp_path)


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--requests-per-day", "many", "argument --requests-per-day: 'many' is not a number, such as 20000"),
        ("--history-years", "nan", "argument --history-years: 'nan' is not a number, such as 20000"),
        (
            "--requests-per-day", "-1",
            "--requests-per-day -1: Input should be greater than or equal to 0; give a number in this range",
        ),
        (
            "--history-years", "1000",
            "references/prices.yaml: m7i.4xlarge has 64 GiB, N GiB are needed; name a larger machine, or ask for "
            "fewer flights or years",
        ),
    ],
)  # fmt: skip
def test_an_option_that_is_refused(project: Project, option: str, value: str, message: str) -> None:
    done = project.command("cost", option, value, code=2)
    error = re.sub(r"[\d,]+ GiB are", "N GiB are", done.stderr.splitlines()[-1])  # as measured
    assert error == f"flight-delay cost: error: {message}"


def test_a_price_that_is_refused(project: Project) -> None:
    path = project.root / PRICES
    path.write_text(path.read_text().replace("vcpus: 2", "vcpus: 0", 1))
    assert project.command("cost", code=2).stderr.splitlines()[-1] == (
        f"flight-delay cost: error: {PRICES}: providers.0.service.vcpus: Input should be greater than or equal to 1; "
        "correct the entry"
    )
