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
from flight_delay.explain.flight.departures import require_recorded
from flight_delay.explain.flight.keys import find, read_keys
from flight_delay.explain.overall.agreement import agreement
from flight_delay.explain.overall.errors import costliest
from flight_delay.explain.overall.importance import Importance
from flight_delay.explain.overall.interactions import interactions
from flight_delay.explain.overall.permutation import Drop
from flight_delay.explain.overall.turns import Direction, MonthRecord, turns
from flight_delay.explain.overall.twins import across_topics
from flight_delay.explain.reference import Reference, load
from flight_delay.explain.topics import REASON_CODES, load_topics

NAMES = tuple("abcdefghijkl")
FALLING = {name: float(12 - place) for place, name in enumerate(NAMES)}
ALONE = {name: name for name in NAMES}
THREE = {**ALONE, "a": "pair", "e": "pair", "l": "pair"}
TWO = {**ALONE, "a": "pair", "e": "pair"}


def disagreement(name: str, *, topic: tuple[float, float, float] | None = None, **of: Any) -> str:
    """What is said of a feature whose drop or gain is not what its effects would suggest."""
    usual = {"between_days": 0.1, "with_late_days": 0.0, "concentration": 1.25}
    topic_of, margin = of.get("topic_of", ALONE), of.get("margin", 0.5)
    drop = {**FALLING, **({name: of["drop"]} if "drop" in of else {})}
    gain = {**FALLING, **({name: of["gain"]} if "gain" in of else {})}
    importances = [
        Importance("feature", feature, value, value, value, 0.1, **(usual | (of.get("manner", {}) if feature == name else {})))
        for feature, value in FALLING.items()
    ]  # fmt: skip
    drops = [Drop("feature", feature, value, value - margin, value + margin) for feature, value in drop.items()]
    drops += [
        Drop("topic", of, *(topic or (drop.get(of, 0.0), drop.get(of, 0.0) - margin, drop.get(of, 0.0) + margin)))
        for of in sorted({*topic_of.values()})
    ]
    model = {feature: {"total_gain": value, "gain": 0.0} for feature, value in gain.items()}
    rows = agreement(importances, drops, model, topic_of, days=61, labels={"e": "the fifth", "a": "first of all"})
    return next(row.words for row in rows if row.feature == name)


LATE = {"between_days": 0.97, "with_late_days": 0.05}
BY_PERMUTATION = (
    "First of all moves predictions more than shuffling it costs (place 1 of 12 by SHAP, {} by permutation): "
)


@pytest.mark.parametrize(
    ("name", "of", "words"),
    [
        ("a", {"drop": 3.2, "topic_of": THREE, "topic": (20.0, 10.0, 30.0)}, BY_PERMUTATION.format(9) + "what it says, the fifth and l say too; shuffled together they cost 20.0000 of average precision, one at a time 12.2000 in sum."),
        ("a", {"drop": 3.2, "topic_of": TWO, "topic": (30.0, 1.0, 60.0)}, BY_PERMUTATION.format(9) + "what it says, the fifth says too; shuffled together they cost 30.0000 of average precision, one at a time 11.2000 in sum."),
        ("a", {"drop": -1.0, "manner": LATE}, BY_PERMUTATION.format(12) + "it moves all flights of a day together (97 % of its effect's variance lies between days), and these 61 days do not show that days that it raises are late more often (rank correlation 0.05)."),
        ("a", {"drop": -1.0, "manner": {**LATE, "with_late_days": None}}, BY_PERMUTATION.format(12) + "it moves all flights of a day together (97 % of its effect's variance lies between days), and these 61 days do not show that days that it raises are late more often."),
        ("a", {"drop": -0.2}, BY_PERMUTATION.format(12) + "these flights are not surely ranked worse without it (average precision falls by -0.7000 to 0.3000)."),
        ("a", {"drop": -0.2, "topic_of": TWO, "topic": (0.1, -0.1, 0.3)}, BY_PERMUTATION.format(12) + "these flights are not surely ranked worse without it, nor without the fifth as well (average precision falls by -0.1000 to 0.3000)."),
        ("a", {"drop": 3.2}, BY_PERMUTATION.format(9) + "SHAP counts moves of all flights, average precision the order of those that seem likeliest to be late."),
        ("l", {"drop": 20.0, "margin": 20.0}, "Shuffling l costs more than it moves predictions (place 12 of 12 by SHAP, 1 by permutation): this may be chance (average precision falls by 0.0000 to 40.0000)."),
        ("l", {"drop": 20.0, "manner": {**LATE, "with_late_days": 0.43}}, "Shuffling l costs more than it moves predictions (place 12 of 12 by SHAP, 1 by permutation): it moves all flights of a day together (97 % of its effect's variance lies between days), and days that it raises were late more often (rank correlation 0.43)."),
        ("l", {"drop": 20.0, "manner": {"concentration": 1.5}}, "Shuffling l costs more than it moves predictions (place 12 of 12 by SHAP, 1 by permutation): it moves few flights, but those far (root mean square 1.5 times the mean)."),
        ("l", {"drop": 20.0}, "Shuffling l costs more than it moves predictions (place 12 of 12 by SHAP, 1 by permutation): it moves flights little, but flights are ranked better for it."),
        ("l", {"gain": 20.0, "manner": {"concentration": 3.0}}, "Splits by l gained more in training than it moves these predictions (place 12 of 12 by SHAP, 1 by gain): it moves few flights far (root mean square 3.0 times the mean), and gain grows with the square."),
        ("l", {"gain": 20.0}, "Splits by l gained more in training than it moves these predictions (place 12 of 12 by SHAP, 1 by gain): gain counts the flights that the model was trained on, SHAP these."),
        ("a", {"gain": 0.5, "manner": {"concentration": 1.05}}, "First of all moves these predictions more than splits by it gained in training (place 1 of 12 by SHAP, 12 by gain): it moves many flights about equally far (root mean square 1.1 times the mean), and gain grows with the square."),
    ],
)  # fmt: skip
def test_measures_that_disagree(name: str, of: dict[str, Any], words: str) -> None:
    assert disagreement(name, **of) == words


