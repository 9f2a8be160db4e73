"""The code with which MLflow loads the model, instead of a pickle."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mlflow
import pandas as pd

from flight_delay.model.bundle import load_bundle


class FlightDelayModel(mlflow.pyfunc.PythonModel):
    """Predict probabilities for rows of features."""

    def load_context(self, context: Any) -> None:
        """Load the bundle that was logged with the model."""
        self._bundle = load_bundle(Path(context.artifacts["bundle"]))

    def predict(self, context: Any, model_input: pd.DataFrame, params: Any = None) -> Any:  # noqa: ARG002 (MLflow's interface)
        """Predict the probability, float32 of shape (rows,), from features by name."""
        names = [feature.name for feature in self._bundle.manifest.inputs]
        return self._bundle.predict_probability({name: model_input[name].to_numpy() for name in names})


mlflow.models.set_model(FlightDelayModel())
