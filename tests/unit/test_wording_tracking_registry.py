"""tracking.registry: the exact wording of tables, notes and errors."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest

from flight_delay.core.errors import UserError
from flight_delay.tracking.registry import history, moving
from flight_delay.tracking.registry.history import History, Line, text
from flight_delay.tracking.registry.moves import Move, checked_why, unrecorded
from flight_delay.tracking.registry.moving import Intent, promote, roll_back

FIGURES = {"backtest AP": 0.38806, "test AP": 0.3, "test log loss": None}
LINES = [
    Line(1, (), None, None, None, dict.fromkeys(FIGURES), "2026-03-01T12:00:59+00:00"),
    Line(12, ("challenger", "champion"), "r", "max_depth 6→4 and " * 9, "c" * 40, FIGURES, "2026-03-02T12:00:00+00:00"),
]
INTENT = Intent("rollback", "Ada", "slow")


def move(came_from: int | None, to: int, kind: str = "promotion", why: str = "first", alias: str = "champion") -> Move:
    return Move.model_validate(
        {
            "kind": kind, "alias": alias, "from": came_from, "to": to, "who": "Ada <ada@example.org>", "figures": {},
            "when": "2026-03-01T12:00:59+00:00", "why": why,
        }
    )  # fmt: skip


class Recorded:
    """Moves of the champion."""

    unreadable = ("move.mine",)

    def __init__(self, *moves: Move) -> None:
        self.moves = [SimpleNamespace(move=of) for of in moves]

    def of(self, alias: str) -> list[Move]:
        return [of.move for of in self.moves if of.move.alias == alias]


def test_the_table() -> None:
    moves = [move(None, 1), move(12, 1, "rollback", "too slow")]
    assert text(History("m", LINES, moves, ["by hand"])).splitlines() == [
        "version  alias                 run                  commit      backtest AP  test AP  test log loss  registered (UTC)",
        "1                                                                                                    2026-03-01 12:00",
        "12       challenger, champion  max_depth 6→4 and …  cccccccccc  0.388        0.300                   2026-03-02 12:00",
        "",
        "2026-03-01 12:00 UTC  promotion  champion    none -> 1  by Ada <ada@example.org>",
        "    first",
        "2026-03-01 12:00 UTC  rollback   champion    12 -> 1  by Ada <ada@example.org>",
        "    too slow",
        "",
        "by hand",
    ]
    assert text(History("m", [], [], [])) == "m has no versions yet; `flight-delay promote RUN` registers the first"


UNFINISHED = "it was not finished (the same command completes it), or was taken back by hand"


@pytest.mark.parametrize(
    ("moves", "aliases", "note"),
    [
        (
            [move(None, 2)],
            {"champion": 3},
            "champion is version 3, but the last recorded move went to 2: it was moved by hand",
        ),
        (
            [move(None, 2)],
            {},
            f"there is no champion, but the last recorded move went to 2: {UNFINISHED}",
        ),
        ([], {"challenger": 4}, "challenger is version 4, and no move of it is recorded: it was set by hand"),
    ],
)
def test_what_the_moves_do_not_explain(moves: list[Move], aliases: dict[str, int], note: str) -> None:
    assert unrecorded(Recorded(*moves), aliases) == [note]  # type: ignore[arg-type]


def test_a_tag_that_is_no_move(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "look", lambda *_: SimpleNamespace(record=Recorded(), aliases={}))
    monkeypatch.setattr(history, "versions", lambda *_: [])
    client: Any = None
    assert history.history(client, "m").notes == ["the tag move.mine of m cannot be read as a move"]


def back(to: int | None) -> Callable[[Any], Any]:
    return lambda client: roll_back(client, "m", to, INTENT)


def promoted(champion: int | None) -> Callable[[Any], Any]:
    return lambda client: promote(client, "m", client, "champion", champion, INTENT)


@pytest.mark.parametrize(
    ("work", "moves", "said"),
    [
        (
            promoted(None),
            (),
            "the champion was none when the checks began and is version 2 now: nothing was moved; run it again",
        ),
        (
            promoted(1),
            (),
            "the champion was version 1 when the checks began and is version 2 now: nothing was moved; run it again",
        ),
        (back(None), (move(None, 2),), "m: no version was champion before, so there is nothing to go back to"),
        (back(2), (move(None, 2),), "m: version 2 is champion already; `flight-delay registry` shows the others"),
        (
            back(3),
            (move(None, 2),),
            "m: version 3 was never champion; `flight-delay promote` is the way to become it",
        ),
        (
            back(None),
            (move(None, 1), move(1, 2)),
            "m: version 1, which was champion before, is deleted; name another one with --to (`flight-delay registry` lists "
            "them)",
        ),
    ],
)
def test_a_move_that_is_refused(
    monkeypatch: pytest.MonkeyPatch, work: Callable[[Any], Any], moves: tuple[Move, ...], said: str
) -> None:
    now = SimpleNamespace(model="m", aliases={"champion": 2}, record=Recorded(*moves))
    monkeypatch.setattr(moving, "alone", lambda *_: nullcontext())
    monkeypatch.setattr(moving, "look", lambda *_: now)
    monkeypatch.setattr(moving, "versions", lambda *_: [])
    with pytest.raises(UserError) as refused:
        work(None)
    assert str(refused.value) == said


def test_a_reason_that_says_nothing() -> None:
    with pytest.raises(UserError) as refused:
        checked_why(" ")
    assert str(refused.value) == "--why: 0 characters; say it in 1 to 500"
