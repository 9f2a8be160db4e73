"""review.provenance: a small pipeline as W3C PROV, record by record. What holds for every one is in test_provenance_rules."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from flight_delay.core.errors import UserError
from flight_delay.review.provenance.commit import Provenance
from flight_delay.review.provenance.document import prov_json
from flight_delay.review.provenance.lineage import list_artifacts, read_stages
from flight_delay.vcs.history import Change

ADA, GRACE = "Ada Lovelace <ada@example.org>", "Grace Hopper <grace@example.org>"
FLIGHTS = {"path": "data/raw/flights", "md5": "r1.dir", "size": 5_000_000_000, "nfiles": 2}
REQUIREMENTS = {"path": "requirements.txt", "md5": "q1", "size": 9}
TRAIN = {
    "cmd": "python train",
    "deps": [FLIGHTS, REQUIREMENTS, {"path": "src/train.py", "md5": "s1"}],
    "params": {"params.yaml": {"train": {"depth": 4}}},
    "outs": [{"path": "model.ubj", "md5": "m1"}, {"path": "curve.csv", "md5": "c1"}],
}
LOCK = {
    "fetch": {
        "cmd": "python fetch",
        "deps": [REQUIREMENTS],
        "outs": [FLIGHTS, {"path": "data/raw/tables", "md5": "t1.dir", "nfiles": 1}],
    },
    "train": TRAIN,
}


def pipeline(**changes: Any) -> Provenance:
    """All inputs confirmed: requirements by Ada's commit, code and parameters by Grace's."""
    stages = read_stages({**LOCK, **changes})
    ada, grace = Change("1" * 40, ADA), Change("2" * 40, GRACE)
    by = {"requirements.txt": ada, "src/train.py": grace, "params.yaml:train": grace}
    return Provenance(
        commit=Change("3" * 40, GRACE),
        lock_md5="l1",
        stages=stages,
        manifest={"source": "old flights", "version": "0.1", "licence": "CC0-1.0", "homepage": "https://example.org"},
        changes={item: by[item.path] for item in list_artifacts(stages) if item.path in by and item.md5 != "stale"},
        software={"python": ">=3.11", "numpy": "2.0"},
    )


def written(path: str | None = None, provenance: Provenance | None = None) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(prov_json(provenance or pipeline(), path))
    return document


def name(identifier: str) -> str:
    """An id without its namespace and checksum."""
    return identifier.removeprefix("fd:").partition("@")[0]


def pairs(document: dict[str, Any], relation: str, one: str, other: str) -> set[tuple[str, str]]:
    rows = document.get(relation, {}).values()
    found = [(name(row[f"prov:{one}"]), name(row[f"prov:{other}"])) for row in rows]
    assert len(found) == len(set(found))
    return set(found)


def names(document: dict[str, Any], kind: str) -> set[str]:
    return {name(identifier) for identifier in document.get(kind, {})}


def test_stages_have_their_commands_and_what_they_read_and_wrote() -> None:
    document = written()
    assert pairs(document, "wasGeneratedBy", "entity", "activity") == {
        ("file/data/raw/flights", "stage/fetch"), ("file/data/raw/tables", "stage/fetch"),
        ("file/model.ubj", "stage/train"), ("file/curve.csv", "stage/train"),
    }  # fmt: skip
    assert pairs(document, "used", "activity", "entity") == {
        ("stage/fetch", "file/requirements.txt"), ("stage/fetch", "source/old%20flights"),
        ("stage/train", "file/data/raw/flights"), ("stage/train", "file/requirements.txt"),
        ("stage/train", "file/src/train.py"), ("stage/train", "parameters/params.yaml%3Atrain"),
    }  # fmt: skip
    commands = {activity["fd:name"]: activity["fd:command"] for activity in document["activity"].values()}
    assert commands == {"fetch": "python fetch", "train": "python train"}
    assert document["prefix"] == {"fd": "urn:flight-delay:"}


def test_files_folders_and_parameters_are_told_apart_and_have_what_the_lock_says() -> None:
    entities = written()["entity"]
    folder = entities["fd:file/data/raw/flights@r1.dir"]
    assert (folder["fd:path"], folder["fd:md5"]) == ("data/raw/flights", "r1.dir")
    assert (folder["fd:size"]["$"], folder["fd:nfiles"]["$"]) == ("5000000000", "2")
    assert folder["prov:type"] == {"$": "fd:Folder", "type": "xsd:QName"}
    assert set(entities["fd:file/model.ubj@m1"]) == {"fd:path", "fd:md5", "prov:type"}
    assert entities["fd:file/model.ubj@m1"]["prov:type"]["$"] == "fd:File"
    (depth,) = (entity for identifier, entity in entities.items() if identifier.startswith("fd:parameters/"))
    assert (depth["fd:path"], depth["fd:values"], depth["prov:type"]["$"]) == (
        "params.yaml:train", '{"depth": 4}', "fd:Parameters",
    )  # fmt: skip


def test_the_raw_flights_come_from_their_source_and_nothing_else_does() -> None:
    document = written()
    (derived,) = document["wasDerivedFrom"].values()
    assert {role.removeprefix("prov:"): name(identifier) for role, identifier in derived.items()} == {
        "generatedEntity": "file/data/raw/flights", "usedEntity": "source/old%20flights", "activity": "stage/fetch",
    }  # fmt: skip
    source = document["entity"]["fd:source/old%20flights@0.1"]
    assert (source["fd:version"], source["fd:licence"], source["fd:homepage"]) == (
        "0.1",
        "CC0-1.0",
        "https://example.org",
    )
    unknown = written(provenance=replace(pipeline(), manifest=None))
    assert "wasDerivedFrom" not in unknown
    assert not [identifier for identifier in unknown["entity"] if "source" in identifier]


def test_people_are_authors_of_commits_and_of_nothing_else() -> None:
    document = written()
    ada, grace = (
        "author/Ada%20Lovelace%20%3Cada%40example.org%3E",
        "author/Grace%20Hopper%20%3Cgrace%40example.org%3E",
    )
    assert pairs(document, "wasAttributedTo", "entity", "agent") == {
        (f"commit/{'1' * 40}", ada), (f"commit/{'2' * 40}", grace), (f"commit/{'3' * 40}", grace),
    }  # fmt: skip
    assert document["agent"][f"fd:{ada}"] == {"prov:label": ADA}
    assert document["entity"][f"fd:commit/{'1' * 40}"]["fd:sha1"] == "1" * 40
    assert pairs(document, "hadMember", "collection", "entity") == {
        (f"commit/{'3' * 40}", "file/dvc.lock"), (f"commit/{'1' * 40}", "file/requirements.txt"),
        (f"commit/{'2' * 40}", "file/src/train.py"), (f"commit/{'2' * 40}", "parameters/params.yaml%3Atrain"),
    }  # fmt: skip


def test_stages_ran_on_the_software_that_their_requirements_lock() -> None:
    document = written()
    assert pairs(document, "wasAssociatedWith", "activity", "agent") == {
        (f"stage/{stage}", "environment/requirements.txt") for stage in ("fetch", "train")
    }
    assert pairs(document, "actedOnBehalfOf", "delegate", "responsible") == {
        (f"software/{package}", "environment/requirements.txt") for package in ("python", "numpy")
    }
    numpy = document["agent"]["fd:software/numpy@2.0"]
    assert (numpy["prov:type"]["$"], numpy["fd:name"], numpy["fd:version"]) == ("prov:SoftwareAgent", "numpy", "2.0")


def test_of_stale_requirements_no_versions_are_claimed() -> None:
    stale = {**TRAIN, "deps": [FLIGHTS, {**REQUIREMENTS, "md5": "stale"}]}
    document = written(provenance=pipeline(train=stale))
    assert {row["prov:agent"].rpartition("@")[2] for row in document["wasAssociatedWith"].values()} == {"q1", "stale"}
    assert {row["prov:responsible"].rpartition("@")[2] for row in document["actedOnBehalfOf"].values()} == {"q1"}


def test_other_content_or_inputs_are_another_entity_or_activity() -> None:
    document, other = written(), written(provenance=pipeline(train={**TRAIN, "deps": [{**FLIGHTS, "md5": "stale"}]}))
    assert {"fd:file/data/raw/flights@r1.dir", "fd:file/data/raw/flights@stale"} <= set(other["entity"])
    assert len(set(document["activity"]) & set(other["activity"])) == 1
    assert len(set(document["activity"]) | set(other["activity"])) == 3


def test_of_a_file_only_what_it_comes_from_is_written() -> None:
    document = written("model.ubj")
    assert {"file/model.ubj", "file/data/raw/flights", "source/old%20flights"} <= names(document, "entity")
    assert not {"file/curve.csv", "file/data/raw/tables"} & names(document, "entity")
    raw = written("data/raw/flights")
    assert names(raw, "activity") == {"stage/fetch"}
    assert f"commit/{'2' * 40}" not in names(raw, "entity")
    alone = written("src/train.py")
    assert "activity" not in alone
    assert names(alone, "entity") == {"file/src/train.py", "file/dvc.lock", f"commit/{'2' * 40}", f"commit/{'3' * 40}"}


def test_a_file_in_a_folder_is_a_member_of_it() -> None:
    path = "data/raw/flights/2013-01.parquet"
    document = written(path)
    assert ("file/data/raw/flights", f"file/{path}") in pairs(document, "hadMember", "collection", "entity")
    assert document["entity"][f"fd:file/{path}@in-r1.dir"]["fd:path"] == path
    assert names(document, "activity") == {"stage/fetch"}
    with pytest.raises(UserError, match=r"closest: data/raw/flights"):
        written("data/raw/flight")
