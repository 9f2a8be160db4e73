"""The provenance of a file, a run or a whole commit in words."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from textwrap import wrap
from typing import Any

from flight_delay.repository.history import Found
from flight_delay.review.provenance.commit import Provenance
from flight_delay.review.provenance.lineage import Item, Step, ancestors, descendants, inside, needed, select, uses
from flight_delay.tracking.lookup import PublishedRun

WIDTH = 110


def words_for_run(published: PublishedRun, found: Found | None, of: Provenance | None) -> str:
    """What is behind a run: its commit, if it is in one, and the raw data of that commit."""
    lines = [("run", f"{published.run_name} ({published.run_id})"), ("pipeline", published.digest)]
    if not found or not of:
        lines += [
            (
                "commit",
                "none that is here: no branch, tag, remote branch or DVC experiment has this pipeline in its dvc.lock",
            )
        ]
        lines += [
            (
                "to do",
                "where it was made: commit dvc.lock; elsewhere: `git fetch`, once it is committed and pushed there",
            )
        ]
        return "\n".join(_pairs(lines))
    lines += [("commit", f"{found.commit} by {of.commit.author}")]
    if found.experiment:
        lines += [
            (
                "",
                f"only in the DVC experiment {found.experiment}, which is on no branch; `dvc exp branch {found.experiment} NAME` puts it on one",
            )
        ]
    flights = (item for item in of.lineage.items if item.path == "data/raw/flights" and of.lineage.maker(item))
    lines += [("raw data", raw_data(of)), *(("", f"{item.path} has md5 {item.md5}") for item in flights)]
    return "\n".join(_pairs([*lines, ("same bytes", f"flight-delay verify {found.commit}")]))


def words_for_all(of: Provenance) -> str:
    """The whole pipeline, a paragraph per stage in the order in which they run."""
    lines = [*_pairs([("commit", f"{of.commit.commit} by {of.commit.author}"), ("raw data", raw_data(of))])]
    for step in of.lineage.steps.values():
        lines += ["", step.name, *_account(of, step), "  writes"]
        lines += _table(((item.path, _short(item), _extent(item)) for item in step.writes), "    ")
    return "\n".join(lines)


def words_for(of: Provenance, path: str) -> str:
    """What made the things at a path, from what, and what depends on them.

    Raises:
        UserError: there is nothing at this path.
    """
    lineage, items = of.lineage, select(of.lineage, path, of.members)
    before, after = ancestors(lineage, items), descendants(lineage, items)
    makers = [name for name in lineage.steps if name in {lineage.maker(item) for item in items}]
    exact = items[0].path == path
    lines = [*_pairs([("commit", of.commit.commit)]), ""]
    rows = f" ({of.origin.rows[path]:,} rows)" if of.origin and path in of.origin.rows else ""
    lines += [] if exact else [f"{path}{rows} {'holds' if inside(items[0].path, path) else 'is part of'}"]
    lines += _table((_row(of, item) for item in items), "" if exact else "  ")
    lines += [line for item in items if item.values for line in _parameters(item)]
    for name in makers:
        lines += ["", f"made by {name}", *_account(of, lineage.steps[name])]
    earlier = [step for name, step in lineage.steps.items() if name in before and name not in makers]
    if earlier:
        lines += ["", "stages before", *_table(((step.name, _needed(of, step)) for step in earlier), "  ")]
    if before & {lineage.maker(item) for item in lineage.items if item.path == "data/raw/flights"}:
        lines += ["", *_pairs([("raw data", raw_data(of))])]
    # Further back, too, where only the names of stages are shown.
    doubtful = [
        item for item in lineage.items if item in before and not lineage.sources[item] and item not in of.changes
    ]
    if doubtful:
        lines += ["", "not confirmed by this commit", *_table((_row(of, item) for item in doubtful), "  ")]
    later = [step for name, step in lineage.steps.items() if name in after]
    lines += ["", "what depends on it" if later else "nothing depends on it"]
    lines += _table(((step.name, _how(of, step, items), _paths(step.writes)) for step in later), "  ")
    return "\n".join(lines)


def raw_data(of: Provenance) -> str:
    """The source of the raw data, and how much of it there is."""
    if of.origin is None:
        return "of unknown source: data/raw/manifest.json of the commit is missing, or not the one that dvc.lock names"
    rows = {path: rows for path, rows in of.origin.rows.items() if inside(path, "data/raw/flights")}
    months = sorted(path.rpartition("/")[2].partition(".")[0] for path in rows)
    said = [" ".join(word for word in of.origin[:2] if word), *(word for word in of.origin[2:4] if word)]
    said += [f"{len(months)} months, {months[0]} to {months[-1]}, {sum(rows.values()):,} flights"] if months else []
    return "; ".join(said)


def _account(of: Provenance, step: Step) -> list[str]:
    lines = _wrapped(step.command, "  ")
    lines += [line for item in step.params for line in _parameters(item)]
    return [*lines, "  reads", *_table((_row(of, item) for item in step.reads), "    ")]


def _parameters(item: Item) -> list[str]:
    return _wrapped(f"{item.path}  {', '.join(_flat(json.loads(item.values or '')))}", "  ")


def _row(of: Provenance, item: Item) -> tuple[str, ...]:
    """A line about an item: path, checksum, size and where it comes from."""
    others = [other for other in of.lineage.items if other.path == item.path and of.lineage.maker(other)]
    if maker := of.lineage.maker(item):
        where = f"from {maker}"
    elif of.lineage.sources[item]:
        where = "shares files with " + _paths(node for node in of.lineage.sources[item] if isinstance(node, Item))
    elif others:
        where = f"STALE: {of.lineage.maker(others[0])} has since written {_short(others[0])}"
    elif item in of.changes:
        where = f"git, changed in {of.changes[item].commit[:10]}"
    else:
        where = "not in this commit as dvc.lock has it"
    return item.path, _short(item), _extent(item), where


def _needed(of: Provenance, step: Step) -> str:
    return f"from {', '.join(needed(of.lineage, step))}" if needed(of.lineage, step) else "from inputs only"


def _how(of: Provenance, step: Step, items: list[Item]) -> str:
    return "directly" if uses(of.lineage, step, items) else "indirectly"


def _short(item: Item) -> str:
    return "" if item.values else (item.md5 or "-")[:8]


def _extent(item: Item) -> str:
    files = [] if item.nfiles is None else [f"{item.nfiles:,} file{'' if item.nfiles == 1 else 's'}"]
    return ", ".join(files + ([] if item.size is None else [f"{item.size:,} bytes"]))


def _paths(items: Iterable[Item]) -> str:
    return ", ".join(item.path for item in items)


def _flat(value: Any, name: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(inner, f"{name}.{key}" if name else str(key))
    else:
        yield f"{name}={json.dumps(value)}" if name else json.dumps(value)


def _wrapped(text: str, indent: str, first: str | None = None) -> list[str]:
    """Lines of at most `WIDTH`, unless a word is longer: the first one begins with `first`, the others further in."""
    hanging = f"{indent}    " if first is None else " " * len(first)
    return wrap(
        text,
        WIDTH,
        initial_indent=indent if first is None else first,
        subsequent_indent=hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _pairs(pairs: Iterable[tuple[str, str]]) -> list[str]:
    return [line for name, text in pairs for line in _wrapped(text, "", f"{name:12}")]


def _table(rows: Iterable[tuple[str, ...]], indent: str) -> list[str]:
    every = list(rows)
    widths = [max(map(len, column)) for column in zip(*(row[:-1] for row in every), strict=True)]
    first = ["".join(f"{cell:{width}}  " for cell, width in zip(row, widths, strict=False) if width) for row in every]
    lines = (_wrapped(row[-1] or "-", "", indent + cells) for row, cells in zip(every, first, strict=True))
    return [line for of_row in lines for line in of_row]
