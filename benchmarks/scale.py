"""Measure how CPU and memory of the stages grow with the number of rows.

    python benchmarks/scale.py --rows 1000000 3000000 10000000
    python benchmarks/scale.py --rows 3000000 --checkout HEAD~1 --stages train_baselines evaluate

runs the stages from build_features to interpret on synthetic months, one after the other, in a clone for each size.
Every real month of data/interim/flights is copied, each copy with other airports of the same time zones, flight numbers
and order of days. All sizes have the same months, the features that the real data select, and the same number of
boosting rounds, so that costs differ by rows only. A stage that is left out has no outputs for the stages after it,
unless it ran before in the same `--folder`.

    FLIGHT_DELAY_SCHEDULER=2 python benchmarks/scale.py --rows 3000000 --months 6 --stages make_dataset build_features

also runs `make_dataset`, on copies of the raw months, at most twelve; the stages after it read its output."""

from __future__ import annotations

import argparse
import csv
import math
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import yaml
from pipeline_cost import REPOSITORY, measured

from flight_delay.core import paths
from flight_delay.core.files import read_json, write_table
from flight_delay.core.months import list_months, month_path, shift_month

STAGES = (
    "build_features", "check_data", "train_baselines", "train_model", "backtest", "choose_threshold",
    "drift_thresholds", "learning_curves", "evaluate", "interpret",
)  # fmt: skip
RAW_STAGE = "make_dataset"
AIRPORTS_PER_ZONE = 90


class StageCost(NamedTuple):
    """CPU and wall seconds of a stage, and its peak memory in MiB."""

    cpu: float
    wall: float
    peak: float


