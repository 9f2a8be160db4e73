"""Compare the model, which is trained once, with one that learns every outcome when it becomes known.

    python benchmarks/online_learning.py [OPTIONS OF VOWPAL WABBIT]

Progressive validation of Vowpal Wabbit over the year, in the order of time: a flight is predicted 24 hours before its
departure, from its schedule, and learnt when its outcome is known. Both are compared on the same flights
of the backtest and of the test months, paired by day, as a shadow is. It needs the artefacts of the pipeline."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from vowpalwabbit import Workspace

from flight_delay.core import paths
from flight_delay.core.files import read_table
from flight_delay.evaluation.bootstrap import bootstrap, compare_models, interval, point_estimates
from flight_delay.features.columns import columns_from_table
from flight_delay.features.history import OUTCOMES, outcome_known_at

Array = np.ndarray[Any, np.dtype[Any]]

HORIZON = np.timedelta64(24, "h")
LATE_MINUTES = 15
COLUMNS = [
    "flight_id", "flight_date", "carrier", "origin", "destination", "scheduled_departure_minutes",
    "scheduled_departure_utc", *OUTCOMES,
]  # fmt: skip
# Pairs of categories (c) with one another and with the hour (h). The rate is the best of five on February to April.
ARGUMENTS = "--loss_function logistic --link logistic -q cc -q ch -l 0.05 -b 18 --quiet"
METRICS = ("log_loss", "roc_auc")
PERIODS = {"backtest": Path("reports/backtest/predictions"), "test": Path("reports/evaluate/predictions")}
FIRST_TEST_MONTH = "2013-11"


def describe(columns: dict[str, Array]) -> list[str]:
    """Write the schedule of flights in the text format of Vowpal Wabbit, without labels."""
    hours = (columns["scheduled_departure_minutes"] // 60).astype(int)
    weekdays = (columns["flight_date"].astype("datetime64[D]").astype(int) + 3) % 7
    return [
        f"|c carrier={carrier} origin={origin} destination={destination} weekday={weekday} |h hour={hour}"
        for carrier, origin, destination, weekday, hour in zip(
            columns["carrier"], columns["origin"], columns["destination"], weekdays, hours, strict=True
        )
    ]


def validate_progressively(
    features: Sequence[str], late: Array, predicted_at: Array, known_at: Array, arguments: str = ARGUMENTS
) -> Array:
    """Predict every flight at its time, after learning the outcomes that were known before it.

    Args:
        features: of `describe`, by flight.
        late: observed, NaN where no flight arrived, which is never learnt, shape (rows,).
        predicted_at: shape (rows,).
        known_at: when the outcome became known, shape (rows,).
        arguments: of Vowpal Wabbit.

    Returns:
        Probabilities, shape (rows,).
    """
    rows = len(features)
    # At the same moment predictions come first; what happens at one moment is in the order of the rows.
    moments = np.concatenate([predicted_at, known_at])
    order = np.lexsort([np.arange(2 * rows) >= rows, moments])
    probability = np.full(rows, np.nan)
    workspace = Workspace(arguments)
    for event in order:
        row = event % rows
        if event < rows:
            probability[row] = workspace.predict(features[row])
        elif not np.isnan(late[row]):
            workspace.learn(f"{1 if late[row] else -1} {features[row]}")
    workspace.finish()
    return probability


def read_flights() -> tuple[list[str], dict[str, Array]]:
    """Read features of all flights, and when each was predicted, when its outcome was known and whether it was late."""
    flights = pa.concat_tables(read_table(path, columns=COLUMNS) for path in sorted(paths.CANONICAL.glob("*.parquet")))
    columns = columns_from_table(flights)
    delay = columns["arrival_delay_minutes"]
    return describe(columns), {
        "flight_id": columns["flight_id"],
        "late": np.where(np.isnan(delay), np.nan, delay >= LATE_MINUTES),
        "predicted_at": columns["scheduled_departure_utc"].astype("datetime64[s]") - HORIZON,
        "known_at": outcome_known_at(columns),
    }


def compare(online: dict[str, float], folder: Path, months: Sequence[str]) -> dict[str, Any]:
    """Compare online probabilities with those of the model on the flights of some months."""
    model = columns_from_table(pa.concat_tables(read_table(folder / f"{month}.parquet") for month in months))
    probabilities = {
        "model": model["probability"].astype(np.float64),
        "online": np.array([online[flight] for flight in model["flight_id"]]),
    }
    target, date = model["late"].astype(bool), model["flight_date"]
    estimates = point_estimates(target, probabilities, METRICS)
    draws = bootstrap(target, probabilities, date, metrics=METRICS)
    return {
        "flights": len(target),
        "estimates": estimates,
        "intervals": {name: {m: interval(values[m]) for m in METRICS} for name, values in draws.items()},
        "online minus model": compare_models(draws, estimates, "online", "model"),
    }


def main() -> None:
    """Print the comparison for both periods."""
    arguments = " ".join(sys.argv[1:]) or ARGUMENTS
    started = time.process_time()
    features, flights = read_flights()
    read = time.process_time()
    probability = validate_progressively(
        features, flights["late"], flights["predicted_at"], flights["known_at"], arguments
    )
    learned = time.process_time()
    print(f"{len(features):,} flights: reading and describing {read - started:.1f} CPU s, ", end="")
    print(f"predicting and learning {learned - read:.1f} CPU s")
    online = dict(zip(flights["flight_id"], probability, strict=True))
    for period, folder in PERIODS.items():
        months = [path.stem for path in sorted(folder.glob("*.parquet"))]
        months = [month for month in months if (month >= FIRST_TEST_MONTH) == (period == "test")]
        compared = compare(online, folder, months)
        print(f"\n{period}, {months[0]} to {months[-1]}, {compared['flights']:,} flights")
        for metric in METRICS:
            for name, estimates in compared["estimates"].items():
                low, high = compared["intervals"][name][metric]
                print(f"  {metric:8} {name:7} {estimates[metric]:.4f} ({low:.4f} to {high:.4f})")
            difference = compared["online minus model"][metric]
            print(
                f"  {metric:8} online minus model {difference.difference:+.4f} "
                f"({difference.low:+.4f} to {difference.high:+.4f}): {difference.verdict}"
            )


if __name__ == "__main__":
    sys.exit(main())
