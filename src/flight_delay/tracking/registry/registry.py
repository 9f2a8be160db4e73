"""The registered model: what there is of it, and registering a run. Its aliases are moved in moving.py."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from flight_delay.tracking.content import COMMIT_TAG, DIGEST_TAG
from flight_delay.tracking.lookup import MODEL_MD5_TAG
from flight_delay.tracking.registry.moves import Record, read


class Registered(NamedTuple):
    """The registered model as it is: version by alias, and the moves."""

    model: str
    aliases: dict[str, int]
    record: Record


class Version(NamedTuple):
    """A version: the run that it was registered from, when (UTC), and the commit of its pipeline."""

    number: int
    run_id: str | None
    registered: str
    commit: str | None


class Entry(NamedTuple):
    """What a version is registered with."""

    run_id: str
    model_id: str
    commit: str
    digest: str
    model_md5: str
    description: str


def look(client: MlflowClient, model: str) -> Registered:
    """The registered model as it is now; nothing, where there is none of this name."""
    try:
        found = client.get_registered_model(model)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return Registered(model, {}, Record((), ()))
    aliases = {alias: int(version) for alias, version in found.aliases.items()}
    return Registered(model, aliases, read(found.tags))


def versions(client: MlflowClient, model: str) -> list[Version]:
    """All versions that are not deleted, in order."""
    found, token = [], None
    while True:
        page = client.search_model_versions(f"name = '{model}'", page_token=token)
        found += [
            Version(int(of.version), of.run_id or None, _utc(of.creation_timestamp), of.tags.get(COMMIT_TAG))
            for of in page
        ]
        token = page.token
        if not token:
            return sorted(found)


def register(client: MlflowClient, model: str, entry: Entry) -> int:
    """The version of a run; it is registered if it is not yet. Only for one at a time, see `alone`."""
    try:
        client.create_registered_model(model)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    if known := _versions_of(client, model, entry.run_id):
        return known[0]
    tags = {COMMIT_TAG: entry.commit, DIGEST_TAG: entry.digest, MODEL_MD5_TAG: entry.model_md5}
    source = f"models:/{entry.model_id}"
    created = client.create_model_version(
        model, source, run_id=entry.run_id, tags=tags, description=entry.description, model_id=entry.model_id
    )
    return int(created.version)


def _versions_of(client: MlflowClient, model: str, run_id: str) -> list[int]:
    return [of.number for of in versions(client, model) if of.run_id == run_id]


def _utc(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="seconds")
