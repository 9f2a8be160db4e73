"""The registered model and its moves, for people (two tables) and for programs (JSON)."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence
from typing import NamedTuple

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from flight_delay.tracking.registry.moves import Move, unrecorded
from flight_delay.tracking.registry.registry import look, versions

# Of a run, by what they are called in the table.
FIGURES = {
    "backtest AP": "backtest/average_precision",
    "test AP": "test/average_precision",
    "test log loss": "test/log_loss",
}
WIDTH, MOST_OF_A_NAME = 120, 22


class Line(NamedTuple):
    """A version with its aliases, and what its run says; `figures` are None where the run has none, or is not there."""

    version: int
    aliases: tuple[str, ...]
    run_id: str | None
    run_name: str | None
    commit: str | None
    figures: dict[str, float | None]
    registered: str


class History(NamedTuple):
    """What there is of a registered model. `notes` say what the moves do not explain."""

    model: str
    lines: Sequence[Line]
    moves: Sequence[Move]
    notes: Sequence[str]


def history(client: MlflowClient, model: str) -> History:
    """Versions and moves, both the oldest first."""
    now = look(client, model)
    lines = []
    for of in versions(client, model):
        name, metrics = _run(client, of.run_id)
        aliases = tuple(sorted(alias for alias, version in now.aliases.items() if version == of.number))
        figures = {called: metrics.get(metric) for called, metric in FIGURES.items()}
        lines.append(Line(of.number, aliases, of.run_id, name, of.commit, figures, of.registered))
    notes = [
        *unrecorded(now.record, now.aliases),
        *(f"the tag {key} of {model} cannot be read as a move" for key in now.record.unreadable),
    ]
    return History(model, lines, [of.move for of in now.record.moves], notes)


def text(of: History) -> str:
    """Versions, then moves, then what they do not explain; no line is wider than `WIDTH`."""
    if not of.lines and not of.moves:
        return f"{of.model} has no versions yet; `flight-delay promote RUN` registers the first"
    header = ["version", "alias", "run", "commit", *FIGURES, "registered (UTC)"]
    rows = [
        [
            str(line.version),
            ", ".join(line.aliases),
            textwrap.shorten(line.run_name or "", MOST_OF_A_NAME, placeholder=" …"),
            (line.commit or "")[:10],
            *("" if value is None else f"{value:.3f}" for value in line.figures.values()),
            _minute(line.registered),
        ]
        for line in of.lines
    ]
    said = [*_aligned([header, *rows]), ""]
    for move in of.moves:
        came_from = "none" if move.came_from is None else move.came_from
        said.append(
            f"{_minute(move.when)} UTC  {move.kind:9}  {move.alias:10}  {came_from} -> {move.went_to}  by {move.who}"[
                :WIDTH
            ]
        )
        said += textwrap.wrap(move.why, WIDTH, initial_indent="    ", subsequent_indent="    ")
    for note in of.notes:
        said += ["", *textwrap.wrap(note, WIDTH)]
    return "\n".join(said).rstrip()


def as_json(of: History) -> str:
    """Everything, figures of the gate included."""
    moves = [move.model_dump(by_alias=True) for move in of.moves]
    return json.dumps(
        {"model": of.model, "versions": [line._asdict() for line in of.lines], "moves": moves, "notes": of.notes},
        indent=2,
        ensure_ascii=False,
    )


def _run(client: MlflowClient, run_id: str | None) -> tuple[str | None, dict[str, float]]:
    if run_id is None:
        return None, {}
    try:
        run = client.get_run(run_id)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return None, {}
    return run.info.run_name, run.data.metrics


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()[:WIDTH] for row in rows
    ]


def _minute(when: str) -> str:
    return when[:16].replace("T", " ")
