"""The pipeline on files of the Bureau of Transportation Statistics, as docs/bts.md says."""

from __future__ import annotations

import csv
import json
import re
import shutil
from pathlib import Path

import pytest
import yaml

from flight_delay.data import quality_report

REPOSITORY = Path(__file__).resolve().parents[2]
SAMPLE = REPOSITORY / "tests/data/allyears2k.csv.gz"
PAGE = (REPOSITORY / "docs/bts.md").read_text()


def block(language: str) -> str:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)[0]


@pytest.fixture(scope="module")
def of_the_sample(made, tmp_path_factory):
    """The pipeline, run on the sample with the parameters of the page."""
    project = made.bare_copy(tmp_path_factory.mktemp("bts") / "project")
    shutil.copytree(made.root / ".dvc", project.root / ".dvc", ignore=shutil.ignore_patterns("cache", "tmp"))
    project.run("git", "init", "--quiet")
    project.params(yaml.safe_load(block("yaml")))
    shutil.copy(SAMPLE, project.root / "data/external")
    (project.root / "dvc.lock").unlink()
    project.dvc("repro", "report")
    return project


def read(project, path: str):
    return json.loads((project.root / path).read_text())


def test_what_is_wrong_with_the_sample_is_found(of_the_sample):
    quality = read(of_the_sample, "reports/quality.json")
    assert quality["rows"] == 43_978
    assert quality["quarantined_rows"] == 13
    assert [reason.split(":")[0] for reason in quality["quarantined"]] == [
        "scheduled_arrival_minutes",
        "scheduled_departure_minutes",
    ]
    warnings = quality["warnings"]
    (cancelled,) = (
        words for words in warnings if words.startswith("departure_delayed_label: ") and "cancelled" in words
    )
    assert warnings[cancelled] == 1_086
    assert [words for words in warnings if words.startswith("tail_number")]
    assert warnings[quality_report.SAMPLE] > quality["rows"] / 2
    assert read(of_the_sample, "reports/data/quality.json")["missing"]["carrier_delay_minutes"] == 35_045


def test_every_month_goes_into_a_file_of_its_own_and_nothing_is_lost(of_the_sample):
    manifest = read(of_the_sample, "data/raw/manifest.json")
    months = {name: entry["rows"] for name, entry in manifest["files"].items() if name.startswith("flights/")}
    assert len(months) == 22
    assert set(months.values()) == {1_999}
    assert manifest["source"] == "bts"
    assert list(manifest["inputs"]) == [SAMPLE.name]


def test_the_backtest_rolls_over_years(of_the_sample):
    """Each year is predicted by a model of all earlier ones, and models up to three years old are judged too."""
    first, years = 2001, range(2001, 2007)
    assert list(read(of_the_sample, "reports/backtest/by_month.json")) == [f"{year}-01" for year in years]
    rows = csv.DictReader((of_the_sample.root / "reports/backtest/model_staleness.csv").open())
    ages = {(row["last_training_month"], row["month"]) for row in rows}
    after = {year: years[-1] if year == first else min(year + 2, years[-1]) for year in years}
    assert ages == {(f"{y - 2}-01", f"{test}-01") for y in years for test in range(y, after[y] + 1)}


def test_a_model_is_made_and_judged(of_the_sample):
    metrics = read(of_the_sample, "reports/metrics.json")
    assert metrics["test"]["rows"] > 3_000
    assert 0.5 < metrics["test"]["roc_auc"] < 0.8
    page = (of_the_sample.root / "reports/index.html").read_text()
    assert "scheduled_arrival_minutes: is 0:00" in page


def test_gaps_are_refused_unless_they_are_allowed(of_the_sample, tmp_path):
    project = of_the_sample.bare_copy(tmp_path / "project")
    project.params({"fetch_raw": {"allow_gaps": False}})
    project.refuses("fetch_raw", "no rows of 1987-11", "fetch_raw.allow_gaps")


OUTCOMES = ("arrival_delay", "departure_delay", "taxi_out", "late_aircraft_delay")


def test_outcomes_that_are_marked_as_features_are_refused_twice(of_the_sample, tmp_path):
    project = of_the_sample.bare_copy(tmp_path / "project")
    schedule = project.root / "src/flight_delay/features/schedule.py"
    functions = [f"def {name}({name}_minutes: Column) -> Column:\n    return {name}_minutes\n" for name in OUTCOMES]
    schedule.write_text("\n\n".join([schedule.read_text(), *functions]))
    path = project.root / "references/data_dictionary.yaml"
    dictionary = yaml.safe_load(path.read_text())
    for name in OUTCOMES:
        entry = {"group": "schedule", "kind": "quantitative", "unit": "minutes", "description": "an outcome"}
        dictionary["features"][name] = entry
    path.write_text(yaml.safe_dump(dictionary, sort_keys=False))
    reads = "feature 'arrival_delay' reads 'arrival_delay_minutes'"
    project.refuses("build_features", reads, "not known 24 hours", apart=True)  # its own code is changed

    # Somebody who insists says in the dictionary that they are known.
    for name in OUTCOMES:
        dictionary["columns"][f"{name}_minutes"]["known"] = "schedule_published"
    path.write_text(yaml.safe_dump(dictionary, sort_keys=False))
    project.stage("build_features")
    project.refuses(
        "check_data",
        *(f"{name} is computed from {name}_minutes" for name in OUTCOMES),
        "arrival_delay alone predicts",
        apart=True,
    )
