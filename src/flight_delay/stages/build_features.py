"""Stage: compute features and target from the canonical flights, a file per month, and keep the counts that features of
history are made from."""

from pathlib import Path

import pyarrow as pa

from flight_delay.core import files, months, params
from flight_delay.core.runner import log, progress, run_stage
from flight_delay.data.dictionary import load_dictionary
from flight_delay.data.weather import OBSERVATIONS
from flight_delay.features import history
from flight_delay.features.builder import FeatureBuilder
from flight_delay.features.columns import from_table
from flight_delay.features.feature import KEYS, TARGET, processed_schema
from flight_delay.features.parameters import FeatureParameters
from flight_delay.features.target import OUTCOME, late

INTERIM = Path("data/interim")
PROCESSED = Path("data/processed")
HISTORY = Path("models/history")


def main() -> int:
    dictionary = load_dictionary()
    observations = from_table(files.read_table(INTERIM / "weather.parquet", OBSERVATIONS))
    builder = FeatureBuilder.from_dictionary(params.load("build_features", FeatureParameters), dictionary, observations)
    if builder.parameters.weather == "observed" and not builder.only({"weather"}).features:
        log.info("  features of the weather are left out: this source has no observations")
    names = [*KEYS, *builder.columns, *history.READS, *history.OUTCOMES, OUTCOME]
    needed = pa.schema([dictionary.schema.field(name) for name in dict.fromkeys(names)])
    schema = processed_schema(builder.features)

    rows, counts = 0, history.COUNTS.empty_table()
    with files.whole_folder(PROCESSED) as processed, files.whole_folder(HISTORY) as kept:
        for month in progress(months.months_in(INTERIM / "flights"), "month"):
            table = files.read_table(months.month_path(INTERIM / "flights", month), needed)
            flights = from_table(table)
            counted = builder.count_outcomes(flights)
            files.write_table(months.month_path(kept, month), counted)
            counts = pa.concat_tables([builder.counts_needed(counts, month), counted])
            values = builder.build(flights, counts, observations)
            target = late(flights[OUTCOME], builder.parameters.late_minutes)
            columns = {**{key: table[key] for key in KEYS}, **values, TARGET: target}
            files.write_table(months.month_path(processed, month), pa.Table.from_pydict(columns, schema=schema))
            rows += table.num_rows
    return rows


if __name__ == "__main__":
    run_stage("build_features", main)
