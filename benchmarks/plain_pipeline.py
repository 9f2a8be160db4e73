"""The pipeline's work in one process: the stages one after the other, without DVC and without MLflow."""

from __future__ import annotations

import importlib
import logging
import sys
import zoneinfo

STAGES = (
    "fetch_raw",
    "make_dataset",
    "build_features",
    "train_baselines",
    "train_model",
    "backtest",
    "evaluate",
    "interpret",
    "report",
)

if __name__ == "__main__":
    logging.basicConfig(stream=sys.stderr, format="%(message)s", level="INFO")
    zoneinfo.reset_tzpath(to=())
    for stage in STAGES:
        importlib.import_module(f"flight_delay.stages.{stage}").main()
