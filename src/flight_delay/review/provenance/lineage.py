"""What every file was made from and what depends on it, by the entries of a lock file alone: pure functions.

What a commit says beyond its lock file (sources, authors, versions) is in `provenance`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter
from typing import Any, NamedTuple

from flight_delay.core.errors import UserError
from flight_delay.repository.lock import LOCK_FILE, Stages


class Item(NamedTuple):
    """A file or folder as a stage read or wrote it, or a key of a parameter file (path 'params.yaml:train_model').

    `nfiles` is there for folders only. `values`, for parameters only, is JSON, and `md5` is then that of this text.
    """

    path: str
    md5: str | None
    size: int | None = None
    nfiles: int | None = None
    values: str | None = None

    @property
    def has_parts(self) -> bool:
        """Whether paths may lie within it, as they do not within a file."""
        return self.values is not None or self.nfiles is not None or str(self.md5).endswith(".dir")


class Step(NamedTuple):
    """A stage as it ran: its command, what it read (parameters apart) and what it wrote."""

    name: str
    command: str
    reads: tuple[Item, ...]
    params: tuple[Item, ...]
    writes: tuple[Item, ...]


Node = Item | str  # a stage is its name
Edges = Mapping[Node, tuple[Node, ...]]


@dataclass(frozen=True)
class Lineage:
    """The stages, none before one that it needs, and what each node directly comes from.

    A stage comes from the items that it reads, an item from the stage that wrote it. An item that is read, but is part of
    an output or holds outputs, comes from those. The same path with another checksum is another item.
    """

    steps: dict[str, Step]
    sources: Edges

    @property
    def items(self) -> list[Item]:
        """Every item once, in the order of the stages."""
        of_steps = (item for step in self.steps.values() for item in (*step.reads, *step.params, *step.writes))
        return list(dict.fromkeys(of_steps))

    def maker(self, item: Item) -> str | None:
        """The stage that wrote an item; None for an input of the pipeline."""
        return next((node for node in self.sources[item] if isinstance(node, str)), None)


def lineage(lock: Stages) -> Lineage:
    """Read the lineage from the entries of a lock file.

    Raises:
        UserError: two stages write the same path, or stages need each other in a circle; DVC writes no such file.
    """
    seen: dict[tuple[str, str | None], Item] = {}
    steps = {name: _step(name, entry, seen) for name, entry in lock.items()}
    makers: dict[Item, str] = {}
    for step in steps.values():
        for item in step.writes:
            twice = next((name for made, name in makers.items() if made.path == item.path), None)
            if twice:
                raise UserError(
                    f"{LOCK_FILE}: {item.path} is written by {twice} and by {step.name}; `dvc repro` mends what "
                    "dvc.yaml still has, remove the other entry by hand"
                )
            makers[item] = step.name
    sources: dict[Node, tuple[Node, ...]] = {name: (*step.reads, *step.params) for name, step in steps.items()}
    for item in seen.values():
        around = (made for made in makers if inside(made.path, item.path) or inside(item.path, made.path))
        sources[item] = (makers[item],) if item in makers else tuple(around)
    try:
        order = [node for node in TopologicalSorter(sources).static_order() if isinstance(node, str)]
    except CycleError as error:
        circle = ", ".join(sorted({node for node in error.args[1] if isinstance(node, str)}))
        raise UserError(f"{LOCK_FILE}: {circle} need each other's outputs in a circle; `dvc repro` mends it") from None
    return Lineage({name: steps[name] for name in order}, sources)


def ancestors(of: Lineage, nodes: Iterable[Node]) -> set[Node]:
    """Everything that some nodes come from, directly or not."""
    return _reached(of.sources, nodes)


def descendants(of: Lineage, nodes: Iterable[Node]) -> set[Node]:
    """Everything that comes from some nodes, directly or not."""
    users: dict[Node, tuple[Node, ...]] = {}
    for node, sources in of.sources.items():
        for source in sources:
            users[source] = (*users.get(source, ()), node)
    return _reached(users, nodes)


def inside(path: str, folder: str) -> bool:
    """Whether a path is below a folder, or below a parameter file or one of its keys."""
    return path.startswith((f"{folder}/", f"{folder}:", *([f"{folder}."] if ":" in folder else [])))


def select(of: Lineage, path: str, members: Mapping[Item, list[str]]) -> list[Item]:
    """The items at a path; if there are none, those in it; if there are none, those that it is in.

    Args:
        of: the lineage.
        path: as dvc.lock has it, or 'params.yaml:section.key'.
        members: paths within an item, for those of which all are known. Of others any path within is taken.

    Raises:
        UserError: there is nothing at this path; the closest ones that are known are named.
    """
    items = of.items
    around = [item for item in items if item.has_parts and inside(path, item.path)]
    found = (
        [item for item in items if item.path == path]
        or [item for item in items if inside(item.path, path)]
        or [item for item in around if path in members.get(item, [path])]
    )
    if found:
        return found
    paths = [*dict.fromkeys(item.path for item in items), *(part for parts in members.values() for part in parts)]
    # Who names a stage means what it writes.
    near = [item.path for item in of.steps[path].writes] if path in of.steps else []
    near += [known for known in paths if known.endswith(f"/{path}")]
    near += get_close_matches(path, paths, n=3, cutoff=0.5)
    closest = f"closest: {', '.join(list(dict.fromkeys(near))[:3])}" if near else "without a path it names all"
    raise UserError(f"{path}: no stage of this commit reads or writes it; {closest}")


def uses(of: Lineage, step: Step, items: Iterable[Item]) -> bool:
    """Whether a stage itself reads one of these items, a part of one, or a folder around one."""
    wanted = set(items)
    return any(item in wanted or wanted & set(of.sources[item]) for item in (*step.reads, *step.params))


def needed(of: Lineage, step: Step) -> list[str]:
    """The stages whose outputs a stage itself reads, in order."""
    return [name for name, other in of.steps.items() if uses(of, step, other.writes)]


def values_json(value: Any) -> str:
    """The value of a parameter as JSON, whatever the order of its keys."""
    return json.dumps(value, sort_keys=True, default=str)


def _step(name: str, entry: Mapping[str, Any], seen: dict[tuple[str, str | None], Item]) -> Step:
    def item(path: str, md5: str | None, **more: Any) -> Item:
        return seen.setdefault((path, md5), Item(path, md5, **more))

    def files(kind: str) -> tuple[Item, ...]:
        return tuple(
            item(of["path"], of.get("md5"), size=of.get("size"), nfiles=of.get("nfiles")) for of in entry.get(kind, [])
        )

    params = []
    for file, keys in entry.get("params", {}).items():
        for key, value in keys.items():
            text = values_json(value)
            md5 = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
            params.append(item(f"{file}:{key}", md5, values=text))
    command = entry.get("cmd", "")
    joined = command if isinstance(command, str) else " && ".join(command)
    return Step(name, joined, files("deps"), tuple(params), files("outs"))


def _reached(edges: Edges, start: Iterable[Node]) -> set[Node]:
    reached: set[Node] = set()
    ahead = list(start)
    while ahead:
        fresh = [node for node in edges.get(ahead.pop(), ()) if node not in reached]
        reached.update(fresh)
        ahead += fresh
    return reached
