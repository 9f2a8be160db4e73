"""Format the data dictionary as a page in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flight_delay.data.dictionary import Dictionary
from flight_delay.data.dictionary_entries import LAYOUTS, ColumnEntry, FeatureEntry

QUESTIONS = {
    "generated": "How it is generated",
    "changes": "Whether its meaning changes",
    "cost": "What it costs to obtain",
    "restrictions": "Restricted by law or policy",
    "feedback": "Whether predictions may influence it",
}


def markdown(dictionary: Dictionary) -> str:
    """Format the dictionary as Markdown.

    The page has a table of columns, a section for each column, and a table of features.
    """
    return "\n".join([*_columns(dictionary), "", *_features(dictionary)]) + "\n"


def _columns(dictionary: Dictionary) -> Iterator[str]:
    yield "# Data dictionary"
    yield ""
    yield (
        "The columns of the canonical table of flights, `data/interim/flights/`, and the [features](#features) of "
        "models,"
    )
    yield "`data/processed/`. This page is generated from `references/data_dictionary.yaml` by"
    yield "`make docs`; edit that file, not this one."
    yield ""
    yield "| column | role | type | values | may be missing | known |"
    yield "|---|---|---|---|---|---|"
    for name, column in dictionary.columns.items():
        cells = (
            f"[`{name}`](#{name})",
            column.role,
            _type(column),
            _values(column),
            _yes(column.nullable),
            column.known,
        )
        yield _row(cells)
    yield ""
    yield "A value becomes known, in hours before the scheduled departure:"
    yield ""
    for name, moment in dictionary.moments.items():
        yield f"- `{name}` ({moment.hours_before_departure:+d}): {moment.description}"
    for name, column in dictionary.columns.items():
        yield ""
        yield f"## {name}"
        yield ""
        yield f"{column.description[0].upper()}{column.description[1:]}."
        yield ""
        if column.not_used_because:
            yield f"- **Not to be used as a feature**: {column.not_used_because}"
        for layout in LAYOUTS:
            if layout in column.sources:
                yield f"- In `{layout}`: {', '.join(f'`{source}`' for source in column.sources[layout])}"
        if column.informative:
            yield "- Informative: a source may lack it, and a value that breaks the contract is left out with a warning"
        for field, question in QUESTIONS.items():
            yield f"- {question}: {getattr(column.notes, field)}"


def _features(dictionary: Dictionary) -> Iterator[str]:
    yield "## Features"
    yield ""
    yield "The feature columns of `data/processed/`, in their order. A new feature needs an entry under `features` of"
    yield (
        "`references/data_dictionary.yaml` and a function of the same name in `src/flight_delay/features/`; features "
        "of history"
    )
    yield (
        "and weather come in families, `GROUPINGS` and `MEASUREMENTS` there. The build stops if one of the two is "
        "missing."
    )
    yield ""
    yield (
        "`<days>` stands for each of `build_features.history_days` in `params.yaml`: complete days, in UTC, before "
        "the time of"
    )
    yield (
        "prediction. Rates of small groups are shrunk towards the overall rate (`build_features.smoothing_flights`). "
        "Weather is the"
    )
    yield (
        "last observation before that time, if recent enough. The effect is the monotone constraint of "
        "`train_model.monotone_constraints`:"
    )
    yield "a higher value never lowers (increasing) or never raises (decreasing) the predicted probability."
    yield ""
    yield "| feature | label | group | kind | effect | description |"
    yield "|---|---|---|---|---|---|"
    for name, feature in dictionary.features.items():
        shown = f"`{name}_<days>d`" if feature.group == "history" else f"`{name}`"
        kind = f"{feature.kind}, {feature.unit}" if feature.unit else feature.kind
        yield _row((shown, feature.label or "", feature.group, kind, feature.effect or "", _described(feature)))


def _described(feature: FeatureEntry) -> str:
    return feature.description.replace("{days}", "`<days>`")


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '∣') for cell in cells)} |"


def _type(column: ColumnEntry) -> str:
    return f"{column.type.replace('_', ' ')}, {column.unit}" if column.unit else column.type


def _values(column: ColumnEntry) -> str:
    if column.minimum is not None:
        return f"{column.minimum} … {column.maximum}"
    if column.allowed:
        return ", ".join(column.allowed)
    return f"`{column.pattern}`" if column.pattern else ""


def _yes(flag: bool) -> str:
    return "yes" if flag else "no"
