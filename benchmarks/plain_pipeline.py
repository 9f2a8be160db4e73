"""The pipeline's work in one process: the stages one after the other, without DVC and without MLflow."""

from __future__ import annotations

import importlib
import logging
import sys
import zoneinfo
from pathlib import Path

import yaml

if __name__ == "__main__":
    logging.basicConfig(stream=sys.stderr, format="%(message)s", level="INFO")
    zoneinfo.reset_tzpath(to=())
    for stage in yaml.safe_load(Path("dvc.yaml").read_text())["stages"]:
        if stage == "publish":
            continue
        importlib.import_module(f"flight_delay.stages.{stage}").main()
