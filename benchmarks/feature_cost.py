"""What features and training cost, beside a bare XGBoost call on the finished matrix, and what history costs at scale.

    python benchmarks/feature_cost.py --runs 3 --flights 10000000

runs the stages of this checkout (after `dvc repro`, whose outputs they make again), then history and density on
invented flights of a large country. Medians of CPU and wall seconds, and peak memory of the process."""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

BARE = """
import json, sys
import numpy as np, xgboost as xgb
folder, described = sys.argv[1], json.load(open(f"{sys.argv[1]}/described.json"))
names = {"feature_names": described["names"], "feature_types": described["types"]}
train, late = (np.load(f"{folder}/{name}.npy") for name in ("train", "train_late"))
later, later_late = (np.load(f"{folder}/{name}.npy") for name in ("validation", "validation_late"))
matrix = xgb.QuantileDMatrix(train, late, max_bin=described["max_bin"], **names)
validation = xgb.QuantileDMatrix(later, later_late, max_bin=described["max_bin"], ref=matrix, **names)
xgb.train(described["options"], matrix, described["rounds"], evals=[(matrix, "t"), (validation, "v")],
          verbose_eval=False, early_stopping_rounds=described["patience"])
"""


class Cost(NamedTuple):
    """Seconds and MiB of a process."""

    cpu: float
    wall: float
    peak_mib: float


def measured(command: list[str]) -> Cost:
    """Run a command to its end."""
    started = time.perf_counter()
    environment = {**os.environ, "PYTHONPATH": "src", "OMP_WAIT_POLICY": "passive"}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{' '.join(command[:3])} failed; `dvc repro` first")
    return Cost(usage.ru_utime + usage.ru_stime, time.perf_counter() - started, usage.ru_maxrss / 1024)


def finished_matrix(folder: Path) -> None:
    """Write what train_model trains on as arrays, with its options."""
    from flight_delay.core import months, params
    from flight_delay.model.booster import BoosterParameters
    from flight_delay.model.encode import encode, fit_encoding
    from flight_delay.model.examples import read_split
    from flight_delay.model.selection import read_selection

    features, processed = read_selection(Path("data/selected_features.json")).features, Path("data/processed")
    splits = params.load_params("splits", months.Splits).by_name()
    read = {
        name: read_split(processed, features, months.require_months(processed, name, splits[name]))
        for name in ("train", "validation")
    }
    encoding = fit_encoding(features, [read["train"]])
    for name, examples in read.items():
        np.save(folder / f"{name}.npy", encode(examples.features, encoding))
        np.save(folder / f"{name}_late.npy", examples.target)
    p = params.load_params("train_model", BoosterParameters)
    options = p.model_dump(
        exclude={"num_boost_round", "early_stopping_rounds", "monotone_constraints", "external_memory", "sharded"}
    )
    effects = {"increasing": 1, "decreasing": -1, None: 0}
    constraints = [str(effects[column.effect] if p.monotone_constraints else 0) for column in encoding]
    described = {
        "names": [feature.name for feature in encoding],
        "types": [feature.xgboost_type for feature in encoding],
        "max_bin": p.max_bin,
        "rounds": p.num_boost_round,
        "patience": p.early_stopping_rounds,
        "options": {
            **options,
            "objective": "binary:logistic",
            "tree_method": "hist",
            "eval_metric": "logloss",
            "monotone_constraints": f"({','.join(constraints)})",
        },
    }
    (folder / "described.json").write_text(json.dumps(described))


