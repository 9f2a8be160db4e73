"""Stage: compute features and target from the canonical flights, a file per month."""

from pathlib import Path

import pyarrow as pa

from flight_delay.core import files, months, params
from flight_delay.core.runner import progress, run_stage
from flight_delay.data.canonical import FLIGHTS
from flight_delay.features.columns import from_table
from flight_delay.features.registry import KEYS, PROCESSED, TARGET, columns_read, compute_features
from flight_delay.features.target import TargetParameters, late

INTERIM = Path("data/interim/flights")
PROCESSED_FOLDER = Path("data/processed")


def main() -> int:
    p = params.load("build_features", TargetParameters)
    rows = 0
    with files.whole_folder(PROCESSED_FOLDER) as processed:
        for month in progress(months.months_in(INTERIM), "month"):
            flights = files.read_table(months.month_path(INTERIM, month), FLIGHTS)
            features = compute_features(from_table(flights, columns_read()))
            target = late(from_table(flights)["arrival_delay_minutes"], p.late_minutes)
            values = {**{key: flights[key] for key in KEYS}, **features, TARGET: target}
            files.write_table(months.month_path(processed, month), pa.Table.from_pydict(values, schema=PROCESSED))
            rows += flights.num_rows
    return rows


if __name__ == "__main__":
    run_stage("build_features", main)
