"""What the gate found, as a table and a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flight_delay.promotion.gate import Check

SHOWN = (("average precision", "average_precision"), ("ROC AUC", "roc_auc"), ("log loss", "log_loss"))
BAR = "\\|"  # a bar would end a cell
MOST_OF_A_FIGURE = 250  # characters: a database holds 5,000 for all of a move


def table(checks: Sequence[Check]) -> str:
    """A line per check: name, passed or FAILED, what was found."""
    width = max(len("check"), *(len(of.name) for of in checks))
    lines = [f"{'check':{width}}          what"]
    lines += [f"{of.name:{width}}  {'passed' if of.passed else 'FAILED'}  {of.says}" for of in checks]
    return "\n".join(lines)


def refusal(called: str, checks: Sequence[Check]) -> str:
    """One sentence that names the checks that failed."""
    failing = [of.name for of in checks if not of.passed]
    return (
        f"{called} is refused ({len(failing)} of {len(checks)} checks failed: {', '.join(failing)}); nothing was moved"
    )


def figures(checks: Sequence[Check]) -> dict[str, str]:
    """What was found, by check, short enough to be written down with a move."""
    return {of.name: of.says[:MOST_OF_A_FIGURE] for of in checks}


def description(metrics: Mapping[str, float], run_name: str, commit: str, checks: Sequence[Check]) -> str:
    """The description of a version, Markdown: its figures first, then where it comes from and what the gate found.

    Args:
        metrics: of its run, value by name, such as 'backtest/roc_auc'.
        run_name: of its run.
        commit: that holds its pipeline.
        checks: of the gate.
    """
    parts = []
    for window in ("backtest", "test"):
        known = [
            f"{called} {metrics[f'{window}/{name}']:.3f}" for called, name in SHOWN if f"{window}/{name}" in metrics
        ]
        if known:
            parts.append(f"**{window}** {', '.join(known)}")
    rows = [f"| {of.name} | {of.says.replace('|', BAR)} |" for of in checks]
    comes_from = f"{run_name}, commit `{commit[:10]}`. The gate found:"
    return "\n".join([" · ".join(parts), "", comes_from, "", "| check | what |", "|---|---|", *rows])
