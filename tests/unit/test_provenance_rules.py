"""review.provenance: the rules of W3C PROV (PROV-CONSTRAINTS), for every pipeline and every file in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from graphlib import TopologicalSorter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from prov.model import ProvDocument

from flight_delay.review.provenance.commit import Provenance
from flight_delay.review.provenance.document import to_prov, to_prov_json
from flight_delay.review.provenance.lineage import list_items, read_stages, sources
from flight_delay.vcs.history import PathChange

ENTITY, ACTIVITY, AGENT = ("entity", "activity", "agent")
# By relation, what its two ends are.
ENDS = {
    "used": {"prov:activity": ACTIVITY, "prov:entity": ENTITY},
    "wasGeneratedBy": {"prov:entity": ENTITY, "prov:activity": ACTIVITY},
    "wasDerivedFrom": {"prov:generatedEntity": ENTITY, "prov:usedEntity": ENTITY, "prov:activity": ACTIVITY},
    "wasAttributedTo": {"prov:entity": ENTITY, "prov:agent": AGENT},
    "wasAssociatedWith": {"prov:activity": ACTIVITY, "prov:agent": AGENT},
    "actedOnBehalfOf": {"prov:delegate": AGENT, "prov:responsible": AGENT},
    "hadMember": {"prov:collection": ENTITY, "prov:entity": ENTITY},
}
INPUTS = ["requirements.txt", "src/a b.py", "src/ü:@.py", "out"]


@st.composite
def pipelines(draw: st.DrawFn) -> Provenance:
    """Stages that read inputs and outputs of earlier stages, some of them stale or parts of folders, in any order."""
    stages: dict[str, Any] = {}
    made: list[dict[str, Any]] = []
    for number in range(draw(st.integers(1, 4))):
        read = draw(st.lists(st.sampled_from(made), unique_by=lambda out: out["path"])) if made else []
        ways = (
            draw(st.sampled_from([
                out, {**out, "md5": "stale"}, {"path": f"{out['path']}/part", "md5": "p"},
                {"path": out["path"].rpartition("/")[0], "md5": "around.dir"},
            ]))
            for out in read
        )  # fmt: skip
        deps = list({dep["path"]: dep for dep in ways}.values())
        names = ["data/raw/flights"] if number == 0 and draw(st.booleans()) else []
        names += [f"made/{number}/{part}" for part in range(draw(st.integers(0, 2)))]
        outs = [{"path": path, "md5": f"{draw(st.integers(0, 1))}.dir", "nfiles": 2, "size": 2**40} for path in names]
        inputs = draw(st.lists(st.sampled_from(INPUTS), unique=True))
        deps += [{"path": path, "md5": draw(st.sampled_from(["1", "2"]))} for path in inputs]
        sections = draw(st.dictionaries(st.sampled_from(["a", "b"]), st.integers(0, 1) | st.just({"c": 1})))
        stages[f"s{number}"] = {"cmd": "run", "deps": deps, "params": {"params.yaml": sections}, "outs": outs}
        made += outs
    read = read_stages({name: stages[name] for name in draw(st.permutations(list(stages)))})
    inputs_of_all = [item for item in list_items(read) if not sources(read, item)]
    changes = {item: PathChange(draw(st.sampled_from("ab")) * 40, "Ada") for item in inputs_of_all}
    # A commit has one content of every path.
    confirmed = {item.path: item for item in changes if draw(st.booleans())}.values()
    manifest = draw(st.none() | st.just({"source": "flights", "files": {}}))
    return Provenance(
        PathChange("c" * 40, "Grace"), "l", read, manifest, {item: changes[item] for item in confirmed}, {"python": "3"}
    )


def paths(provenance: Provenance) -> list[str | None]:
    items = list_items(provenance.stages)
    return [None, *(item.path for item in items), *(f"{item.path}/within" for item in items if item.is_folder)]


QUERIES = pipelines().flatmap(lambda provenance: st.tuples(st.just(provenance), st.sampled_from(paths(provenance))))


@given(QUERIES)
def test_a_document_is_read_back_as_it_was_written(query: tuple[Provenance, str | None]) -> None:
    text = to_prov_json(*query)
    assert ProvDocument.deserialize(content=text, format="json") == to_prov(*query)
    assert text == to_prov_json(*query) == json.dumps(json.loads(text), indent=2, sort_keys=True)


@given(QUERIES)
def test_every_id_that_a_relation_names_is_declared_once_as_what_it_has_to_be(
    query: tuple[Provenance, str | None],
) -> None:
    document = json.loads(to_prov_json(*query))
    declared = [item for kind in (ENTITY, ACTIVITY, AGENT) for item in document.get(kind, {}).items()]
    assert max(Counter(name for name, _ in declared).values()) == 1
    # What is declared twice as the same kind has a list of attributes.
    assert [name for name, attributes in declared if isinstance(attributes, list)] == []
    assert set(document) <= {"prefix", ENTITY, ACTIVITY, AGENT, *ENDS}
    for relation, ends in ENDS.items():
        for row in document.get(relation, {}).values():
            assert set(row) == set(ends)
            assert [row[role] for role, kind in ends.items() if row[role] not in document.get(kind, {})] == []


@given(pipelines())
def test_nothing_is_generated_twice_or_before_what_it_comes_from(provenance: Provenance) -> None:
    document = json.loads(to_prov_json(provenance))
    generated = [row["prov:entity"] for row in document.get("wasGeneratedBy", {}).values()]
    assert len(generated) == len(set(generated)) == sum(len(stage.writes) for stage in provenance.stages)
    assert len(document.get("activity", {})) == len(provenance.stages)
    after: dict[str, set[str]] = {}
    for relation, (later, earlier) in {
        "used": ("prov:activity", "prov:entity"),
        "wasGeneratedBy": ("prov:entity", "prov:activity"),
        "wasDerivedFrom": ("prov:generatedEntity", "prov:usedEntity"),
    }.items():
        for row in document.get(relation, {}).values():
            after.setdefault(row[later], set()).add(row[earlier])
    tuple(TopologicalSorter(after).static_order())  # raises where something comes from itself


@given(pipelines())
def test_the_members_of_a_folder_lie_in_it(provenance: Provenance) -> None:
    document = json.loads(to_prov_json(provenance))
    ends = [(row["prov:collection"], row["prov:entity"]) for row in document["hadMember"].values()]
    for folder, part in (pair for pair in ends if "commit/" not in pair[0]):
        assert document["entity"][part]["fd:path"].startswith(f"{document['entity'][folder]['fd:path']}/")


@given(QUERIES)
def test_what_is_written_of_a_file_is_a_part_of_what_is_written_of_all(query: tuple[Provenance, str | None]) -> None:
    provenance, path = query
    records = set(to_prov(provenance, path).get_records())
    within = [record for record in records if path and path.endswith("/within") and "within" in str(record)]
    assert records - set(to_prov(provenance).get_records()) <= set(within)


def test_the_bytes_do_not_depend_on_the_order_of_sets() -> None:
    program = (
        "from flight_delay.vcs.history import PathChange\n"
        "from flight_delay.review.provenance.lineage import read_stages\n"
        "from flight_delay.review.provenance.commit import Provenance\n"
        "from flight_delay.review.provenance.document import to_prov_json\n"
        "deps = [{'path': f'src/{n}', 'md5': 'm'} for n in range(30)]\n"
        "stages = read_stages({'s': {'cmd': 'run', 'deps': deps, 'outs': [{'path': 'out', 'md5': 'o'}]}})\n"
        "changes = {item: PathChange(item.path, item.path) for item in stages[0].reads}\n"
        "print(to_prov_json(Provenance(PathChange('c', 'Ada'), 'l', stages, None, changes, {}), 'out'))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("0", "1")
    }
    assert len(outputs) == 1
    assert outputs.pop()
