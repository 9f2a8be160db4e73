"""Metrics of several workers."""

from __future__ import annotations

import os
import subprocess
import sys

TWO_WORKERS = """
import os
from flight_delay.serving.api.metrics import STATE_AS_OF, render_metrics

def shown():
    lines = render_metrics().decode().splitlines()
    return next(line.split()[1] for line in lines if line.startswith("flight_delay_state_as_of_seconds"))

STATE_AS_OF.set(1)
if not os.fork():
    STATE_AS_OF.set(2)
    os._exit(0)
os.wait()
print(shown())
STATE_AS_OF.set(3)
print(shown())
"""


def test_the_cut_off_is_that_of_the_worker_that_answers_not_of_one_that_answered_before(tmp_path) -> None:
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    command = [sys.executable, "-c", TWO_WORKERS]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    assert [float(value) for value in done.stdout.split()] == [2, 3]
