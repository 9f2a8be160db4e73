"""Check features, target and the other columns for pitfalls, and profile them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from math import ceil
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from flight_delay.checks.findings import Finding, in_order
from flight_delay.checks.noise import importance_beside_noise, useless
from flight_delay.checks.outcomes import of_outcomes
from flight_delay.checks.profile import ColumnProfile, profile
from flight_delay.checks.run import find_pitfalls
from flight_delay.checks.sample import Month, earlier_and_later, evenly_spaced, examples_of, put_together, without
from flight_delay.checks.select import select
from flight_delay.core import files, months, paths
from flight_delay.core.engine import background, map_months
from flight_delay.core.errors import UserError
from flight_delay.core.params import Parameters
from flight_delay.data.dictionary import Dictionary
from flight_delay.features.feature import Feature, processed_schema
from flight_delay.features.registry import columns_read, reads
from flight_delay.model.examples import require_both_classes

Draw = Callable[[Sequence[ColumnProfile]], Sequence[Any]]


class CheckDataParameters(Parameters):
    """How many flights are looked at (of more, an evenly spaced sample), and which features nothing is trained on."""

    max_rows: Annotated[int, Field(ge=1000)]
    leave_out: list[str]


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What was found in the columns.

    Attributes:
        rows: number of flights that were looked at.
        findings: pitfalls, the gravest first; none is an error.
        profiles: of the features, then of the other columns.
        pictures: of the profiles.
    """

    rows: int
    findings: Sequence[Finding]
    profiles: Sequence[ColumnProfile]
    pictures: Sequence[Any]

    def write(self, folder: Path) -> None:
        """Write findings, their counts and profiles into a folder."""
        files.write_json(folder / "findings.json", [asdict(finding) for finding in self.findings])
        files.write_json(folder / "counts.json", Counter(finding.check for finding in self.findings))
        files.write_json(folder / "profile.json", [column.as_json() for column in self.profiles])


def read_sample(
    windows: dict[str, list[str]],
    built: Sequence[Feature],
    features: Sequence[Feature],
    dictionary: Dictionary,
    max_rows: int,
) -> list[Month]:
    """Read evenly spaced flights of every month, so that memory holds a sample.

    Args:
        windows: months by window.
        built: the features of data/processed.
        features: those that are read.
        dictionary: describes the canonical columns, of which all are read that are no features.
        max_rows: how many flights at most, of all months together.
    """
    window_of = {month: window for window, names in windows.items() for month in names}
    every = months.months_in(paths.PROCESSED)
    rows = sum(files.row_count(months.month_path(paths.PROCESSED, month)) for month in every)
    step, schema = ceil(rows / max_rows), processed_schema(tuple(features))
    names = [name for name in dictionary.columns if name not in {"flight_id", *processed_schema(tuple(built)).names}]

    def read(month: str) -> Month:
        processed = files.read_table(months.month_path(paths.PROCESSED, month), schema)
        others = files.read_table(months.month_path(paths.FLIGHTS, month), dictionary.schema).select(names)
        chosen = evenly_spaced(processed.num_rows, step)
        return Month(month, window_of.get(month, ""), processed.take(chosen), others.take(chosen))

    return [part for _, part in map_months(read, every)]


def check(sample: Sequence[Month], features: Sequence[Feature], dictionary: Dictionary, draw: Draw) -> Checked:
    """Look for pitfalls, and draw the profiles while a small model is trained.

    Args:
        sample: flights by month.
        features: that are trained on.
        dictionary: says which columns are outcomes.
        draw: draws profiles.

    Raises:
        UserError: a finding is an error, or the target has one class.
    """
    # One month is a weak judge of what a feature is worth.
    earlier, later = (examples_of(part, features) for part in earlier_and_later(sample))
    for part in (earlier, later):
        require_both_classes([part.late], "windows.train and windows.validation")
    inspected, others = put_together(sample, features)
    outcomes = of_outcomes(
        inspected, others, dictionary.outcomes, {feature.name: reads(feature) for feature in features}
    )
    moving = {feature.name for feature in features if feature.group in ("history", "weather")}
    findings = find_pitfalls(inspected, without(others, columns_read(features)), outcomes, moving)
    # Of two equal columns neither is missed when it is shuffled: the second is dropped before that is asked.
    wanted = select(features, findings).features
    with background(lambda worker: importance_beside_noise(earlier, later, wanted, worker=worker)) as importances:
        profiles = [*profile(inspected), *profile(others)]
        pictures = draw(profiles)
    findings = in_order([*findings, *useless(importances.result())])
    errors = [finding.says for finding in findings if finding.severity == "error"]
    if errors:
        raise UserError(
            f"{paths.PROCESSED}: {' '.join(errors)} Take such features out before anything is trained on them"
        )
    return Checked(rows=len(inspected), findings=findings, profiles=profiles, pictures=pictures)
