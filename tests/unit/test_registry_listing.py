"""tracking.registry.listing: versions as text and as JSON, from values."""

from __future__ import annotations

import json

from flight_delay.tracking.registry.listing import LINE_WIDTH, as_json, as_text
from flight_delay.tracking.registry.versions import Event, Version

FIRST = Event("champion", 1, None, "Ada", "2026-03-01T12:00:59+00:00", "first")
BACK = Event("rollback", 1, 2, "Ada", "2026-03-03T12:00:59+00:00", "too slow " * 20)
VERSIONS = [
    Version(1, ("champion",), "r1", None, "2026-03-01T12:00:00+00:00", "", {"rollback": BACK, "champion": FIRST}),
    Version(2, (), None, "c" * 40, "2026-03-02T12:00:00+00:00", "**test** log loss 0.5\n\nrest", {}),
]


def test_events_of_a_version_are_in_order_of_time_and_no_line_is_wider_than_a_terminal() -> None:
    lines = as_text("m", VERSIONS).splitlines()
    assert max(map(len, lines)) <= LINE_WIDTH
    assert [line.split()[0] for line in lines if not line.startswith(" ")] == ["version", "version"]
    assert [kind in line for line, kind in zip(lines[1:3], ("champion", "rollback"), strict=True)] == [True, True]
    assert lines[-1].strip() == "test log loss 0.5"


def test_json_has_everything() -> None:
    content = json.loads(as_json("m", VERSIONS))
    assert (content["model"], content["warning"]) == ("m", None)
    assert content["versions"][1]["description"].endswith("rest")
    assert {event["kind"]: event["previous"] for event in content["versions"][0]["events"]} == {
        "champion": None,
        "rollback": 2,
    }
