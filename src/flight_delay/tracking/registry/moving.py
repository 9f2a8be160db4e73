"""Moving the aliases of the registered model. Whether a version may be promoted is not decided here.

MLflow moves an alias without asking where it is. So one at a time moves (`alone`), looks where it is, writes the move down, and then
makes it. A kill between these two leaves a move that did not happen: `moves.unrecorded` shows it, and the same command completes it.
The other way round, a kill would leave a champion of which nobody knows who put it there.
"""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal, NamedTuple
from uuid import uuid4

from mlflow import MlflowClient

from flight_delay.core.errors import UserError
from flight_delay.repository.git import author
from flight_delay.tracking.registry.alone import alone
from flight_delay.tracking.registry.moves import CHALLENGER, CHAMPION, MOST_WHO, Move, before, next_key, write
from flight_delay.tracking.registry.registry import Entry, Registered, look, register, versions


class OvertakenError(UserError):
    """Somebody else has moved the alias meanwhile; nothing was moved here."""


def who() -> str:
    """Who moves: the author that git would write into a commit made here, or else the user of this machine."""
    named = author()
    return (getpass.getuser() if named == "unknown" else named)[:MOST_WHO]


class Intent(NamedTuple):
    """What is to be written down of a move: its kind, who makes it and why, and the figures of the gate."""

    kind: Literal["promotion", "rollback"]
    who: str
    why: str
    figures: Mapping[str, str] = {}


def promote(
    client: MlflowClient, model: str, entry: Entry, to: str, champion: int | None, intent: Intent
) -> list[Move]:
    """Register a run, and move `challenger` to its version, then `champion` if that is asked for. What is done already is left.

    Args:
        client: connected.
        model: name of the registered model.
        entry: of the run.
        to: the last alias to move.
        champion: the version that the gate has compared with; None where there was none.
        intent: what is written down.

    Returns:
        The moves that were made.

    Raises:
        OvertakenError: there is another champion meanwhile.
    """
    with alone(client, model, intent.who):
        now = look(client, model)
        if now.aliases.get(CHAMPION) != champion:
            raise _overtaken(champion, now.aliases.get(CHAMPION))
        version = register(client, model, entry)
        aliases = (CHALLENGER, CHAMPION) if to == CHAMPION else (CHALLENGER,)
        return [_move(client, model, alias, version, intent) for alias in aliases if now.aliases.get(alias) != version]


def roll_back(client: MlflowClient, model: str, to: int | None, intent: Intent) -> Move:
    """Move `champion` back to the version that was champion before, or to another one that once was.

    Raises:
        UserError: there is none, or it is deleted.
    """
    with alone(client, model, intent.who):
        now = look(client, model)
        target = _target(now, to)
        if target not in {of.number for of in versions(client, model)}:
            raise UserError(
                f"{model}: version {target}, which was champion before, is deleted; name another one with --to "
                "(`flight-delay registry` lists them)"
            )
        return _move(client, model, CHAMPION, target, intent)


def _target(now: Registered, to: int | None) -> int:
    model, champion, moves = now.model, now.aliases.get(CHAMPION), now.record.of(CHAMPION)
    target = to if to is not None else before(moves, champion)
    if target is None:
        raise UserError(f"{model}: no version was champion before, so there is nothing to go back to")
    if target == champion:
        raise UserError(f"{model}: version {target} is champion already; `flight-delay registry` shows the others")
    if target not in {of for move in moves for of in (move.came_from, move.went_to)}:
        raise UserError(f"{model}: version {target} was never champion; `flight-delay promote` is the way to become it")
    return target


def _move(client: MlflowClient, model: str, alias: str, to: int, intent: Intent) -> Move:
    seen = look(client, model)
    came_from = seen.aliases.get(alias)
    last = next((of.move for of in reversed(seen.record.moves) if of.move.alias == alias), None)
    begun = last is not None and (last.kind, last.came_from, last.went_to) == (intent.kind, came_from, to)
    move = last if begun and last else _write_down(client, seen, alias, to, intent)
    client.set_registered_model_alias(model, alias, str(to))
    return move


def _write_down(client: MlflowClient, seen: Registered, alias: str, to: int, intent: Intent) -> Move:
    now = datetime.now(UTC)
    move = Move.model_validate(
        {
            **intent._asdict(), "figures": dict(intent.figures), "alias": alias, "from": seen.aliases.get(alias), "to": to,
            "when": now.isoformat(timespec="seconds"),
        }
    )  # fmt: skip
    client.set_registered_model_tag(seen.model, next_key(now, seen.record, uuid4().hex[:8]), write(move))
    return move


def _overtaken(expected: int | None, now: int | None) -> OvertakenError:
    was, is_ = (f"version {of}" if of is not None else "none" for of in (expected, now))
    return OvertakenError(
        f"the champion was {was} when the checks began and is {is_} now: nothing was moved; run it again"
    )
