"""Score flights with a logged model and measure its speed, as a program: `python -P score_in_subprocess.py MODEL FLIGHTS TARGET`.

A process of its own uses the code that was logged with the model, and survives as the caller when XGBoost aborts on a damaged
model. It is run by its path, so that nothing else of this package is imported.
"""

import json
import logging
import sys
import time
from pathlib import Path
from statistics import median

import mlflow
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

LABEL, ID = "late", "flight_id"
SINGLE_ROWS, WARM_UP, BATCHES = 100, 10, 3


def main() -> None:
    """Write a Parquet file per month, flight_id and probability of flights with an outcome, and `speed.json`."""
    model_folder, flights, target = map(Path, sys.argv[1:])
    logging.getLogger("mlflow").setLevel("ERROR")
    model = mlflow.pyfunc.load_model(str(model_folder))
    names = model.metadata.get_input_schema().input_names()
    for path in sorted(flights.glob("*.parquet")):
        month = pd.read_parquet(path)
        month = month[month[LABEL].notna()].reset_index(drop=True)
        features = month[names]
        columns = {ID: pa.array(month[ID], pa.string()), "probability": pa.array(model.predict(features), pa.float32())}
        pq.write_table(pa.table(columns), target / path.name)
    batch_seconds = median(_seconds(model, features) for _ in range(BATCHES))
    rows = [features.iloc[[row % len(features)]] for row in range(WARM_UP + SINGLE_ROWS)]
    row_seconds = median([_seconds(model, row) for row in rows][WARM_UP:])
    speed = {
        "one_flight_milliseconds": round(1000 * row_seconds, 3),
        "flights_per_second": round(len(features) / batch_seconds, 1),
    }
    (target / "speed.json").write_text(json.dumps(speed))


def _seconds(model: mlflow.pyfunc.PyFuncModel, features: pd.DataFrame) -> float:
    started = time.perf_counter()
    model.predict(features)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
