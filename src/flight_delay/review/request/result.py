"""The result of a review: a table of outcomes, and questions for a person."""

from __future__ import annotations

from collections.abc import Sequence

from flight_delay.evaluation.bootstrap import Comparison
from flight_delay.review.comparison.flights import PeriodComparison
from flight_delay.review.comparison.page import headline
from flight_delay.review.request.experiments import ExperimentResult, ReviewRun
from flight_delay.review.request.forms import Question, render_page
from flight_delay.review.request.replay import ReplayedPredictions
from flight_delay.review.verification.verdict import summarize_verification, verification_table

METRICS = ("roc_auc", "average_precision", "log_loss")


def result_page(run: ReviewRun, questions: Sequence[Question], *, date: str) -> str:
    """Render the page.

    Args:
        run: outcome of the review.
        questions: for the reviewer.
        date: YYYY-MM-DD, on which the review was run.
    """
    front_matter = {
        "format": 2,
        "request": run.request.path("request").name,
        "commit": run.request.commit,
        "date": date,
        "minutes": round(run.seconds / 60, 1),
        "same": run.verified.same,
        "experiments": {result.experiment.name: _verdict(result) for result in run.results},
    }
    return render_page(
        "result.md.j2",
        front_matter,
        request=run.request,
        verdict=summarize_verification(run.verified),
        verification=verification_table(run.verified),
        replay=_replay_outcome(run.replayed),
        rows=[_row(result) for result in run.results],
        questions=questions,
    )


def _replay_outcome(replayed: ReplayedPredictions | str) -> str:
    if isinstance(replayed, str):
        return f"not possible: {replayed}"
    if not replayed.changed:
        return f"all {replayed.flights:,} predictions are the same, bit for bit"
    return f"{replayed.changed:,} of {replayed.flights:,} predictions changed, by at most {replayed.largest_difference:.2g}"


def _row(result: ExperimentResult) -> list[str]:
    periods = (result.comparison.backtest, result.comparison.test) if result.comparison else (None, None)
    differences = [cell for period in periods for cell in _differences(period)]
    return [result.experiment.name, _verdict(result), *differences, f"{result.seconds / 60:.1f}"]


def _verdict(result: ExperimentResult) -> str:
    return headline(result.comparison) if result.comparison else f"not run: {result.error}"


def _differences(judged: PeriodComparison | None) -> list[str]:
    """Differences of the metrics, with a verdict where the interval excludes zero."""
    comparisons = {measure.name: measure.b_over_a for measure in judged.measures} if judged else {}
    return [_difference(comparisons[metric]) if metric in comparisons else "–" for metric in METRICS]


def _difference(comparison: Comparison) -> str:
    verdict = "" if comparison.verdict == "undecided" else f" {comparison.verdict}"
    return f"{comparison.difference:+.4f}".replace("-", "−") + verdict
