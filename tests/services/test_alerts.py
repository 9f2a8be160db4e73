"""Alerts and dashboard: Prometheus and Alertmanager accept them, rules fire when they should, metrics exist."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from monitored import alarming
from prediction_service import AS_OF, SCHEDULE, served
from waiting import HERE, PATIENCE, free_port, wait_until

from flight_delay.monitoring.export import write_metrics

REPOSITORY = Path(__file__).resolve().parents[2]
DEPLOY = REPOSITORY / "deploy"
RULES = [
    rule for group in yaml.safe_load((DEPLOY / "prometheus/rules.yml").read_text())["groups"] for rule in group["rules"]
]
PANELS = json.loads((DEPLOY / "grafana/dashboard.json").read_text())["panels"]
TARGETS = [target for panel in PANELS for target in panel.get("targets", [])]
EXPRESSIONS = [entry["expr"] for entry in (*RULES, *TARGETS)]
# A metric with or without labels; failures have to be possible, and need not have happened.
SELECTORS = {
    re.sub(r', status="?[^}]*', "", selector)
    for expression in EXPRESSIONS
    for selector in re.findall(r"\b(?:flight_delay_\w+|up\b)(?:\{[^}]*\})?", expression)
}


def program(name: str) -> str:
    """Return the path of a program of Debian's packages."""
    path = shutil.which(name)
    if path is None:
        assert not os.environ.get("REQUIRE_SERVICES"), f"{name} is not installed"
        pytest.skip(f"{name} is not installed; .ci/run installs it")
    return path


@contextmanager
def running(name: str, folder: Path, *arguments: str) -> Iterator[str]:
    """Run a server on a free port, from when it answers; yield its address."""
    address = f"{HERE}:{free_port()}"
    output = folder / f"{name}.txt"
    with output.open("w") as log:
        process = subprocess.Popen(
            [program(name), f"--web.listen-address={address}", *arguments], cwd=folder, stdout=log, stderr=log
        )

    def answers() -> bool:
        try:
            # Prometheus serves its metrics before it answers queries; the node exporter has no other page.
            page = "metrics" if name == "prometheus-node-exporter" else "-/ready"
            return requests.get(f"http://{address}/{page}", timeout=PATIENCE).ok
        except requests.ConnectionError:
            return process.poll() is not None

    try:
        wait_until(answers, output.read_text)
        assert process.poll() is None, output.read_text()
        yield address
    finally:
        process.kill()
        process.wait()


def run(name: str, *arguments: str | Path) -> None:
    done = subprocess.run([program(name), *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_and_alertmanager_accept_their_configuration() -> None:
    run("promtool", "check", "config", DEPLOY / "prometheus/prometheus.yml")
    run("promtool", "check", "rules", "--lint-fatal", DEPLOY / "prometheus/rules.yml")
    run("amtool", "check-config", DEPLOY / "alertmanager.yml")


@pytest.mark.parametrize(("severity", "receiver"), [("page", "page"), ("ticket", "ticket")])
def test_alerts_are_routed_by_severity(severity, receiver) -> None:
    options = [f"--config.file={DEPLOY / 'alertmanager.yml'}", f"--verify.receivers={receiver}"]
    run("amtool", "config", "routes", "test", *options, f"severity={severity}")


def test_rules_fire_when_they_should_and_only_then() -> None:
    run("promtool", "test", "rules", DEPLOY / "prometheus/rules_test.yml")


def test_every_rule_is_tested_to_fire_and_not_to_fire() -> None:
    groups = yaml.safe_load((DEPLOY / "prometheus/rules_test.yml").read_text())["tests"]
    tests = {(test["alertname"], bool(test.get("exp_alerts"))) for group in groups for test in group["alert_rule_test"]}
    assert tests == {(rule["alert"], fires) for rule in RULES for fires in (True, False)}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_a_rule_has_a_severity_a_summary_and_a_section_of_the_runbook(rule) -> None:
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert rule["annotations"]["summary"]
    own = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", rule["alert"]).lower()
    assert rule["annotations"]["runbook"] in {f"docs/runbook.md#{own}", "docs/runbook.md#{{ $labels.check }}"}


@pytest.mark.parametrize("workers", ["1", "2"])
def test_metrics_of_rules_and_dashboard_are_scraped(made, states, tmp_path, workers) -> None:
    folder = states.copy(tmp_path / "service").folder
    write_metrics(alarming(), tmp_path / "flight_delay.prom")
    with ExitStack() as stack:
        service = stack.enter_context(served(made, folder, "--workers", workers))
        assert service.predict(SCHEDULE).ok
        exporter_options = ["--collector.disable-defaults", "--collector.textfile"]
        exporter_options += [f"--collector.textfile.directory={tmp_path}"]
        exporter = stack.enter_context(running("prometheus-node-exporter", tmp_path, *exporter_options))
        manager_options = [f"--config.file={DEPLOY / 'alertmanager.yml'}", f"--storage.path={tmp_path / 'alerts'}"]
        manager_options += ["--cluster.listen-address="]
        manager = stack.enter_context(running("prometheus-alertmanager", tmp_path, *manager_options))
        configuration = (DEPLOY / "prometheus/prometheus.yml").read_text().replace("15s", "1s")
        configuration = configuration.replace(", predictions-2:8000", "")
        addresses = {"predictions-1:8000": service.uri.removeprefix("http://")}
        addresses |= {"node-exporter:9100": exporter, "alertmanager:9093": manager}
        for name, address in addresses.items():
            assert name in configuration
            configuration = configuration.replace(name, address)
        (tmp_path / "prometheus.yml").write_text(configuration)
        shutil.copy(DEPLOY / "prometheus/rules.yml", tmp_path)
        options = ["--config.file=prometheus.yml", f"--storage.tsdb.path={tmp_path / 'series'}"]
        prometheus = stack.enter_context(running("prometheus", tmp_path, *options))

        def ask(path: str, **parameters: str) -> Any:
            response = requests.get(f"http://{prometheus}/api/v1/{path}", parameters, timeout=PATIENCE)
            assert response.ok, response.text
            return response.json()["data"]

        def missing() -> set[str]:
            return {selector for selector in SELECTORS if not ask("query", query=selector)["result"]}

        def alerts() -> set[str]:
            return {alert["labels"]["alertname"] for alert in ask("alerts")["alerts"]}

        wait_until(lambda: not missing(), lambda: f"not scraped: {missing()}")
        # Pending or firing: the cut-off of the state is years ago.
        expected = {"ModelAlarm", "ModelNoData", "ModelWarning", "MonitoringTooOld", "StateTooOld"}
        # Before the first scrape there was another one.
        wait_until(lambda: alerts() == expected, lambda: f"alerts: {alerts()}")
        assert {rule["health"] for group in ask("rules")["groups"] for rule in group["rules"]} == {"ok"}
        for expression in EXPRESSIONS:
            ask("query", query=expression)
        as_of = datetime.fromisoformat(AS_OF).replace(tzinfo=UTC).timestamp()
        (state,) = ask("query", query="flight_delay_state_as_of_seconds")["result"]
        assert float(state["value"][1]) == as_of
        listed = f"http://{manager}/api/v2/alerts"
        wait_until(lambda: "ModelAlarm" in requests.get(listed, timeout=PATIENCE).text)
        alert = next(alert for alert in requests.get(listed, timeout=PATIENCE).json() if "check" in alert["labels"])
        assert [receiver["name"] for receiver in alert["receivers"]] == [
            {"ModelAlarm": "page", "ModelWarning": "ticket"}[alert["labels"]["alertname"]]
        ]
