"""Asks a model of MLflow about flights, in a process of its own: with the code that was logged with the model, and because XGBoost
ends the process that loads a damaged one. Run by its path, so that nothing else of this package is imported:
`python -P ask_model.py MODEL FLIGHTS ANSWERS`."""

import json
import logging
import sys
import time
from pathlib import Path
from statistics import median

import mlflow
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

TARGET, KEY = "late", "flight_id"
SINGLE_FLIGHTS, WARM_UP, BATCHES = 100, 10, 3


def main() -> None:
    """Write an answer per month, Parquet with flight_id and probability of flights with an outcome, and `speed.json`."""
    model_folder, flights, answers = map(Path, sys.argv[1:])
    logging.getLogger("mlflow").setLevel("ERROR")
    model = mlflow.pyfunc.load_model(str(model_folder))
    names = model.metadata.get_input_schema().input_names()
    for path in sorted(flights.glob("*.parquet")):
        month = pd.read_parquet(path)
        month = month[month[TARGET].notna()].reset_index(drop=True)
        features = month[names]
        said = np.asarray(model.predict(features))
        answer = {KEY: pa.array(month[KEY], pa.string()), "probability": pa.array(said, pa.float32())}
        pq.write_table(pa.table(answer), answers / path.name)
    batch = median(_seconds(model, features) for _ in range(BATCHES))
    singles = [features.iloc[[row % len(features)]] for row in range(WARM_UP + SINGLE_FLIGHTS)]
    one = median([_seconds(model, flight) for flight in singles][WARM_UP:])
    import flight_delay  # the one that was logged: the model has imported it

    speed = {
        "one_flight_milliseconds": round(1000 * one, 3),
        "flights_per_second": round(len(features) / batch, 1),
        "code": flight_delay.__path__[0],
    }
    (answers / "speed.json").write_text(json.dumps(speed))


def _seconds(model: mlflow.pyfunc.PyFuncModel, features: pd.DataFrame) -> float:
    started = time.perf_counter()
    model.predict(features)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
