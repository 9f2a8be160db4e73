"""What a request for a review says of a model: read from the artefacts of its commit. The page is made in request.py."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from flight_delay.plots.models import words
from flight_delay.repository.artefacts import Artefacts
from flight_delay.repository.lock import PUBLISH, outputs
from flight_delay.review.assessment import assumptions
from flight_delay.review.assessment.assumptions import Assumption
from flight_delay.review.comparison.compared import compared
from flight_delay.review.comparison.page import render as comparison_page
from flight_delay.review.comparison.side import Side

# What a review must not change, and reproduces.
FROZEN = (
    "data/raw/flights",
    "data/processed",
    "models/bundle/model.ubj",
    "models/bundle/manifest.json",
    "models/bundle/decision.json",
    "reports/backtest",
    "reports/evaluate",
    "reports/metrics.json",
)
METRICS = ("roc_auc", "average_precision", "log_loss")
RECORDS = 5
RECORD_FEATURES = 5


@dataclass(frozen=True)
class Figure:
    """A row of key figures on the test months: by metric, value and interval in words."""

    name: str
    by_metric: dict[str, str]


@dataclass(frozen=True)
class Statistics:
    """Summary statistics of a column: of training months, as reports/check_data/profile.json has them."""

    name: str
    missing: str
    distinct: int
    spread: str


@dataclass(frozen=True)
class Stage:
    """What a stage reads of params.yaml, and what it writes."""

    name: str
    sections: Sequence[str]
    writes: Sequence[str]


@dataclass(frozen=True)
class Facts:
    """What stands in a request. Mappings are those of the JSON files that stages wrote, by the file's name."""

    commit: str
    files: Mapping[str, Any]
    params: Mapping[str, Any]
    card: Mapping[str, Any]
    figures: Sequence[Figure]
    statistics: Sequence[Statistics]
    records: tuple[Sequence[str], Sequence[Sequence[str]]]
    assumptions: Sequence[Assumption]
    stages: Sequence[Stage]
    frozen: Mapping[str, str]
    comparison: str | None


JSON_FILES = {
    "metrics": "reports/metrics.json",
    "by_month": "reports/backtest/by_month.json",
    "counts": "reports/data/flights.json",
    "quality": "reports/quality.json",
    "findings": "reports/check_data/findings.json",
    "profile": "reports/check_data/profile.json",
    "learning": "reports/learning_curves/reading.json",
    "importances": "reports/interpret/importances.json",
    "selection": "data/selection.json",
    "raw": "data/raw/manifest.json",
    "bundle": "models/bundle/manifest.json",
    "decision": "models/bundle/decision.json",
}


def gather(artefacts: Artefacts, against: Artefacts | None = None, called: str = "") -> Facts:
    """Read what a request says from the artefacts of a commit.

    Args:
        artefacts: of the commit under review.
        against: of a commit that it is compared with.
        called: what the user calls that.

    Raises:
        UserError: a file is not at hand, or is not as this version of the code writes it.
    """
    read = {name: artefacts.read_json(path) for name, path in JSON_FILES.items()}
    side = Side.of(artefacts, "this commit", artefacts.commit)
    curve = _columns(artefacts.read_text("reports/evaluate/profit_curve.csv"))
    metrics, windows = read["metrics"], artefacts.params["windows"]
    kept = [of["name"] for of in read["selection"]["features"]]
    comparison = None
    if against:
        # A level further down, since it is a part of a page here.
        page = comparison_page(compared(Side.of(against, called, against.commit), side))
        comparison = re.sub("^#", "##", page, flags=re.MULTILINE).strip()
    return Facts(
        commit=artefacts.commit,
        files=read,
        params=artefacts.params,
        card=yaml.safe_load(artefacts.read_text("references/model_card.yaml")),
        figures=_figures(metrics),
        statistics=[_statistics(of) for of in read["profile"] if of["name"] in kept],
        records=_records(artefacts, windows["test"]["through"], read["importances"]),
        assumptions=[
            assumptions.months_are_alike(metrics, read["by_month"]),
            assumptions.probabilities_are_right(side.test),
            assumptions.better_than_simple(metrics),
            assumptions.nothing_leaks(read["findings"], artefacts.params["build_features"]["horizon_hours"]),
            assumptions.outcomes_are_known(read["counts"], read["quality"]),
            assumptions.threshold_carries_over(metrics, curve, side.threshold),
        ],
        stages=_stages(artefacts),
        frozen={path: md5 for path, md5 in outputs(artefacts.lock).items() if path in FROZEN},
        comparison=comparison,
    )


def _figures(metrics: Mapping[str, Any]) -> list[Figure]:
    intervals = metrics["ladder"]["intervals"]
    test = {"model": metrics["test"], **{name: of["test"] for name, of in metrics["baselines"].items()}}
    return [
        Figure(
            words(name),
            {
                of: f"{values[of]:.3f} ({intervals[name][of]['low']:.3f} … {intervals[name][of]['high']:.3f})"
                for of in METRICS
            },
        )
        for name, values in test.items()
    ]


def _stages(artefacts: Artefacts) -> list[Stage]:
    """In the order of dvc.yaml, without `publish`."""
    declared = yaml.safe_load(artefacts.read_text("dvc.yaml"))["stages"]
    lock = {name: artefacts.lock[name] for name in declared if name in artefacts.lock and name != PUBLISH}
    return [
        Stage(name, list(of.get("params", {}).get("params.yaml", {})), [out["path"] for out in of.get("outs", [])])
        for name, of in lock.items()
    ]


def _statistics(column: Mapping[str, Any]) -> Statistics:
    if column["quantiles"]:
        of = column["quantiles"]
        spread = f"{of['min']:.4g} … {of['p05']:.4g} … **{of['median']:.4g}** … {of['p95']:.4g} … {of['max']:.4g}"
    else:
        spread = ", ".join(f"{value} {share:.0%}" for value, share in list(column["top"].items())[:4])
    return Statistics(column["name"], f"{column['missing']['train']:.1%}", column["distinct"], spread)


def _records(
    artefacts: Artefacts, month: str, importances: Sequence[Mapping[str, Any]]
) -> tuple[list[str], list[list[str]]]:
    """Some flights of a month, evenly spaced: keys, the most important features, outcome and prediction."""
    said = _table(artefacts.read_bytes(f"reports/evaluate/predictions/{month}.parquet")).to_pydict()
    probability = dict(zip(said["flight_id"], said["probability"], strict=True))
    table = _table(artefacts.read_bytes(f"data/processed/{month}.parquet"))
    features = [of["feature"] for of in importances if of["feature"] in table.schema.names][:RECORD_FEATURES]
    step = max(1, table.num_rows // RECORDS)
    rows = table.take(pa.array(range(step // 2, table.num_rows, step)[:RECORDS])).to_pylist()
    header = ["flight_id", *features, "late", "probability"]
    return header, [
        [
            row["flight_id"],
            *(_cell(row[name]) for name in [*features, "late"]),
            _cell(probability.get(row["flight_id"])),
        ]
        for row in rows
    ]


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _table(content: bytes) -> pa.Table:
    return pq.read_table(pa.BufferReader(content))


def _columns(text: str) -> dict[str, list[float]]:
    header, *rows = csv.reader(io.StringIO(text))
    return {name: [float(row[place]) for row in rows] for place, name in enumerate(header)}
