"""review.provenance.lineage: which stages files come from and go into, by hand-made lock files."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_delay.core.errors import UserError
from flight_delay.review.provenance.lineage import (
    Artifact,
    StageRun,
    downstream,
    is_inside,
    list_artifacts,
    producer,
    read_stages,
    select_artifacts,
    sources,
    upstream,
)


def entry(deps: dict[str, str], outs: dict[str, str], params: Any = None, cmd: Any = "run") -> dict[str, Any]:
    """An entry of a lock file, from checksums by path; those of folders end in '.dir'."""
    files = {
        kind: [{"path": path, "md5": md5} for path, md5 in paths.items()]
        for kind, paths in (("deps", deps), ("outs", outs))
    }
    return {"cmd": cmd, **files, **({"params": {"params.yaml": params}} if params else {})}


# Not in the order in which stages need each other.
LOCK = {
    "report": entry({"metrics": "e1", "raw/manifest": "n1"}, {"page": "p1"}),
    "fetch": entry({"src/fetch": "f1"}, {"raw/flights": "r1.dir", "raw/manifest": "n1"}, {"fetch": {"through": 3}}),
    "train": entry({"raw/flights": "r1.dir", "src/model": "s1.dir"}, {"model": "m1"}, {"train": {"depth": {"max": 4}}}),
    "judge": entry({"raw/flights": "r1.dir", "model": "m1", "src/model": "s1.dir"}, {"metrics": "e1"}),
}
STAGES = read_stages(LOCK)


def names(stages: list[StageRun]) -> list[str]:
    return [stage.name for stage in stages]


def paths(items: list[Artifact]) -> list[str]:
    return [item.path for item in items]


def test_stages_are_sorted_and_hold_what_the_lock_says() -> None:
    assert names(STAGES) == ["fetch", "train", "judge", "report"]
    output = {"path": "model", "hash": "md5", "md5": "m.dir", "size": 7, "nfiles": 2}
    parameters = {"p.yaml": {"a": {"c": 1, "b": 2}}}
    (stage,) = read_stages({"train": {"cmd": ["cd x", "train"], "outs": [output], "params": parameters}})
    assert stage.command == "cd x && train"
    assert [(item.path, item.md5, item.size, item.nfiles) for item in stage.writes] == [("model", "m.dir", 7, 2)]
    assert [(item.path, item.values) for item in stage.reads] == [("p.yaml:a", '{"b": 2, "c": 1}')]


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("model", ["fetch", "train"], ["judge", "report"]),
        ("raw/flights", ["fetch"], ["train", "judge", "report"]),
        ("params.yaml:train", [], ["train", "judge", "report"]),
        ("page", ["fetch", "train", "judge", "report"], []),
    ],
)
def test_stages_before_and_after_an_item(path: str, before: list[str], after: list[str]) -> None:
    items = select_artifacts(STAGES, path)
    assert names(upstream(STAGES, items)) == before
    assert names(downstream(STAGES, items)) == after


def test_the_same_path_with_another_checksum_is_another_item() -> None:
    stages = read_stages({**LOCK, "judge": entry({"raw/flights": "r0.dir", "model": "m1"}, {"metrics": "e1"})})
    new, old = select_artifacts(stages, "raw/flights")
    assert (producer(stages, old), old.md5) == (None, "r0.dir")
    assert names(sources(stages, new)) == ["fetch"]
    assert upstream(stages, [old]) == []
    assert names(downstream(stages, [old])) == ["judge", "report"]


def test_parameters_with_other_values_are_another_item() -> None:
    values = {"a": {"x": 1, "y": 2}, "b": {"y": 2, "x": 1}, "c": {"x": 1, "y": 3}}
    a, b, c = (stage.reads[0] for stage in read_stages({n: entry({}, {n: n}, {"p": v}) for n, v in values.items()}))
    assert a == b
    assert (a.path, a == c) == (c.path, False)


@pytest.mark.parametrize(("read", "made"), [("models", "models/bundle/m"), ("models/bundle/m", "models/bundle")])
def test_a_part_of_an_output_and_a_folder_around_it_come_from_its_stage(read: str, made: str) -> None:
    stages = read_stages({"use": entry({read: "r.dir"}, {"end": "e"}), "make": entry({"a": "a"}, {made: "m.dir"})})
    assert names(stages) == names(upstream(stages, select_artifacts(stages, "end"))) == ["make", "use"]
    assert names(downstream(stages, select_artifacts(stages, made))) == ["use"]


@pytest.mark.parametrize(
    ("path", "selected"),
    [
        ("model", ["model"]),
        ("raw/flights/2013-01.parquet", ["raw/flights"]),
        ("src/model/deep/er.py", ["src/model"]),
        ("raw", ["raw/flights", "raw/manifest"]),
        ("src", ["src/fetch", "src/model"]),
        ("params.yaml", ["params.yaml:fetch", "params.yaml:train"]),
        ("params.yaml:train.depth.max", ["params.yaml:train"]),
    ],
)
def test_a_path_selects_items_at_it_or_inside_it_or_around_it(path: str, selected: list[str]) -> None:
    assert paths(select_artifacts(STAGES, path)) == selected


@pytest.mark.parametrize(
    ("path", "closest"),
    [("models", "model"), ("manifest", "raw/manifest"), ("judge", "metrics"), ("model/part", "model")],
)
def test_the_closest_paths_are_named_where_there_is_none(path: str, closest: str) -> None:
    with pytest.raises(UserError) as refused:
        select_artifacts(STAGES, path)
    assert str(refused.value).startswith(f"{path}: ")
    assert str(refused.value).rpartition(": ")[2].split(", ")[0] == closest


@pytest.mark.parametrize(
    ("path", "folder", "expected"),
    [("a/b", "a", True), ("ab", "a", False), ("a", "a", False), ("a.b", "a", False), ("p.yaml:s", "p.yaml", True),
     ("p.yaml:s.k", "p.yaml:s", True), ("p.yaml:sk", "p.yaml:s", False)],
)  # fmt: skip
def test_paths_inside_folders_and_sections(path: str, folder: str, expected: bool) -> None:
    assert is_inside(path, folder) is expected


@given(st.lists(st.sets(st.integers(0, 5)), min_size=1, max_size=6), st.randoms())
def test_stages_run_after_those_that_they_need_whatever_the_order(needs: list[set[int]], random: Any) -> None:
    entries = [
        (f"s{at}", entry({f"out/{need}": "o" for need in needed if need < at}, {f"out/{at}": "o"}))
        for at, needed in enumerate(needs)
    ]
    random.shuffle(entries)
    stages = read_stages(dict(entries))
    for at, stage in enumerate(stages):
        before = upstream(stages, stage.reads)
        assert {*names(before)} <= {*names(stages[:at])}
        assert all(stage in downstream(stages, other.writes) for other in before)
    assert len(list_artifacts(stages)) == len(needs)
