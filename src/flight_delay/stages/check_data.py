"""Stage: look for the pitfalls of features, target and the other columns, and profile them. What is wrong stops the
pipeline before anything is trained; what is doubtful is reported."""

from collections import Counter
from dataclasses import asdict
from math import ceil
from pathlib import Path
from typing import Annotated

from pydantic import Field

from flight_delay.core import files, months, params
from flight_delay.core.errors import UserError
from flight_delay.core.runner import log, progress, run_stage
from flight_delay.data.dictionary import load_dictionary
from flight_delay.features.registry import FEATURES, PROCESSED, columns_read
from flight_delay.model.examples import require_both_classes
from flight_delay.pitfalls.noise import importance_beside_noise, useless
from flight_delay.pitfalls.outcomes import of_outcomes
from flight_delay.pitfalls.profile import profile
from flight_delay.pitfalls.sample import Month, evenly_spaced, examples_of, put_together, without
from flight_delay.pitfalls.search import find_pitfalls
from flight_delay.plots.profile import draw

INTERIM = Path("data/interim/flights")
PROCESSED_FOLDER = Path("data/processed")
REPORT = Path("reports/check_data")
CHECKED = Path("data/checked.json")


class CheckData(params.Parameters):
    """How many flights are looked at; of more, an evenly spaced sample."""

    max_rows: Annotated[int, Field(ge=1000)]


def main() -> int:
    p = params.load("check_data", CheckData)
    windows = params.load("windows", months.Windows).named()
    window_of = {
        month: name
        for name, window in windows.items()
        for month in months.present_months(PROCESSED_FOLDER, f"windows.{name}", window)
    }
    paths = {month: months.month_path(PROCESSED_FOLDER, month) for month in months.months_in(PROCESSED_FOLDER)}
    step = ceil(sum(map(files.row_count, paths.values())) / p.max_rows)
    dictionary = load_dictionary()
    names = [name for name in dictionary.columns if name not in {"flight_id", *PROCESSED.names}]

    sample = []
    for month in progress(list(paths), "month"):
        features = files.read_table(paths[month], PROCESSED)
        others = files.read_table(months.month_path(INTERIM, month), dictionary.schema).select(names)
        rows = evenly_spaced(features.num_rows, step)
        sample.append(Month(month, window_of.get(month, ""), features.take(rows), others.take(rows)))
    train, validation = examples_of(sample, "train"), examples_of(sample, "validation")
    require_both_classes([train.late], "windows.train")
    require_both_classes([validation.late], "windows.validation")

    importances = importance_beside_noise(train, validation, {feature.name: feature.kind for feature in FEATURES})
    features, others = put_together(sample)
    reads = {feature.name: feature.reads for feature in FEATURES}
    found = [*useless(importances), *of_outcomes(features, others, dictionary.outcomes, reads)]
    findings = find_pitfalls(features, without(others, columns_read()), found)
    errors = [finding.says for finding in findings if finding.severity == "error"]
    if errors:
        raise UserError(
            f"{PROCESSED_FOLDER}: {' '.join(errors)} Take such features out before anything is trained on them"
        )

    profiles = [*profile(features), *profile(others)]
    with files.whole_folder(REPORT) as report:
        files.write_json(report / "findings.json", [asdict(finding) for finding in findings])
        files.write_json(report / "counts.json", Counter(finding.check for finding in findings))
        files.write_json(report / "profile.json", [of.as_json() for of in profiles])
        for name, picture in draw(profiles).items():
            files.write_bytes(report / f"{name}.png", picture)
    files.write_json(CHECKED, {"errors": 0})
    log.info("  %d warnings; they are in the report", len(findings))
    return len(features)


if __name__ == "__main__":
    run_stage("check_data", main)
