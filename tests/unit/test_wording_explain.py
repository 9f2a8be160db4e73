"""The wording of explain: sentences on the model and the data, and errors; when each is used is tested by module."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import yaml

from flight_delay.core.errors import UserError
from flight_delay.core.files import write_json, write_table
from flight_delay.data.dictionary import DICTIONARY_FILE
from flight_delay.explain.feature_groups import REASON_CODES, load_topics
from flight_delay.explain.global_.errors import costliest_slices
from flight_delay.explain.global_.interactions import measure_interactions
from flight_delay.explain.global_.sign_changes import SignChange
from flight_delay.explain.local.flight_ids import find_flights, read_flight_ids
from flight_delay.explain.local.what_if import require_same_features
from flight_delay.explain.reference import Reference, load_reference
from flight_delay.model.encode import EncodedFeature


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (SignChange("x", None, "2013-10", "2013-11", 1.0, -1.0), "The effect of time of day changes sign between 2013-10 and 2013-11: rank correlation with its value +1.00, then -1.00."),
        (SignChange("x", "AA", "2013-10", "2013-11", 0.1, -0.1), "The effect of time of day AA changes sign between 2013-10 and 2013-11: mean effect in log-odds +0.10, then -0.10."),
    ],
)  # fmt: skip
def test_sign_changes(change: SignChange, sentence: str) -> None:
    assert change.sentence({"x": "time of day"}) == sentence


@pytest.mark.parametrize(
    ("label", "other", "words"),
    [
        ("UA", {"base_rate": 0.34, "mean_prediction": 0.25}, "34% of 100 were late, predicted 25%; underpredicted: a cause of delays is not among the features."),
        ("UA", {"base_rate": 0.25, "mean_prediction": 0.34}, "25% of 100 were late, predicted 34%; overpredicted: a cause of delays has changed since training."),
        ("UA", {"roc_auc": 0.6}, "30% of 100 were late, predicted 30%; low ROC AUC (0.60, overall 0.65): no feature separates late flights there."),
        ("Tue", {}, "30% of 100 were late, predicted 30%; predicted as well as other flights, but errors cost more there."),
        ("UA", {"high": None}, "30% of 100 were late, predicted 30%; predicted as well as other flights, but errors cost more there (not significant: the 95 % interval of their profit includes the average)."),
    ],
)  # fmt: skip
def test_costliest_slices(label: str, other: dict[str, Any], words: str) -> None:
    by, who = ("carrier", "Flights of the airline UA") if label == "UA" else ("day_of_week", "Flights on Tuesdays")
    usual = {"by": by, "rows": 100.0, "base_rate": 0.3, "mean_prediction": 0.3, "roc_auc": 0.65, "high": -1000.0}
    rows = [
        usual
        | {"label": name, "mean_avoidable_loss": lost, "mean_profit": 100 - lost}
        | (other if name == label else {})
        for name, lost in ((label, 130.0), ("another", 30.0))
    ]
    (costly,) = costliest_slices(rows, 0.65)
    assert costly.sentence == f"{who} cost 50 more per flight than the average, 5,000 altogether: {words}"


A, B, C = "2013-01-05-UA-7-EWR-0905", "2013-01-06-UA-7-EWR-0905", "2013-02-01-B6-12-JFK-2359"
PARTS = "flight_date,carrier,flight_number,origin"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no column 'flight_id' and no column 'flight_date'; give flight_id, or flight_date, carrier, flight_number, origin and scheduled_departure (HHMM) or scheduled_departure_minutes"),
        (f"{PARTS}\n", "no column 'flight_id' and no column 'scheduled_departure'; give flight_id, or flight_date, carrier, flight_number, origin and scheduled_departure (HHMM) or scheduled_departure_minutes"),
        ("flight_id\n", "no flights; give one per line"),
        ("flight_id,b\n,x\n", "line 2: no flight_id; give one or remove the line"),
        (f"{PARTS},scheduled_departure\n2013-01-05,UA,7,EWR,noon\n", "line 2: '2013-01-05-UA-7-EWR-' is not a flight id such as 2013-11-01-US-1895-EWR-0500; correct the line"),
        (f"{PARTS},scheduled_departure\n5.1.2013,UA,7,EWR,905\n", "line 2: '5.1.2013-UA-7-EWR-0905' is not a flight id such as 2013-11-01-US-1895-EWR-0500; correct the line"),
        (f"{PARTS},scheduled_departure\n2013-01-05,UA\n", "line 2: '2013-01-05-UA---' is not a flight id such as 2013-11-01-US-1895-EWR-0500; correct the line"),
    ],
)  # fmt: skip
def test_csv_files_without_flights(text: str, words: str) -> None:
    with pytest.raises(UserError, match=f"^list.csv: {re.escape(words)}$"):
        read_flight_ids(text, "list.csv")


@pytest.mark.parametrize(
    ("flight_ids", "words"),
    [
        (["x", A], "list.csv: 'x' is not a flight id such as 2013-11-01-US-1895-EWR-0500; correct it"),
        ([A, A], f"list.csv: '{A}': duplicated; remove the duplicates"),
        ([A, A, C, C, B], f"list.csv: '{A}' and 1 more: duplicated; remove the duplicates"),
        (["2014-01-05-UA-7-EWR-0905", A], "{}: no data for 2014-01 of list.csv (months 2013-01 … 2013-02 exist); choose flights of these months"),
        (["2013-01-05-UA-7-EWR-0900", A], f"list.csv: 1 of 2 flights not found in {{}}: '2013-01-05-UA-7-EWR-0900' (similar: {A}); correct the flight ids"),
        (["2013-01-09-UA-7-EWR-0905"], f"list.csv: 1 of 1 flights not found in {{}}: '2013-01-09-UA-7-EWR-0905' (similar: {B} and {A}); correct the flight ids"),
        ([f"2013-01-05-ZZ-{number}-QQQ-2222" for number in range(4)], "list.csv: 4 of 4 flights not found in {}: '2013-01-05-ZZ-0-QQQ-2222', '2013-01-05-ZZ-1-QQQ-2222', '2013-01-05-ZZ-2-QQQ-2222' and 1 more; correct the flight ids"),
    ],
)  # fmt: skip
def test_flight_ids_that_do_not_exist(tmp_path: Path, flight_ids: list[str], words: str) -> None:
    for month, known in {"2013-01": [A, B], "2013-02": [C]}.items():
        write_table(tmp_path / f"{month}.parquet", pa.table({"flight_id": known}))
    with pytest.raises(UserError, match=f"^{re.escape(words.format(tmp_path))}$"):
        find_flights(tmp_path, flight_ids, "list.csv")


def quote_of(topics: dict[str, Any], name: str) -> dict[str, Any]:
    quote: dict[str, Any] = topics[name]["quotes"][0]
    return quote


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda topics: quote_of(topics, "carrier").update(raises="{value} of {airport}"), "'raises' of carrier has the field {airport}, which is not filled there"),
        (lambda topics: topics["carrier"].update(otherwise="{value}"), "subject and otherwise have no fields to fill"),
        (lambda topics: quote_of(topics, "carrier").update(plain="{value"), "'{value' is not a template (expected '}' before end of string)"),
        (lambda topics: topics.update(weather=topics["carrier"]), "topics.weather: no feature of references/data_dictionary.yaml has this topic; remove it"),
        (lambda topics: topics["length"].pop("label"), "topics.length: a topic of several features needs a label; add it"),
        (lambda topics: quote_of(topics, "carrier").update(feature="origin"), "quotes 'origin', which is not among its features"),
        (lambda topics: quote_of(topics, "carrier").update(days=[7]), "days are for families of history, and for all of them; 'carrier' is wrong here"),
    ],
)  # fmt: skip
def test_mistakes_in_the_reason_codes(tmp_path: Path, change: Any, words: str) -> None:
    content = yaml.safe_load(REASON_CODES.read_text())
    change(content["topics"])
    (tmp_path / "codes.yaml").write_text(yaml.safe_dump(content))
    with pytest.raises(UserError, match=re.escape(words)):
        load_topics(tmp_path / "codes.yaml")


def test_features_without_an_entry_or_topic(tmp_path: Path) -> None:
    words = "references/data_dictionary.yaml: features: no entry for 'week'; add it"
    with pytest.raises(UserError, match=f"^{re.escape(words)}$"):
        load_topics().topic_of((EncodedFeature(name="week", kind="quantitative", group="schedule"),))
    path = tmp_path / "dictionary.yaml"
    path.write_text(DICTIONARY_FILE.read_text().replace("label: airline,", "topic: airlines,"))
    words = (
        f"{path}: features.carrier.topic: references/reason_codes.yaml has no topic 'airlines'; "
        "add it there or choose another"
    )
    with pytest.raises(UserError, match=f"^{re.escape(words)}$"):
        load_topics(dictionary=path)


def test_outputs_of_different_versions(tmp_path: Path) -> None:
    words = "data/processed: 'a' of this flight differs from what this checkout computes; run `dvc repro --force`"
    with pytest.raises(UserError, match=f"^{re.escape(words)}$"):
        require_same_features({"a": np.array([1.0])}, 0, {"a": np.array([2.0])})
    path = tmp_path / "reference.json"
    empty: dict[str, Any] = {"means": {}, "categories": {}, "hours": {}, "departures": {}, "routes": {}}
    reference = Reference(format=1, bundle="b", months=(), rows=0, late=0, **empty)
    write_json(path, reference.model_dump(mode="json"))
    bundle: Any = SimpleNamespace(checksum="c")
    words = f"{path}: explanation and model are of different versions; run `dvc repro --force`"
    with pytest.raises(UserError, match=f"^{re.escape(words)}$"):
        load_reference(path, bundle)


def test_interactions_of_one_row() -> None:
    with pytest.raises(ValueError, match=r"^1 row\(s\) have no standard error$"):
        measure_interactions([np.zeros((1, 2, 2))], ("a", "b"), {"a": "a", "b": "b"})
