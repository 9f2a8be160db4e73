"""What a search has found: the best trial, whether it is better than the current parameters or lucky, and which parameters
matter. Words for it are in words.py."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flight_delay.evaluation.comparison import same_flights
from flight_delay.evaluation.intervals import DRAWS, SEED, Comparison, bootstrap, compare, on_all_flights
from flight_delay.model.predictions import Predictions
from flight_delay.tuning.search import Trial, best_of, trials_of
from flight_delay.tuning.space import Tune, Values

# With fewer trials, importances would be about chance.
MIN_TRIALS_FOR_IMPORTANCES = 10


@dataclass(frozen=True)
class Outcome:
    """What is known after some trials.

    Attributes:
        metric: that is searched by.
        trials: in order; the first one has the current parameters.
        best: the best of them.
        over_current: by metric, how far the best is above the current parameters on the same flights, with an interval
            over days; None where the best is the current ones, or where it has not been asked yet.
        importances: by parameter, its share in what the metric varies by, the largest first; None with too few trials.
    """

    metric: str
    trials: tuple[Trial, ...]
    best: Trial
    over_current: dict[str, Comparison] | None
    importances: dict[str, float] | None

    @property
    def current(self) -> Trial:
        """The trial of the current parameters."""
        return self.trials[0]


def outcome(study: Any, tune: Tune, predictions: Callable[[Values], Predictions] | None = None) -> Outcome:
    """Sum up a study with at least one trial that is done.

    Args:
        study: from `search.opened`.
        tune: what is searched.
        predictions: gives what the models of some values say; asked once for every best trial, since the study keeps the
            answer. None leaves the comparison to a later call.
    """
    trials = trials_of(study)
    best = best_of(trials, tune.metric)
    over = None
    if best.number != 0:
        key = f"trial {best.number} over current"
        if predictions is not None and key not in study.user_attrs:
            found = over_current(predictions(best.values), predictions(trials[0].values))
            study.set_user_attr(key, {name: of._asdict() for name, of in found.items()})
        kept = study.user_attrs.get(key)
        over = {name: Comparison(**of) for name, of in kept.items()} if kept else None
    return Outcome(tune.metric, tuple(trials), best, over, importances(study, tune))


def over_current(best: Predictions, current: Predictions) -> dict[str, Comparison]:
    """How far one model's metrics are above the other's, each with an interval over days.

    Raises:
        ValueError: they predict other flights.
        UserError: the flights are of fewer than two days.
    """
    same_flights({"best": best, "current": current})
    probabilities = {"best": best.probability, "current": current.probability}
    drawn = bootstrap(best.late, probabilities, best.flight_date, draws=DRAWS, seed=SEED)
    return compare(drawn, on_all_flights(best.late, probabilities), "best", "current")


def importances(study: Any, tune: Tune) -> dict[str, float] | None:
    """Shares of the parameters in the variance of the metric (fANOVA: Hutter et al. 2014, https://proceedings.mlr.press/v32/hutter14.html).

    Returns:
        By parameter, to three digits, the largest first; None where there are too few trials, or all are equally good.
    """
    values = {trial.metrics[tune.metric] for trial in trials_of(study)}
    if len(values) < MIN_TRIALS_FOR_IMPORTANCES:
        return None
    from optuna.importance import FanovaImportanceEvaluator, get_param_importances

    found = get_param_importances(study, evaluator=FanovaImportanceEvaluator(seed=tune.seed), params=list(tune.space))
    return {name: round(share, 3) for name, share in sorted(found.items(), key=lambda of: (-of[1], of[0]))}
