"""Moves of the aliases of a registered model: who moved which, when, why, from where and to where. They are kept as its tags, a tag
per move. Nothing here knows MLflow."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

from pydantic import Field

from flight_delay.core.errors import UserError
from flight_delay.core.params import Parameters

PREFIX = "move."
CHAMPION, CHALLENGER = "champion", "challenger"
# MLflow's databases hold 5,000 characters in a tag of a registered model.
MOST_WHO, MOST_WHY = 200, 500

_TIME = "%Y%m%dT%H%M%S.%fZ"
_KEY = re.compile(r"move\.(\d{8}T\d{6}\.\d{6}Z)\.\w+")


class Move(Parameters):
    """A move of an alias between versions; `came_from` is None where it was nowhere. `figures` are those of the gate, by check."""

    kind: Literal["promotion", "rollback"]
    alias: str
    came_from: int | None = Field(alias="from")
    went_to: int = Field(alias="to")
    who: str
    when: str
    why: str
    figures: dict[str, str] = Field(default_factory=dict)


class Recorded(NamedTuple):
    """A move and the key of its tag, by which moves are in order of time."""

    key: str
    move: Move


class Record(NamedTuple):
    """The moves of a registered model, the oldest first, and keys of tags that are called moves and cannot be read as one."""

    moves: tuple[Recorded, ...]
    unreadable: tuple[str, ...]

    def of(self, alias: str) -> list[Move]:
        """The moves of an alias."""
        return [of.move for of in self.moves if of.move.alias == alias]


def write(move: Move) -> str:
    """The value of a move's tag."""
    return json.dumps(move.model_dump(by_alias=True), ensure_ascii=False)


def read(tags: Mapping[str, str]) -> Record:
    """The moves among the tags of a registered model."""
    moves, unreadable = [], []
    for key in sorted(key for key in tags if key.startswith(PREFIX)):
        try:
            _stamp(key)
            moves.append(Recorded(key, Move.model_validate_json(tags[key])))
        except ValueError:
            unreadable.append(key)
    return Record(tuple(moves), tuple(unreadable))


def next_key(now: datetime, record: Record, token: str) -> str:
    """The key of a new tag: after all others, also where the clock of another machine is ahead.

    Args:
        now: in UTC.
        record: what there is already.
        token: sets apart two of the same microsecond.
    """
    stamp = now
    if record.moves:
        stamp = max(now, _stamp(record.moves[-1].key) + timedelta(microseconds=1))
    return f"{PREFIX}{stamp.strftime(_TIME)}.{token}"


def checked_why(why: str) -> str:
    """A reason that fits into a record, on one line.

    Raises:
        UserError: it is too long, or says nothing.
    """
    line = " ".join(why.split())
    if not 0 < len(line) <= MOST_WHY:
        raise UserError(f"--why: {len(line)} characters; say it in 1 to {MOST_WHY}")
    return line


def champions(moves: Iterable[Move], now: int | None) -> list[int]:
    """The versions that were champion and were not gone back from, the present one last.

    A promotion adds a version, a rollback takes off all that came after the one that it goes to. Where a move does not start where
    the one before it went, that one was never finished or somebody moved the alias by hand: going to a version that was champion
    counts as a rollback then, going to another one as a promotion.

    Args:
        moves: of the alias `champion`, the oldest first.
        now: the version that is champion; None if none is.

    Returns:
        Where there is no champion now, the last version is the one that was.
    """
    stack: list[int] = []
    for move in moves:
        _go_to(stack, move.came_from)
        if move.kind == "promotion":
            stack.append(move.went_to)
        else:
            _go_to(stack, move.went_to)
    _go_to(stack, now)
    return stack


def before(moves: Sequence[Move], now: int | None) -> int | None:
    """The version that a rollback goes to: the one that was champion before the present one; None if there is none."""
    stack = champions(moves, now)
    if now is not None:
        stack = stack[:-1]
    return stack[-1] if stack else None


def unrecorded(record: Record, aliases: Mapping[str, int]) -> list[str]:
    """What the record does not explain, a sentence per alias: moves that were not finished, and moves by hand."""
    found = []
    for alias in (CHALLENGER, CHAMPION):
        moves, now = record.of(alias), aliases.get(alias)
        last = moves[-1] if moves else None
        if now == (last.went_to if last else None):
            continue
        is_at = f"{alias} is version {now}" if now is not None else f"there is no {alias}"
        if last is None:
            found.append(f"{is_at}, and no move of it is recorded: it was set by hand")
        elif now == last.came_from:
            found.append(
                f"{is_at}, but the last recorded move went to {last.went_to}: it was not finished (the same command completes "
                "it), or was taken back by hand"
            )
        else:
            found.append(f"{is_at}, but the last recorded move went to {last.went_to}: it was moved by hand")
    return found


def _stamp(key: str) -> datetime:
    match = _KEY.fullmatch(key)
    if not match:
        raise ValueError(key)
    return datetime.strptime(match[1], _TIME).replace(tzinfo=UTC)


def _go_to(stack: list[int], version: int | None) -> None:
    if version is None:
        return
    if version in stack:
        while stack[-1] != version:
            stack.pop()
    else:
        stack.append(version)
