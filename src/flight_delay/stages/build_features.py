"""Stage: compute features, target, and the counts of the history features."""

import pyarrow as pa

from flight_delay.core import files, months, params, paths
from flight_delay.core.engine import map_months
from flight_delay.core.incremental import changed_months, code_version, monthly_folder
from flight_delay.core.runner import log, run_stage
from flight_delay.data.dictionary import load_dictionary
from flight_delay.data.weather import OBSERVATIONS
from flight_delay.features.builder import FeatureBuilder
from flight_delay.features.columns import columns_from_table
from flight_delay.features.month import build_month, canonical_columns, count_month
from flight_delay.features.parameters import FeatureParameters


def main() -> int:
    p, dictionary = params.load_params("build_features", FeatureParameters), load_dictionary()
    observations = columns_from_table(files.read_table(paths.WEATHER, OBSERVATIONS))
    builder = FeatureBuilder.from_dictionary(p, dictionary, observations)
    if p.weather == "observed" and not builder.only({"weather"}).features:
        log.info("  features of the weather are left out: this source has no observations")
    schema = pa.schema([dictionary.schema.field(name) for name in canonical_columns(builder)])
    every, code = months.list_months(paths.CANONICAL), code_version("build_features", repr(p))
    flights = months.month_paths(paths.CANONICAL, every)
    checksums = {month: files.sha256(path) for month, path in flights.items()}
    weather = files.sha256(paths.WEATHER)

    with monthly_folder(paths.PROCESSED, code) as processed, monthly_folder(paths.HISTORY, code) as history:
        inputs = {month: [checksums[month]] for month in every}
        arguments = {month: (flights[month], builder, schema) for month in changed_months([history], inputs)}
        for month, counted in map_months(count_month, arguments, "outcomes of"):
            history.write(month, inputs[month], counted.content, {"last_day": counted.last_day})

        counts = {}
        for month in every:
            since = str(builder.first_day_needed(month))
            names = [name for name in every if name <= month and history.months[name].result["last_day"] >= since]
            counts[month] = list(months.month_paths(history.path, names).values())
            inputs[month] = [checksums[month], weather, *(history.months[name].sha256 for name in names)]
        changed = changed_months([processed], inputs)
        needed = {month: (flights[month], counts[month], paths.WEATHER, builder, schema) for month in changed}
        for month, built in map_months(build_month, needed, "features of"):
            processed.write(month, inputs[month], built.content, {"rows": built.rows})
        return sum(month.result["rows"] for month in processed.months.values())


if __name__ == "__main__":
    run_stage("build_features", main)
