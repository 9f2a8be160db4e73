"""tracking.history: the tables and the JSON, from values; and who is written down as the one who moves."""

from __future__ import annotations

import json
import re

import pytest

from flight_delay.tracking.registry.history import WIDTH, History, Line, as_json, text
from flight_delay.tracking.registry.moves import Move
from flight_delay.tracking.registry.moving import who

FIGURES = {"backtest AP": 0.38806, "test AP": 0.3, "test log loss": None}
LINES = [
    Line(1, (), None, None, None, dict.fromkeys(FIGURES), "2026-03-01T12:00:59+00:00"),
    Line(12, ("challenger", "champion"), "r", "max_depth 6→4 and " * 9, "c" * 40, FIGURES, "2026-03-02T12:00:00+00:00"),
]


def move(why: str, **changes: object) -> Move:
    said = {
        "kind": "promotion",
        "alias": "champion",
        "from": None,
        "to": 1,
        "who": "Ada <ada@example.org>",
        "figures": {"test": "+0.1"},
    }
    return Move.model_validate({**said, "when": "2026-03-01T12:00:59+00:00", "why": why, **changes})


def test_versions_come_first_then_moves_the_newest_last_then_notes() -> None:
    moves = [move("first"), move("too slow", kind="rollback", **{"from": 12})]
    said = text(History("m", LINES, moves, ["by hand"])).splitlines()
    assert [re.findall(r"[\w.→-]+", line) for line in said[1:3]] == [
        ["1", "2026-03-01", "12", "00"],
        [
            "12",
            "challenger",
            "champion",
            "max_depth",
            "6→4",
            "and",
            "cccccccccc",
            "0.388",
            "0.300",
            "2026-03-02",
            "12",
            "00",
        ],
    ]
    moved = [line for line in said if "ada@example.org" in line]
    assert [[name in line for name in ("promotion", "rollback", "champion")] for line in moved] == [
        [True, False, True],
        [False, True, True],
    ]
    assert [said[said.index(line) + 1].strip() for line in moved] == ["first", "too slow"]
    assert said[-1] == "by hand"


def test_no_line_is_wider_than_a_terminal_however_much_is_said() -> None:
    long = History("m", LINES, [move("because " * 60, who="x" * 200)], ["note " * 60])
    assert max(map(len, text(long).splitlines())) <= WIDTH == 120
    assert text(long).count("because") == 60


def test_nothing_yet_says_how_to_begin() -> None:
    assert "`flight-delay promote RUN`" in text(History("m", [], [], []))


def test_json_has_the_figures_of_the_gate() -> None:
    said = json.loads(as_json(History("m", LINES, [move("é")], ["note"])))
    assert said["moves"][0]["figures"] == {"test": "+0.1"}
    assert (said["moves"][0]["from"], said["moves"][0]["to"]) == (None, 1)
    assert said["versions"][1]["figures"]["backtest AP"] == 0.38806
    assert (said["model"], said["notes"]) == ("m", ["note"])


def test_who_moves_is_known_also_without_git(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Ada")
    monkeypatch.setenv("GIT_AUTHOR_EMAIL", "ada@example.org")
    assert who() == "Ada <ada@example.org>"
    monkeypatch.setenv("LOGNAME", "grace")
    monkeypatch.setenv("PATH", "/nowhere")
    assert who() == "grace"
