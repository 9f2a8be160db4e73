"""Stage: look for the pitfalls of features, target and the other columns, and profile them. What is wrong stops the
pipeline before anything is trained; what is doubtful is reported, and features that say nothing are dropped."""

from flight_delay.checks.check import CheckDataParameters, check, read_sample
from flight_delay.checks.select import leave_out, select
from flight_delay.core import files, months, params, paths
from flight_delay.core.runner import log, run_stage
from flight_delay.data.dictionary import load_dictionary
from flight_delay.features import weather
from flight_delay.features.parameters import FeatureParameters
from flight_delay.features.registry import all_features
from flight_delay.model.selection import write_selection
from flight_delay.report.plots.picture import write_pictures
from flight_delay.report.plots.profile import draw_profiles


def main() -> int:
    p = params.load("check_data", CheckDataParameters)
    windows = months.load_windows(paths.PROCESSED)
    dictionary = load_dictionary()
    history_days = params.load("build_features", FeatureParameters).history_days
    first = months.month_path(paths.PROCESSED, months.months_in(paths.PROCESSED)[0])
    with_weather = not set(weather.names()).isdisjoint(files.column_names(first))
    built = all_features(dictionary.features, history_days, with_weather=with_weather)
    # What is left out for one source need not be taken out of params.yaml for another that lacks it.
    with_every_source = all_features(dictionary.features, history_days, with_weather=True)
    features, left_out = leave_out(built, p.leave_out, with_every_source)

    checked = check(read_sample(windows, built, features, dictionary, p.max_rows), features, dictionary, draw_profiles)
    with files.whole_folder(paths.report("check_data")) as folder:
        checked.write(folder)
        write_pictures(folder, checked.pictures)
    selection = select(features, checked.findings, left_out)
    write_selection(paths.SELECTION, selection)
    for dropped in selection.dropped:
        log.info("  %s is dropped (%s)", dropped.feature, dropped.rule)
    log.info("  %d features stay; %d warnings, which are in the report", len(selection.features), len(checked.findings))
    return checked.rows


if __name__ == "__main__":
    run_stage("check_data", main)
