"""Stage: compute features and target from the canonical flights, a file per month."""

from pathlib import Path

import pyarrow as pa

from flight_delay.core import files, months, params
from flight_delay.core.runner import progress, run_stage
from flight_delay.data.dictionary import load_dictionary
from flight_delay.features.columns import from_table
from flight_delay.features.registry import FEATURES, KEYS, PROCESSED, TARGET, columns_read, compute_features
from flight_delay.features.target import TargetParameters, late

INTERIM = Path("data/interim/flights")
PROCESSED_FOLDER = Path("data/processed")
OUTCOME = "arrival_delay_minutes"


def main() -> int:
    p = params.load("build_features", TargetParameters)
    dictionary = load_dictionary()
    for feature in FEATURES:
        dictionary.refuse_leaks(feature.name, feature.reads, p.horizon_hours)
    needed = pa.schema([dictionary.schema.field(name) for name in dict.fromkeys([*KEYS, *columns_read(), OUTCOME])])

    rows = 0
    with files.whole_folder(PROCESSED_FOLDER) as processed:
        for month in progress(months.months_in(INTERIM), "month"):
            flights = files.read_table(months.month_path(INTERIM, month), needed)
            features = compute_features(from_table(flights, columns_read()))
            target = late(from_table(flights, [OUTCOME])[OUTCOME], p.late_minutes)
            values = {**{key: flights[key] for key in KEYS}, **features, TARGET: target}
            files.write_table(months.month_path(processed, month), pa.Table.from_pydict(values, schema=PROCESSED))
            rows += flights.num_rows
    return rows


if __name__ == "__main__":
    run_stage("build_features", main)
