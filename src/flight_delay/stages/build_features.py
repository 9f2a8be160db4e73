"""Stage: compute features and target from the canonical flights, a file per month, and keep the counts that features of
history are made from."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from flight_delay.core import files, months, params
from flight_delay.core.runner import log, progress, run_stage
from flight_delay.data.dictionary import load_dictionary
from flight_delay.data.weather import OBSERVATIONS
from flight_delay.features import history
from flight_delay.features.columns import from_table
from flight_delay.features.feature import KEYS, TARGET, processed_schema
from flight_delay.features.parameters import FeatureParameters
from flight_delay.features.registry import all_features, columns_read, compute_features, reads
from flight_delay.features.target import OUTCOME, late

INTERIM = Path("data/interim")
PROCESSED = Path("data/processed")
HISTORY = Path("models/history")


def main() -> int:
    p = params.load("build_features", FeatureParameters)
    dictionary = load_dictionary()
    observations = from_table(files.read_table(INTERIM / "weather.parquet", OBSERVATIONS))
    with_weather = p.weather == "observed" and len(observations["airport"]) > 0
    if p.weather == "observed" and not with_weather:
        log.info("  features of the weather are left out: this source has no observations")
    features = all_features(dictionary.features, p.history_days, with_weather=with_weather)
    for feature in features:
        dictionary.refuse_leaks(feature.name, reads(feature), p.horizon_hours)
    names = [*KEYS, *columns_read(features), *history.READS, *history.OUTCOMES, OUTCOME]
    needed = pa.schema([dictionary.schema.field(name) for name in dict.fromkeys(names)])
    schema = processed_schema(features)

    rows, recent = 0, history.COUNTS.empty_table()
    with files.whole_folder(PROCESSED) as processed, files.whole_folder(HISTORY) as kept:
        for month in progress(months.months_in(INTERIM / "flights"), "month"):
            flights = files.read_table(months.month_path(INTERIM / "flights", month), needed)
            columns = from_table(flights)
            counts = history.count_outcomes(columns, p.late_minutes)
            files.write_table(months.month_path(kept, month), counts)
            since = history.first_day_needed(np.datetime64(month), max(p.history_days), p.horizon_hours)
            recent = pa.concat_tables([history.known_since(recent, since), counts])
            values = compute_features(
                columns,
                features,
                counts=recent,
                observations=observations,
                history_days=p.history_days,
                prior_flights=p.prior_flights,
                horizon_hours=p.horizon_hours,
            )
            target = late(columns[OUTCOME], p.late_minutes)
            table = {**{key: flights[key] for key in KEYS}, **values, TARGET: target}
            files.write_table(months.month_path(processed, month), pa.Table.from_pydict(table, schema=schema))
            rows += flights.num_rows
    return rows


if __name__ == "__main__":
    run_stage("build_features", main)
