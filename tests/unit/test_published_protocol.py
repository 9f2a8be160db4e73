"""The benchmark by a published protocol: nothing of the test rows gets into a model, and what it prints is measured.

On invented flights; the figures of the real sample are not tested, they are printed."""

from __future__ import annotations

import gzip
import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_limits

from flight_delay.core.errors import UserError

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks/published_protocol.py"


@pytest.fixture(scope="module")
def protocol():
    spec = importlib.util.spec_from_file_location("published_protocol", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.fixture(scope="module")
def sample(tmp_path_factory) -> Path:
    """Flights of eleven Januaries; days are good or bad ones, and a late departure time is bad everywhere."""
    random = np.random.default_rng(5)
    rows = 3_300
    year, day = np.repeat(np.arange(1990, 2001), rows // 11), random.integers(1, 11, rows)
    departure = random.integers(5, 23, rows)
    bad_day = np.random.default_rng(6).normal(size=(11, 11))[year - 1990, day]
    late = random.random(rows) < 1 / (1 + np.exp(-2 * bad_day - (departure - 14) / 8))
    cancelled = random.random(rows) < 0.02
    flights = pd.DataFrame(
        {
            "Year": year, "Month": 1, "DayofMonth": day, "DayOfWeek": day % 7 + 1, "DepTime": departure * 100,
            "CRSDepTime": departure * 100 + 30, "CRSArrTime": departure * 100 + 145,
            "FlightNum": random.integers(1, 99, rows),
            "UniqueCarrier": random.choice(["AA", "UA"], rows), "TailNum": "N700\xe4\xe6",
            "CRSElapsedTime": np.where(random.random(rows) < 0.01, np.nan, 75.0),
            "Distance": random.integers(99, 999, rows),
            "Origin": random.choice(["JFK", "SFO"], rows), "Dest": random.choice(["LAX", "BOS"], rows),
            "Cancelled": cancelled.astype(int), "IsDepDelayed": np.where(late | cancelled, "YES", "NO"),
        }
    )  # fmt: skip
    path = tmp_path_factory.mktemp("sample") / "allyears2k.csv.gz"
    path.write_bytes(gzip.compress(flights.to_csv(index=False, na_rep="NA").encode("latin-1")))
    return path


@pytest.fixture(scope="module")
def flights(protocol, sample) -> pd.DataFrame:
    return protocol.read_sample(sample)


@pytest.fixture
def quick(protocol, monkeypatch):
    monkeypatch.setattr(protocol, "CANDIDATES", ((2, 5.0), (4, 5.0)))
    monkeypatch.setattr(protocol, "GIVEN", {**protocol.GIVEN, "num_boost_round": 30, "learning_rate": 0.3})
    monkeypatch.setattr(protocol, "SEEDS", (1,))
    with threadpool_limits(limits=1):  # so few rows are not worth two threads
        yield protocol


def test_no_outcome_is_a_feature(protocol) -> None:
    after_departure = {
        "DepTime", "ArrTime", "TailNum", "ActualElapsedTime", "AirTime", "ArrDelay", "DepDelay", "TaxiIn", "TaxiOut",
        "Cancelled", "CancellationCode", "Diverted", "CarrierDelay", "WeatherDelay", "NASDelay", "SecurityDelay",
        "LateAircraftDelay", "IsArrDelayed", "IsDepDelayed",
    }  # fmt: skip
    for names in protocol.COLUMN_SETS.values():
        assert not after_departure & set(names)


def test_derived_columns_come_from_the_schedule(flights) -> None:
    assert flights["departure_minutes"].tolist() == (flights["CRSDepTime"] // 100 * 60 + 30).tolist()
    first = pd.Timestamp(int(flights["Year"][0]), 1, int(flights["DayofMonth"][flights["Year"] == 1990].min()))
    last = flights.iloc[-1]
    assert last["day"] == (pd.Timestamp(int(last["Year"]), 1, int(last["DayofMonth"])) - first).days


def test_a_random_third_is_stratified_and_the_same_for_a_seed(protocol, flights) -> None:
    split, again, other = (protocol.random_split(flights, seed) for seed in (1, 1, 2))
    assert len(split.test) == round(0.33 * len(flights))
    assert not set(split.train.row_id) & set(split.test.row_id)
    assert split.train.target.mean() == pytest.approx(split.test.target.mean(), abs=0.001)
    assert split.test.row_id.tolist() == again.test.row_id.tolist() != other.test.row_id.tolist()


def test_folds_partition_the_training_rows_by_whole_years(protocol, flights) -> None:
    split = protocol.split_in_time(flights)
    years = split.train.features["Year"]
    assert years.max() < split.test.features["Year"].min() == 1997
    for fit, stop in split.folds:
        assert not set(years[fit]) & set(years[stop])
    for kind in (split, protocol.random_split(flights, 1)):
        assert sorted(np.concatenate([stop for _, stop in kind.folds])) == list(range(len(kind.train)))
        assert all(not set(fit) & set(stop) for fit, stop in kind.folds)


def test_targets_of_test_rows_do_not_affect_predictions(quick, flights) -> None:
    split = quick.random_split(flights, 1)
    turned = split._replace(test=quick.part(split.test, np.arange(len(split.test))))
    turned.test.target[:] = ~turned.test.target
    columns = quick.features("derived")
    probability, chosen = quick.ours(split, columns, 1)
    of_turned, chosen_of_turned = quick.ours(turned, columns, 1)
    assert chosen == chosen_of_turned
    np.testing.assert_array_equal(probability, of_turned)
    assert quick.scores(split.test, probability)["roc_auc"] > 0.7


def test_the_benchmark_prints_its_table(quick, sample, capsys, monkeypatch) -> None:
    try:
        import lightgbm  # noqa: F401
    except (ImportError, OSError) as error:  # its library wants the system's libgomp
        pytest.skip(f"LightGBM does not load: {error}")
    monkeypatch.setattr(sys, "argv", [SCRIPT.name, str(sample), "--json"])
    assert quick.main() == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["rows"] == 3_300
    assert [line["model"] for line in printed["table"]] == [quick.MODELS[0], *quick.MODELS[1:4] * 2, quick.MODELS[-1]]
    for line in printed["table"]:
        median, least, most = line["random"]["roc_auc"]
        assert 0.4 < least <= median <= most < 1, line
    constant, own = printed["table"][0], printed["table"][-1]
    assert constant["random"]["roc_auc"] == [0.5, 0.5, 0.5]
    assert constant["later"]["roc_auc_by_year"] == [0.5, 0.5, 0.5]
    # The day gives delays away with random rows, and cannot with later years.
    assert own["random"]["roc_auc"][0] > own["later"]["roc_auc"][0] + 0.05
    text = quick.shown(printed)
    assert "0.7157" in text
    assert f"{own['random']['roc_auc'][0]:.4f}" in text
    assert f"{printed['cancelled']:,} cancelled" in text
    assert "stand on both sides" in text
    assert "{" not in text


def test_a_missing_file_is_one_line(protocol, tmp_path, capsys, monkeypatch) -> None:
    monkeypatch.setattr(sys, "argv", [SCRIPT.name, str(tmp_path / "none.csv.gz")])
    assert protocol.main() == 2
    printed = capsys.readouterr()
    assert (printed.out, len(printed.err.splitlines())) == ("", 1)
    assert f"{tmp_path}/none.csv.gz: no such file" in printed.err


@pytest.mark.parametrize(
    "content",
    [gzip.compress(b""), gzip.compress(b"Year,Month\n2001,1\n"), b"\x1f\x8bnot gzip"],
    ids=["empty", "other columns", "not gzip"],  # compressed bytes contain the time and would differ between processes
)
def test_another_file_is_a_user_error(protocol, tmp_path, content) -> None:
    (tmp_path / "other.csv.gz").write_bytes(content)
    with pytest.raises(UserError, match=r"other\.csv\.gz: not the sample"):
        protocol.read_sample(tmp_path / "other.csv.gz")
