"""The wording of tracking.registry: the list of versions, and errors."""

from __future__ import annotations

from typing import Any

import pytest

from flight_delay.core.errors import UserError
from flight_delay.tracking.registry import aliases
from flight_delay.tracking.registry.aliases import promote, roll_back, validate_reason
from flight_delay.tracking.registry.listing import LINE_WIDTH, unexplained_champion, versions_text
from flight_delay.tracking.registry.versions import Event, Version

ADA = "Ada <ada@example.org>"


def version(number: int, previous: int | None = None, *names: str) -> Version:
    event = Event("champion", number, previous, ADA, f"2026-03-0{number}T12:00:59+00:00", "better")
    text = "**backtest** log loss 0.509 · **test** log loss 0.545\n\nmax_depth 6→4"
    return Version(number, names, None, "c" * 40, f"2026-03-0{number}T12:00:00+00:00", text, {"champion": event})


def test_the_listing() -> None:
    rolled_back = Event("rollback", 1, 2, ADA, "2026-03-03T12:00:00+00:00", "too slow")
    first = version(1, None, "champion")
    first = first._replace(events={**first.events, "rollback": rolled_back})
    assert versions_text("m", [first, version(2, 1, "challenger")]).splitlines() == [
        "version 1 (champion), commit cccccccccc, registered 2026-03-01 12:00 UTC",
        "    backtest log loss 0.509 · test log loss 0.545",
        "    2026-03-01 12:00 UTC  champion none -> 1  by Ada <ada@example.org>: better",
        "    2026-03-03 12:00 UTC  rollback 2 -> 1  by Ada <ada@example.org>: too slow",
        "version 2 (challenger), commit cccccccccc, registered 2026-03-02 12:00 UTC",
        "    backtest log loss 0.509 · test log loss 0.545",
        "    2026-03-02 12:00 UTC  champion 1 -> 2  by Ada <ada@example.org>: better",
    ]
    long = first._replace(events={"rollback": rolled_back._replace(reason="too slow " * 50)})
    assert max(map(len, versions_text("m", [long]).splitlines())) <= LINE_WIDTH
    assert versions_text("m", []) == "m has no versions yet; `flight-delay promote REF` registers the first"


@pytest.mark.parametrize(("names", "champion"), [((), "none"), (("champion",), "version 1")])
def test_a_champion_that_the_tags_do_not_explain(names: tuple[str, ...], champion: str) -> None:
    warning = unexplained_champion([version(1, None, *names), version(2, 1)])
    assert warning == (
        f"champion is {champion}, but version 2 in the latest event: it was moved by hand, or a command was interrupted"
    )


@pytest.mark.parametrize(
    ("to", "versions", "message"),
    [
        (None, [version(2, None, "champion")], "m: no version is recorded as champion before version 2; name one with --to (`flight-delay registry` lists them)"),
        (2, [version(2, None, "champion")], "m: version 2 is champion already; `flight-delay registry` lists the others"),
        (3, [version(2, None, "champion"), version(3)._replace(events={})], "m: version 3 was never champion; promote it with `flight-delay promote`"),
        (None, [version(2, 1, "champion")], "m: version 1 does not exist or is deleted; name another one with --to (`flight-delay registry` lists them)"),
    ],
)  # fmt: skip
def test_a_rollback_that_is_refused(monkeypatch, to: int | None, versions: list[Version], message: str) -> None:
    monkeypatch.setattr(aliases, "list_versions", lambda *_: versions)
    client: Any = None
    with pytest.raises(UserError) as refused:
        roll_back(client, "m", to, ADA, "slow")
    assert str(refused.value) == message


def test_somebody_else_moved_champion(monkeypatch) -> None:
    monkeypatch.setattr(aliases, "read_aliases", lambda *_: {"champion": 2})
    client: Any = type("Client", (), {"__getattr__": lambda *_: lambda *_: None})()
    with pytest.raises(UserError) as refused:
        promote(client, "m", client, "champion", None, ADA, "better")
    assert str(refused.value) == (
        "m: champion changed from none to version 2 during the checks, so nothing was moved; run it again"
    )
    monkeypatch.setattr(aliases, "register", lambda *_: 3)
    with pytest.raises(UserError) as refused:
        promote(client, "m", client, "champion", 2, ADA, "better")
    assert str(refused.value) == (
        "m: another process moved champion to version 2, not version 3; see `flight-delay registry`, and run it again if it is "
        "still needed"
    )


@pytest.mark.parametrize(("reason", "length"), [(" ", 0), ("x" * 501, 501)])
def test_a_reason_that_is_empty_or_too_long(reason: str, length: int) -> None:
    assert validate_reason(" too \n slow ") == "too slow"
    with pytest.raises(UserError) as refused:
        validate_reason(reason)
    assert str(refused.value) == f"--reason: {length} characters; write 1 to 500"
