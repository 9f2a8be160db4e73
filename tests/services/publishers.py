"""Many publishers at once, each in a process of its own, that try again as people do: `publishers.py FOLDER PIPELINES COPIES`.

MLflow is imported once and the publishers are forked: importing it in each would take minutes. Each prints a line of JSON."""

from __future__ import annotations

import json
import logging
import multiprocessing
import os
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

from flight_delay.core.errors import UserError
from flight_delay.tracking.settings import apply_settings

EXPERIMENT, TRIES = "many", 5


def digest_of(number: int) -> str:
    return f"{number:032x}"


def metrics_of(number: int) -> dict[str, float]:
    return {"test/log_loss": 0.5 + number / 1000, "test/roc_auc": 0.6, "backtest/roc_auc": 0.65}


def content_of(number: int, folder: Path):
    """A small pipeline: `folder` has two files, a bundle, and a package with the code that loads it."""
    from flight_delay.tracking.run_content import LoggedDataset, RunContent

    return RunContent(
        digest=digest_of(number),
        name=f"pipeline {number}",
        description="small",
        params={"train_model.seed": str(number)},
        metrics=metrics_of(number),
        curve={"curve/log_loss": [0.7, 0.6, 0.5]},
        tags={"pipeline_digest": digest_of(number), "author": "Ada Lovelace <ada@example.org>"},
        datasets=[LoggedDataset("flights test", "test", "data/processed", "0" * 32, 10, {"source": "invented"})],
        files={"reports": folder / "reports", "params.yaml": folder / "params.yaml"},
        bundle=folder / "bundle",
        package=folder / "flight_delay",
    )


def wait_for_server() -> None:
    """As people do who have read that it does not answer: they try again when it is there."""
    end, health = time.monotonic() + 600, f"{os.environ['MLFLOW_TRACKING_URI']}/health"
    while time.monotonic() < end:
        time.sleep(1)
        with suppress(OSError), urllib.request.urlopen(health, timeout=60):  # noqa: S310
            return


def publish_until_done(number: int, folder: Path) -> None:
    from flight_delay.tracking.publish import publish

    refusals = []
    for _ in range(TRIES):
        try:
            publish(content_of(number, folder), EXPERIMENT, "a" * 40)
        except UserError as error:
            refusals.append(str(error))
            wait_for_server()
        else:
            break
    line = {"pipeline": number, "done": len(refusals) < TRIES, "refusals": refusals}
    os.write(1, f"{json.dumps(line)}\n".encode())


def main() -> int:
    folder, pipelines, copies = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    apply_settings()
    import flight_delay.tracking.publish  # noqa: F401 (once, before the publishers are forked)

    logging.disable(logging.WARNING)
    context = multiprocessing.get_context("fork")
    numbers = [number for _ in range(copies) for number in range(pipelines)]
    publishers = [context.Process(target=publish_until_done, args=(number, folder)) for number in numbers]
    for publisher in publishers:
        publisher.start()
    for publisher in publishers:
        publisher.join()
    return sum(publisher.exitcode != 0 for publisher in publishers)


if __name__ == "__main__":
    sys.exit(main())
