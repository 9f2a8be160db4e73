"""Stage: check features and target, profile columns, and select features.

Errors stop the pipeline before anything is trained; warnings are in the report."""

import pyarrow as pa

from flight_delay.checks.feature_selection import exclude_features, select_features
from flight_delay.checks.sample import read_sample
from flight_delay.checks.suite import CheckDataParameters, check
from flight_delay.core import files, months, params, paths
from flight_delay.core.runner import log, run_stage
from flight_delay.data.dictionary import load_dictionary
from flight_delay.features import weather
from flight_delay.features.feature import ROW_ID, processed_schema
from flight_delay.features.parameters import FeatureParameters
from flight_delay.features.registry import list_features
from flight_delay.model.selection import write_selection
from flight_delay.report.plots.plot import write_plots
from flight_delay.report.plots.profile import draw_profiles


def main() -> int:
    p = params.load_params("check_data", CheckDataParameters)
    splits = months.load_splits(paths.PROCESSED)
    dictionary = load_dictionary()
    history_days = params.load_params("build_features", FeatureParameters).history_days
    first = months.month_path(paths.PROCESSED, months.list_months(paths.PROCESSED)[0])
    has_weather = not set(weather.weather_features()).isdisjoint(files.read_parquet_metadata(first).schema.names)
    built = list_features(dictionary.features, history_days, with_weather=has_weather)
    # A pattern for one source may stay in params.yaml with another source that lacks its features.
    possible = list_features(dictionary.features, history_days, with_weather=True)
    features, excluded = exclude_features(built, p.exclude_features, possible)
    taken = {ROW_ID, *processed_schema(tuple(built)).names}
    others = pa.schema([field for field in dictionary.schema if field.name not in taken])

    result = check(
        read_sample(splits, features, others, p.max_rows), features, dictionary.outcome_columns, draw_profiles
    )
    with files.atomic_directory(paths.report("check_data")) as folder:
        result.write(folder)
        write_plots(folder, result.plots)
    selection = select_features(features, result.findings, excluded)
    write_selection(paths.SELECTION, selection)
    for dropped in selection.dropped:
        log.info("  dropped %s (%s)", dropped.feature, dropped.rule)
    log.info("  %d features selected; %d warnings in the report", len(selection.features), len(result.findings))
    return result.rows


if __name__ == "__main__":
    run_stage("check_data", main)
