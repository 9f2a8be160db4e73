"""review.provenance.lineage: what comes from what, by hand-made lock files; what must hold for all of them is in test_lineage_properties."""

from __future__ import annotations

from typing import Any

import pytest

from flight_delay.core.errors import UserError
from flight_delay.review.provenance.lineage import (
    Item,
    ancestors,
    descendants,
    inside,
    lineage,
    needed,
    select,
    uses,
    values_json,
)


def entry(deps: dict[str, str], outs: dict[str, str], params: Any = None, cmd: Any = "run") -> dict[str, Any]:
    """An entry of a lock file, from checksums by path; folders have one that ends in '.dir'."""
    files = {
        kind: [
            {"path": path, "md5": md5, **({"nfiles": 2} if md5.endswith(".dir") else {})} for path, md5 in of.items()
        ]
        for kind, of in (("deps", deps), ("outs", outs))
    }
    return {"cmd": cmd, **files, **({"params": {"params.yaml": params}} if params else {})}


# Written by DVC in the order in which stages ran first: not always the one in which they need each other.
LOCK = {
    "report": entry({"metrics": "e1", "raw/manifest": "n1"}, {"page": "p1"}),
    "fetch": entry({"src/fetch": "f1"}, {"raw/flights": "r1.dir", "raw/manifest": "n1"}, {"fetch": {"through": 3}}),
    "train": entry({"raw/flights": "r1.dir", "src/model": "s1.dir"}, {"model": "m1"}, {"train": {"depth": {"max": 4}}}),
    "judge": entry({"raw/flights": "r1.dir", "model": "m1", "src/model": "s1.dir"}, {"metrics": "e1"}),
}
OF = lineage(LOCK)


def item(path: str) -> Item:
    (found,) = (item for item in OF.items if item.path == path)
    return found


def names(nodes: set[Any]) -> set[str]:
    return {node if isinstance(node, str) else node.path for node in nodes}


def test_stages_come_after_the_ones_that_they_need() -> None:
    assert list(OF.steps) == ["fetch", "train", "judge", "report"]
    assert {name: needed(OF, step) for name, step in OF.steps.items()} == {
        "fetch": [], "train": ["fetch"], "judge": ["fetch", "train"], "report": ["fetch", "judge"],
    }  # fmt: skip


def test_items_are_read_with_all_that_the_lock_says_of_them() -> None:
    out = {"path": "model", "hash": "md5", "md5": "m.dir", "size": 7, "nfiles": 2}
    of = lineage({"train": {"cmd": ["cd x", "train"], "outs": [out], "params": {"p.yaml": {"a": {"c": 1, "b": 2}}}}})
    step = of.steps["train"]
    assert step.command == "cd x && train"
    assert step.writes == (Item("model", "m.dir", 7, 2),)
    assert step.params[0].path == "p.yaml:a"
    assert step.params[0].values == '{"b": 2, "c": 1}'
    assert step.reads == ()


def test_a_file_comes_from_its_stage_and_all_that_this_one_and_those_before_read() -> None:
    made = {"fetch", "src/fetch", "params.yaml:fetch", "raw/flights"}
    assert names(ancestors(OF, [item("model")])) == {*made, "train", "src/model", "params.yaml:train"}
    assert names(ancestors(OF, [item("raw/flights")])) == made - {"raw/flights"}
    assert ancestors(OF, [item("src/model")]) == set()


def test_what_depends_on_a_file_is_found_through_every_stage() -> None:
    assert names(descendants(OF, [item("model")])) == {"judge", "metrics", "report", "page"}
    assert names(descendants(OF, [item("params.yaml:train")])) == {
        "train",
        "model",
        "judge",
        "metrics",
        "report",
        "page",
    }
    assert descendants(OF, [item("page")]) == set()


def test_a_stage_uses_what_it_reads_itself_and_nothing_else() -> None:
    assert [name for name, step in OF.steps.items() if uses(OF, step, [item("raw/flights")])] == ["train", "judge"]
    assert [name for name, step in OF.steps.items() if uses(OF, step, [item("params.yaml:train")])] == ["train"]


def test_the_same_path_with_another_checksum_is_another_item_that_nothing_made() -> None:
    stale = lineage({**LOCK, "judge": entry({"raw/flights": "r0.dir", "model": "m1"}, {"metrics": "e1"})})
    old, new = (next(i for i in stale.items if i.md5 == md5) for md5 in ("r0.dir", "r1.dir"))
    assert stale.maker(old) is None
    assert stale.maker(new) == "fetch"
    assert ancestors(stale, [old]) == set()
    assert "judge" in descendants(stale, [old])
    assert select(stale, "raw/flights", {}) == [new, old]
    assert [name for name, step in stale.steps.items() if uses(stale, step, [new])] == ["train"]


