"""vcs.lock: what identifies a pipeline, and what does not."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from flight_delay.core.errors import UserError
from flight_delay.vcs.lock import output_hashes, parse_lock, pipeline_digest, pipeline_parameters, read_lock

STAGES: dict[str, Any] = {
    "fetch_raw": {
        "cmd": "python -m fetch",
        "deps": [{"path": "requirements.txt", "hash": "md5", "md5": "a1"}],
        "params": {"params.yaml": {"fetch_raw": {"last": "2013-12"}}},
        "outs": [{"path": "data/raw", "hash": "md5", "md5": "b1.dir"}, {"path": "manifest.json", "md5": "b2"}],
    },
    "report": {"cmd": "python -m report", "outs": [{"path": "index.html", "md5": "c1"}]},
    "publish": {
        "cmd": "python -m publish",
        "params": {"params.yaml": {"publish": {"experiment": "x"}, "splits": {"test": "2013-12"}}},
        "outs": [{"path": "receipt.json", "md5": "d1"}],
    },
}


def changed(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    stages = copy.deepcopy(STAGES)
    change(stages)
    return stages


def backwards(value: Any) -> Any:
    """The same mappings with their keys the other way round."""
    return {key: backwards(value[key]) for key in reversed(value)} if isinstance(value, dict) else value


def test_the_digest_does_not_see_the_entry_of_publish() -> None:
    assert pipeline_digest(changed(lambda stages: stages["publish"]["outs"][0].update(md5="d2"))) == pipeline_digest(
        STAGES
    )
    assert pipeline_digest(changed(lambda stages: stages.pop("publish"))) == pipeline_digest(STAGES)


@pytest.mark.parametrize(
    "change",
    [
        lambda stages: stages["fetch_raw"]["deps"][0].update(md5="a2"),
        lambda stages: stages["fetch_raw"]["outs"][0].update(md5="b3.dir"),
        lambda stages: stages["report"]["outs"][0].update(md5="c2"),
        lambda stages: stages["fetch_raw"].update(cmd="python -m fetch --all"),
        lambda stages: stages["fetch_raw"]["params"]["params.yaml"]["fetch_raw"].update(last="2013-11"),
        lambda stages: stages.pop("report"),
        lambda stages: stages.update(more={"cmd": "true"}),
    ],
)
def test_the_digest_changes_with_everything_else(change: Callable[[dict[str, Any]], object]) -> None:
    assert pipeline_digest(changed(change)) != pipeline_digest(STAGES)


def test_the_digest_does_not_depend_on_the_order_of_keys() -> None:
    assert list(backwards(STAGES)) != list(STAGES)
    assert pipeline_digest(backwards(STAGES)) == pipeline_digest(STAGES)


def test_outputs_are_those_of_every_stage_but_publish() -> None:
    assert output_hashes(STAGES) == {"data/raw": "b1.dir", "manifest.json": "b2", "index.html": "c1"}


def test_parameters_are_those_that_a_stage_but_publish_reads_in_the_order_of_the_file() -> None:
    sections = {
        "cost": {"headroom": 2}, "publish": {"experiment": "x"}, "splits": {"test": {"last": "2013-12"}},
        "fetch_raw": {"last": "2014-01", "new": [1]},
    }  # fmt: skip
    stages = {**STAGES, "train": {"params": {"params.yaml": {"splits": sections["splits"]}}}}
    assert list(pipeline_parameters(sections, stages).items()) == [
        ("splits.test.last", "2013-12"), ("fetch_raw.last", "2014-01"),
    ]  # fmt: skip


def test_a_lock_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "dvc.lock"
    path.write_text(yaml.safe_dump({"schema": "2.0", "stages": STAGES}))
    assert read_lock(path) == STAGES


@pytest.mark.parametrize("text", ["", "schema: '2.0'", "- a", "stages: [", "stages:", "stages: broken", "stages: 3"])
def test_a_text_that_is_not_a_lock_file_is_named(text: str) -> None:
    with pytest.raises(UserError, match=r"^HEAD:dvc\.lock: "):
        parse_lock(text, "HEAD:dvc.lock")