def at_scale(flights: int, months: int = 12) -> None:
    """Compute history and density of invented flights, month by month, as build_features does."""
    import pyarrow as pa

    from flight_delay.features import history, traffic
    from flight_delay.features.rates import SmoothedRates
    from flight_delay.features.timetable import Timetable

    random = np.random.default_rng(1)
    rows, recent, seconds = flights // months, history.COUNTS.empty_table(), {"history": 0.0, "density": 0.0}
    airports = np.array([f"A{number:02d}" for number in range(99)], object)
    carriers = np.array(["AA", "B6", "DL", "EV", "MQ", "OO", "UA", "US", "WN", "9E"], object)

    def timed(name: str, work: Callable[[], object]) -> object:
        started = time.process_time()
        result = work()
        seconds[name] += time.process_time() - started
        return result

    for month in np.arange(np.datetime64("2013-01"), np.datetime64("2013-01") + months):
        first = month.astype("datetime64[D]")
        days = ((month + 1).astype("datetime64[D]") - first) // np.timedelta64(1, "D")
        date = first + random.integers(0, days, rows)
        minutes = random.integers(300, 1380, rows)
        departure = date.astype("datetime64[s]") + minutes * np.timedelta64(60, "s")
        columns = {
            "flight_date": date,
            "carrier": carriers[random.integers(0, len(carriers), rows)],
            "flight_number": random.integers(1, 4000, rows),
            "origin": airports[random.integers(0, len(airports), rows)],
            "destination": airports[random.integers(0, len(airports), rows)],
            "scheduled_departure_minutes": minutes,
            "scheduled_departure_utc": departure,
            "scheduled_arrival_utc": departure + np.timedelta64(2, "h"),
            "arrival_delay_minutes": random.normal(5, 30, rows).round(),
            "cancelled": random.random(rows) < 0.02,
        }
        counts = timed("history", lambda columns=columns: history.count_daily_outcomes(columns, 15))
        recent = pa.concat_tables([history.filter_since(recent, history.first_day_of_counts(month, 60, 24)), counts])
        timed(
            "history",
            lambda columns=columns, recent=recent: SmoothedRates(
                recent, columns, [3, 7, 30, 60], smoothing_flights=20, horizon_hours=24
            ).look_up(columns, history.rate_names([3, 7, 30, 60])),
        )
        shared = {
            "on_route": traffic.flights_on_route_on_day(
                columns["flight_date"], columns["origin"], columns["destination"]
            )
        }
        ids = np.arange(rows)
        timed("density", lambda ids=ids, shared=shared: Timetable(ids, shared).count(ids, shared))
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    times = ", ".join(f"{name} {time:.1f} CPU s" for name, time in seconds.items())
    print(f"{rows * months:,} flights: {times}, peak {peak_mib:.0f} MiB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3, help="of every command; the median counts (default: 3)")
    parser.add_argument("--flights", type=int, help="measure history and one density on so many invented flights, too")
    parser.add_argument("--at-scale", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--matrix", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.matrix:
        finished_matrix(arguments.matrix)
        return
    if arguments.at_scale:
        at_scale(arguments.at_scale)
        return
    with tempfile.TemporaryDirectory() as folder:
        # In a process of its own: a child's peak memory is no less than its parent's was when it began.
        subprocess.run(
            [sys.executable, __file__, "--matrix", folder], env={**os.environ, "PYTHONPATH": "src"}, check=True
        )
        commands = {
            "bare XGBoost": [sys.executable, "-c", BARE, folder],
            "train_model": [sys.executable, "-m", "flight_delay.stages.train_model"],
            "build_features": [sys.executable, "-m", "flight_delay.stages.build_features"],
        }
        costs: dict[str, list[Cost]] = {name: [] for name in commands}
        for _ in range(arguments.runs):
            for name, command in commands.items():
                costs[name].append(measured(command))
    medians = {
        name: Cost(*(statistics.median(values) for values in zip(*every, strict=True))) for name, every in costs.items()
    }
    bare = medians["bare XGBoost"]
    print(f"{'':16}{'CPU s':>8}{'wall s':>8}{'MiB':>7}   ratios to the bare call")
    for name, cost in medians.items():
        ratios = "  ".join(f"{one / other:.2f}" for one, other in zip(cost, bare, strict=True))
        print(f"{name:16}{cost.cpu:8.1f}{cost.wall:8.1f}{cost.peak_mib:7.0f}   {ratios}")
    if arguments.flights:
        command = [sys.executable, __file__, "--at-scale", str(arguments.flights)]
        subprocess.run(command, env={**os.environ, "PYTHONPATH": "src"}, check=True)


if __name__ == "__main__":
    main()
