"""Format the data dictionary as a page in Markdown."""

from __future__ import annotations

from flight_delay.data.dictionary import Dictionary
from flight_delay.data.dictionary_entries import LAYOUTS, ColumnEntry, FeatureEntry

QUESTIONS = {
    "generated": "How it is generated",
    "changes": "Whether its meaning changes",
    "cost": "What it costs to obtain",
    "restrictions": "Restricted by law or policy",
    "feedback": "Whether predictions may influence it",
}
PAGE = """\
# Data dictionary

The columns of the canonical table of flights, `data/interim/flights/`, and the [features](#features) of models,
`data/processed/`. This page is generated from `references/data_dictionary.yaml` by
`make docs`; edit that file, not this one.

| column | role | type | values | may be missing | known |
|---|---|---|---|---|---|
{columns}

A value becomes known, in hours before the scheduled departure:

{moments}

{sections}

## Features

The feature columns of `data/processed/`, in their order. A new feature needs an entry under `features` of
`references/data_dictionary.yaml` and a function of the same name in `src/flight_delay/features/`; features of history
and weather come in families, `GROUPINGS` and `MEASUREMENTS` there. The build stops if one of the two is missing.

`<days>` stands for each of `build_features.history_days` in `params.yaml`: complete days, in UTC, before the time of
prediction. Rates of small groups are shrunk towards the overall rate (`build_features.smoothing_flights`). Weather is
the last observation before that time, if recent enough. The effect is the monotone constraint of
`train_model.monotone_constraints`: a higher value never lowers (increasing) or never raises (decreasing) the predicted
probability.

| feature | label | group | kind | effect | description |
|---|---|---|---|---|---|
{features}
"""


def markdown(dictionary: Dictionary) -> str:
    """Format the dictionary as Markdown.

    The page has a table of columns, a section for each column, and a table of features.
    """
    return PAGE.format(
        columns="\n".join(_column_row(name, column) for name, column in dictionary.columns.items()),
        moments="\n".join(
            f"- `{name}` ({moment.hours_before_departure:+d}): {moment.description}"
            for name, moment in dictionary.moments.items()
        ),
        sections="\n\n".join(_section(name, column) for name, column in dictionary.columns.items()),
        features="\n".join(_feature_row(name, feature) for name, feature in dictionary.features.items()),
    )


def _section(name: str, column: ColumnEntry) -> str:
    lines = [f"## {name}", "", f"{column.description[0].upper()}{column.description[1:]}.", ""]
    if column.not_used_because:
        lines.append(f"- **Not to be used as a feature**: {column.not_used_because}")
    sources = {layout: column.sources[layout] for layout in LAYOUTS if layout in column.sources}
    lines += [f"- In `{layout}`: {', '.join(f'`{name}`' for name in names)}" for layout, names in sources.items()]
    if column.informative:
        lines.append(
            "- Informative: a source may lack it, and a value that breaks the contract is left out with a warning"
        )
    lines += [f"- {question}: {getattr(column.notes, field)}" for field, question in QUESTIONS.items()]
    return "\n".join(lines)


def _column_row(name: str, column: ColumnEntry) -> str:
    kind, nullable = _with_unit(column.type.replace("_", " "), column.unit), "yes" if column.nullable else "no"
    return _row(f"[`{name}`](#{name})", column.role, kind, _values(column), nullable, column.known)


def _feature_row(name: str, feature: FeatureEntry) -> str:
    shown = f"`{name}_<days>d`" if feature.group == "history" else f"`{name}`"
    kind, description = _with_unit(feature.kind, feature.unit), feature.description.replace("{days}", "`<days>`")
    return _row(shown, feature.label or "", feature.group, kind, feature.effect or "", description)


def _row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', '∣') for cell in cells)} |"


def _with_unit(kind: str, unit: str | None) -> str:
    return f"{kind}, {unit}" if unit else kind


def _values(column: ColumnEntry) -> str:
    if column.minimum is not None:
        return f"{column.minimum} … {column.maximum}"
    if column.allowed:
        return ", ".join(column.allowed)
    return f"`{column.pattern}`" if column.pattern else ""
