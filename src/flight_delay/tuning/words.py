"""A search in words: for the terminal, and as Markdown for its run in MLflow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flight_delay.evaluation.intervals import Comparison
from flight_delay.evaluation.metrics import METRICS
from flight_delay.tracking.naming import what_changed
from flight_delay.tuning.outcome import MIN_TRIALS_FOR_IMPORTANCES, Outcome
from flight_delay.tuning.search import Trial
from flight_delay.tuning.space import Values

SHOWN = 5
CURRENT = "current parameters"
DECIMALS = 4


def called(trial: Trial, current: Values) -> str:
    """A trial by what it changes, such as 'max_depth 4→6, learning_rate 0.05→0.08'; at most three changes."""
    return what_changed(_text(current), _text(trial.values)) or CURRENT


def verdict(outcome: Outcome) -> str:
    """One sentence: which trial is the best, and whether it is better than the current parameters."""
    name = METRICS[outcome.metric].label
    if outcome.best.number == 0:
        return f"None of {len(outcome.trials)} trials has a better {name} than the current parameters."
    now, then = (of.metrics[outcome.metric] for of in (outcome.best, outcome.current))
    moved = f"Trial {outcome.best.number} is the best of {len(outcome.trials)}: {name} {now:.4f}, {then:.4f} with the current parameters"
    if outcome.over_current is None:
        return f"{moved}."
    of = outcome.over_current[outcome.metric]
    said = {
        "better": "it is better on these days",
        "worse": "it is worse where every flight counts the same",
        "undecided": "these days cannot tell whether it is better",
    }[of.verdict]
    return (
        f"{moved}; {said} (difference {_signed(of.difference)}, 95 % interval {_signed(of.low)} … {_signed(of.high)})."
    )


def caution(outcome: Outcome) -> str:
    """What to keep in mind about the best of many."""
    return (
        f"The more trials, the more the best one owes to luck: of {len(outcome.trials)} it was picked on the same days, so its figure "
        "is a little too good and its interval a little too narrow. The test months were not looked at."
    )


def page(outcome: Outcome) -> str:
    """All of it, as Markdown that a terminal shows as well."""
    lines = [verdict(outcome), "", *_table(_ranking(outcome)), ""]
    if outcome.over_current is not None:
        lines += [f"The best against the {CURRENT}, on the same flights, with intervals over days:", ""]
        lines += [
            *_table([["metric", "difference", "95 % interval", ""], *map(_compared, outcome.over_current.items())]),
            "",
        ]
    if outcome.importances is None:
        lines += [f"Importances of parameters want {MIN_TRIALS_FOR_IMPORTANCES} trials with different figures."]
    else:
        lines += [
            f"What {METRICS[outcome.metric].label} depends on: "
            + ", ".join(f"{name} {share:.0%}" for name, share in outcome.importances.items())
            + "."
        ]
    return "\n".join([*lines, "", caution(outcome)])


def _ranking(outcome: Outcome) -> list[list[str]]:
    sign = -1 if METRICS[outcome.metric].higher_is_better else 1
    best = sorted(outcome.trials, key=lambda of: (sign * of.metrics[outcome.metric], of.number))[:SHOWN]
    shown = best if outcome.current in best else [*best, outcome.current]
    names = list(outcome.current.values)
    rows = [
        [str(of.number), *(f"{of.metrics[name]:.{DECIMALS}f}" for name in METRICS), *_text(of.values).values()]
        for of in shown
    ]
    return [["trial", *(metric.label for metric in METRICS.values()), *names], *rows]


def _compared(item: tuple[str, Comparison]) -> list[str]:
    name, of = item
    return [METRICS[name].label, _signed(of.difference), f"{_signed(of.low)} … {_signed(of.high)}", of.verdict]


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [f"| {' | '.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))} |" for row in rows]
    return [lines[0], f"|{'|'.join('-' * (width + 2) for width in widths)}|", *lines[1:]]


def _text(values: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in values.items()}


def _signed(number: float) -> str:
    return f"{number:+.{DECIMALS}f}".replace("-", "−")
