"""The wording of tracking: names and descriptions of runs, and errors about runs, models and their server."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import RESOURCE_DOES_NOT_EXIST

from flight_delay.core.errors import UserError
from flight_delay.tracking import client, database, lookup
from flight_delay.tracking.description import BaselinePipeline, describe_run
from flight_delay.tracking.run_names import other_changes, parameter_changes
from flight_delay.tracking.server import postgres
from flight_delay.tracking.server.mlflow_server import require_port_free
from flight_delay.tracking.server.server import sqlalchemy_url

SERVER = "http://127.0.0.1:9"
PUBLISHED = lookup.PublishedRun("r", "n", "d", None, "runs:/r")


def run(status: str = "FINISHED", **tags: str) -> SimpleNamespace:
    info = SimpleNamespace(run_id="r", run_name="n", status=status)
    return SimpleNamespace(info=info, data=SimpleNamespace(tags=tags))


def not_found(_: str) -> None:
    raise MlflowException("no run r.\nmore", error_code=RESOURCE_DOES_NOT_EXIST)


@pytest.mark.parametrize(
    ("uri", "answers", "message"),
    [
        ("runs:/r", {"get_run": not_found}, f"runs:/r: not found in MLflow at {SERVER} (no run r); `flight-delay ui` lists its runs and models"),
        ("runs:/", {}, "runs:/: not a URI of a run or model; write runs:/RUN_ID, models:/NAME/VERSION, models:/NAME@ALIAS or models:/m-…"),
        ("runs:/r", {"get_run": lambda _: run()}, "runs:/r: run r has no tag pipeline_digest, so it is not from this pipeline; choose one that `dvc repro` published"),
        ("runs:/r", {"get_run": lambda _: run("FAILED", pipeline_digest="d")}, "runs:/r: run r is not complete (FAILED); publish it again with `flight-delay publish`"),
        ("models:/m-1", {"get_logged_model": lambda _: SimpleNamespace(source_run_id=None)}, "models:/m-1: the model was logged without a run, so that its origin is unknown"),
    ],
)  # fmt: skip
def test_a_uri_that_leads_to_no_run(monkeypatch, uri: str, answers: dict[str, Any], message: str) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", SERVER)
    monkeypatch.setattr(client, "connect", lambda: SimpleNamespace(**{"get_run": run, **answers}))
    with pytest.raises(UserError) as refused:
        lookup.find_run(uri)
    assert str(refused.value) == message


def test_a_run_in_no_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookup, "find_pipeline_commit", lambda *_: None)
    with pytest.raises(UserError) as refused:
        lookup.require_commit(PUBLISHED, "champion 1")
    assert str(refused.value) == (
        "champion 1: its pipeline is in no commit here; commit dvc.lock where it was run, or `git fetch` the commit"
    )


@pytest.mark.parametrize(
    ("error", "problem"),
    [(MlflowException("busy"), "does not answer (busy)"), (ModuleNotFoundError("none"), "cannot be used (none)")],
)
def test_a_server_that_does_not_answer(monkeypatch, error: Exception, problem: str) -> None:
    monkeypatch.setattr(client, "tracking_uri", lambda: SERVER)
    with pytest.raises(UserError) as refused, client.mlflow_errors_as_user_errors(setting_up=True):
        raise error
    assert str(refused.value) == (
        f"MLflow at {SERVER} {problem}; start it or change MLFLOW_TRACKING_URI, then run it again"
    )


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (MlflowException("Detected out-of-date database schema (found version a, but expected b)."),
         "MLflow at sqlite:////a/mlflow.db has a database of another version; back it up and run `mlflow db upgrade "
         "sqlite:////a/mlflow.db`, or use the MLflow that wrote it, if that is newer"),
        (ValueError("Failed to convert 'many' for POOL_SIZE"),
         "a setting of MLflow is invalid (Failed to convert 'many' for POOL_SIZE); correct or unset it, then run it again"),
    ],
)  # fmt: skip
def test_a_database_or_setting_that_cannot_be_used(monkeypatch, error: Exception, message: str) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:////a/mlflow.db")
    with pytest.raises(UserError) as refused, client.mlflow_errors_as_user_errors(setting_up=True):
        raise error
    assert str(refused.value) == message


EXPERIMENT: Any = SimpleNamespace(name="flight-delay", artifact_location="mlruns/1")


@pytest.mark.parametrize(
    ("uri", "work", "message"),
    [
        ("sqlite:////nowhere/mlflow.db", lambda: database.require_database("runs:/r"),
         "runs:/r: there are no runs yet (/nowhere/mlflow.db does not exist); `flight-delay publish` adds one"),
        ("sqlite:///:memory:", database.tracking_uri,
         "MLFLOW_TRACKING_URI=sqlite:///:memory:: no file, so that runs are lost; write sqlite:///PATH"),
        ("", lambda: database.require_permanent_artifacts(EXPERIMENT),
         "the MLflow experiment 'flight-delay' stores artifacts in mlruns/1, which is not a permanent folder of this "
         "machine; change publish.experiment in params.yaml, or use a tracking server"),
    ],
)  # fmt: skip
def test_a_store_that_is_not_there_or_would_be_lost(monkeypatch, uri: str, work: Any, message: str) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    with pytest.raises(UserError) as refused:
        work()
    assert str(refused.value) == message


METRICS = {
    "backtest/average_precision": 0.3881, "backtest/roc_auc": 0.6911, "backtest/log_loss": 0.5087,
    "backtest/mean_profit": -5.338, "test/log_loss": 0.5455, "threshold": 0.26,
}  # fmt: skip
SUMMARY = (
    "**backtest** ROC AUC 0.691, average precision 0.388, log loss 0.509, profit per row -5.34 · "
    "**test** log loss 0.545"
)


def test_the_description_of_a_run() -> None:
    first = describe_run(METRICS, None, "Better.").splitlines()
    assert first == [SUMMARY, "", "No earlier pipeline was found to compare with.", "", "Better."]
    before = {**METRICS, "backtest/average_precision": 0.38, "backtest/log_loss": 0.5187, "test/log_loss": 0.5}
    del before["backtest/mean_profit"]
    assert describe_run(METRICS, BaselinePipeline("c" * 40, before, ""), "Better.").splitlines() == [
        SUMMARY,
        "",
        "Baseline: commit `cccccccccc` (no changes since).",
        "",
        "| | this run | baseline | difference |",
        "|---|---|---|---|",
        "| backtest ROC AUC | 0.691 | 0.691 | 0 |",
        "| backtest average precision | 0.388 | 0.380 | +0.008 (better) |",
        "| backtest log loss | 0.509 | 0.519 | -0.010 (better) |",
        "| test log loss | 0.545 | 0.500 | +0.045 (worse) |",
        "",
        "`flight-delay compare` tests whether differences are significant; choose by the backtest, the test is reported.",
        "",
        "Better.",
    ]


FIVE = [f"train_model.p{number}" for number in range(5)]
STAGE, MODEL, CORE = (f"src/flight_delay/{name}" for name in ("stages/report.py", "model", "core"))


@pytest.mark.parametrize(
    ("before", "after", "name"),
    [
        ({"train_model.max_depth": "6", "choose_threshold.calibration": "none", "train_model.gamma": "1", "x": "1"},
         {"train_model.max_depth": "4", "choose_threshold.calibration": "sigmoid", "x": "1"},
         "max_depth 6→4, choose_threshold.calibration none→sigmoid, gamma 1→none"),
        (dict.fromkeys(FIVE, "0"), dict.fromkeys(FIVE, "1"), "p0 0→1, p1 0→1, p2 0→1 and 2 more"),
    ],
)  # fmt: skip
def test_the_name_of_a_run_by_its_parameters(before: dict[str, str], after: dict[str, str], name: str) -> None:
    assert parameter_changes(before, after) == name


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ([STAGE], "code of stages/report"),
        ([STAGE, CORE, MODEL], "code of core, model"),
        ([CORE, MODEL, "data/raw", "requirements.txt"], "code of core, model, data/raw, requirements"),
    ],
)
def test_the_name_of_a_run_by_other_inputs(changed: list[str], name: str) -> None:
    assert other_changes({}, dict.fromkeys(changed, "a")) == name


def run_postgres(patch: pytest.MonkeyPatch, folder: Path) -> None:
    patch.setattr(postgres, "DEBIAN_PROGRAMS", "/nowhere")
    patch.setattr(postgres, "_cluster_owner", lambda: None)
    patch.setenv("PATH", str(folder))
    patch.chdir(folder)
    with postgres.running_postgres(Path("cluster")):
        pass


def run_failing_postgres(patch: pytest.MonkeyPatch, folder: Path) -> None:
    (folder / "cluster/data").mkdir(parents=True)
    (folder / "pg_ctl").write_text("#!/bin/sh\necho 'Examine the log output.' >&2\nexit 1\n")
    (folder / "pg_ctl").chmod(0o755)
    run_postgres(patch, folder)


def use_a_port_in_use(patch: pytest.MonkeyPatch, _: Path) -> None:
    def raise_in_use(*_: Any, **__: Any) -> None:
        raise OSError(errno.EADDRINUSE, "in use")

    patch.setattr(socket, "create_server", raise_in_use)
    require_port_free("127.0.0.1", 5000)


@pytest.mark.parametrize(
    ("start", "message"),
    [
        (lambda *_: sqlalchemy_url("flights"), "FLIGHT_DELAY_SERVER_DATABASE is not a database URL; write postgresql://USER:PASSWORD@HOST:5432/NAME"),
        (run_postgres, "PostgreSQL is not installed (initdb is not on PATH); install it (Debian, Ubuntu: apt-get install postgresql), name a database in FLIGHT_DELAY_SERVER_DATABASE, or use deploy/compose.yaml"),
        (run_failing_postgres, "pg_ctl failed in cluster (see cluster/log); resolve that, or name a database in FLIGHT_DELAY_SERVER_DATABASE, or use deploy/compose.yaml"),
        (use_a_port_in_use, f"cannot listen on 127.0.0.1, port 5000 ({os.strerror(errno.EADDRINUSE)}); try another, such as PORT=5001"),
    ],
)  # fmt: skip
def test_a_server_that_cannot_start(monkeypatch, tmp_path: Path, start: Callable[..., Any], message: str) -> None:
    with pytest.raises(UserError) as refused:
        start(monkeypatch, tmp_path)
    assert str(refused.value) == message
