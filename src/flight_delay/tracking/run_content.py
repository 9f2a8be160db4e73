"""The content of a run, collected from the files of a pipeline.

Does not import mlflow.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flight_delay.core.errors import UserError
from flight_delay.core.files import read_csv_columns, read_json
from flight_delay.core.months import Splits
from flight_delay.core.params import flatten, parse_yaml, read_params
from flight_delay.tracking.description import HEADLINE_METRICS, BaselinePipeline, describe_run
from flight_delay.tracking.raw_manifest import count_monthly_rows
from flight_delay.tracking.run_names import other_changes, parameter_changes
from flight_delay.tracking.run_source import RunSource
from flight_delay.vcs.git import git
from flight_delay.vcs.history import previous_pipeline_commit
from flight_delay.vcs.lock import (
    LOCK_FILE,
    Stages,
    input_hashes,
    output_hashes,
    parse_lock,
    pipeline_digest,
    pipeline_parameters,
)

DIGEST_TAG = "pipeline_digest"
COMMIT_TAG = "git_commit"
DATA_VERSION_TAG = "data_version"
PROCESSED, RAW = "data/processed", "data/raw/flights"
MANIFEST, SELECTION = "data/raw/manifest.json", "data/selected_features.json"
BUNDLE, MODEL = "models/bundle", "models/bundle/model.ubj"
METRICS, REPORT = "reports/metrics.json", "index.html"


@dataclass(frozen=True)
class LoggedDataset:
    """A data set of a run in MLflow; `origin` describes its raw data."""

    name: str
    context: str
    path: str
    md5: str
    rows: int
    origin: dict[str, str]


@dataclass(frozen=True)
class RunContent:
    """Everything that a run shows.

    Attributes:
        digest: identifies the pipeline, see `vcs.lock.digest`.
        name: the changes since the baseline, in a few words.
        description: Markdown; begins with the metrics.
        params: value by dotted name.
        metrics: value by name, such as 'test/roc_auc'.
        curve: by metric, its value in every round.
        tags: value by name.
        datasets: of training, validation and test, and the raw data.
        files: file or folder, by its name in the run.
        bundle: folder of the model.
        package: folder of the code that loads it.
    """

    digest: str
    name: str
    description: str
    params: dict[str, str]
    metrics: dict[str, float]
    curve: dict[str, list[float]]
    tags: dict[str, str]
    datasets: list[LoggedDataset]
    files: dict[str, Path]
    bundle: Path
    package: Path


def collect_run_content(root: Path, stages: Stages, splits: Splits, source: RunSource) -> RunContent:
    """Collect the content of a run.

    Args:
        root: folder of the pipeline's files.
        stages: entries of its lock file.
        splits: months of training, validation and test.
        source: author and baseline.

    Raises:
        UserError: a file is missing or damaged.
    """
    report, md5, identity = read_json(root / METRICS), output_hashes(stages), pipeline_digest(stages)
    quality, manifest = read_json(root / "reports/quality.json"), read_json(root / MANIFEST)
    metrics = {
        **logged_metrics(report),
        "data/rows": float(quality["rows"]),
        "data/quarantined_share": float(quality["quarantined_share"]),
        "data/warnings": float(sum(read_json(root / "reports/check_data/counts.json").values())),
    }
    params = pipeline_parameters(read_params(root / "params.yaml"), stages)
    baseline = _find_baseline(stages, params, manifest, source)
    name = (baseline.changes if baseline else "") or f"pipeline {identity[:7]}"
    curve = read_csv_columns(root / "reports/train/curve.csv")
    # A killed stage may have left hidden files.
    reports = [path for path in sorted((root / "reports").glob("[!.]*")) if path.name != REPORT]
    optional_tags = {
        "baseline_commit": baseline.commit if baseline else None,
        "dvc_experiment": source.experiment,
        "dvc_baseline_commit": source.experiment_baseline,
    }
    return RunContent(
        digest=identity,
        name=f"{name} ({source.experiment})" if source.experiment else name,
        description=describe_run(metrics, baseline, report["verdict"]),
        params=params,
        metrics=metrics,
        curve={f"curve/{column}": values for column, values in curve.items() if column != "round"},
        tags={
            DIGEST_TAG: identity,
            "author": source.author,
            DATA_VERSION_TAG: _data_version(manifest, md5[RAW]),
            "data_md5": md5[RAW],
            "model_md5": md5[MODEL],
            **{tag: value for tag, value in optional_tags.items() if value},
            **{f"seconds/{stage}": str(seconds) for stage, seconds in source.seconds.items()},
        },
        datasets=_list_datasets(splits, report, manifest, md5, quality["rows"]),
        files={
            # The MLflow UI lists folders by name before files, so that the report comes first.
            f"report/{REPORT}": root / "reports" / REPORT,
            **{f"reports/{path.name}": path for path in reports},
            **{Path(path).name: root / path for path in ("params.yaml", str(LOCK_FILE), MANIFEST, SELECTION)},
        },
        bundle=root / BUNDLE,
        package=root / "src/flight_delay",
    )


def logged_metrics(report: Mapping[str, Any]) -> dict[str, float]:
    """Flatten the numbers of reports/metrics.json, headline metrics first.

    The profit on the test is renamed as that on the backtest.
    """
    metrics = {name: float(value) for name, value in flatten(report, "/").items() if isinstance(value, int | float)}
    metrics["test/mean_profit"] = metrics["profit/mean_profit/model"]
    return {
        headline.name: metrics[headline.name] for headline in HEADLINE_METRICS if headline.name in metrics
    } | metrics


def _find_baseline(
    stages: Stages, params: Mapping[str, str], manifest: Mapping[str, Any], source: RunSource
) -> BaselinePipeline | None:
    """Read the nearest earlier pipeline from git, without the DVC cache."""
    try:
        commit = previous_pipeline_commit(pipeline_digest(stages), source.start)
        if commit is None:
            return None
        lock, sections, raw, report = (
            git("cat-file", "blob", f"{commit}:{path}") for path in (LOCK_FILE, "params.yaml", MANIFEST, METRICS)
        )
        before = parse_lock(lock, f"{LOCK_FILE} of {commit[:10]}")
        changes = parameter_changes(pipeline_parameters(parse_yaml(sections), before), params)
        return BaselinePipeline(
            commit=commit,
            metrics=logged_metrics(json.loads(report)),
            changes=changes
            or other_changes(_inputs_and_raw_files(before, json.loads(raw)), _inputs_and_raw_files(stages, manifest)),
        )
    except (UserError, ValueError, KeyError, AttributeError):
        return None  # there is no commit yet, or it is by an older version of this code


def _inputs_and_raw_files(stages: Stages, manifest: Mapping[str, Any]) -> dict[str, str]:
    """Return checksums by path, so that a corrected month is named."""
    return input_hashes(stages) | {f"data/raw/{name}": entry["sha256"] for name, entry in manifest["files"].items()}


def _data_version(manifest: Mapping[str, Any], md5: str) -> str:
    """Name the raw data, such as '1a2b3c4 source 0.0.3, 2013-01…2013-12'."""
    months, _ = count_monthly_rows({path: entry["rows"] for path, entry in manifest["files"].items()})
    source = f"{manifest['source']} {manifest['version']}" if "version" in manifest else str(manifest["source"])
    return f"{md5[:7]} {source}, {months[0]}…{months[-1]}"


def _list_datasets(
    splits: Splits, metrics: Mapping[str, Any], manifest: Mapping[str, Any], md5: Mapping[str, str], rows: int
) -> list[LoggedDataset]:
    origin = {key: value for key, value in manifest.items() if isinstance(value, str)} | {"manifest_md5": md5[MANIFEST]}
    processed = [
        LoggedDataset(f"processed {split}", name, PROCESSED, md5[PROCESSED], metrics[name]["rows"], origin)
        for name, split in splits.by_name().items()
    ]
    return [*processed, LoggedDataset("raw", "raw", RAW, md5[RAW], rows, origin)]
