"""Predict with a logged model and measure its speed, as a program:

`python -P score_in_subprocess.py MODEL DATA TARGET ID_COLUMN LABEL_COLUMN`

In a process of its own, the model uses the code that was logged with it, and the caller survives if XGBoost aborts on
a damaged model. The program is run by its path, so that nothing else of this package is imported.
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

SINGLE_ROWS, WARM_UP, BATCHES = 100, 10, 3


def main() -> None:
    """Write ids and probabilities, a file per month, and `speed.json`."""
    model_folder, data, target = map(Path, sys.argv[1:4])
    id_column, label_column = sys.argv[4:]
    logging.getLogger("mlflow").setLevel("ERROR")
    model = mlflow.pyfunc.load_model(str(model_folder))
    names = model.metadata.get_input_schema().input_names()
    for path in sorted(data.glob("*.parquet")):
        month = pd.read_parquet(path)
        month = month[month[label_column].notna()].reset_index(drop=True)
        features = month[names]
        probability = pa.array(model.predict(features), pa.float32())
        columns = {id_column: pa.array(month[id_column], pa.string()), "probability": probability}
        pq.write_table(pa.table(columns), target / path.name)
    batch_seconds = median(_seconds(model, features) for _ in range(BATCHES))
    rows = [features.iloc[[row % len(features)]] for row in range(WARM_UP + SINGLE_ROWS)]
    row_seconds = median([_seconds(model, row) for row in rows][WARM_UP:])
    speed = {
        "row_milliseconds": round(1000 * row_seconds, 3),
        "rows_per_second": round(len(features) / batch_seconds, 1),
    }
    (target / "speed.json").write_text(json.dumps(speed), "utf-8")


def _seconds(model: mlflow.pyfunc.PyFuncModel, features: pd.DataFrame) -> float:
    started = time.perf_counter()
    model.predict(features)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
