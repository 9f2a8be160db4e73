"""Judging values of parameters by the backtest: the very run that the stage of that name does, on the months before the test."""

from __future__ import annotations

from functools import lru_cache, partial

import numpy as np

from flight_delay.core.files import rounded
from flight_delay.evaluation.backtest import require_outcomes, run_backtest
from flight_delay.evaluation.scoring import mean_metrics
from flight_delay.model.examples import read_month
from flight_delay.model.predictions import Predictions
from flight_delay.tuning.question import PROCESSED, Question
from flight_delay.tuning.space import Values, with_values

# Months that stay in memory between trials, some 8 MB each with 28,000 flights.
MONTHS_KEPT = 36


class Backtester:
    """Judges values, and keeps what the models of the last ones said."""

    def __init__(self, question: Question) -> None:
        """Check that there is something to learn from and to be judged on.

        Raises:
            UserError: a month has one class only.
        """
        self._question = question
        self._read = lru_cache(MONTHS_KEPT)(partial(read_month, PROCESSED, question.features))
        self._said: dict[str, dict[str, Predictions]] = {}
        require_outcomes(question.steps, self._read)

    def judge(self, values: Values) -> dict[str, float]:
        """The metrics of `reports/backtest/metrics.json`, and the mean number of rounds."""
        parameters = with_values(self._question.parameters, values)
        done = run_backtest(parameters, self._question.features, self._question.steps, self._read)
        self._said[repr(values)] = done.predictions
        return {**mean_metrics(done.by_month), **rounded({"rounds": float(np.mean(done.rounds))})}

    def keep(self, *values: Values) -> None:
        """Forget what the models of all other values said."""
        wanted = {repr(of) for of in values}
        self._said = {name: of for name, of in self._said.items() if name in wanted}

    def predictions(self, values: Values) -> Predictions:
        """What the models of some values say of all months, judged again where it is not kept."""
        if repr(values) not in self._said:
            self.judge(values)
        return Predictions.concat(self._said[repr(values)].values())
