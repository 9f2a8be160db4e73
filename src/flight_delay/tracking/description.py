"""The description of a run in Markdown: metrics and those of its baseline.

Does not import mlflow.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from flight_delay.evaluation.metrics import METRICS


class HeadlineMetric(NamedTuple):
    """A metric that is shown first: label, decimals and better direction."""

    name: str
    label: str
    decimals: int
    higher_is_better: bool

    def format(self, value: float) -> str:
        """Format a value."""
        return f"{value:.{self.decimals}f}"

    def format_difference(self, difference: float) -> str:
        """Format a difference with its sign, and whether it is better."""
        rounded = round(difference, self.decimals)
        outcome = "better" if (rounded > 0) == self.higher_is_better else "worse"
        return f"{rounded:+.{self.decimals}f} ({outcome})" if rounded else "0"


# Columns of the experiment's page, and first lines of a description.
HEADLINE_METRICS = tuple(
    HeadlineMetric(f"{split}/{name}", f"{split} {label}", decimals, higher_is_better)
    for split in ("backtest", "test")
    for name, label, decimals, higher_is_better in (
        *((name, metric.label, metric.decimals, metric.higher_is_better) for name, metric in METRICS.items()),
        ("mean_profit", "profit per row", 2, True),
    )
)


class BaselinePipeline(NamedTuple):
    """The pipeline of an earlier commit, its metrics, and the changes since.

    `commit` has 40 hexadecimal digits.
    """

    commit: str
    metrics: Mapping[str, float]
    changes: str


def summarize_metrics(metrics: Mapping[str, float]) -> str:
    """Format headline metrics in one line, those of the backtest first."""
    splits = []
    for split in ("backtest", "test"):
        values = [
            f"{metric.label.removeprefix(split).strip()} {metric.format(metrics[metric.name])}"
            for metric in HEADLINE_METRICS
            if metric.name in metrics and metric.name.startswith(split)
        ]
        splits += [f"**{split}** {', '.join(values)}"] if values else []
    return " · ".join(splits)


def describe_run(metrics: Mapping[str, float], baseline: BaselinePipeline | None, verdict: str) -> str:
    """Write the description of a run.

    Args:
        metrics: value by name, such as 'backtest/roc_auc'.
        baseline: None if there is none.
        verdict: conclusion in one sentence.
    """
    summary = summarize_metrics(metrics)
    if baseline is None:
        return "\n\n".join([summary, "No earlier pipeline was found to compare with.", verdict])
    rows = [
        f"| {metric.label} | {metric.format(metrics[metric.name])} | {metric.format(baseline.metrics[metric.name])} | "
        f"{metric.format_difference(metrics[metric.name] - baseline.metrics[metric.name])} |"
        for metric in HEADLINE_METRICS
        if metric.name in metrics and metric.name in baseline.metrics
    ]
    table = "\n".join(["| | this run | baseline | difference |", "|---|---|---|---|", *rows])
    heading = f"Baseline: commit `{baseline.commit[:10]}` ({baseline.changes or 'no changes since'})."
    note = (
        "`flight-delay compare` tests whether differences are significant; choose by the backtest, the test is "
        "reported."
    )
    return "\n\n".join([summary, heading, table, note, verdict])