def test_a_section_with_other_values_is_another_item_and_the_order_of_keys_is_not() -> None:
    stages = {name: entry({}, {name: name}, {"windows": value})
              for name, value in {"a": {"x": 1, "y": 2}, "b": {"y": 2, "x": 1}, "c": {"x": 1, "y": 3}}.items()}  # fmt: skip
    a, b, c = (step.params[0] for step in lineage(stages).steps.values())
    assert a is b
    assert a.path == c.path
    assert a.md5 != c.md5
    assert values_json({"b": 1, "a": [2]}) == '{"a": [2], "b": 1}'


@pytest.mark.parametrize(("read", "made"), [("models", "models/bundle/m"), ("models/bundle/m", "models/bundle")])
def test_reading_a_part_of_an_output_or_a_folder_around_it_is_depending_on_it(read: str, made: str) -> None:
    of = lineage({"use": entry({read: "r.dir"}, {"end": "e"}), "make": entry({"a": "a"}, {made: "m.dir"})})
    (output,) = of.steps["make"].writes
    assert list(of.steps) == ["make", "use"]
    assert needed(of, of.steps["use"]) == ["make"]
    assert names(descendants(of, [output])) == {read, "use", "end"}
    assert names(ancestors(of, of.steps["use"].writes)) == {"use", read, made, "make", "a"}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("model", ["model"]),
        ("raw/flights", ["raw/flights"]),
        ("raw/flights/2013-01.parquet", ["raw/flights"]),
        ("src/model/deep/er.py", ["src/model"]),
        ("raw", ["raw/flights", "raw/manifest"]),
        ("src", ["src/fetch", "src/model"]),
        ("params.yaml", ["params.yaml:fetch", "params.yaml:train"]),
        ("params.yaml:train", ["params.yaml:train"]),
        ("params.yaml:train.depth.max", ["params.yaml:train"]),
    ],
)
def test_a_path_is_an_item_or_holds_items_or_is_part_of_one(path: str, found: list[str]) -> None:
    assert [item.path for item in select(OF, path, {})] == found


@pytest.mark.parametrize(
    ("path", "closest"),
    [
        ("models", "model"),
        ("manifest", "raw/manifest"),
        ("judge", "metrics"),
        ("model/part", "model"),  # a file has no parts
        ("raw/flights/2013-13.parquet", "raw/flights/2013-12.parquet"),
        ("params.yaml:train.deep", "params.yaml:train.depth"),
    ],
)
def test_the_closest_paths_are_named_where_there_is_none(path: str, closest: str) -> None:
    members = {
        item("raw/flights"): [f"raw/flights/2013-{month}.parquet" for month in ("01", "12")],
        item("params.yaml:train"): ["params.yaml:train.depth", "params.yaml:train.depth.max"],
    }
    assert select(OF, "raw/flights/2013-12.parquet", members) == [item("raw/flights")]
    with pytest.raises(UserError) as refused:
        select(OF, path, members)
    said = str(refused.value)
    near = said.rpartition(": ")[2].split(", ")
    assert said.startswith(f"{path}: ")
    assert near[0] == closest
    assert len(near) <= 3


def test_three_of_the_closest_are_named_and_a_name_stands_for_its_path() -> None:
    outs = {f"a/long/way/down/to/{name}": name for name in ("x.md", "y1.md", "y2.md", "y3.md", "y4.md")}
    of = lineage({"make": entry({}, outs)})
    with pytest.raises(UserError, match=r": a/long/way/down/to/x\.md$"):
        select(of, "x.md", {})
    with pytest.raises(UserError, match=r": (a/long/way/down/to/y\d\.md(, )?){3}$"):
        select(of, "a/long/way/down/to/y5.md", {})


def test_where_nothing_is_close_the_way_to_all_paths_is_named() -> None:
    with pytest.raises(UserError, match=r"^zzzz: ") as refused:
        select(OF, "zzzz", {})
    assert [of.path for of in OF.items if of.path in str(refused.value)] == []


def test_a_lock_that_no_pipeline_can_have_written_is_refused() -> None:
    with pytest.raises(UserError, match=r"^dvc\.lock: model .*train.*again; [^\n]+$"):
        lineage({**LOCK, "again": entry({}, {"model": "m2"})})
    with pytest.raises(UserError, match=r"^dvc\.lock: a, b [^\n]+$"):
        lineage({"a": entry({"y": "1"}, {"x": "1"}), "b": entry({"x": "1"}, {"y": "1"})})


@pytest.mark.parametrize(
    ("path", "folder", "expected"),
    [("a/b", "a", True), ("a/b/c", "a", True), ("ab", "a", False), ("a", "a", False), ("a", "a/b", False), ("a.b", "a", False),
     ("p.yaml:s", "p.yaml", True), ("p.yaml:s.k", "p.yaml:s", True), ("p.yaml:sk", "p.yaml:s", False)],
)  # fmt: skip
def test_what_is_inside_of_what(path: str, folder: str, expected: bool) -> None:
    assert inside(path, folder) is expected
