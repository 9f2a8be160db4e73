"""Stage: compute features, target, and the counts of the history features."""

import pyarrow as pa
import pyarrow.compute as pc

from flight_delay.core import files, months, params, paths
from flight_delay.core.engine import map_months
from flight_delay.core.runner import log, run_stage
from flight_delay.data.dictionary import load_dictionary
from flight_delay.data.weather import OBSERVATIONS
from flight_delay.features import history
from flight_delay.features.builder import FeatureBuilder
from flight_delay.features.columns import columns_from_table
from flight_delay.features.feature import KEYS, TARGET, processed_schema
from flight_delay.features.parameters import FeatureParameters
from flight_delay.features.target import OUTCOME, is_late


def main() -> int:
    dictionary = load_dictionary()
    observations = columns_from_table(files.read_table(paths.WEATHER, OBSERVATIONS))
    builder = FeatureBuilder.from_dictionary(
        params.load_params("build_features", FeatureParameters), dictionary, observations
    )
    if builder.parameters.weather == "observed" and not builder.only({"weather"}).features:
        log.info("  features of the weather are left out: this source has no observations")
    names = [*KEYS, *builder.columns, *history.HISTORY_COLUMNS, *history.OUTCOMES, OUTCOME]
    needed = pa.schema([dictionary.schema.field(name) for name in dict.fromkeys(names)])
    schema = processed_schema(builder.features)

    def count(month: str) -> pa.Table:
        return builder.count_outcomes(
            columns_from_table(files.read_table(months.month_path(paths.CANONICAL, month), needed))
        )

    with files.atomic_directory(paths.PROCESSED) as processed, files.atomic_directory(paths.HISTORY) as kept:
        every, last_day = months.list_months(paths.CANONICAL), {}
        for month, counted in map_months(count, every, "outcomes of"):
            files.write_table(months.month_path(kept, month), counted)
            last_day[month] = pc.max(counted["day"]).as_py()

        def build(month: str) -> int:
            table = files.read_table(months.month_path(paths.CANONICAL, month), needed)
            flights = columns_from_table(table)
            since = builder.first_day_needed(month).item()
            earlier = [name for name in every if name <= month and last_day[name] and last_day[name] >= since]
            counts = pa.concat_tables(counted for _, counted in months.iterate_months(kept, earlier, history.COUNTS))
            values = builder.build(flights, counts, observations)
            target = is_late(flights[OUTCOME], builder.parameters.late_threshold_minutes)
            columns = {**{key: table[key] for key in KEYS}, **values, TARGET: target}
            files.write_table(months.month_path(processed, month), pa.Table.from_pydict(columns, schema=schema))
            return len(target)

        return sum(rows for _, rows in map_months(build, every, "features of"))


if __name__ == "__main__":
    run_stage("build_features", main)
