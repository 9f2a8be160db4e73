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

from flight_delay.repository.history import Change
from flight_delay.review.provenance.commit import Origin, Provenance
from flight_delay.review.provenance.document import document, prov_json
from flight_delay.review.provenance.lineage import lineage

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
    of = lineage({name: stages[name] for name in draw(st.permutations(list(stages)))})
    changes = {item: Change(draw(st.sampled_from("ab")) * 40, "Ada") for item in of.items if not of.sources[item]}
    # A commit has one content of every path.
    one_each = {item.path: item for item in changes if draw(st.booleans())}.values()
    kept = {item: changes[item] for item in one_each}
    origin = draw(st.none() | st.just(Origin("source", None, None, None, {"data/raw/flights/2013-01.parquet": 1})))
    return Provenance(Change("c" * 40, "Grace"), "l", of, origin, kept, {}, {"python": "3"})


def paths(of: Provenance) -> list[str | None]:
    return [None, *(path for item in of.lineage.items for path in (item.path, f"{item.path}/within")
                    if "/within" not in path or str(item.md5).endswith(".dir"))]  # fmt: skip


ASKED = pipelines().flatmap(lambda of: st.tuples(st.just(of), st.sampled_from(paths(of))))


@given(ASKED)
def test_it_is_read_back_as_it_was_written(asked: tuple[Provenance, str | None]) -> None:
    text = prov_json(*asked)
    assert ProvDocument.deserialize(content=text, format="json") == document(*asked)
    assert text == prov_json(*asked) == json.dumps(json.loads(text), indent=2, sort_keys=True)


@given(ASKED)
def test_every_id_that_a_relation_names_is_declared_once_as_what_it_has_to_be(
    asked: tuple[Provenance, str | None],
) -> None:
    said = json.loads(prov_json(*asked))
    declared = [(name, of) for kind in (ENTITY, ACTIVITY, AGENT) for name, of in said.get(kind, {}).items()]
    assert max(Counter(name for name, _ in declared).values()) == 1
    # What is declared twice as the same kind has a list of attributes.
    assert [name for name, of in declared if isinstance(of, list)] == []
    assert set(said) <= {"prefix", ENTITY, ACTIVITY, AGENT, *ENDS}
    for relation, ends in ENDS.items():
        for row in said.get(relation, {}).values():
            assert set(row) == set(ends)
            assert [row[role] for role, kind in ends.items() if row[role] not in said.get(kind, {})] == []


@given(pipelines())
def test_nothing_is_generated_twice_or_before_what_it_comes_from(of: Provenance) -> None:
    said = json.loads(prov_json(of))
    generated = [row["prov:entity"] for row in said.get("wasGeneratedBy", {}).values()]
    assert len(generated) == len(set(generated)) == sum(len(step.writes) for step in of.lineage.steps.values())
    assert len(said.get("activity", {})) == len(of.lineage.steps)
    after: dict[str, set[str]] = {}
    for relation, (later, earlier) in {
        "used": ("prov:activity", "prov:entity"),
        "wasGeneratedBy": ("prov:entity", "prov:activity"),
        "wasDerivedFrom": ("prov:generatedEntity", "prov:usedEntity"),
    }.items():
        for row in said.get(relation, {}).values():
            after.setdefault(row[later], set()).add(row[earlier])
    tuple(TopologicalSorter(after).static_order())  # raises where something comes from itself


@given(pipelines())
def test_the_members_of_a_folder_lie_in_it(of: Provenance) -> None:
    said = json.loads(prov_json(of))
    ends = [(row["prov:collection"], row["prov:entity"]) for row in said["hadMember"].values()]
    for folder, part in (pair for pair in ends if "commit/" not in pair[0]):
        assert said["entity"][part]["fd:path"].startswith(f"{said['entity'][folder]['fd:path']}/")


@given(ASKED)
def test_what_is_written_of_a_file_is_a_part_of_what_is_written_of_all(asked: tuple[Provenance, str | None]) -> None:
    of, path = asked
    records = set(document(of, path).get_records())
    within = [record for record in records if path and path.endswith("/within") and "within" in str(record)]
    assert records - set(document(of).get_records()) <= set(within)


def test_the_bytes_do_not_depend_on_the_order_of_sets() -> None:
    program = (
        "from flight_delay.repository.history import Change\n"
        "from flight_delay.review.provenance.lineage import lineage\n"
        "from flight_delay.review.provenance.commit import Provenance\n"
        "from flight_delay.review.provenance.document import prov_json\n"
        "deps = [{'path': f'src/{n}', 'md5': 'm'} for n in range(30)]\n"
        "of = lineage({'s': {'cmd': 'run', 'deps': deps, 'outs': [{'path': 'out', 'md5': 'o'}]}})\n"
        "changes = {item: Change(item.path, item.path) for item in of.items[:-1]}\n"
        "print(prov_json(Provenance(Change('c', 'Ada'), 'l', of, None, changes, {}, {}), 'out'))"
    )
    written = {
        subprocess.run(
            [sys.executable, "-c", program], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(written) == 1
    assert written.pop()