def airport_pools(real: set[str]) -> list[list[str]]:
    """Airports by time zone: those of the real months, and some others."""
    pools: dict[str, list[str]] = {}
    with (REPOSITORY / "references/airports.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            pool = pools.setdefault(row["tzone"], [])
            if row["faa"] in real or len(pool) < AIRPORTS_PER_ZONE:
                pool.append(row["faa"])
    return list(pools.values())


def copied(table: pa.Table, month: str, copy: int, pools: list[list[str]]) -> pa.Table:
    """One copy of a real month, as another month: other airports, flight numbers and order of days."""
    random = np.random.default_rng(copy)
    airport = {code: str(other) for pool in pools for code, other in zip(pool, random.permutation(pool), strict=True)}
    number = (table["flight_number"].to_numpy() + 311 * copy) % 9999 + 1
    old = table["flight_date"].to_numpy().astype("datetime64[D]")
    day = (old - old.min().astype("datetime64[M]").astype(old.dtype)).astype(int)
    order = np.random.default_rng([copy, *month.encode()]).permutation(day.max() + 1)
    new = np.datetime64(month, "D") + order[day]
    columns = dict(zip(table.column_names, table.columns, strict=True))
    columns["flight_date"], columns["flight_number"] = pa.array(new), pa.array(number, pa.int32())
    for place in ("origin", "destination"):
        codes = table[place].combine_chunks().dictionary_encode()
        others = pa.array([airport[code] for code in codes.dictionary.to_pylist()])
        columns[place] = others.take(codes.indices)
    for time in ("scheduled_departure_utc", "scheduled_arrival_utc"):
        columns[time] = pc.add(table[time], pa.array((new - old).astype("timedelta64[ms]")))
    departure = table["scheduled_departure_minutes"].to_numpy()
    columns["flight_id"] = pc.binary_join_element_wise(
        pa.array(np.datetime_as_string(new, unit="D")), columns["carrier"], pa.array(number.astype(str)),
        columns["origin"], pa.array(np.char.zfill((departure // 60 * 100 + departure % 60).astype(str), 4)), "-",
    )  # fmt: skip
    return pa.Table.from_pydict(columns, schema=table.schema)


def copied_raw(table: pa.Table, copy: int) -> pa.Table:
    """One copy of a raw month, with other flight numbers and order of days."""
    day, number = table["day"].to_numpy(), (table["flight"].to_numpy() + 311 * copy) % 9999 + 1
    columns = dict(zip(table.column_names, table.columns, strict=True))
    columns |= {"day": pa.array((day - 1 + copy) % day.max() + 1), "flight": pa.array(number)}
    return pa.Table.from_pydict(columns, schema=table.schema)


def write_raw_months(folder: Path, months: list[str], rows: int) -> None:
    """Write synthetic raw months with about as many rows together."""
    for month in months:
        table, wanted = pq.read_table(month_path(REPOSITORY / paths.RAW / "flights", month)), rows // len(months)
        copies = [copied_raw(table, copy) for copy in range(math.ceil(wanted / len(table)))]
        both = pa.concat_tables(copies).slice(0, wanted).append_column("at", pa.array(np.arange(wanted)))
        key = ["day", "carrier", "flight", "origin", "sched_dep_time"]
        distinct = both.group_by(key).aggregate([("at", "min")])["at_min"].sort()
        write_table(month_path(folder / paths.RAW / "flights", month), both.take(distinct).drop_columns("at"))
    shutil.copytree(REPOSITORY / paths.RAW / "tables", folder / paths.RAW / "tables")


def write_months(folder: Path, months: list[str], rows: int) -> None:
    """Write synthetic canonical months with about as many rows together."""
    real = REPOSITORY / paths.CANONICAL
    tables = {name[5:]: pq.read_table(month_path(real, name)) for name in list_months(real)}
    used = {
        code for table in tables.values() for place in ("origin", "destination") for code in table[place].to_pylist()
    }
    pools = airport_pools(used)
    for month in months:
        table, wanted = tables[month[5:]], rows // len(months)
        copies = [copied(table, month, copy, pools) for copy in range(math.ceil(wanted / len(table)))]
        both = pa.concat_tables(copies).slice(0, wanted)
        first = (
            both.append_column("at", pa.array(np.arange(len(both)))).group_by("flight_id").aggregate([("at", "min")])
        )
        distinct = both.take(first["at_min"])
        order = [("scheduled_departure_utc", "ascending"), ("flight_id", "ascending")]
        write_table(month_path(folder / paths.CANONICAL, month), distinct.sort_by(order))


def prepare(folder: Path, checkout: str, months: list[str], rows: int, rounds: int, *, raw: bool) -> None:
    """A clone of a commit whose data and parameters are the synthetic ones."""
    subprocess.run(["git", "clone", "--quiet", str(REPOSITORY), str(folder)], check=True)
    commit = subprocess.check_output(["git", "rev-parse", checkout], cwd=REPOSITORY, text=True).strip()
    subprocess.run(["git", "checkout", "--quiet", "--detach", commit], cwd=folder, check=True)
    if raw:
        write_raw_months(folder, months, rows)
    else:
        write_months(folder, months, rows)
    (folder / paths.WEATHER).parent.mkdir(exist_ok=True)
    shutil.copy(REPOSITORY / paths.WEATHER, folder / paths.WEATHER)
    params: dict[str, Any] = yaml.safe_load((folder / "params.yaml").read_text())
    train, validation, test = months[:-3], months[-3:-2], months[-2:]
    splits = {"train": train, "validation": validation, "test": test}
    params["splits"] = {name: {"first": names[0], "last": names[-1]} for name, names in splits.items()}
    params["backtest"]["first_test_month"] = months[-5]  # three folds
    params["learning_curves"]["training_months"] = [len(train) // 2, len(train)]
    params["train_model"] |= {"num_boost_round": rounds, "early_stopping_rounds": rounds}
    (folder / "params.yaml").write_text(yaml.safe_dump(params))


def run_stage(folder: Path, stage: str) -> StageCost:
    """Run a stage as DVC does; its peak memory is in its own log."""
    command = yaml.safe_load((folder / "dvc.yaml").read_text())["stages"][stage]["cmd"]
    cost = measured(shlex.split(command), folder, folder.with_suffix(".log"))
    if stage == "check_data":
        shutil.copy(REPOSITORY / paths.SELECTION, folder / paths.SELECTION)
    return StageCost(*cost, read_json(folder / f"logs/{stage}.json")["peak_memory_mib"])


def exponent(small: float, large: float, factor: float) -> float:
    """Exponent of the growth between two sizes: 1 is linear."""
    return math.log(large / small) / math.log(factor)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 3_000_000], help="sizes, in ascending order")
    parser.add_argument(
        "--stages", nargs="+", choices=(RAW_STAGE, *STAGES), default=STAGES, help="stages to run (default all)"
    )
    parser.add_argument("--months", type=int, default=20, help="months of every size (default 20)")
    parser.add_argument("--rounds", type=int, default=50, help="boosting rounds of every model (default 50)")
    parser.add_argument("--checkout", default="HEAD", help="commit whose code is measured (default HEAD)")
    parser.add_argument("--folder", type=Path, help="keeps the clones, to run more stages in them (default temporary)")
    options = parser.parse_args()
    months = [shift_month("2013-01", number) for number in range(options.months)]
    costs: dict[str, list[StageCost]] = {stage: [] for stage in options.stages}
    print(f"{'stage':16} {'rows':>10} {'CPU s':>8} {'wall s':>8} {'peak MiB':>9}")
    with tempfile.TemporaryDirectory(prefix="flight-delay-scale-") as temporary:
        for rows in options.rows:
            clone = (options.folder or Path(temporary)).resolve() / str(rows)
            if not clone.exists():
                prepare(clone, options.checkout, months, rows, options.rounds, raw=RAW_STAGE in options.stages)
            for stage in options.stages:
                cost = run_stage(clone, stage)
                costs[stage].append(cost)
                print(f"{stage:16} {rows:10,} {cost.cpu:8.1f} {cost.wall:8.1f} {cost.peak:9.0f}", flush=True)
            if not options.folder:
                shutil.rmtree(clone)
    if len(options.rows) > 1:
        before, after = options.rows[-2:]
        print(f"\nexponents of growth from {before:,} to {after:,} rows\n{'stage':16} {'CPU':>6} {'peak':>6}")
        for stage, (*_, small, large) in costs.items():
            growth = [exponent(getattr(small, name), getattr(large, name), after / before) for name in ("cpu", "peak")]
            print(f"{stage:16} {growth[0]:6.2f} {growth[1]:6.2f}")


if __name__ == "__main__":
    sys.exit(main())
