"""The result of a search as Markdown, for the terminal and for MLflow."""

from __future__ import annotations

from typing import Any

import pandas as pd

from flight_delay.evaluation.bootstrap import Comparison
from flight_delay.evaluation.metrics import METRICS
from flight_delay.tuning.space import Tune
from flight_delay.tuning.study import as_loss, best_trial, complete_trials

BEST_SHOWN = 5
# With fewer trials, importances are not reliable.
MIN_TRIALS_FOR_IMPORTANCES = 10
SIGNIFICANCE = {
    "better": "significantly better",
    "worse": "significantly worse on all rows together",
    "not_significant": "not significant",
}
SELECTION_BIAS = (
    "Selection bias: the metric of the best of many trials on the same backtest is optimistic, and its interval too "
    "narrow. The test months were not used."
)


def parameter_importances(study: Any, tune: Tune) -> dict[str, float]:
    """Compute each parameter's share of the metric's variance, largest first.

    fANOVA: Hutter et al. (2014), https://proceedings.mlr.press/v32/hutter14.html
    """
    if len({trial.value for trial in complete_trials(study)}) < MIN_TRIALS_FOR_IMPORTANCES:
        return {}
    from optuna.importance import FanovaImportanceEvaluator, get_param_importances

    return dict(get_param_importances(study, evaluator=FanovaImportanceEvaluator(seed=tune.seed)))


def improvement(trial: Any) -> dict[str, Comparison]:
    """Return the difference of each metric to the current parameters, if any."""
    return {name: Comparison(**row) for name, row in trial.user_attrs.get("improvement", {}).items()}


def search_verdict(trials: list[Any], metric: str) -> str:
    """Name the best trial, and whether it is significantly better."""
    best = best_trial(trials, metric)
    if best is trials[0]:
        return f"None of {len(trials)} trials has a better {METRICS[metric].label} than the current parameters."
    row = improvement(best)[metric]
    return (
        f"Trial {best.number} is the best of {len(trials)}: {METRICS[metric].label} {best.value:.4f}, "
        f"{trials[0].value:.4f} with the current parameters. The difference on all rows, {row.difference:+.4f}, is "
        f"{SIGNIFICANCE[row.verdict]} (95 % interval {row.low:+.4f} to {row.high:+.4f})."
    )


def search_report(study: Any, tune: Tune) -> str:
    """Format verdict, best trials, comparison and importances as Markdown."""
    trials = complete_trials(study)
    best, shares = best_trial(trials, tune.metric), parameter_importances(study, tune)
    blocks = [search_verdict(trials, tune.metric), _ranking(trials, tune)]
    if rows := improvement(best):
        table = [
            [METRICS[name].label, f"{row.difference:+.4f}", f"{row.low:+.4f} to {row.high:+.4f}", row.verdict]
            for name, row in rows.items()
        ]
        header = [f"trial {best.number} - current", "difference", "95 % interval", "verdict"]
        blocks.append(_table([header, *table]))
    if shares:
        blocks.append("Importances: " + ", ".join(f"{name} {share:.0%}" for name, share in shares.items()) + ".")
    else:
        blocks.append(f"Importances need {MIN_TRIALS_FOR_IMPORTANCES} trials with different values of the metric.")
    return "\n\n".join([*blocks, SELECTION_BIAS])


def _ranking(trials: list[Any], tune: Tune) -> str:
    ranked = sorted(trials, key=lambda trial: as_loss(trial.value, tune.metric))[:BEST_SHOWN]
    shown = ranked if trials[0] in ranked else [*ranked, trials[0]]
    rows = [
        [
            f"{trial.number} (current)" if trial is trials[0] else str(trial.number),
            *(f"{trial.user_attrs['metrics'][name]:.4f}" for name in METRICS),
            *(str(trial.user_attrs["values"][name]) for name in tune.space),
        ]
        for trial in shown
    ]
    return _table([["trial", *(metric.label for metric in METRICS.values()), *tune.space], *rows])


def _table(rows: list[list[str]]) -> str:
    frame = pd.DataFrame(rows[1:], columns=rows[0])
    return str(frame.to_markdown(index=False, tablefmt="github", disable_numparse=True))
