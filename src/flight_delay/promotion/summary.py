"""Result of the gate as table, refusal and description of a version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flight_delay.evaluation.metrics import METRICS
from flight_delay.promotion.gate import Check
from flight_delay.tracking.description import summarize_metrics

ESCAPED_BAR = "\\|"  # a bar would end a cell


def gate_table(checks: Sequence[Check]) -> str:
    """Format a line per check: name, passed or FAILED, and measured value."""
    width = max(len(check.name) for check in checks)
    lines = [f"{'check':{width}}  result  detail"]
    lines += [f"{check.name:{width}}  {'passed' if check.passed else 'FAILED'}  {check.detail}" for check in checks]
    return "\n".join(lines)


def refusal_message(candidate: str, checks: Sequence[Check]) -> str:
    """Name the checks that failed, in one sentence."""
    failed = [check.name for check in checks if not check.passed]
    return (
        f"{candidate} is refused ({len(failed)} of {len(checks)} checks failed: {', '.join(failed)}); nothing was moved"
    )


def version_description(metrics: Mapping[str, float], run_name: str, commit: str, checks: Sequence[Check]) -> str:
    """Write the description of a version: metrics, source, results of the gate.

    Args:
        metrics: of its run, value by name, such as 'backtest/roc_auc'.
        run_name: of its run.
        commit: of its pipeline.
        checks: of the gate.
    """
    of_probabilities = {name: value for name, value in metrics.items() if name.rpartition("/")[2] in METRICS}
    rows = [f"| {check.name} | {check.detail.replace('|', ESCAPED_BAR)} |" for check in checks]
    source = f"{run_name}, commit `{commit[:10]}`. Results of the gate:"
    return "\n".join([summarize_metrics(of_probabilities), "", source, "", "| check | result |", "|---|---|", *rows])
