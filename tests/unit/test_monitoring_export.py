"""monitoring.export: the textfile of Prometheus, and one MLflow run per date."""

from __future__ import annotations

from pathlib import Path

import pytest
from mlflow import MlflowClient
from monitored import DATE, EXAMPLES, alarming, quiet
from prometheus_client.parser import text_string_to_metric_families

from flight_delay.core.errors import UserError
from flight_delay.monitoring.export import LEVEL_NUMBERS, PREFIX, log_run, write_metrics
from flight_delay.tracking.lookup import find_run

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def samples(path: Path) -> Samples:
    families = text_string_to_metric_families(path.read_text())
    return {
        (sample.name.removeprefix(PREFIX), tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


@pytest.mark.parametrize("name", EXAMPLES)
def test_findings_and_date_are_in_the_textfile(tmp_path: Path, name: str) -> None:
    run, path = EXAMPLES[name](), tmp_path / "new" / "flight_delay.prom"
    write_metrics(run, path)
    values = samples(path)
    for finding in run.findings:
        labels = (("check", finding.check), ("subject", finding.subject))
        assert values["finding", labels] == LEVEL_NUMBERS[finding.level]
    assert values["date_seconds", ()] == 1386028800
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_metrics_are_those_of_the_last_week_and_month(tmp_path: Path) -> None:
    run = quiet()
    write_metrics(run, tmp_path / "m.prom")
    values = samples(tmp_path / "m.prom")
    for window, row in (("week", run.weeks[-1]), ("month", run.months[-1])):
        for name in ("roc_auc", "calibration_gap", "mean_profit", "shadow_log_loss_difference"):
            assert values[name, (("window", window),)] == getattr(row, name).value
        assert values["labelled", (("window", window),)] == row.labelled
    for column, psi in run.weeks[-1].input_psi.items():
        assert values["input_psi", (("column", column),)] == psi
    assert values["score_psi", ()] == run.weeks[-1].score_psi
    assert values["days_behind", ()] == run.days[-1].days_behind


def test_the_worst_of_several_findings_of_a_subject_counts(tmp_path: Path) -> None:
    first = quiet().findings[0]
    write_metrics(quiet()._replace(findings=(first._replace(level="alarm"), first)), tmp_path / "m.prom")
    assert samples(tmp_path / "m.prom")["finding", (("check", first.check), ("subject", ""))] == 2


def test_a_date_has_one_run_apart_from_those_of_pipelines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    page, findings = tmp_path / "index.html", tmp_path / "findings.json"
    page.write_text("page")
    findings.write_text("[]")
    log_run(quiet(), page, findings, "flights")
    run_id = log_run(alarming(), page, findings, "flights")
    client = MlflowClient(uri)
    assert client.get_experiment_by_name("flights") is None
    experiment = client.get_experiment_by_name("flights-monitoring").experiment_id
    (run,) = client.search_runs([experiment])
    assert (run.info.run_id, run.info.run_name, run.info.status) == (run_id, DATE.isoformat(), "FINISHED")
    assert run.data.tags.items() >= {"model_version": "4", "state": quiet().state, "level": "alarm"}.items()
    assert run.data.metrics["findings/alarm"] == 3
    assert run.data.metrics["week/mean_probability"] == alarming().weeks[-1].mean_probability
    assert run.data.metrics["month/roc_auc"] == alarming().months[-1].roc_auc.value
    assert run.data.metrics["day/answered"] == alarming().days[-1].answered
    assert {file.path for file in client.list_artifacts(run_id)} == {page.name, findings.name}
    with pytest.raises(UserError):
        find_run(f"runs:/{run_id}")
    log_run(quiet()._replace(date=quiet().as_of), page, findings, "flights")
    assert len(client.search_runs([experiment])) == 2
