"""Stage: look for the pitfalls of features, target and the other columns, and profile them. What is wrong stops the
pipeline before anything is trained; what is doubtful is reported, and features that say nothing are dropped."""

from collections import Counter
from dataclasses import asdict
from math import ceil
from pathlib import Path
from typing import Annotated

from pydantic import Field

from flight_delay.core import files, months, params
from flight_delay.core.engine import background
from flight_delay.core.errors import UserError
from flight_delay.core.runner import log, progress, run_stage
from flight_delay.data.dictionary import load_dictionary
from flight_delay.features import weather
from flight_delay.features.feature import processed_schema
from flight_delay.features.parameters import FeatureParameters
from flight_delay.features.registry import all_features, columns_read, reads
from flight_delay.model.examples import require_both_classes
from flight_delay.model.selection import write_selection
from flight_delay.pitfalls.findings import in_order
from flight_delay.pitfalls.noise import importance_beside_noise, useless
from flight_delay.pitfalls.outcomes import of_outcomes
from flight_delay.pitfalls.profile import profile
from flight_delay.pitfalls.sample import Month, earlier_and_later, evenly_spaced, examples_of, put_together, without
from flight_delay.pitfalls.search import find_pitfalls
from flight_delay.pitfalls.select import leave_out, select
from flight_delay.plots.profile import draw

INTERIM = Path("data/interim/flights")
PROCESSED_FOLDER = Path("data/processed")
REPORT = Path("reports/check_data")
SELECTION = Path("data/selection.json")


class CheckData(params.Parameters):
    """How many flights are looked at (of more, an evenly spaced sample), and which features nothing is trained on."""

    max_rows: Annotated[int, Field(ge=1000)]
    leave_out: list[str]


def main() -> int:
    p = params.load("check_data", CheckData)
    windows = params.load("windows", months.Windows).named()
    window_of = {
        month: name
        for name, window in windows.items()
        for month in months.present_months(PROCESSED_FOLDER, f"windows.{name}", window)
    }
    paths = {month: months.month_path(PROCESSED_FOLDER, month) for month in months.months_in(PROCESSED_FOLDER)}
    dictionary = load_dictionary()
    history_days = params.load("build_features", FeatureParameters).history_days
    with_weather = not set(weather.names()).isdisjoint(files.column_names(next(iter(paths.values()))))
    built = all_features(dictionary.features, history_days, with_weather=with_weather)
    # What is left out for one source need not be taken out of params.yaml for another that lacks it.
    with_every_source = all_features(dictionary.features, history_days, with_weather=True)
    features, left_out = leave_out(built, p.leave_out, with_every_source)
    schema = processed_schema(tuple(features))
    step = ceil(sum(map(files.row_count, paths.values())) / p.max_rows)
    names = [name for name in dictionary.columns if name not in {"flight_id", *processed_schema(built).names}]

    sample = []
    for month in progress(list(paths), "month"):
        processed = files.read_table(paths[month], schema)
        others = files.read_table(months.month_path(INTERIM, month), dictionary.schema).select(names)
        rows = evenly_spaced(processed.num_rows, step)
        sample.append(Month(month, window_of.get(month, ""), processed.take(rows), others.take(rows)))
    # One month is a weak judge of what a feature is worth.
    earlier, later = (examples_of(part, features) for part in earlier_and_later(sample))
    for part in (earlier, later):
        require_both_classes([part.late], "windows.train and windows.validation")

    inspected, others = put_together(sample, features)
    found = of_outcomes(inspected, others, dictionary.outcomes, {feature.name: reads(feature) for feature in features})
    moving = {feature.name for feature in features if feature.group in ("history", "weather")}
    findings = find_pitfalls(inspected, without(others, columns_read(features)), found, moving)
    # Of two equal columns neither is missed when it is shuffled: the second is dropped before that is asked.
    wanted = select(features, findings).features
    with background(lambda worker: importance_beside_noise(earlier, later, wanted, worker=worker)) as importances:
        profiles = [*profile(inspected), *profile(others)]
        pictures = draw(profiles)
    findings = in_order([*findings, *useless(importances.result())])
    errors = [finding.says for finding in findings if finding.severity == "error"]
    if errors:
        raise UserError(
            f"{PROCESSED_FOLDER}: {' '.join(errors)} Take such features out before anything is trained on them"
        )

    with files.whole_folder(REPORT) as report:
        files.write_json(report / "findings.json", [asdict(finding) for finding in findings])
        files.write_json(report / "counts.json", Counter(finding.check for finding in findings))
        files.write_json(report / "profile.json", [of.as_json() for of in profiles])
        for name, picture in pictures.items():
            files.write_bytes(report / f"{name}.png", picture)
    selection = select(features, findings, left_out)
    write_selection(SELECTION, selection)
    for dropped in selection.dropped:
        log.info("  %s is dropped (%s)", dropped.feature, dropped.rule)
    log.info("  %d features stay; %d warnings, which are in the report", len(selection.features), len(findings))
    return len(inspected)


if __name__ == "__main__":
    run_stage("check_data", main)
