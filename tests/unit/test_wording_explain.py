"""The wording of explain: sentences on what explanations show together, and errors. Sentences on one flight are in
test_wording_explain_flight.py; when each is said is tested in the files named after the modules."""

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
from flight_delay.explain.global_.errors import costliest
from flight_delay.explain.global_.interactions import interactions
from flight_delay.explain.global_.sign_changes import SignChange
from flight_delay.explain.local.flight_ids import find, read_keys
from flight_delay.explain.local.what_if import require_recorded
from flight_delay.explain.reference import Reference, load
from flight_delay.model.encode import EncodedFeature


def test_sign_changes() -> None:
    labels = {"x": "time of day"}
    assert SignChange("x", None, "2013-10", "2013-11", 1.0, -1.0).sentence(labels) == (
        "The effect of time of day changes sign between 2013-10 and 2013-11: rank correlation with its value +1.00, then -1.00."
    )
    assert SignChange("x", "AA", "2013-10", "2013-11", 0.1, -0.1).sentence(labels) == (
        "The effect of time of day AA changes sign between 2013-10 and 2013-11: mean effect in log-odds +0.10, then -0.10."
    )


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
def test_the_costliest_slices(label: str, other: dict[str, Any], words: str) -> None:
    by = "carrier" if label == "UA" else "day_of_week"
    usual = {"by": by, "flights": 100.0, "base_rate": 0.3, "mean_prediction": 0.3, "roc_auc": 0.65, "high": -1000.0}
    rows = [
        {
            **usual,
            "label": of,
            "lost_per_flight": lost,
            "profit_per_flight": 100 - lost,
            **(other if of == label else {}),
        }
        for of, lost in ((label, 130.0), ("another", 30.0))
    ]
    (found,) = costliest(rows, 0.65)
    who = "Flights of the airline UA" if label == "UA" else "Flights on Tuesdays"
    assert found.sentence == f"{who} cost 50 more per flight than the average, 5,000 altogether: {words}"


A, B, C = "2013-01-05-UA-7-EWR-0905", "2013-01-06-UA-7-EWR-0905", "2013-02-01-B6-12-JFK-2359"
PARTS = "flight_date,carrier,flight_number,origin"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no column 'flight_id', nor all that make a key: 'flight_date' is missing of flight_date, carrier, flight_number, origin and scheduled_departure (HHMM) or scheduled_departure_minutes; add it"),
        ("flight_id\n", "no flights in it; give a line for each"),
        ("flight_id,b\n,x\n", "line 2: no flight_id; give one, or remove the line"),
        (f"{PARTS},scheduled_departure\n2013-01-05,UA,7,EWR,noon\n", "line 2: '2013-01-05-UA-7-EWR-' is not the key of a flight, such as 2013-11-01-US-1895-EWR-0500; mend the line"),
    ],
)  # fmt: skip
def test_lists_that_name_no_flights(text: str, words: str) -> None:
    with pytest.raises(UserError, match=f"^list.csv: {re.escape(words)}$"):
        read_keys(text, "list.csv")


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (["x", A], "list.csv: 'x' is not the key of a flight, such as 2013-11-01-US-1895-EWR-0500; mend it"),
        ([A, A], f"list.csv: '{A}': given more than once; leave one of each"),
        ([A, A, C, C, B], f"list.csv: '{A}' and 1 more: given more than once; leave one of each"),
        (["2014-01-05-UA-7-EWR-0905", A], "{}: no data for 2014-01, which list.csv asks for (there are 2013-01 … 2013-02); choose flights of these"),
        (["2013-01-05-UA-7-EWR-0900", A], f"list.csv: 1 of 2 flights are not in {{}}: '2013-01-05-UA-7-EWR-0900' (there is {A}); mend the keys"),
        (["2013-01-09-UA-7-EWR-0905"], f"list.csv: this flight is not in {{}}: '2013-01-09-UA-7-EWR-0905' (there is {B} and {A}); mend the keys"),
        ([f"2013-01-05-ZZ-{of}-QQQ-2222" for of in range(4)], "list.csv: 4 of 4 flights are not in {}: '2013-01-05-ZZ-0-QQQ-2222', '2013-01-05-ZZ-1-QQQ-2222', '2013-01-05-ZZ-2-QQQ-2222' and 1 more; mend the keys"),
    ],
)  # fmt: skip
def test_keys_of_flights_that_are_not_there(tmp_path: Path, keys: list[str], words: str) -> None:
    for month, known in {"2013-01": [A, B], "2013-02": [C]}.items():
        write_table(tmp_path / f"{month}.parquet", pa.table({"flight_id": known}))
    with pytest.raises(UserError, match=f"^{re.escape(words.format(tmp_path))}$"):
        find(tmp_path, keys, "list.csv")


def quote_of(topics: dict[str, Any], name: str) -> dict[str, Any]:
    quote: dict[str, Any] = topics[name]["quotes"][0]
    return quote


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda of: quote_of(of, "carrier").update(raises="{value} of {airport}"), "'raises' of carrier has the field {airport}, which is not filled there"),
        (lambda of: of["carrier"].update(otherwise="{value}"), "subject and otherwise have no fields to fill"),
        (lambda of: quote_of(of, "carrier").update(plain="{value"), "'{value' is not a template (expected '}' before end of string)"),
        (lambda of: of.update(weather=of["carrier"]), "topics.weather: no feature of references/data_dictionary.yaml has this topic; remove it"),
        (lambda of: of["length"].pop("label"), "topics.length: a topic of several features needs a label; add it"),
        (lambda of: quote_of(of, "carrier").update(feature="origin"), "quotes 'origin', which is not among its features"),
        (lambda of: quote_of(of, "carrier").update(days=[7]), "days are for families of history, and for all of them; 'carrier' is wrong here"),
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


def test_what_does_not_belong_together(tmp_path: Path) -> None:
    words = (
        "data/processed: 'a' of this flight is not what code and parameters of this checkout make of it; `dvc repro` brings "
        "them together"
    )
    with pytest.raises(UserError, match=f"^{re.escape(words)}$"):
        require_recorded({"a": np.array([1.0])}, 0, {"a": np.array([2.0])}, 0)
    path = tmp_path / "reference.json"
    of = Reference(format=1, bundle="b", months=(), rows=0, late=0, means={}, categories={}, hours={}, departures={}, routes={})  # fmt: skip
    write_json(path, of.model_dump(mode="json"))
    bundle: Any = SimpleNamespace(checksum="c")
    words = f"{path}: explanation and model are of different versions; `dvc repro` makes both"
    with pytest.raises(UserError, match=f"^{re.escape(words)}$"):
        load(path, bundle)


def test_one_flight_has_no_interval() -> None:
    with pytest.raises(ValueError, match=r"^1 flight\(s\) have no standard error$"):
        interactions([np.zeros((1, 2, 2))], ("a", "b"), {"a": "a", "b": "b"})
