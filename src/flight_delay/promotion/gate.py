"""Checks that a model must pass before it is promoted.

Each check is a function of evidence and bounds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

from flight_delay.core.errors import UserError
from flight_delay.evaluation.metrics import METRICS
from flight_delay.promotion.bounds import Promote
from flight_delay.promotion.evidence import ChampionComparison, DataQuality, Evidence, ModelReplay
from flight_delay.review.comparison.rows import PeriodComparison
from flight_delay.review.verification.verdict import summarize_verification
from flight_delay.review.verification.verify import Verification
from flight_delay.vcs.history import PipelineCommit

MAX_NAMES = 3  # slices, files or errors that a line names
NO_CHAMPION = "there is no champion yet to compare with"

# Whether a check passed, and the measured value with its bound.
Result: TypeAlias = tuple[bool, str]


class Check(NamedTuple):
    """A check of the gate with its result."""

    name: str
    passed: bool
    detail: str


def check_candidate(evidence: Evidence, bounds: Promote) -> list[Check]:
    """Run all checks of the gate; unavailable evidence fails its checks."""
    checks = []
    for name, field, check in GATE:
        value = getattr(evidence, field)
        if value is None:
            result = (True, NO_CHAMPION)
        elif isinstance(value, UserError):
            result = (False, str(value))
        else:
            result = check(value, bounds)
        checks.append(Check(name, *result))
    return checks


def check_commit(commit: PipelineCommit, _: Promote) -> Result:
    """Check that the pipeline is in a commit on a branch or a tag."""
    if commit.experiment:
        return False, f"only in the DVC experiment {commit.experiment}; `dvc exp branch` makes a branch of it"
    return True, f"commit {commit.commit[:10]}"


def check_verification(verified: Verification, _: Promote) -> Result:
    """Check that every output of the commit is reproduced byte for byte."""
    return verified.is_same, summarize_verification(verified)


def check_quality(quality: DataQuality, _: Promote) -> Result:
    """Check that the data have no errors, and few quarantined rows."""
    names = f" ({_join(quality.errors)})" if quality.errors else ""
    share = f"{quality.quarantined_share:.2%} of rows in quarantine (at most {quality.max_quarantined_share:.2%})"
    passed = not quality.errors and quality.quarantined_share <= quality.max_quarantined_share
    return passed, f"{len(quality.errors)} error{'s' if len(quality.errors) != 1 else ''}{names}, {share}"


def check_backtest(comparison: ChampionComparison, _: Promote) -> Result:
    """Check that the candidate is better on the backtest, or equal and simpler."""
    verdict, detail = comparison.backtest.verdict, _describe_period(comparison.backtest, comparison.champion)
    if verdict not in {"same", "not_significant"}:
        return verdict == "better", detail
    simpler = comparison.size.is_simpler_than(comparison.champion_size)
    sizes = " against ".join(
        f"{size.features} features, {size.nodes:,} nodes" for size in (comparison.size, comparison.champion_size)
    )
    return simpler, f"{detail}; {'simpler' if simpler else 'not simpler'} ({sizes})"


def check_test(comparison: ChampionComparison, _: Promote) -> Result:
    """Check that the candidate is not worse than the champion on test."""
    passed = comparison.test.verdict in {"better", "not_significant", "same"}
    return passed, _describe_period(comparison.test, comparison.champion)


def check_slices(comparison: ChampionComparison, bounds: Promote) -> Result:
    """Check that the log loss is not much higher in any slice of test."""
    if not comparison.slices:
        return False, f"no slice has {bounds.min_slice_rows} common rows"
    worse = [loss for loss in comparison.slices if loss.increase > bounds.max_slice_log_loss_increase]
    names = _join([f"{loss.by} {loss.label} {loss.increase:+.4f}" for loss in worse or comparison.slices[:1]])
    count = f"{len(worse)} of {len(comparison.slices)} slices ({names if worse else f'at most {names}'})"
    return not worse, f"log loss is higher by more than {bounds.max_slice_log_loss_increase:g} in {count}"


def check_calibration(error: float, bounds: Promote) -> Result:
    """Check that the expected calibration error on test is within its bound."""
    detail = f"expected calibration error {error:.4f} on test (at most {bounds.max_calibration_error:g})"
    return error <= bounds.max_calibration_error, detail


def check_replay(replay: ModelReplay, _: Promote) -> Result:
    """Check that the model in MLflow repeats all recorded predictions.

    Its files must be those of the commit.
    """
    detail = f"{replay.different:,} of {replay.predictions:,} recorded predictions are not repeated"
    if replay.other_files:
        detail += f"; not the commit's: {_join(replay.other_files)}"
    return bool(replay.predictions) and not replay.different and not replay.other_files, detail


def check_speed(replay: ModelReplay, bounds: Promote) -> Result:
    """Check that latency and throughput of the loaded model are within bounds."""
    latency, throughput = replay.speed
    passed = latency <= bounds.max_latency_ms and throughput >= bounds.min_throughput_rows_per_s
    return (
        passed,
        f"one row {latency:.1f} ms (at most {bounds.max_latency_ms:g}), {throughput:,.0f} rows per "
        f"second (at least {bounds.min_throughput_rows_per_s:,.0f})",
    )


# Name of a check, the field of Evidence that it reads, and its function.
GATE: Sequence[tuple[str, str, Callable[[Any, Promote], Result]]] = (
    ("committed", "commit", check_commit),
    ("verified", "verification", check_verification),
    ("data", "quality", check_quality),
    ("backtest", "comparison", check_backtest),
    ("test", "comparison", check_test),
    ("slices", "comparison", check_slices),
    ("calibration", "calibration_error", check_calibration),
    ("loaded model", "replay", check_replay),
    ("speed", "replay", check_speed),
)


def _describe_period(period: PeriodComparison, champion: str) -> str:
    """Format the verdict, and the difference of each metric with its interval."""
    if period.reason:
        return f"not comparable with {champion}: {period.reason}"
    if period.verdict == "same":
        return f"the same probability for every row as {champion}"
    differences = ", ".join(
        f"{METRICS[measure.name].label} {measure.b_over_a.difference:+.4f} ({measure.b_over_a.low:+.4f} to "
        f"{measure.b_over_a.high:+.4f})"
        for measure in period.measures
        if measure.name in METRICS
    )
    return f"{period.verdict.replace('_', ' ')} against {champion}: {differences}"


def _join(names: Sequence[str]) -> str:
    more = len(names) - MAX_NAMES
    return ", ".join(names[:MAX_NAMES]) + (f" and {more} more" if more > 0 else "")
