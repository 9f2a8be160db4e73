"""The wording of review.provenance: what the answers say, of a small pipeline in which `src/b.py` is not as dvc.lock has it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from flight_delay.core.errors import UserError
from flight_delay.repository.history import Change, Found
from flight_delay.review.provenance.commit import Origin, Provenance
from flight_delay.review.provenance.lineage import lineage, select
from flight_delay.review.provenance.words import raw_data, words_for, words_for_all, words_for_run
from flight_delay.tracking.lookup import PublishedRun

FLIGHTS = {"path": "data/raw/flights", "md5": "11111111aa.dir", "size": 5000, "nfiles": 2}
TABLE = {"path": "table", "md5": "22222222aa", "size": 70}
LOCK: dict[str, Any] = {
    "fetch": {
        "cmd": "python fetch",
        "deps": [{"path": "src/a.py", "md5": "33333333aa"}],
        "params": {"params.yaml": {"fetch": {"through": "2013-02", "limits": {"low": 1}}}},
        "outs": [FLIGHTS],
    },
    "clean": {"cmd": "python clean", "deps": [FLIGHTS, {"path": "src/b.py", "md5": "44444444aa"}], "outs": [TABLE]},
    "show": {"cmd": "python show", "deps": [TABLE], "outs": [{"path": "page", "md5": "55555555aa"}]},
}
RUN = PublishedRun("r1", "repro-d1", "d1", "22222222aa", "models:/late/1")


def pipeline(**changes: Any) -> Provenance:
    of = lineage({**LOCK, **changes})
    item = {item.path: item for item in of.items}
    rows = {f"data/raw/flights/2013-{month}.parquet": number for month, number in (("02", 2000), ("01", 1000))}
    return Provenance(
        commit=Change("c" * 40, "Ada <ada@example.org>"),
        lock_md5="l",
        lineage=of,
        origin=Origin("flights", "0.1", "CC0-1.0", "https://example.org", {**rows, "data/raw/tables/x.parquet": 7}),
        changes={item[path]: Change("d" * 40, "Grace") for path in ("src/a.py", "params.yaml:fetch")},
        members={item["data/raw/flights"]: list(rows)},
        software={},
    )


def paragraphs(said: str) -> list[list[str]]:
    """Lines of each paragraph, words single-spaced."""
    return [[" ".join(line.split()) for line in part.splitlines()] for part in said.split("\n\n")]


SOURCE = "raw data flights 0.1; CC0-1.0; https://example.org; 2 months, 2013-01 to 2013-02, 3,000 flights"


def test_an_output_says_what_made_it_from_what_and_what_depends_on_it() -> None:
    assert paragraphs(words_for(pipeline(), "table")) == [
        ["commit " + "c" * 40],
        ["table 22222222 70 bytes from clean"],
        [
            "made by clean",
            "python clean",
            "reads",
            "data/raw/flights 11111111 2 files, 5,000 bytes from fetch",
            "src/b.py 44444444 not in this commit as dvc.lock has it",
        ],
        ["stages before", "fetch from inputs only"],
        [SOURCE],
        ["not confirmed by this commit", "src/b.py 44444444 not in this commit as dvc.lock has it"],
        ["what depends on it", "show directly page"],
    ]


def test_the_last_output_has_a_chain_of_stages_and_nothing_after_it() -> None:
    said = paragraphs(words_for(pipeline(), "page"))
    assert ["stages before", "fetch from inputs only", "clean from fetch"] in said
    assert ["nothing depends on it"] in said
    assert [SOURCE] in said


def test_a_file_in_a_folder_says_so_and_has_its_rows() -> None:
    said = paragraphs(words_for(pipeline(), "data/raw/flights/2013-02.parquet"))
    assert said[1] == [
        "data/raw/flights/2013-02.parquet (2,000 rows) is part of",
        "data/raw/flights 11111111 2 files, 5,000 bytes from fetch",
    ]
    assert said[2][0] == "made by fetch"
    assert said[2][2] == 'params.yaml:fetch limits.low=1, through="2013-02"'
    assert said[-1] == ["what depends on it", "clean directly table", "show indirectly page"]
    assert [SOURCE] in said
    assert "not confirmed" not in words_for(pipeline(), "data/raw/flights")


def test_an_input_says_who_changed_it_and_is_made_by_nothing() -> None:
    said = paragraphs(words_for(pipeline(), "src/a.py"))
    assert said[1] == ["src/a.py 33333333 git, changed in dddddddddd"]
    assert said[2][0] == "what depends on it"
    assert [line.split()[:2] for line in said[2][1:]] == [
        ["fetch", "directly"],
        ["clean", "indirectly"],
        ["show", "indirectly"],
    ]


def test_a_section_says_its_values() -> None:
    said = paragraphs(words_for(pipeline(), "params.yaml:fetch.limits.low"))
    assert said[1] == [
        "params.yaml:fetch.limits.low is part of",
        "params.yaml:fetch git, changed in dddddddddd",
        'params.yaml:fetch limits.low=1, through="2013-02"',
    ]


def test_a_folder_that_holds_several_lists_them_and_every_stage_that_made_one() -> None:
    said = paragraphs(words_for(pipeline(), "src"))
    assert said[1][0] == "src holds"
    assert len(said[1]) == 3
    made = paragraphs(words_for(pipeline(show={**LOCK["show"], "outs": [{"path": "table/page", "md5": "5"}]}), "data"))
    assert made[1] == ["data holds", "data/raw/flights 11111111 2 files, 5,000 bytes from fetch"]


def test_a_stale_input_is_called_stale_wherever_the_chain_breaks() -> None:
    stale = pipeline(clean={**LOCK["clean"], "deps": [{**FLIGHTS, "md5": "99999999aa.dir"}]})
    row = "data/raw/flights 99999999 2 files, 5,000 bytes STALE: fetch has since written 11111111"
    for path in ("table", "page"):
        said = paragraphs(words_for(stale, path))
        assert ["not confirmed by this commit", row] in said
        assert [SOURCE] not in said
        assert ["stages before", "fetch from inputs only"] not in said
    assert row in [" ".join(line.split()) for line in words_for_all(stale).splitlines()]


def test_reading_a_part_of_an_output_says_whose_it_is() -> None:
    part = pipeline(clean={**LOCK["clean"], "deps": [{"path": "data/raw/flights/x", "md5": "6"}]})
    (made,) = (said for said in paragraphs(words_for(part, "table")) if said[0] == "made by clean")
    assert made[-1] == "data/raw/flights/x 6 shares files with data/raw/flights"


def test_the_whole_pipeline_has_a_paragraph_per_stage_in_order() -> None:
    first, *stages = paragraphs(words_for_all(pipeline()))
    assert first == [f"commit {'c' * 40} by Ada <ada@example.org>", SOURCE]
    assert [stage[0] for stage in stages] == ["fetch", "clean", "show"]
    assert stages[2] == [
        "show",
        "python show",
        "reads",
        "table 22222222 70 bytes from clean",
        "writes",
        "page 55555555 -",
    ]


def test_lines_fit_into_a_terminal() -> None:
    long = {"cmd": "python " + "word " * 60, "params": {"params.yaml": {"p": {f"key{n}": n for n in range(40)}}}}
    outs = [{"path": f"reports/{n}/of/some/length", "md5": str(n)} for n in range(12)]
    of = pipeline(show={**LOCK["show"], **long, "outs": outs})
    lines = [*words_for_all(of).splitlines(), *words_for(of, "table").splitlines()]
    assert max(map(len, lines)) <= 110
    assert [line for line in lines if line != line.rstrip()] == []


def test_a_source_is_said_as_far_as_it_is_known() -> None:
    assert raw_data(replace(pipeline(), origin=Origin("BTS", None, None, "https://b", {}))) == "BTS; https://b"
    assert raw_data(replace(pipeline(), origin=None)).startswith("of unknown source: data/raw/manifest.json")


def test_a_run_says_its_commit_its_raw_data_and_how_to_make_it_again() -> None:
    said = " ".join(words_for_run(RUN, Found("c" * 40, None), pipeline()).split())
    assert said == (
        f"run repro-d1 (r1) pipeline d1 commit {'c' * 40} by Ada <ada@example.org> {SOURCE} data/raw/flights has md5 "
        f"11111111aa.dir same bytes flight-delay verify {'c' * 40}"
    )


def test_a_run_of_an_experiment_and_one_that_is_nowhere_say_what_to_do() -> None:
    said = " ".join(words_for_run(RUN, Found("c" * 40, "bold-idea"), pipeline()).split())
    assert "only in the DVC experiment bold-idea, which is on no branch; `dvc exp branch bold-idea NAME`" in said
    nowhere = " ".join(words_for_run(RUN, None, None).split())
    assert "run repro-d1 (r1) pipeline d1 commit none that is here" in nowhere
    assert "commit dvc.lock" in nowhere
    assert "verify" not in nowhere


def test_a_path_that_no_stage_knows_is_refused_with_what_is_close() -> None:
    with pytest.raises(UserError, match=r"^tables: no stage of this commit reads or writes it; closest: table$"):
        words_for(pipeline(), "tables")
    with pytest.raises(
        UserError, match=r"^zzz: no stage of this commit reads or writes it; without a path it names all$"
    ):
        select(pipeline().lineage, "zzz", {})


def test_a_lock_that_no_pipeline_can_have_written_is_refused() -> None:
    again = {"again": {"cmd": "again", "outs": [TABLE]}}
    with pytest.raises(
        UserError,
        match=r"^dvc\.lock: table is written by clean and by again; `dvc repro` mends what dvc\.yaml still has, remove the other entry by hand$",
    ):
        lineage({**LOCK, **again})
    circle = {name: {"cmd": name, "deps": [{"path": of, "md5": "1"}], "outs": [{"path": name, "md5": "1"}]}
              for name, of in (("a", "b"), ("b", "a"))}  # fmt: skip
    with pytest.raises(
        UserError, match=r"^dvc\.lock: a, b need each other's outputs in a circle; `dvc repro` mends it$"
    ):
        lineage(circle)
