"""The search: Optuna suggests values, the backtest evaluates them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from flight_delay.core import params, paths
from flight_delay.core.months import Splits, require_months
from flight_delay.evaluation.backtest import BacktestParameters, backtest_months, rolling_origin_folds, run_backtest
from flight_delay.evaluation.bootstrap import Comparison, bootstrap, compare_models, point_estimates
from flight_delay.evaluation.comparison import require_same_rows
from flight_delay.evaluation.scoring import mean_metrics
from flight_delay.model.booster import BoosterParameters
from flight_delay.model.predictions import Predictions
from flight_delay.model.selection import read_selection
from flight_delay.tuning.space import Tune, Value, Values, distributions
from flight_delay.tuning.study import REPORT, as_loss, best_trial, complete_trials

log = logging.getLogger(__name__)

# Random trials before the sampler learns from them.
STARTUP_TRIALS = 10
# So that params.yaml gets 0.0484, not 0.0483920711.
SIGNIFICANT_DIGITS = 3


class TrialEvaluation(NamedTuple):
    """Backtest metrics of a trial, means over months, and all predictions."""

    metrics: dict[str, float]
    predictions: Predictions


Evaluate = Callable[[Values], TrialEvaluation]


def backtest_evaluation(parameters: BoosterParameters) -> Evaluate:
    """Return a function that runs the backtest with some values changed.

    Args:
        parameters: of the model, for values that are not searched.

    Raises:
        UserError: months are missing.
    """
    split = backtest_months(params.load_params("splits", Splits))
    months = require_months(paths.PROCESSED, "splits.train or splits.validation", split)
    backtest = params.load_params("backtest", BacktestParameters)
    folds = rolling_origin_folds(months, backtest.first_test_month, 1, backtest.max_folds)
    folds = [fold._replace(test_months=fold.test_months[:1]) for fold in folds]
    features = read_selection(paths.SELECTION).features

    def evaluate(values: Values) -> TrialEvaluation:
        changed = BoosterParameters.model_validate({**parameters.model_dump(), **values})
        result = run_backtest(changed, features, folds, paths.PROCESSED)
        return TrialEvaluation(mean_metrics(result.by_month), Predictions.concat(result.predictions.values()))

    return evaluate


def read_current_predictions() -> Predictions:
    """Read the backtest's predictions with the current parameters."""
    folder = REPORT / "predictions"
    return Predictions.concat(Predictions.read(folder, path.stem) for path in sorted(folder.glob("[0-9]*.parquet")))


def compare_with_current(predictions: Predictions, current: Predictions) -> dict[str, Comparison]:
    """Compare metrics with those of the current parameters on the same rows.

    Raises:
        ValueError: the rows are not the same.
        UserError: the rows are of fewer than two days.
    """
    require_same_rows({"trial": predictions, "current": current})
    probabilities = {"trial": predictions.probability, "current": current.probability}
    drawn = bootstrap(current.target, probabilities, current.date)
    return compare_models(drawn, point_estimates(current.target, probabilities), "trial", "current")


def run_trials(
    study: Any,
    tune: Tune,
    evaluate: Evaluate,
    current: Predictions,
    *,
    n_trials: int,
    minutes: float | None = None,
    after_trial: Callable[[], object] = lambda: None,
) -> None:
    """Run trials until the study has `n_trials` complete ones.

    The sampler gets a new seed for every trial, from `tune.seed` and the number of complete trials: otherwise a
    resumed search would repeat its first suggestions.

    Args:
        study: from `open_study`.
        tune: search space, metric and seed.
        evaluate: returns metrics and predictions for values.
        current: predictions with the current parameters; a new best trial is compared with them.
        n_trials: complete trials at the end, earlier ones included.
        minutes: no trial starts later than this.
        after_trial: called after every trial.
    """
    from optuna.samplers import TPESampler

    started = time.monotonic()
    while (done := len(trials := complete_trials(study))) < n_trials:
        if minutes is not None and time.monotonic() - started >= 60 * minutes:
            log.info("time limit of %g minutes reached: %d of %d trials are complete", minutes, done, n_trials)
            return
        study.sampler = TPESampler(seed=tune.seed + done, n_startup_trials=STARTUP_TRIALS, multivariate=True)
        trial = study.ask(distributions(tune.space))
        values = {name: _shorten(trial.params[name]) for name in tune.space}
        metrics, predictions = evaluate(values)
        trial.set_user_attr("values", values)
        trial.set_user_attr("metrics", metrics)
        if as_loss(metrics[tune.metric], tune.metric) < as_loss(best_trial(trials, tune.metric).value, tune.metric):
            improvement = compare_with_current(predictions, current)
            trial.set_user_attr("improvement", {name: row._asdict() for name, row in improvement.items()})
        study.tell(trial, metrics[tune.metric])
        _log_progress(complete_trials(study), tune.metric, n_trials)
        after_trial()


def _shorten(value: Value) -> Value:
    if not isinstance(value, float):
        return value
    short = float(f"{value:.{SIGNIFICANT_DIGITS}g}")
    return int(short) if short.is_integer() else short


def _log_progress(trials: list[Any], metric: str, n_trials: int) -> None:
    last, best = trials[-1], best_trial(trials, metric)
    seconds = last.duration.total_seconds()
    log.info(
        "trial %d (%d of %d): %s %.4f, best %.4f (trial %d), %.1f s, about %.0f min left",
        last.number, len(trials), n_trials, metric, last.value, best.value, best.number, seconds,
        seconds * (n_trials - len(trials)) / 60,
    )  # fmt: skip
