"""The result of a review: a table of outcomes, and questions for a person."""

from __future__ import annotations

from collections.abc import Sequence

from flight_delay.evaluation.metrics import METRICS
from flight_delay.review.comparison.page import headline
from flight_delay.review.comparison.rows import PeriodComparison
from flight_delay.review.request.experiments import ExperimentResult, ReviewRun
from flight_delay.review.request.forms import Question, render_page
from flight_delay.review.request.replay import ReplayedPredictions
from flight_delay.review.verification.verdict import summarize_verification, verification_table


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
        "same": run.verified.is_same,
        "experiments": {result.experiment.name: _outcome(result) for result in run.results},
    }
    return render_page(
        "result.md.j2",
        front_matter,
        request=run.request,
        verdict=summarize_verification(run.verified),
        verification=verification_table(run.verified),
        replay=_describe_replay(run.replayed),
        rows=[_table_row(result) for result in run.results],
        questions=questions,
    )


def _describe_replay(replayed: ReplayedPredictions | str) -> str:
    if isinstance(replayed, str):
        return f"not possible: {replayed}"
    if not replayed.changed:
        return f"all {replayed.rows:,} predictions are the same, bit for bit"
    return (
        f"{replayed.changed:,} of {replayed.rows:,} predictions changed, by at most {replayed.largest_difference:.2g}"
    )


def _table_row(result: ExperimentResult) -> list[str]:
    periods = (result.comparison.backtest, result.comparison.test) if result.comparison else (None, None)
    differences = [cell for period in periods for cell in _metric_cells(period)]
    return [result.experiment.name, _outcome(result), *differences, f"{result.seconds / 60:.1f}"]


def _outcome(result: ExperimentResult) -> str:
    return headline(result.comparison) if result.comparison else f"not run: {result.error}"


def _metric_cells(period: PeriodComparison | None) -> list[str]:
    """Format the difference of each metric, with a verdict if significant."""
    cells = dict.fromkeys(METRICS, "–")
    for name, _, _, comparison in period.measures if period else ():
        verdict = "" if comparison.verdict == "not_significant" else f" {comparison.verdict}"
        cells[name] = f"{comparison.difference:+.4f}".replace("-", "−") + verdict
    return [cells[name] for name in METRICS]
