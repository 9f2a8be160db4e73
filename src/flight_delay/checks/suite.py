"""Run all checks of features and target, and profile all columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from flight_delay.checks.columns import check_columns
from flight_delay.checks.drift import check_drift
from flight_delay.checks.feature_selection import select_features
from flight_delay.checks.findings import Finding, sort_findings
from flight_delay.checks.labels import check_labels
from flight_delay.checks.leakage import check_leakage
from flight_delay.checks.noise import no_better_than_noise, noise_probe_importance
from flight_delay.checks.outcomes import check_outcomes
from flight_delay.checks.pairs import check_pairs
from flight_delay.checks.profile import ColumnProfile, profile
from flight_delay.checks.sample import SampledMonth, concat_months, split_by_time
from flight_delay.checks.table import EncodedTable
from flight_delay.checks.target import check_target
from flight_delay.core import files, paths
from flight_delay.core.engine import run_in_background
from flight_delay.core.errors import UserError
from flight_delay.core.params import Parameters
from flight_delay.features.feature import Feature
from flight_delay.features.registry import source_columns
from flight_delay.model.examples import require_both_classes

Draw = Callable[[Sequence[ColumnProfile]], Sequence[Any]]

SEASONAL_GROUPS = ("history", "weather")


class CheckDataParameters(Parameters):
    """Size of the sample, and names or patterns of features to exclude."""

    max_rows: Annotated[int, Field(ge=1000)]
    exclude_features: list[str]


@dataclass(frozen=True, kw_only=True)
class CheckResult:
    """Result of the checks.

    Attributes:
        rows: number of sampled rows.
        findings: sorted; none is an error.
        profiles: profiles of the features, then of the other columns.
        plots: plots of the profiles.
    """

    rows: int
    findings: Sequence[Finding]
    profiles: Sequence[ColumnProfile]
    plots: Sequence[Any]

    def write(self, folder: Path) -> None:
        """Write findings, their counts and profiles into a folder."""
        files.write_json(folder / "findings.json", [finding.as_json() for finding in self.findings])
        files.write_json(folder / "counts.json", Counter(finding.check for finding in self.findings))
        files.write_json(folder / "profile.json", [column.as_json() for column in self.profiles])


def run_checks(
    features: EncodedTable, further: Iterable[Finding] = (), seasonal: Collection[str] = ()
) -> list[Finding]:
    """Run the checks that are based on counts, and sort all findings.

    Args:
        features: features of the model.
        further: findings of other checks, to be sorted among these.
        seasonal: features that vary with the season, which are not checked for drift.
    """
    return sort_findings(
        chain(
            check_columns(features),
            check_labels(features),
            check_pairs(features.encoded.values()),
            check_target(features),
            check_leakage(features),
            check_drift(features, seasonal),
            further,
        )
    )


def check(
    sample: Sequence[SampledMonth], features: Sequence[Feature], outcomes: Collection[str], draw: Draw
) -> CheckResult:
    """Run all checks, and draw profiles while the noise check trains.

    Args:
        sample: rows by month.
        features: features of the model.
        outcomes: names of columns that are known only with the target.
        draw: draws profiles.

    Raises:
        UserError: a finding is an error, or the target has one class.
    """
    # The noise check uses several months for evaluation, since the importances of one month vary too much.
    earlier, later = split_by_time(sample, features)
    for part in (earlier, later):
        require_both_classes([part.target], "splits.train and splits.validation")
    table, others = concat_months(sample, features)
    leaks = check_outcomes(table, others, outcomes, {feature.name: source_columns(feature) for feature in features})
    seasonal = {feature.name for feature in features if feature.group in SEASONAL_GROUPS}
    findings = run_checks(table, leaks, seasonal)
    # Duplicates are dropped first: the permutation of one of them would not increase the loss.
    selected = select_features(features, findings).features
    with run_in_background(
        lambda worker: noise_probe_importance(earlier, later, selected, worker=worker)
    ) as importances:
        profiles = [*profile(table), *profile(others)]
        plots = draw(profiles)
    findings = sort_findings([*findings, *no_better_than_noise(importances.result())])
    errors = [finding.message for finding in findings if finding.severity == "error"]
    if errors:
        raise UserError(f"{paths.PROCESSED}: {' '.join(errors)} Remove the features or fix the data")
    return CheckResult(rows=len(table), findings=findings, profiles=profiles, plots=plots)
