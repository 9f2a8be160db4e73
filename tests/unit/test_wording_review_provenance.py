"""The wording of review.provenance, of a small pipeline in which `src/b.py` is not as dvc.lock has it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from flight_delay.core.errors import UserError
from flight_delay.review.provenance.commit import Provenance
from flight_delay.review.provenance.lineage import list_artifacts, read_stages, select_artifacts
from flight_delay.review.provenance.tree import format_path, format_pipeline, format_run
from flight_delay.tracking.lookup import PublishedRun
from flight_delay.vcs.history import PathChange, PipelineCommit

FLIGHTS = {"path": "data/raw/flights", "md5": "11111111aa.dir", "size": 5000, "nfiles": 2}
TABLE = {"path": "table", "md5": "22222222aa", "size": 70}
LOCK: dict[str, Any] = {
    "fetch": {
        "cmd": "python fetch",
        "deps": [{"path": "src/a.py", "md5": "33333333aa"}],
        "params": {"params.yaml": {"fetch": {"last": "2013-02"}}},
        "outs": [FLIGHTS],
    },
    "clean": {"cmd": "python clean", "deps": [FLIGHTS, {"path": "src/b.py", "md5": "44444444aa"}], "outs": [TABLE]},
    "show": {"cmd": "python show", "deps": [TABLE, FLIGHTS], "outs": [{"path": "page", "md5": "55555555aa"}]},
}
RUN = PublishedRun("r1", "repro-d1", "d1", "22222222aa", "models:/late/1")
MANIFEST = {
    "source": "flights", "version": "0.1", "licence": "CC0-1.0", "homepage": "https://example.org",
    "files": {"flights/2013-02.parquet": {"rows": 2000}, "flights/2013-01.parquet": {"rows": 1000}, "tables/x": {"rows": 7}},
}  # fmt: skip
COMMIT = f"commit            {'c' * 40} by Ada <ada@example.org>"
SOURCE = "raw data          flights 0.1; CC0-1.0; https://example.org; 2 months, 2013-01 to 2013-02, 3,000 rows"


def pipeline(manifest: dict[str, Any] | None = MANIFEST, **changes: Any) -> Provenance:
    stages = read_stages({**LOCK, **changes})
    confirmed = [item for item in list_artifacts(stages) if item.path in {"src/a.py", "params.yaml:fetch"}]
    changed = {item: PathChange("d" * 40, "Grace") for item in confirmed}
    return Provenance(PathChange("c" * 40, "Ada <ada@example.org>"), "l", stages, manifest, changed)


def test_a_path_is_shown_as_a_tree_with_what_is_not_confirmed_and_what_uses_it() -> None:
    assert format_path(pipeline(), "page").splitlines() == [
        COMMIT,
        SOURCE,
        "",
        "page  55555555  from show",
        "  show: python show",
        "    table  22222222  70 bytes  from clean",
        "      clean: python clean",
        "        data/raw/flights  11111111  2 files  5,000 bytes  from fetch",
        "          fetch: python fetch",
        "            src/a.py  33333333  git dddddddddd",
        '            params.yaml:fetch  {"last": "2013-02"}  git dddddddddd',
        "        src/b.py  44444444  differs from dvc.lock in this commit",
        "    data/raw/flights  11111111  2 files  5,000 bytes  from fetch",
        "      fetch (above)",
        "",
        "not confirmed by this commit",
        "  src/b.py",
    ]
    assert format_path(pipeline(), "src/a.py").splitlines()[3:] == [
        "src/a.py  33333333  git dddddddddd", "", "used by", "  fetch: data/raw/flights", "  clean: table", "  show: page",
    ]  # fmt: skip


def test_a_stale_input_is_called_stale() -> None:
    stale = pipeline(clean={**LOCK["clean"], "deps": [{**FLIGHTS, "md5": "99999999aa.dir"}]})
    lines = format_path(stale, "table").splitlines()
    assert "    data/raw/flights  99999999  2 files  5,000 bytes  STALE: fetch has since written 11111111" in lines
    assert lines[lines.index("not confirmed by this commit") + 1] == "  data/raw/flights"


def test_a_part_of_an_output_is_shown_with_the_stage_of_the_output() -> None:
    part = pipeline(clean={**LOCK["clean"], "deps": [{"path": "data/raw/flights/x", "md5": "6"}]})
    lines = format_path(part, "table").splitlines()
    assert lines[5:7] == ["    data/raw/flights/x  6", "      fetch: python fetch"]


def test_the_pipeline_is_shown_stage_by_stage() -> None:
    assert format_pipeline(pipeline()).splitlines()[-7:] == [
        "",
        "show: python show",
        "  reads",
        "    table  22222222  70 bytes  from clean",
        "    data/raw/flights  11111111  2 files  5,000 bytes  from fetch",
        "  writes",
        "    page  55555555  from show",
    ]


def test_the_source_of_the_raw_data_is_shown_as_far_as_it_is_known() -> None:
    bare = pipeline(manifest={"source": "BTS", "homepage": "https://b", "files": {}})
    assert format_pipeline(bare).splitlines()[1] == "raw data          BTS; https://b"
    unknown = format_pipeline(replace(pipeline(), manifest=None)).splitlines()[1]
    assert unknown == (
        "raw data          unknown: data/raw/manifest.json is missing in the commit, or is not the one in dvc.lock"
    )


def test_a_run_has_its_commit_its_raw_data_and_the_command_that_verifies_it() -> None:
    run = ["run               repro-d1 (r1)", "pipeline          d1"]
    assert format_run(RUN, PipelineCommit("c" * 40, "bold-idea"), pipeline()).splitlines() == [
        *run,
        COMMIT,
        "experiment        bold-idea; `dvc exp branch bold-idea NAME` creates a branch of it",
        SOURCE,
        "data/raw/flights  md5 11111111aa.dir",
        f"verify with       flight-delay verify {'c' * 40}",
    ]
    assert format_run(RUN, None, None).splitlines() == [
        *run,
        "commit            none: no branch, tag, remote branch or DVC experiment here has this pipeline in its dvc.lock",
        "next step         commit dvc.lock where the pipeline was run, or `git fetch` it",
    ]


def test_a_path_that_no_stage_knows_is_refused_with_what_is_close() -> None:
    with pytest.raises(UserError, match=r"^tables: no stage of this commit reads or writes it; closest: table$"):
        format_path(pipeline(), "tables")
    with pytest.raises(
        UserError, match=r"^zzz: no stage of this commit reads or writes it; without a path it lists all$"
    ):
        select_artifacts(pipeline().stages, "zzz")


def test_a_lock_that_contradicts_itself_is_refused() -> None:
    circle = {name: {"cmd": name, "deps": [{"path": dep, "md5": "1"}], "outs": [{"path": name, "md5": "1"}]}
              for name, dep in (("a", "b"), ("b", "a"))}  # fmt: skip
    with pytest.raises(
        UserError, match=r"^dvc\.lock: a, b depend on each other in a cycle; `dvc repro` writes it again$"
    ):
        read_stages(circle)
