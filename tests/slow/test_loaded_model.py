"""tracking.registry.loaded_model: the code logged with a model runs apart."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from mlflow.models import ModelSignature
from mlflow.pyfunc import save_model
from mlflow.types import ColSpec, Schema

from flight_delay.features.feature import KEYS, TARGET
from flight_delay.review.clean_clone import clean_environment
from flight_delay.tracking.registry.loaded_model import score

CODE = """
import json, os
from pathlib import Path

import mlflow


class Model(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input):
        Path({target!r}).write_text(json.dumps(dict(os.environ)))
        return model_input["x"].tolist()


mlflow.models.set_model(Model())
"""


def test_code_of_a_model_sees_no_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, model, data, scores = (tmp_path / name for name in ("code.py", "model", "data", "scores"))
    code.write_text(CODE.format(target=str(tmp_path / "environment.json")))
    save_model(model, python_model=str(code), signature=ModelSignature(inputs=Schema([ColSpec("double", "x")])))
    data.mkdir()
    scores.mkdir()
    rows = pd.DataFrame({KEYS[0]: ["a", "b", "c"], TARGET: [True, None, False], "x": [0.25, 0.5, 0.75]})
    rows.astype({TARGET: "boolean"}).to_parquet(data / "2013-11.parquet")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    speed = score(model, data, scores, clean_environment(tmp_path))
    assert speed.row_milliseconds > 0
    predicted = pd.read_parquet(scores / "2013-11.parquet")
    assert predicted.to_dict("list") == {KEYS[0]: ["a", "c"], "probability": [0.25, 0.75]}
    environment = json.loads((tmp_path / "environment.json").read_text())
    assert environment["HOME"] == str(tmp_path)
    assert not {name for name in environment if "AWS" in name}
