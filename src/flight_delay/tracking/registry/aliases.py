"""Move the aliases `champion`, `challenger` and `previous` of the model.

MLflow has no compare-and-set: an alias is read before it is set and again afterwards, and a process whose alias was
overwritten gets an error.
"""

from __future__ import annotations

import getpass
from datetime import UTC, datetime

from mlflow import MlflowClient

from flight_delay.core.errors import UserError
from flight_delay.tracking.registry.versions import (
    CHALLENGER,
    CHAMPION,
    PREVIOUS,
    ROLLBACK,
    Event,
    Registration,
    Version,
    label_version,
    list_versions,
    read_aliases,
    register,
    set_alias,
    write_event,
)
from flight_delay.vcs.git import git_author

MAX_REASON_LENGTH = 500


def validate_reason(reason: str) -> str:
    """Return the reason on one line.

    Raises:
        UserError: it is empty or too long.
    """
    line = " ".join(reason.split())
    if not 0 < len(line) <= MAX_REASON_LENGTH:
        raise UserError(f"--reason: {len(line)} characters; write 1 to {MAX_REASON_LENGTH}")
    return line


def current_user() -> str:
    """Return the author of git commits, or else the user of this machine."""
    name = git_author()
    return getpass.getuser() if name == "unknown" else name


def promote(
    client: MlflowClient, model: str, entry: Registration, alias: str, champion: int | None, by: str, reason: str
) -> Event:
    """Register a run, and move `challenger`, and `champion` if that is `alias`.

    If interrupted, call it again: `champion` is moved last.

    Args:
        client: connected.
        model: name of the registered model.
        entry: of the run.
        alias: 'challenger' or 'champion'.
        champion: the version that the candidate was compared with; None if there was none.
        by: who promotes.
        reason: why.

    Raises:
        UserError: another process moved `champion` meanwhile.
    """
    aliases = read_aliases(client, model)
    current = aliases.get(CHAMPION)
    if current != champion:
        raise UserError(
            f"{model}: champion changed from {label_version(champion)} to {label_version(current)} during the checks, "
            "so nothing was moved; run it again"
        )
    event = Event(alias, register(client, model, entry), aliases.get(alias), by, _now(), reason)
    write_event(client, model, event)
    set_alias(client, model, CHALLENGER, event.version)
    if alias == CHAMPION:
        _move_champion(client, model, event.version, champion)
    return event


def roll_back(client: MlflowClient, model: str, to: int | None, by: str, reason: str) -> Event:
    """Move `champion` back to the version in its tag `champion_previous`.

    Args:
        client: connected.
        model: name of the registered model.
        to: another version that was champion once.
        by: who rolls back.
        reason: why.

    Raises:
        UserError: there is no such version, it was never champion, or another process moved `champion` meanwhile.
    """
    versions = {version.number: version for version in list_versions(client, model)}
    aliases = {alias: version for version in versions.values() for alias in version.aliases}
    champion = aliases.get(CHAMPION)
    number = champion.number if champion else None
    if to is None:
        replaced = aliases.get(PREVIOUS)
        to = _previous_champion(champion) if champion else replaced.number if replaced else None
    if to is None:
        raise UserError(
            f"{model}: no version is recorded as champion before {label_version(number)}; name one with --to "
            "(`flight-delay registry` lists them)"
        )
    if to == number:
        raise UserError(f"{model}: version {to} is champion already; `flight-delay registry` lists the others")
    if to not in versions:
        raise UserError(
            f"{model}: version {to} does not exist or is deleted; name another one with --to (`flight-delay registry` "
            "lists them)"
        )
    if CHAMPION not in versions[to].events and to not in map(_previous_champion, versions.values()):
        raise UserError(f"{model}: version {to} was never champion; promote it with `flight-delay promote`")
    event = Event(ROLLBACK, to, number, by, _now(), reason)
    write_event(client, model, event)
    _move_champion(client, model, to, _previous_champion(versions[to]))
    return event


def _move_champion(client: MlflowClient, model: str, to: int, previous: int | None) -> None:
    if previous is None:
        client.delete_registered_model_alias(model, PREVIOUS)
    else:
        set_alias(client, model, PREVIOUS, previous)
    set_alias(client, model, CHAMPION, to)
    champion = read_aliases(client, model).get(CHAMPION)
    if champion != to:
        raise UserError(
            f"{model}: another process moved champion to {label_version(champion)}, not {label_version(to)}; see "
            "`flight-delay registry`, and run it again if it is still needed"
        )


def _previous_champion(version: Version) -> int | None:
    return version.events[CHAMPION].previous if CHAMPION in version.events else None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
