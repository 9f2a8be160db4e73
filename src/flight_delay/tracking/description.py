"""What a run shows at a glance: its figures beside those of its baseline, in Markdown. Knows nothing of MLflow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from flight_delay.evaluation.metrics import METRICS


class HeadlineMetric(NamedTuple):
    """A metric that is shown first, with its decimals and the direction that is better."""

    metric: str
    called: str
    decimals: int
    higher_is_better: bool


# The columns of the experiment's page and the first lines of a description.
HEADLINE_METRICS = tuple(
    HeadlineMetric(f"{split}/{name}", f"{split} {label}", decimals, higher_is_better)
    for split in ("backtest", "test")
    for name, label, decimals, higher_is_better in (
        *((name, metric.label, metric.decimals, metric.higher_is_better) for name, metric in METRICS.items()),
        ("expected_profit", "profit per flight", 2, True),
    )
)


class BaselinePipeline(NamedTuple):
    """What a pipeline is compared with: a commit, 40 hexadecimal digits, its metrics, and what has changed since, in words."""

    commit: str
    metrics: Mapping[str, float]
    changed: str


def describe_run(metrics: Mapping[str, float], baseline: BaselinePipeline | None, verdict: str) -> str:
    """The description of a run, Markdown: figures, then how they differ from the baseline's.

    Args:
        metrics: value by name, such as 'backtest/roc_auc'.
        baseline: None where there is none.
        verdict: one sentence on what the figures mean.
    """
    figures = [figure for figure in HEADLINE_METRICS if figure.metric in metrics]
    first = {split: [figure for figure in figures if figure.metric.startswith(split)] for split in ("backtest", "test")}
    lines = [
        " · ".join(
            f"**{split}** "
            + ", ".join(f"{of.called.removeprefix(split).strip()} {_number(metrics[of.metric], of)}" for of in shown)
            for split, shown in first.items()
            if shown
        ),
        "",
    ]
    if baseline is None:
        return "\n".join([*lines, "There is no earlier pipeline to compare it with.", "", verdict])
    lines += [
        f"Against its baseline, commit `{baseline.commit[:10]}` ({baseline.changed or 'nothing changed'}):",
        "",
        "| | this run | baseline | difference |",
        "|---|---|---|---|",
    ]
    for of in figures:
        if of.metric in baseline.metrics:
            now, then = metrics[of.metric], baseline.metrics[of.metric]
            lines.append(f"| {of.called} | {_number(now, of)} | {_number(then, of)} | {_difference(now - then, of)} |")
    lines += [
        "",
        "Whether a difference is more than chance, `flight-delay compare` says; the backtest judges, the test is reported.",
        "",
        verdict,
    ]
    return "\n".join(lines)


def _number(value: float, of: HeadlineMetric) -> str:
    return f"{value:.{of.decimals}f}"


def _difference(difference: float, of: HeadlineMetric) -> str:
    rounded = round(difference, of.decimals)
    if not rounded:
        return "0"
    word = "better" if (rounded > 0) == of.higher_is_better else "worse"
    return f"{rounded:+.{of.decimals}f} ({word})"
