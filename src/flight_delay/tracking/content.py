"""What is published of a pipeline, gathered from its files. Knows nothing of MLflow."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from flight_delay.core.files import read_csv, read_json
from flight_delay.core.months import Windows
from flight_delay.core.params import flattened, read_sections
from flight_delay.core.runner import recorded_runs
from flight_delay.repository.git import author
from flight_delay.repository.lock import PUBLISH, Stages, digest, outputs

DIGEST_TAG = "pipeline_digest"
COMMIT_TAG = "git_commit"
PROCESSED, RAW = "data/processed", "data/raw/flights"
MANIFEST = Path("data/raw/manifest.json")


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
class Content:
    """Everything that a run shows. `curve` holds, by metric, its value in every round."""

    digest: str
    name: str
    params: dict[str, str]
    metrics: dict[str, float]
    curve: dict[str, list[float]]
    tags: dict[str, str]
    datasets: list[DataSet]
    files: dict[str, Path]
    bundle: Path


def gather(stages: Stages, windows: Windows) -> Content:
    """Gather what the pipeline in this folder has made.

    Args:
        stages: entries of its lock file.
        windows: the months that the model learnt from and was judged on.
    """
    metrics, md5 = read_json(Path("reports/metrics.json")), outputs(stages)
    quality, pitfalls = read_json(Path("reports/quality.json")), read_json(Path("reports/check_data/counts.json"))
    manifest = read_json(MANIFEST)
    origin = {key: value for key, value in manifest.items() if isinstance(value, str)} | {
        "manifest_md5": md5[str(MANIFEST)]
    }
    curve = read_csv(Path("reports/train/curve.csv"))
    identity = digest(stages)
    return Content(
        digest=identity,
        name=os.environ.get("DVC_EXP_NAME") or f"repro-{identity[:7]}",
        params={
            name: str(value) for name, value in flattened(read_sections()).items() if not name.startswith("publish.")
        },
        metrics={
            **{name: float(value) for name, value in flattened(metrics, "/").items() if isinstance(value, int | float)},
            "data/rows": float(quality["rows"]),
            "data/quarantined_share": float(quality["quarantined_share"]),
            "data/warnings": float(sum(pitfalls.values())),
        },
        curve={f"curve/{name}": values for name, values in curve.items() if name != "round"},
        tags={
            DIGEST_TAG: identity,
            "author": author(),
            "data_md5": md5[RAW],
            "model_md5": md5["models/bundle/model.ubj"],
            # What DVC tells the stages of an experiment.
            **_if_set("dvc_experiment", "DVC_EXP_NAME"),
            **_if_set("dvc_baseline_commit", "DVC_EXP_BASELINE_REV"),
            **{f"seconds/{name}": str(of["seconds"]) for name, of in recorded_runs().items() if name != PUBLISH},
        },
        datasets=[
            *(
                DataSet(f"flights {window}", name, PROCESSED, md5[PROCESSED], metrics[name]["rows"], origin)
                for name, window in windows.named().items()
            ),
            DataSet("raw flights", "raw", RAW, md5[RAW], quality["rows"], origin),
        ],
        files={
            "reports": Path("reports"),
            "params.yaml": Path("params.yaml"),
            "dvc.lock": Path("dvc.lock"),
            "data/manifest.json": MANIFEST,
            "data/selection.json": Path("data/selection.json"),
        },
        bundle=Path("models/bundle"),
    )


def _if_set(tag: str, variable: str) -> dict[str, str]:
    value = os.environ.get(variable)
    return {tag: value} if value else {}
