"""tracking.moves: records of moves, which version was champion before, and what the records do not explain; by hand and always."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_delay.core.errors import UserError
from flight_delay.tracking.registry.moves import (
    Move,
    Record,
    Recorded,
    before,
    champions,
    checked_why,
    next_key,
    read,
    unrecorded,
    write,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def move(came_from: int | None, went_to: int, kind: str = "promotion", **changes: Any) -> Move:
    said = {"who": "Ada", "when": "2026-03-01T12:00:00+00:00", "why": "better", "figures": {"test": "+0.1"}}
    return Move.model_validate({"kind": kind, "alias": "champion", "from": came_from, "to": went_to, **said, **changes})


def back(came_from: int, went_to: int) -> Move:
    return move(came_from, went_to, "rollback")


def record(*moves: Move) -> Record:
    return Record(tuple(Recorded(f"move.{at}", of) for at, of in enumerate(moves)), ())


def test_a_move_says_who_when_why_from_and_to_in_its_tag() -> None:
    assert json.loads(write(move(None, 3))) == {
        "kind": "promotion", "alias": "champion", "from": None, "to": 3, "who": "Ada", "when": "2026-03-01T12:00:00+00:00",
        "why": "better", "figures": {"test": "+0.1"},
    }  # fmt: skip


def test_moves_are_read_in_order_of_their_keys_and_other_tags_are_left_aside() -> None:
    moves = [move(None, 1), move(1, 2, why="é"), back(2, 1)]
    keys = [next_key(NOON.replace(second=at), Record((), ()), "f0") for at in (1, 2, 30)]
    tags = dict(reversed(list(zip(keys, map(write, moves), strict=True))))
    found = read({**tags, "note": "x", "move.of mine": write(moves[0]), keys[0] + "x": "{}"})
    assert [of.move for of in found.moves] == moves
    assert [of.key for of in found.moves] == keys
    assert found.unreadable == ("move.20260301T120001.000000Z.f0x", "move.of mine")
    assert [of.went_to for of in found.of("champion")] == [1, 2, 1]
    assert found.of("challenger") == []


def test_a_key_comes_after_all_others_even_where_another_clock_is_ahead() -> None:
    first = next_key(NOON, Record((), ()), "aa")
    assert first == "move.20260301T120000.000000Z.aa"
    later = Record((Recorded(first, move(None, 1)),), ())
    assert next_key(NOON.replace(hour=11), later, "00") == "move.20260301T120000.000001Z.00"
    assert next_key(NOON.replace(hour=13), later, "00") == "move.20260301T130000.000000Z.00"


def test_going_back_twice_goes_back_twice() -> None:
    moves = [move(None, 1), move(1, 2), move(2, 3)]
    assert before(moves, 3) == 2
    moves.append(back(3, 2))
    assert before(moves, 2) == 1
    moves.append(back(2, 1))
    assert before(moves, 1) is None
    moves.append(move(1, 4))
    assert before(moves, 4) == 1


@pytest.mark.parametrize(
    ("moves", "now", "stack"),
    [
        ([], None, []),
        ([], 5, [5]),  # set by hand
        ([move(None, 1)], None, [1]),  # the champion's version was deleted
        ([move(None, 1), move(1, 2), move(2, 1)], 1, [1, 2, 1]),  # promoted once more
        ([move(None, 1), move(1, 2)], 1, [1]),  # killed before it was moved
        ([move(None, 1), move(1, 2), move(1, 3)], 3, [1, 3]),  # the same, and another one was promoted
        ([move(None, 1), move(1, 2), back(2, 1)], 2, [1, 2]),  # a rollback that was killed
        ([move(None, 1), move(1, 2)], 7, [1, 2, 7]),  # moved by hand to what was never champion
        ([move(None, 1), move(1, 2), move(2, 3)], 1, [1]),  # moved back by hand
        ([move(None, 1), move(1, 2), back(2, 1), back(1, 2)], 2, [1, 2]),  # there and back again
        ([move(None, 1), move(None, 2)], 2, [1, 2]),  # the first was deleted
    ],
)
def test_champions_that_were_not_gone_back_from(moves: list[Move], now: int | None, stack: list[int]) -> None:
    assert champions(moves, now) == stack


def test_where_there_is_no_champion_one_goes_back_to_the_last() -> None:
    assert before([move(None, 1), move(1, 2)], None) == 2


@given(st.lists(st.one_of(st.integers(1, 6), st.none()), max_size=20))
def test_as_many_rollbacks_as_there_were_promotions_lead_to_the_first_champion(actions: list[int | None]) -> None:
    moves: list[Move] = []
    now: int | None = None
    path: list[int] = []
    for action in actions:
        if action is None:
            target = before(moves, now)
            assert target == (path[-2] if len(path) > 1 else None)
            if target is not None and now is not None:
                moves.append(back(now, target))
                path.pop()
                now = target
        elif action not in path:
            moves.append(move(now, action))
            path.append(action)
            now = action
        assert champions(moves, now) == path


def test_what_is_as_the_moves_say_needs_no_note() -> None:
    assert unrecorded(record(move(None, 1), move(1, 2, alias="challenger")), {"champion": 1, "challenger": 2}) == []
    assert unrecorded(Record((), ()), {"other": 3}) == []


UNEXPLAINED: list[tuple[list[Move], dict[str, int], str, list[str]]] = [
    ([move(None, 2)], {"champion": 3}, "by hand", ["champion", "3", "2"]),
    ([move(1, 2)], {"champion": 1}, "not finished", ["champion", "1", "2"]),
    ([move(None, 2)], {}, "not finished", ["champion", "2"]),
    ([move(1, 2)], {}, "by hand", ["champion", "2"]),
    ([], {"challenger": 4}, "no move", ["challenger", "4"]),
]


def test_what_the_moves_do_not_explain_is_said() -> None:
    told: dict[str, set[str]] = {}
    for moves, aliases, cause, values in UNEXPLAINED:
        (found,) = unrecorded(record(*moves), aliases)
        assert re.findall(r"challenger|champion|\d+", found) == values
        told.setdefault(cause, set()).add(found.partition(": ")[2])
    assert [len(of) for of in told.values()] == [1, 1, 1]  # one cause is told in the same words
    assert len(set.union(*told.values())) == 3


def test_a_reason_is_one_line_that_fits_into_a_tag() -> None:
    assert checked_why(" two\n lines ") == "two lines"
    assert checked_why("x" * 500) == "x" * 500
    for bad in ("", " \n", "x" * 501):
        with pytest.raises(UserError, match=rf"^--why: {len(bad.strip())} .*\b500$"):
            checked_why(bad)
