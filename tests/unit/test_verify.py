"""review.verification.verify: comparing the outputs of two lock files, by hand-made examples. That it really reproduces is tested in tests/slow."""

from __future__ import annotations

from typing import Any

import pytest

from flight_delay.review.verification.verify import compare_outputs


def stage(
    outs: dict[str, str] | None = None, deps: dict[str, str] | None = None, cmd: str = "run", params: Any = None
) -> dict[str, Any]:
    """An entry of a lock file, from checksums by path."""
    entry: dict[str, Any] = {"cmd": cmd}
    for kind, checksums in (("deps", deps), ("outs", outs)):
        if checksums is not None:
            entry[kind] = [{"path": path, "hash": "md5", "md5": md5} for path, md5 in checksums.items()]
    return {**entry, "params": {"params.yaml": params}} if params else entry


THEN = {
    "make": stage({"data": "d1"}, {"requirements.txt": "r1", "src/make.py": "s1"}, params={"make": {"months": 3}}),
    "train": stage({"model": "m1", "curve": "c1"}, {"data": "d1", "src/train.py": "s2"}),
    "publish": stage({"receipt": "x1"}, {"model": "m1"}),
}


def now(**stages: dict[str, Any]) -> dict[str, Any]:
    return {**THEN, **stages}


def test_a_pipeline_that_is_reproduced_is_the_same_throughout() -> None:
    checked = compare_outputs(THEN, now())
    assert [(c.stage, c.output, c.then, c.now) for c in checked] == [
        ("make", "data", "d1", "d1"), ("train", "model", "m1", "m1"), ("train", "curve", "c1", "c1"),
    ]  # fmt: skip


def test_an_output_that_came_out_otherwise_is_different() -> None:
    made = now(
        make=stage({"data": "d2"}, {"requirements.txt": "r1", "src/make.py": "s1"}, params={"make": {"months": 3}})
    )
    made["train"] = stage({"model": "m1", "curve": "c1"}, {"data": "d2", "src/train.py": "s2"})
    assert [c.output for c in compare_outputs(THEN, made) if not c.same] == ["data"]


@pytest.mark.parametrize(
    ("outs", "different"),
    [
        ({"model": "m1"}, [("curve", "c1", None)]),
        ({"model": "m1", "curve": "c1", "more": "o1"}, [("more", None, "o1")]),
    ],
)
def test_an_output_that_only_one_lock_file_has_is_different(outs: dict[str, str], different: list[Any]) -> None:
    made = now(train=stage(outs, {"data": "d1", "src/train.py": "s2"}))
    assert [(c.output, c.then, c.now) for c in compare_outputs(THEN, made) if not c.same] == different


def test_a_stage_that_only_one_lock_file_has_is_different() -> None:
    without = {name: entry for name, entry in THEN.items() if name != "train"}
    for then, made in ((THEN, without), (without, THEN)):
        assert [(c.stage, c.same) for c in compare_outputs(then, made)] == [
            ("make", True),
            ("train", False),
            ("train", False),
        ]


def test_what_publish_leaves_behind_is_not_compared() -> None:
    made = now(publish=stage({"receipt": "x2"}, {"model": "m2"}, cmd="publish twice"))
    assert all(c.same and c.stage != "publish" for c in compare_outputs(THEN, made))
