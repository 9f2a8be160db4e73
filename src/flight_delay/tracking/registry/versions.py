"""Versions of the registered model: registration, aliases and events.

Events are tags of a version: `champion_by`, `champion_at` (UTC),
`champion_reason` and `champion_previous` (the version that had the alias before), and the same with `challenger_` and
`rollback_`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from flight_delay.tracking.client import retry_on_conflict
from flight_delay.tracking.lookup import MODEL_MD5_TAG
from flight_delay.tracking.run_content import COMMIT_TAG, DIGEST_TAG

CHAMPION, CHALLENGER, PREVIOUS, ROLLBACK = "champion", "challenger", "previous", "rollback"


class Event(NamedTuple):
    """The move of an alias to a version: 'challenger', 'champion' or 'rollback'.

    `previous` had the alias before; `at` is in UTC.
    """

    kind: str
    version: int
    previous: int | None
    by: str
    at: str
    reason: str


class Version(NamedTuple):
    """A version with aliases, run, commit and its latest event of each kind.

    The time of registration is in UTC.
    """

    number: int
    aliases: tuple[str, ...]
    run_id: str | None
    commit: str | None
    registered: str
    description: str
    events: Mapping[str, Event]


class Registration(NamedTuple):
    """The run, model, commit and description of a version to register."""

    run_id: str
    model_id: str
    commit: str
    digest: str
    model_md5: str
    description: str


def label_version(number: int | None) -> str:
    """Format a version, such as 'version 3', or 'none'."""
    return "none" if number is None else f"version {number}"


def read_aliases(client: MlflowClient, model: str) -> dict[str, int]:
    """Read the version of each alias; empty if there is no model of this name."""
    models = client.search_registered_models(f"name = '{model}'")
    return {alias: int(version) for row in models for alias, version in row.aliases.items()}


def list_versions(client: MlflowClient, model: str) -> list[Version]:
    """List all versions that are not deleted; empty if there is no model."""
    aliases, versions, token = read_aliases(client, model), [], None
    while token != "":
        page = client.search_model_versions(f"name = '{model}'", page_token=token)
        versions += page
        token = page.token or ""
    return [
        Version(
            number=number,
            aliases=tuple(sorted(alias for alias in aliases if aliases[alias] == number)),
            run_id=version.run_id or None,
            commit=version.tags.get(COMMIT_TAG),
            registered=datetime.fromtimestamp(version.creation_timestamp / 1000, UTC).isoformat(timespec="seconds"),
            description=version.description or "",
            events=_read_events(number, version.tags),
        )
        for number, version in sorted((int(version.version), version) for version in versions)
    ]


def register(client: MlflowClient, model: str, entry: Registration) -> int:
    """Return the version of a run; register the run if it has none.

    Concurrent processes may register it twice.
    """
    try:
        client.create_registered_model(model)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    for version in list_versions(client, model):
        if version.run_id == entry.run_id:
            return version.number
    created = client.create_model_version(
        model,
        source=f"models:/{entry.model_id}",
        run_id=entry.run_id,
        tags={COMMIT_TAG: entry.commit, DIGEST_TAG: entry.digest, MODEL_MD5_TAG: entry.model_md5},
        description=entry.description,
        model_id=entry.model_id,
    )
    return int(created.version)


def write_event(client: MlflowClient, model: str, event: Event) -> None:
    """Write the tags of an event; `_at`, which completes it, is the last."""
    tags = {"previous": str(event.previous or ""), "by": event.by, "reason": event.reason, "at": event.at}
    for name, value in tags.items():
        tag = (model, str(event.version), f"{event.kind}_{name}", value)
        retry_on_conflict(partial(client.set_model_version_tag, *tag))


def set_alias(client: MlflowClient, model: str, alias: str, version: int) -> None:
    """Set an alias."""
    retry_on_conflict(partial(client.set_registered_model_alias, model, alias, str(version)))


def _read_events(version: int, tags: Mapping[str, str]) -> dict[str, Event]:
    events = {}
    for kind in (CHALLENGER, CHAMPION, ROLLBACK):
        previous, by, reason, at = (tags.get(f"{kind}_{name}", "") for name in ("previous", "by", "reason", "at"))
        if at:
            events[kind] = Event(kind, version, int(previous) if previous.isdecimal() else None, by, at, reason)
    return events
