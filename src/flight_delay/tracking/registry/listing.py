"""Format versions, aliases and events of the registered model."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence

from flight_delay.tracking.registry.versions import CHALLENGER, CHAMPION, Version, label_version

LINE_WIDTH, INDENT = 120, " " * 4


def versions_text(model: str, versions: Sequence[Version]) -> str:
    """Format a paragraph per version, and a warning about the champion.

    A paragraph has aliases and commit, the first line of the description (the metrics), and the events in order of
    time.
    """
    if not versions:
        return f"{model} has no versions yet; `flight-delay promote REF` registers the first"
    lines = []
    for version in versions:
        aliases = f" ({', '.join(version.aliases)})" if version.aliases else ""
        commit = f", commit {version.commit[:10]}" if version.commit else ""
        lines.append(f"version {version.number}{aliases}{commit}, registered {_minute(version.registered)} UTC")
        details = [line.replace("**", "") for line in version.description.splitlines()[:1]]
        for event in sorted(version.events.values(), key=lambda event: event.at):
            move = f"{event.kind} {event.previous or 'none'} -> {event.version}"
            details.append(f"{_minute(event.at)} UTC  {move}  by {event.by}: {event.reason}")
        for detail in details:
            lines += textwrap.wrap(detail, LINE_WIDTH, initial_indent=INDENT, subsequent_indent=2 * INDENT)
    if warning := unexplained_champion(versions):
        lines += ["", warning]
    return "\n".join(lines)


def versions_json(model: str, versions: Sequence[Version]) -> str:
    """Serialize all versions, with the results of the gate."""
    rows = [
        {**version._asdict(), "events": [event._asdict() for event in version.events.values()]} for version in versions
    ]
    content = {"model": model, "versions": rows, "warning": unexplained_champion(versions)}
    return json.dumps(content, indent=2, ensure_ascii=False)


def unexplained_champion(versions: Sequence[Version]) -> str | None:
    """Return a warning if the champion is not that of the latest event."""
    events = [event for version in versions for event in version.events.values() if event.kind != CHALLENGER]
    recorded = max(events, key=lambda event: event.at).version if events else None
    champion = next((version.number for version in versions if CHAMPION in version.aliases), None)
    if champion == recorded:
        return None
    return (
        f"champion is {label_version(champion)}, but {label_version(recorded)} in the latest event: it was moved by "
        "hand, or a command was interrupted"
    )


def _minute(timestamp: str) -> str:
    return timestamp[:16].replace("T", " ")
