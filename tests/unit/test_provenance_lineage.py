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
    list_artifacts,
    read_stages,
    select_artifacts,
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
    "fetch": entry({"src/fetch": "f1"}, {"raw/flights": "r1.dir", "raw/manifest": "n1"}, {"fetch": {"last": 3}}),
    "train": entry({"raw/flights": "r1.dir", "src/model": "s1.dir"}, {"model": "m1"}, {"train": {"depth": {"max": 4}}}),
    "judge": entry({"raw/flights": "r1.dir", "model": "m1", "src/model": "s1.dir"}, {"metrics": "e1"}),
}
STAGES = read_stages(LOCK)


def names(stages: list[StageRun]) -> list[str]:
    return [stage.name for stage in stages]


def paths(items: list[Artifact]) -> list[str]:
    return [artifact.path for artifact in items]


def test_stages_are_sorted_and_have_the_entries_of_the_lock() -> None:
    assert names(STAGES) == ["fetch", "train", "judge", "report"]
    output = {"path": "model", "hash": "md5", "md5": "m.dir", "size": 7, "nfiles": 2}
    parameters = {"p.yaml": {"a": {"c": 1, "b": 2}}}
    (stage,) = read_stages({"train": {"cmd": ["cd x", "train"], "outs": [output], "params": parameters}})
    assert stage.command == "cd x && train"
    assert [(artifact.path, artifact.md5, artifact.size, artifact.nfiles) for artifact in stage.writes] == [
        ("model", "m.dir", 7, 2)
    ]
    assert [(artifact.path, artifact.values) for artifact in stage.reads] == [("p.yaml:a", '{"b": 2, "c": 1}')]


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("model", ["fetch", "train"], ["judge", "report"]),
        ("raw/flights", ["fetch"], ["train", "judge", "report"]),
        ("params.yaml:train", [], ["train", "judge", "report"]),
        ("page", ["fetch", "train", "judge", "report"], []),
    ],
)
def test_stages_before_and_after_an_artifact(path: str, before: list[str], after: list[str]) -> None:
    items = select_artifacts(STAGES, path)
    assert names(upstream(STAGES, items)) == before
    assert names(downstream(STAGES, items)) == after


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
        ("src/model", ["src/model"]),
    ],
)
def test_a_path_selects_artifacts_at_it_or_inside_it_or_around_it(path: str, selected: list[str]) -> None:
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
