"""What the stage `interpret` writes, of a small pipeline: held against the model and against sums made here."""

from __future__ import annotations

import csv
import json
from io import BytesIO

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from flight_delay.explain.explanation import ADDS_UP_WITHIN
from flight_delay.model.bundle import load_bundle
from flight_delay.model.examples import read_month
from flight_delay.report.plots.plot import read_plots

MONTH = "2013-05"


@pytest.fixture(scope="module")
def report(made):
    return made.root / "reports/interpret"


@pytest.fixture(scope="module")
def summary(report):
    return json.loads((report / "summary.json").read_text())


@pytest.fixture(scope="module")
def values(report) -> pd.DataFrame:
    return pd.read_parquet(report / f"shap_values/{MONTH}.parquet")


def effects(values: pd.DataFrame) -> pd.DataFrame:
    return values.filter(like="shap_").rename(columns=lambda name: name.removeprefix("shap_")).astype(np.float64)


def rows(path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


def test_every_flight_with_an_outcome_is_explained_and_its_effects_add_up_to_its_prediction(made, values) -> None:
    bundle = load_bundle(made.root / "models/bundle")
    flights = read_month(made.root / "data/processed", bundle.manifest.inputs, MONTH)
    assert values["flight_id"].tolist() == flights.row_id.tolist()
    log_odds = values["expected_log_odds"] + effects(values).sum(axis=1)
    predicted = bundle.predict_probability(flights.features)
    assert np.abs(1 / (1 + np.exp(-log_odds)) - predicted).max() <= ADDS_UP_WITHIN
    assert values["probability"].tolist() == predicted.tolist()


def test_importances_are_those_of_all_flights_and_their_intervals_hold_them(report, values, summary) -> None:
    intervals = {(row["level"], row["name"]): row for row in rows(report / "importance.csv")}
    for name, column in effects(values).items():
        assert float(intervals["feature", name]["mean_abs_shap"]) == pytest.approx(column.abs().mean(), abs=2e-6)
    features = json.loads((report / "importances.json").read_text())
    groups = {entry["feature"]: entry["group"] for entry in features}
    for group in set(groups.values()):
        together = effects(values)[[name for name, its_group in groups.items() if its_group == group]].sum(axis=1)
        assert float(intervals["group", group]["mean_abs_shap"]) == pytest.approx(together.abs().mean(), abs=2e-6)
    assert all(float(row["low"]) <= float(row["mean_abs_shap"]) <= float(row["high"]) for row in intervals.values())
    sizes = [entry["mean_abs_shap"] for entry in features]
    assert sizes == sorted(sizes, reverse=True)
    assert summary["flights"] == len(values)


def test_the_worst_errors_are_the_worst_and_have_reasons(values, summary) -> None:
    late = values[values["late"]].sort_values(["probability", "flight_id"])
    on_time = values[~values["late"]].sort_values(["probability", "flight_id"], ascending=[False, True])
    assert [entry["flight_id"] for entry in summary["misses"]] == late["flight_id"].head(2).tolist()
    assert [entry["flight_id"] for entry in summary["false_alarms"]] == on_time["flight_id"].head(2).tolist()
    for told, sign in ((summary["misses"], -1), (summary["false_alarms"], 1)):
        for entry in told:
            points = [sign * reason["points"] for reason in entry["reasons"]]
            assert 1 <= len(points) <= 4
            assert points == sorted(points, reverse=True)
            assert min(points) > 0


def test_every_plot_is_listed_with_section_and_text(report) -> None:
    plots = {plot.name: plot for plot in read_plots(report)}
    assert set(plots) == {path.stem for path in report.glob("*.png")}
    assert {"importance", "beeswarm", "measures", "interactions", "stability", "waterfall_miss"} < set(plots)
    assert sum(name.startswith("dependence_") for name in plots) == 1
    assert sum(len(plot.content) for plot in plots.values()) < 3_000_000
    for plot in plots.values():
        assert plot.section == "explanations"
        assert len(plot.text) > 40, plot.name
        image = Image.open(BytesIO(plot.content)).convert("RGB")
        assert len(image.getcolors(1 << 24) or []) > 10, plot.name


def test_ranks_are_there_by_month_and_by_seed(report) -> None:
    labels = {(row["source"], row["label"]) for row in rows(report / "stability.csv")}
    assert labels == {
        ("month", "2013-03"),
        ("month", "2013-04"),
        ("month", "2013-05"),
        ("seed", "2013"),
        ("seed", "2014"),
    }


def test_explanations_of_another_model_do_not_come_into_the_report(checkout) -> None:
    path = checkout.root / "models/bundle/manifest.json"
    manifest = json.loads(path.read_text())
    path.write_text(json.dumps({**manifest, "model_sha256": "0" * 64}))
    checkout.refuses("report", "reports/interpret", "models/bundle/manifest.json", "dvc repro")
