"""Explain scheduled flights from a state: reason codes, and other departures."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from flight_delay.explain.explainer import Explainer
from flight_delay.explain.explanation import explain
from flight_delay.explain.feature_groups import load_topics
from flight_delay.explain.local.reasons import Reasons, select_reasons
from flight_delay.explain.local.what_if import WhatIf, departure_times, features_at_departures, predict_departures
from flight_delay.explain.reference import load_reference
from flight_delay.features.columns import Columns
from flight_delay.features.feature import DATE, ROW_ID
from flight_delay.model.examples import Examples
from flight_delay.serving.state import State


@dataclass(frozen=True)
class StateExplainer:
    """Explanations of the model of a state."""

    state: State
    explainer: Explainer

    @classmethod
    def load(cls, state: State) -> StateExplainer:
        """Load topics and reference values.

        Raises:
            UserError: the reference values are of another model.
        """
        bundle = state.model.bundle
        return cls(state, Explainer(bundle, load_topics(), load_reference(state.reference, bundle)))

    def explain(self, flights: Columns) -> list[Reasons]:
        """Select the reason codes of flights.

        Args:
            flights: canonical schedule columns, each of shape (flights,).
        """
        features = self.state.model.explained.compute(flights)
        no_outcomes = np.zeros(len(flights[ROW_ID]), bool)
        explanation = explain(self.explainer.bundle, Examples(flights[ROW_ID], flights[DATE], features, no_outcomes))
        return select_reasons(replace(explanation, features=explanation.features | features), self.explainer)

    def what_if(self, flights: Columns, row: int) -> WhatIf:
        """Predict a flight at every half hour of its date.

        Args:
            flights: canonical schedule columns, each of shape (flights,).
            row: the flight.
        """
        departures = departure_times(int(flights["scheduled_departure_minutes"][row]))
        features = features_at_departures(self.state.model.explained, flights, row, departures)
        flight_id = str(flights[ROW_ID][row])
        return predict_departures(self.explainer.bundle, self.explainer.reference, flight_id, features)
