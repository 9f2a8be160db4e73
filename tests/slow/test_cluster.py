"""FLIGHT_DELAY_SCHEDULER: the same outputs in processes and on a Dask cluster, and one line when something is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from dask_cluster import Cluster, cluster
from tasks import MONTHS
from waiting import wait_until

from flight_delay.core.months import list_months

TASKS = str(Path(__file__).resolve().parents[1] / "support/tasks.py")
DISTRIBUTED = {
    "make_dataset": ("data/interim", "reports/data", "reports/quality.json"),
    "build_features": ("data/processed", "models/history"),
    "backtest": ("reports/backtest",),
    "learning_curves": ("reports/learning_curves",),
    "evaluate": ("reports/evaluate", "reports/metrics.json"),
    "interpret": ("reports/interpret",),
}


@pytest.fixture(scope="module")
def two_workers(tmp_path_factory: pytest.TempPathFactory, clean_environment: dict[str, str]) -> Iterator[Cluster]:
    """A cluster of two workers, which share no folder with the checkouts."""
    with cluster(tmp_path_factory.mktemp("cluster") / "elsewhere", 2, clean_environment) as running:
        yield running


def contents(root: Path, names: tuple[str, ...]) -> dict[str, bytes]:
    """Files of outputs, without the records of kept months."""
    files = [path for name in names for path in [root / name, *(root / name).rglob("*")] if path.is_file()]
    return {str(path.relative_to(root)): path.read_bytes() for path in files if not path.name.startswith(".")}


def start(scheduler: str, *arguments: str, environment: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, TASKS, *arguments],
        env={**environment, "FLIGHT_DELAY_SCHEDULER": scheduler},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, str, list[str]]:
    """Exit code, output and lines of errors, without progress."""
    output, errors = process.communicate(timeout=300)
    return process.returncode, output.strip(), [line for line in errors.splitlines() if not line.startswith("  ")]


@pytest.fixture
def run(clean_environment: dict[str, str]):
    """Run tasks to their end."""
    return lambda scheduler, *arguments: ended(start(scheduler, *arguments, environment=clean_environment))


@pytest.mark.parametrize("kind", ["2", "tcp"])
def test_outputs_do_not_depend_on_the_scheduler(kind, made, copy_of_made, two_workers) -> None:
    scheduler = two_workers.address if kind == "tcp" else kind
    for record in copy_of_made.root.rglob(".months.json"):
        record.unlink()
    for stage, names in DISTRIBUTED.items():
        before = contents(copy_of_made.root, names)
        for name in names:
            if (copy_of_made.root / name).is_file():
                (copy_of_made.root / name).unlink()
        copy_of_made.stage(stage, FLIGHT_DELAY_SCHEDULER=scheduler)
        assert contents(copy_of_made.root, names) == before == contents(made.root, names)


def test_a_sharded_model_does_not_depend_on_the_scheduler(copy_of_made, two_workers) -> None:
    copy_of_made.params({"train_model": {"sharded": True, "subsample": 1.0}})
    names = ("models/bundle/model.ubj", "models/bundle/manifest.json", "reports/train")
    outputs = []
    for scheduler in ("", "2", two_workers.address):
        copy_of_made.stage("train_model", FLIGHT_DELAY_SCHEDULER=scheduler, OMP_WAIT_POLICY="passive")
        outputs.append(contents(copy_of_made.root, names))
    assert outputs[0] == outputs[1] == outputs[2]


def test_an_error_of_a_user_is_the_same_line(copy_of_made, two_workers) -> None:
    raw = copy_of_made.root / "data/raw/flights"
    broken = raw / f"{list_months(raw)[1]}.parquet"
    content = broken.read_bytes()
    broken.unlink()
    broken.write_bytes(content[:-100])
    lines = set()
    for scheduler in ("", "2", two_workers.address):
        done = copy_of_made.stage("make_dataset", code=2, FLIGHT_DELAY_SCHEDULER=scheduler)
        (line,) = [line for line in done.stderr.splitlines() if "error:" in line]
        lines.add(line)
        assert "Traceback" not in done.stderr
    assert len(lines) == 1
    assert broken.name in lines.pop()


@pytest.mark.parametrize("kind", ["2", "tcp"])
def test_a_killed_worker(kind, run, two_workers, tmp_path) -> None:
    scheduler = two_workers.address if kind == "tcp" else kind
    code, output, errors = run(scheduler, "die_once", str(tmp_path / "marker"))
    if kind == "tcp":  # Dask computes its tasks elsewhere
        assert (code, output.split()) == (0, list(MONTHS))
    else:
        assert (code, output, len(errors)) == (2, "", 1)
    code, output, errors = run(scheduler, "die")
    assert (code, output, len(errors)) == (2, "", 1)
    assert "FLIGHT_DELAY_SCHEDULER" in errors[0]


@pytest.mark.parametrize("kind", ["2", "tcp"])
def test_calls_that_wait_for_each_other_run_together(kind, run, two_workers, tmp_path) -> None:
    scheduler = two_workers.address if kind == "tcp" else kind
    for name, count, dies in (("all", 2, -1), ("too-many", 3, -1), ("one-dies", 2, 1)):
        (tmp_path / name).mkdir()
        code, output, errors = run(scheduler, "meet", str(tmp_path / name), str(count), str(dies))
        if name == "all":
            assert (code, output, errors) == (0, "0 1", [])
        else:
            assert (code, output, len(errors)) == (2, "", 1)
            assert "FLIGHT_DELAY_SCHEDULER" in errors[0]


def test_ctrl_c_stops_the_task_of_a_worker(two_workers, clean_environment, tmp_path) -> None:
    begun, stopped = tmp_path / "begun", tmp_path / "stopped"
    process = start(two_workers.address, "work_until_stopped", str(begun), str(stopped), environment=clean_environment)
    wait_until(begun.exists)
    assert not stopped.exists()
    process.send_signal(signal.SIGINT)
    code, _, errors = ended(process)
    assert (code, len(errors)) == (130, 1)
    wait_until(stopped.exists)


def test_a_killed_scheduler_ends_the_command(clean_environment, tmp_path) -> None:
    with cluster(tmp_path / "elsewhere", 1, clean_environment) as running:
        process = start(running.address, "wait_for", str(tmp_path / "begun"), environment=clean_environment)
        wait_until((tmp_path / "begun").exists)
        os.killpg(running.scheduler.pid, signal.SIGKILL)
        code, output, errors = ended(process)
        assert (code, output, len(errors)) == (2, "", 1)
        assert running.address in errors[0]
        code, output, errors = ended(start(running.address, "refuse", environment=clean_environment))
        assert (code, output, len(errors)) == (2, "", 1)


def test_workers_of_other_code_are_refused(run, clean_environment, tmp_path) -> None:
    with cluster(tmp_path / "elsewhere", 0, clean_environment) as running:
        code, _, (line,) = run(running.address, "refuse")
        assert (code, "dask worker" in line) == (2, True)
        (running.folder / "references/reason_codes.yaml").open("a").write("\n")
        running.add_worker()
        code, _, (line,) = run(running.address, "refuse")
        assert (code, "references" in line) == (2, True)


def test_tls(run, clean_environment, tmp_path) -> None:
    key, certificate = str(tmp_path / "key.pem"), str(tmp_path / "certificate.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
         "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    tls = {"DASK_DISTRIBUTED__COMM__TLS__CA_FILE": certificate}
    for role in ("CLIENT", "SCHEDULER", "WORKER"):
        tls[f"DASK_DISTRIBUTED__COMM__TLS__{role}__CERT"] = certificate
        tls[f"DASK_DISTRIBUTED__COMM__TLS__{role}__KEY"] = key
    environment = {**clean_environment, **tls}
    with cluster(tmp_path / "elsewhere", 1, environment, "tls") as running:
        process = start(running.address, "die_once", str(tmp_path / "marker"), environment=environment)
        assert ended(process)[:2] == (0, " ".join(MONTHS))
        code, _, errors = run(running.address, "refuse")  # without a certificate
        assert (code, len(errors)) == (2, 1)
