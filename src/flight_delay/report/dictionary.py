"""The data dictionary as a page that people read (Markdown)."""

from __future__ import annotations

from collections.abc import Iterator

from flight_delay.data.dictionary import LAYOUTS, Column, Dictionary

QUESTIONS = {
    "generated": "How it is generated",
    "changes": "Whether its meaning changes",
    "cost": "What it costs to obtain",
    "restrictions": "Restricted by law or policy",
    "feedback": "Whether predictions may influence it",
}


def markdown(dictionary: Dictionary) -> str:
    """The page: a table of all columns, then what is to be known about each."""
    return "\n".join(_lines(dictionary)) + "\n"


def _lines(dictionary: Dictionary) -> Iterator[str]:
    yield "# Data dictionary"
    yield ""
    yield "The columns of the canonical table of flights, `data/interim/flights/`. This page is made from"
    yield "`references/data_dictionary.yaml` by `flight-delay dictionary > docs/data_dictionary.md`; edit that file, not this one."
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
        yield f"| {' | '.join(cell.replace('|', '∣') for cell in cells)} |"
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


def _type(column: Column) -> str:
    return f"{column.type.replace('_', ' ')}, {column.unit}" if column.unit else column.type


def _values(column: Column) -> str:
    if column.minimum is not None:
        return f"{column.minimum} … {column.maximum}"
    if column.allowed:
        return ", ".join(column.allowed)
    return f"`{column.pattern}`" if column.pattern else ""


def _yes(flag: bool) -> str:
    return "yes" if flag else "no"
