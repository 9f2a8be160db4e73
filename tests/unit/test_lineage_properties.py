"""review.provenance.lineage: what holds for every pipeline."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from flight_delay.review.provenance.lineage import Lineage, ancestors, descendants, lineage, select


@st.composite
def locks(draw: st.DrawFn) -> dict[str, Any]:
    """Entries of a lock file: stages that read outputs of earlier ones, some of them as they were before, and inputs."""
    stages: dict[str, Any] = {}
    made: list[dict[str, Any]] = []
    for number in range(draw(st.integers(1, 6))):
        read = draw(st.lists(st.sampled_from(made), unique_by=lambda out: out["path"])) if made else []
        stale = draw(st.lists(st.booleans(), min_size=len(read), max_size=len(read)))
        inputs = draw(st.lists(st.sampled_from(["src/a", "src/b", "requirements.txt"]), unique=True))
        outs = [
            {"path": f"out/{number}/{part}", "md5": f"{number}{part}.dir", "nfiles": 3}
            for part in range(draw(st.integers(0, 3)))
        ]
        stages[f"stage{number}"] = {
            "cmd": "run",
            "deps": [
                *({**out, "md5": "before.dir"} if old else out for out, old in zip(read, stale, strict=True)),
                *({"path": path, "md5": path} for path in inputs),
            ],
            "params": {"params.yaml": {"p": draw(st.integers(0, 1))}} if draw(st.booleans()) else {},
            "outs": outs,
        }
        made += outs
    order = draw(st.permutations(list(stages)))
    return {name: stages[name] for name in order}


LINEAGES = locks().map(lineage)


def nodes(of: Lineage) -> list[Any]:
    return [*of.steps, *of.items]


@given(LINEAGES)
def test_whatever_something_comes_from_is_what_it_depends_on(of: Lineage) -> None:
    before = {(node, ancestor) for node in nodes(of) for ancestor in ancestors(of, [node])}
    after = {(descendant, node) for node in nodes(of) for descendant in descendants(of, [node])}
    assert before == after


@given(LINEAGES)
def test_nothing_comes_from_itself_and_no_ancestor_is_left_out(of: Lineage) -> None:
    for node in nodes(of):
        found = ancestors(of, [node])
        assert node not in found
        assert found == set(of.sources[node]) | {far for near in of.sources[node] for far in ancestors(of, [near])}


@given(LINEAGES)
def test_the_ancestors_of_several_are_those_of_each(of: Lineage) -> None:
    assert ancestors(of, nodes(of)) == {far for node in nodes(of) for far in ancestors(of, [node])}


@given(LINEAGES)
def test_stages_stand_in_an_order_in_which_they_could_have_run(of: Lineage) -> None:
    done: set[Any] = set()
    for name in of.steps:
        assert {node for node in ancestors(of, [name]) if isinstance(node, str)} <= done
        done.add(name)


@given(LINEAGES, st.text("ab.", min_size=1))
def test_a_file_in_an_output_folder_has_the_lineage_of_the_folder(of: Lineage, name: str) -> None:
    for item in (item for step in of.steps.values() for item in step.writes):
        file, folder = select(of, f"{item.path}/{name}", {}), select(of, item.path, {})
        assert {i.path for i in file} == {item.path}
        assert ancestors(of, file) == ancestors(of, folder)
        assert descendants(of, file) == descendants(of, folder)


@given(locks(), st.randoms())
def test_the_order_of_entries_does_not_matter(lock: dict[str, Any], random: Any) -> None:
    shuffled = list(lock)
    random.shuffle(shuffled)
    one, other = lineage(lock), lineage({name: lock[name] for name in shuffled})
    assert {node: set(sources) for node, sources in one.sources.items()} == {
        node: set(sources) for node, sources in other.sources.items()
    }
