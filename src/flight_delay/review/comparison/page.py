"""Format a comparison as Markdown for a pull request."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib import resources
from typing import Any

from jinja2 import Environment, StrictUndefined

from flight_delay.evaluation.bootstrap import Comparison
from flight_delay.evaluation.metrics import METRICS
from flight_delay.review.comparison.comparison import PipelineComparison
from flight_delay.review.comparison.rows import PROFIT, PeriodComparison

NO_DIFFERENCE = "no significant difference"
MAX_NAMES = 12  # in one line
PERIOD_VERDICTS = {"same": "the same probability for every row", "not_significant": NO_DIFFERENCE}
VERDICTS = {
    "outcomes_differ": "A and B have different targets and cannot be compared",
    "not_significant": NO_DIFFERENCE.capitalize(),
    "same": "A and B have the same probability for every row",
    "none": "A and B cannot be compared on the backtest",
}


def render_comparison(comparison: PipelineComparison) -> str:
    """Render the page, which ends in a newline; it is deterministic."""
    return render_markdown(
        "review/comparison/page.md.j2",
        comparison=comparison,
        headline=headline(comparison),
        periods=[
            (name, period, describe_period(period))
            for name, period in (("Backtest", comparison.backtest), ("Test", comparison.test))
        ],
        labels={
            name: metric.label if metric.higher_is_better else f"{metric.label} (lower is better)"
            for name, metric in METRICS.items()
        }
        | {PROFIT: "profit per row"},
        profit=PROFIT,
    )


def render_markdown(template: str, **values: Any) -> str:
    """Render a template, whose path is below the package `flight_delay`."""
    environment = Environment(  # noqa: S701 (Markdown is not escaped as HTML; names given by users are in code spans)
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    environment.filters |= {
        "cell": lambda text: str(text).replace("|", "\\|").replace("\n", " "),
        "code": _format_code,
        "codes": _format_codes,
        "number": lambda value, digits=0: _use_minus_sign(f"{value:z,.{digits}f}"),
        "signed": _format_signed,
        "interval": _format_interval,
    }
    source = resources.files("flight_delay").joinpath(template).read_text("utf-8")
    return environment.from_string(source).render(**values)


def headline(comparison: PipelineComparison) -> str:
    """Return the verdict on both periods in one line without Markdown."""
    if comparison.is_same_model and comparison.verdict != "outcomes_differ":
        same_threshold = comparison.a.threshold == comparison.b.threshold
        return f"A and B are the same model, byte for byte{'' if same_threshold else '; only their thresholds differ'}"
    if comparison.verdict == "mixed" and comparison.backtest.verdict == "better":
        return "B is better than A on the backtest, but not on the test"
    return VERDICTS.get(comparison.verdict) or _describe_metrics(comparison.backtest)


def describe_period(period: PeriodComparison) -> str:
    """Return the verdict on one period as a clause without a full stop."""
    if period.reason:
        return f"not comparable: {period.reason}"
    clause = PERIOD_VERDICTS.get(period.verdict) or _describe_metrics(period)
    profit = {measure.name: measure.b_over_a.verdict for measure in period.measures}[PROFIT]
    return (
        clause
        if profit == "not_significant"
        else f"{clause}; B's profit is {'higher' if profit == 'better' else 'lower'}"
    )


def _describe_metrics(period: PeriodComparison) -> str:
    """Name the metrics in which B is better or worse than A."""
    clauses: list[str] = []
    for verdict in ("better", "worse"):
        labels = [
            METRICS[measure.name].label
            for measure in period.measures
            if measure.name != PROFIT and measure.b_over_a.verdict == verdict
        ]
        if labels:
            than = "" if clauses else " than A"
            clauses.append(f"{verdict}{than} in {' and '.join(filter(None, (', '.join(labels[:-1]), labels[-1])))}")
    return f"B is {', '.join(clauses)}"


def _format_code(text: str) -> str:
    """Format any text as code; bars are escaped, because they end a cell."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence, space = "`" * (longest + 1), " " if longest else ""
    return f"{fence}{space}{' '.join(text.split())}{space}{fence}".replace("|", "\\|")


def _format_codes(names: Sequence[str]) -> str:
    shown = ", ".join(map(_format_code, names[:MAX_NAMES]))
    return f"{shown} and {len(names) - MAX_NAMES:,} more" if len(names) > MAX_NAMES else shown


def _format_signed(value: float, digits: int) -> str:
    return _use_minus_sign(f"{value:+z,.{digits}f}")


def _format_interval(comparison: Comparison, digits: int) -> str:
    return f"{_format_signed(comparison.low, digits)} to {_format_signed(comparison.high, digits)}"


def _use_minus_sign(number: str) -> str:
    return number.replace("-", "−")
