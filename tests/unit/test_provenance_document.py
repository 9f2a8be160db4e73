"""review.provenance.document: a small pipeline as W3C PROV (rules for every pipeline: test_provenance_rules.py)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from flight_delay.core.errors import UserError
from flight_delay.review.provenance.commit import Provenance
from flight_delay.review.provenance.document import prov_json
from flight_delay.review.provenance.lineage import list_artifacts, read_stages
from flight_delay.vcs.history import PathChange

ADA, GRACE = "Ada Lovelace <ada@example.org>", "Grace Hopper <grace@example.org>"
RAW = {"path": "data/raw/rows", "md5": "r1.dir", "size": 5_000_000_000, "nfiles": 2}
REQUIREMENTS = {"path": "requirements.txt", "md5": "q1", "size": 9}
TRAIN = {
    "cmd": "python train",
    "deps": [RAW, REQUIREMENTS, {"path": "src/train.py", "md5": "s1"}],
    "params": {"params.yaml": {"train": {"depth": 4}}},
    "outs": [{"path": "model.ubj", "md5": "m1"}, {"path": "curve.csv", "md5": "c1"}],
}
MANIFEST = {"path": "data/raw/manifest.json", "md5": "n1"}
LOCK = {"fetch": {"cmd": "python fetch", "deps": [REQUIREMENTS], "outs": [RAW, MANIFEST]}, "train": TRAIN}
SOURCE = {"source": "old rows", "version": "0.1", "licence": "CC0-1.0", "homepage": "https://example.org"}


def pipeline(**changes: Any) -> Provenance:
    """All inputs are committed: requirements by Ada, code and parameters by Grace."""
    stages = read_stages({**LOCK, **changes})
    ada, grace = PathChange("1" * 40, ADA), PathChange("2" * 40, GRACE)
    by = {"requirements.txt": ada, "src/train.py": grace, "params.yaml:train": grace}
    committed = {item: by[item.path] for item in list_artifacts(stages) if item.path in by and item.md5 != "stale"}
    return Provenance(PathChange("3" * 40, GRACE), "l1", stages, SOURCE, committed)


def written(path: str | None = None, provenance: Provenance | None = None) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(prov_json(provenance or pipeline(), path))
    return document


def name(identifier: str) -> str:
    """An id without its namespace and checksum."""
    return identifier.removeprefix("fd:").partition("@")[0]


def pairs(document: dict[str, Any], relation: str, one: str, other: str) -> set[tuple[str, str]]:
    rows = document.get(relation, {}).values()
    return {(name(row[f"prov:{one}"]), name(row[f"prov:{other}"])) for row in rows}


def names(document: dict[str, Any], kind: str) -> set[str]:
    return {name(identifier) for identifier in document.get(kind, {})}


def test_stages_have_their_commands_artifacts_and_environment() -> None:
    document = written()
    assert pairs(document, "wasGeneratedBy", "entity", "activity") == {
        ("file/data/raw/rows", "stage/fetch"), ("file/data/raw/manifest.json", "stage/fetch"),
        ("file/model.ubj", "stage/train"), ("file/curve.csv", "stage/train"),
    }  # fmt: skip
    assert pairs(document, "used", "activity", "entity") == {
        ("stage/fetch", "file/requirements.txt"), ("stage/fetch", "source/old%20rows"),
        ("stage/train", "file/data/raw/rows"), ("stage/train", "file/requirements.txt"),
        ("stage/train", "file/src/train.py"), ("stage/train", "parameters/params.yaml%3Atrain"),
    }  # fmt: skip
    commands = {activity["fd:name"]: activity["fd:command"] for activity in document["activity"].values()}
    assert commands == {"fetch": "python fetch", "train": "python train"}
    assert pairs(document, "wasAssociatedWith", "activity", "agent") == {
        (f"stage/{stage}", "environment/requirements.txt") for stage in commands
    }
    environment = document["agent"]["fd:environment/requirements.txt@q1"]
    assert environment["prov:type"] == {"$": "prov:SoftwareAgent", "type": "xsd:QName"}


def test_files_folders_and_parameters_have_the_attributes_of_the_lock() -> None:
    entities = written()["entity"]
    folder = entities["fd:file/data/raw/rows@r1.dir"]
    assert (folder["fd:path"], folder["fd:md5"]) == ("data/raw/rows", "r1.dir")
    assert (folder["fd:size"]["$"], folder["fd:nfiles"]["$"]) == ("5000000000", "2")
    assert folder["prov:type"] == {"$": "fd:Folder", "type": "xsd:QName"}
    assert set(entities["fd:file/model.ubj@m1"]) == {"fd:path", "fd:md5", "prov:type"}
    assert entities["fd:file/model.ubj@m1"]["prov:type"]["$"] == "fd:File"
    (depth,) = (entity for identifier, entity in entities.items() if identifier.startswith("fd:parameters/"))
    assert (depth["fd:path"], depth["fd:values"]) == ("params.yaml:train", '{"depth": 4}')
    assert depth["prov:type"]["$"] == "fd:Parameters"


def test_only_the_raw_data_are_derived_from_their_source() -> None:
    document = written()
    (derived,) = document["wasDerivedFrom"].values()
    assert {role.removeprefix("prov:"): name(identifier) for role, identifier in derived.items()} == {
        "generatedEntity": "file/data/raw/rows", "usedEntity": "source/old%20rows", "activity": "stage/fetch",
    }  # fmt: skip
    source = document["entity"]["fd:source/old%20rows@0.1"]
    assert [source[f"fd:{key}"] for key in ("version", "licence", "homepage")] == list(SOURCE.values())[1:]
    unknown = written(provenance=replace(pipeline(), manifest=None))
    assert "wasDerivedFrom" not in unknown
    assert not [identifier for identifier in unknown["entity"] if "source" in identifier]


def test_people_are_authors_of_commits_only() -> None:
    document = written()
    ada, grace = (f"author/{quoted}" for quoted in (
        "Ada%20Lovelace%20%3Cada%40example.org%3E", "Grace%20Hopper%20%3Cgrace%40example.org%3E",
    ))  # fmt: skip
    assert pairs(document, "wasAttributedTo", "entity", "agent") == {
        (f"commit/{'1' * 40}", ada), (f"commit/{'2' * 40}", grace), (f"commit/{'3' * 40}", grace),
    }  # fmt: skip
    assert document["agent"][f"fd:{ada}"] == {"prov:label": ADA}
    assert document["entity"][f"fd:commit/{'1' * 40}"]["fd:sha1"] == "1" * 40
    assert pairs(document, "hadMember", "collection", "entity") == {
        (f"commit/{'3' * 40}", "file/dvc.lock"), (f"commit/{'1' * 40}", "file/requirements.txt"),
        (f"commit/{'2' * 40}", "file/src/train.py"), (f"commit/{'2' * 40}", "parameters/params.yaml%3Atrain"),
    }  # fmt: skip


def test_other_content_or_inputs_are_another_entity_or_activity() -> None:
    document, other = written(), written(provenance=pipeline(train={**TRAIN, "deps": [{**RAW, "md5": "stale"}]}))
    assert {"fd:file/data/raw/rows@r1.dir", "fd:file/data/raw/rows@stale"} <= set(other["entity"])
    assert len(set(document["activity"]) & set(other["activity"])) == 1
    assert len(set(document["activity"]) | set(other["activity"])) == 3


def test_the_document_of_a_file_has_only_its_origin() -> None:
    document = written("model.ubj")
    assert {"file/model.ubj", "file/data/raw/rows", "source/old%20rows"} <= names(document, "entity")
    assert not {"file/curve.csv", "file/data/raw/manifest.json"} & names(document, "entity")
    raw = written("data/raw/rows")
    assert names(raw, "activity") == {"stage/fetch"}
    assert f"commit/{'2' * 40}" not in names(raw, "entity")
    alone = written("src/train.py")
    assert "activity" not in alone
    assert names(alone, "entity") == {"file/src/train.py", "file/dvc.lock", f"commit/{'2' * 40}", f"commit/{'3' * 40}"}


def test_a_file_in_a_folder_is_a_member_of_it() -> None:
    path = "data/raw/rows/2013-01.parquet"
    document = written(path)
    assert ("file/data/raw/rows", f"file/{path}") in pairs(document, "hadMember", "collection", "entity")
    assert document["entity"][f"fd:file/{path}@in-r1.dir"]["fd:path"] == path
    assert names(document, "activity") == {"stage/fetch"}
    with pytest.raises(UserError, match=r"closest: data/raw/rows"):
        written("data/raw/row")