def test_features_of_different_topics_that_go_together() -> None:
    minutes = np.arange(400.0)
    values, effects = {"minutes": minutes, "left": -minutes}, {"minutes": minutes / 400, "left": minutes / 400}
    (found,) = across_topics(values, effects, {name: name for name in values}, {"minutes": "time of day"})
    assert found.words == (
        "Time of day and left go together (rank correlation -1.00) and are of different topics: what is said of one may be the "
        "other's."
    )


def test_an_effect_that_turns() -> None:
    months = {
        month: MonthRecord({"feature": {"x": 0.1}}, {("x", None): Direction(of, 500), ("x", "AA"): Direction(of / 10, 500)})
        for month, of in (("2013-10", 1.0), ("2013-11", -1.0))
    }  # fmt: skip
    assert [of.words for of in turns(months)] == [
        "the effect of x rises with its value in 2013-10 and falls with its value in 2013-11 (rank correlation +1.00, then -1.00)",
        "x AA makes flights more likely to be late in 2013-10 and less in 2013-11 (mean effect +0.10, then -0.10)",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("label", "other", "words"),
    [
        ("UA", {"base_rate": 0.34, "mean_prediction": 0.25}, "34% of 100 were late, and 25% were expected; something that makes them late is not among the features."),
        ("UA", {"base_rate": 0.25, "mean_prediction": 0.34}, "25% of 100 were late, and 34% were expected; something that made such flights late has changed since training."),
        ("UA", {"roc_auc": 0.6}, "30% of 100 were late, and 30% were expected; which of them is hardly seen (ROC AUC 0.60, of all flights 0.65), so that features are missing that differ among them."),
        ("UA", {}, "30% of 100 were late, and 30% were expected; the model is no worse there than elsewhere, but has more to lose."),
        ("UA", {"high": None}, "30% of 100 were late, and 30% were expected; the model is no worse there than elsewhere, but has more to lose (it may be chance: the interval of their profit reaches the average)."),
        ("Tue", {}, "30% of 100 were late, and 30% were expected; the model is no worse there than elsewhere, but has more to lose."),
    ],
)  # fmt: skip
def test_what_is_wrong_where_errors_cost_most(label: str, other: dict[str, Any], words: str) -> None:
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
    assert found.words == f"{who} cost 50 more per flight than the average, 5,000 altogether: {words}"


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
        (lambda of: of["carrier"]["features"].append("tail"), "features: 'tail' is no feature of this project"),
        (lambda of: of["carrier"].update(features=[], quotes=[]), "features: there is no feature"),
        (lambda of: of["origin"]["features"].append("carrier"), "'carrier' is in more than one topic, or twice in one"),
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


def test_a_feature_without_a_topic() -> None:
    words = "references/reason_codes.yaml: 'week': in no topic; add it to the features of one, or a topic for it"
    with pytest.raises(UserError, match=f"^{re.escape(words)}$"):
        load_topics().require(["week"])


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
