"""`flight-delay explain`: one flight, many flights, and invalid input."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest


@pytest.fixture(scope="module")
def explaining(made, tmp_path_factory: pytest.TempPathFactory):
    """A checkout that tests may write into."""
    return made.bare_copy(tmp_path_factory.mktemp("explaining") / "project")


@pytest.fixture(scope="module")
def may(explaining) -> list[dict]:
    """The flights of the test month, keys and outcomes."""
    table = pq.read_table(explaining.root / "data/processed/2013-05.parquet", columns=["flight_id", "late"])
    return table.to_pylist()


def test_explanations_as_json_have_the_predictions_of_the_model(explaining, may: list[dict]) -> None:
    april = pq.read_table(explaining.root / "data/processed/2013-04.parquet", columns=["flight_id"])["flight_id"][
        0
    ].as_py()
    cancelled = next(row["flight_id"] for row in may if row["late"] is None)
    flight_ids = [row["flight_id"] for row in may[-1:400:-300]]
    path = explaining.root / "asked.csv"
    path.write_text("\n".join(["flight_id", *flight_ids, cancelled, april]) + "\n")
    done = explaining.command("explain", "--flights", "asked.csv", "--json")
    path.unlink()
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert [record["flight_id"] for record in records] == [april, *flight_ids, cancelled]
    outcomes = {row["flight_id"]: row["late"] for row in may}
    predicted = pq.read_table(explaining.root / "reports/evaluate/predictions/2013-05.parquet").to_pylist()
    probability = {row["flight_id"]: row["probability"] for row in predicted}
    for record in records[1:]:
        key = record["flight_id"]
        assert record["late"] == outcomes[key]
        assert record["probability"] == pytest.approx(probability.get(key, record["probability"]), abs=1e-6)
        assert record["predicted_late"] == (record["probability"] >= record["threshold"])
        total = record["base"] + sum(part["probability"] for part in record["contributions"])
        assert total == pytest.approx(record["probability"], abs=2e-5)
        assert len(record["reasons"]) <= 4
    assert records[-1]["late"] is None


def test_a_flight_at_its_own_time_has_its_own_prediction(explaining, may: list[dict]) -> None:
    key = may[1234]["flight_id"]
    [why, what_if] = [
        json.loads(explaining.command("explain", "--flight", key, "--json", *more).stdout)
        for more in ((), ("--what-if", "departure"))
    ]
    assert what_if["own"]["probability"] == why["probability"]
    assert what_if["own"] in what_if["points"]
    assert len(what_if["points"]) in {48, 49}
    assert len({point["probability"] for point in what_if["points"]}) > 5
    assert {point["supported"] for point in what_if["points"]} == {True, False}


def test_a_flight_is_explained_as_text_and_plotted(explaining, may: list[dict], tmp_path: Path) -> None:
    key = may[77]["flight_id"]
    for plot, more in (("why.png", ()), ("when.svg", ("--what-if", "departure"))):
        done = explaining.command("explain", "--flight", key, "--plot", str(tmp_path / plot), *more)
        assert done.stderr == ""
        assert f"from {key.split('-')[5]} to " in done.stdout
        assert (tmp_path / plot).stat().st_size > 5_000
    assert "? marks" in done.stdout
    printed = explaining.command("explain", "--flight", key, "--flight", may[78]["flight_id"]).stdout
    assert printed.count("likely to arrive late") == 2
    assert printed.count("15 minutes") == 1


def test_what_cannot_be_explained_is_refused_in_one_line(explaining, may: list[dict]) -> None:
    key, path = may[5]["flight_id"], explaining.root / "reports/interpret/reference.json"
    (explaining.root / "latin.csv").write_bytes(b"flight_id\n\xe4\n")
    refused = {
        ("--flight", "2014-01-01-UA-1-EWR-0500"): "no data for 2014-01",
        ("--flights", "nothing.csv"): "nothing.csv: no such file",
        ("--flights", "latin.csv"): "latin.csv: not UTF-8 text",
    }
    for options, message in refused.items():
        done = explaining.command("explain", *options, code=2)
        assert (done.stdout, done.stderr.count("\n")) == ("", 1)
        assert message in done.stderr
    whole = path.read_text()
    path.write_text(whole.replace(json.loads(whole)["bundle"], "0" * 64))
    done = explaining.command("explain", "--flight", key, code=2)
    path.write_text(whole)
    assert "reference.json" in done.stderr
    assert "`dvc repro --force`" in done.stderr
    counts = explaining.root / "models/history/2013-04.parquet"
    kept = counts.read_bytes()
    table = pq.read_table(counts)
    pq.write_table(table.set_column(table.schema.get_field_index("late"), "late", table["arrived"]), counts)
    done = explaining.command("explain", "--flight", key, "--what-if", "departure", code=2)
    counts.write_bytes(kept)
    assert "data/processed: '" in done.stderr


def test_features_have_the_parameters_of_the_bundle(explaining, may: list[dict]) -> None:
    ask = ("explain", "--flight", may[5]["flight_id"], "--what-if", "departure")
    parameters = explaining.root / "params.yaml"
    text, before = parameters.read_text(), explaining.command(*ask).stdout
    explaining.params({"build_features": {"smoothing_flights": 21.0}})
    after = explaining.command(*ask).stdout
    parameters.write_text(text)
    assert after == before
