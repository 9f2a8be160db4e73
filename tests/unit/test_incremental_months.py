"""core.incremental with data.sources.monthly_files: months are those of a run from nothing, whatever happened before,
and files of months whose inputs did not change stay as they are."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_delay.core.errors import UserError
from flight_delay.core.incremental import RECORD, code_version, monthly_folder
from flight_delay.data.sources import bts

LAYOUTS = {"bts_classic": ["Year", "Month"]}
MONTHS = ["2013-01", "2013-02", "2013-03"]
NAMES = ["a.csv", "b.csv", "c.csv"]


def content(months: list[str], tail: str = "N1", columns: str = "Year,Month,TailNum") -> str:
    """A file with a flight in each month."""
    return "".join([f"{columns}\n", *(f"{month[:4]},{month[5:]},{tail}{row}\n" for row, month in enumerate(months))])


class Killed(BaseException):
    """Ends the process, as far as files can tell: from then on none is changed."""


class Kill:
    """Stops this process before a change of a file: at the `left`-th one below `root`, and at all after it."""

    events = frozenset({"open", "os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.link"})
    left, root = -1, "/nowhere"

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.left >= 0 and event in self.events and self.root in f"{arguments[0]}":
            self.left = max(self.left - 1, 0)
            if self.left == 0:
                raise Killed

    @contextmanager
    def after(self, steps: int, root: Path) -> Iterator[None]:
        """Run a block until it has changed this number of files."""
        self.left, self.root = steps + 1, str(root)
        try:
            yield
        except Killed:
            pass
        finally:
            self.left = -1


kill = Kill()
sys.addaudithook(kill)  # for good: Python has no way to remove one


def fetch(external: Path, flights: Path, last_month: str, code: str = "code") -> Any:
    """The result and the bytes of all months, or the error."""
    try:
        with monthly_folder(flights, code) as folder:
            result = bts.fetch_bts(external, folder, LAYOUTS, last_month)
    except UserError as error:
        return str(error)
    files = {path.name: path.read_bytes() for path in flights.iterdir() if path.name != RECORD}
    checksums = [(month, written.sha256) for month, written in folder.months.items()]
    return list(result["inputs"].items()), checksums, files


def from_nothing(root: Path, last_month: str) -> Any:
    shutil.rmtree(root / "again", ignore_errors=True)
    return fetch(root / "external", root / "again/flights", last_month)


def state(flights: Path) -> dict[str, tuple[int, int]]:
    return {path.stem: (path.lstat().st_ino, path.lstat().st_mtime_ns) for path in flights.glob("*.parquet")}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Three files, the second with two months, fetched."""
    (tmp_path / "external").mkdir()
    for name, months in zip(NAMES, [MONTHS[:1], MONTHS[:2], MONTHS[1:2]], strict=True):
        (tmp_path / "external" / name).write_text(content(months, name))
    fetch(tmp_path / "external", tmp_path / "raw/flights", "2013-02")
    return tmp_path


@pytest.fixture
def written(root: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[list[str], list[str]]]:
    """Fetches again; gives the months that were written, and the files that were parsed."""

    def again(last_month: str = "2013-02", code: str = "code") -> tuple[list[str], list[str]]:
        parsed = []
        open_texts = bts.open_texts
        monkeypatch.setattr(bts, "open_texts", lambda path: (parsed.append(path.name), open_texts(path))[1])
        before = state(root / "raw/flights")
        result = fetch(root / "external", root / "raw/flights", last_month, code)
        after = state(root / "raw/flights")
        read = list(parsed)
        assert result == from_nothing(root, last_month)
        return sorted(month for month in after if after[month] != before.get(month)), read

    return again


def test_without_a_change_nothing_is_parsed_or_written(written):
    assert written() == ([], [])


def test_only_a_new_month_is_parsed_and_written(root, written):
    (root / "external/d.csv").write_text(content(["2013-03"]))
    assert written("2013-03") == (["2013-03"], ["d.csv"])


def test_a_corrected_month_is_written_with_all_its_files(root, written):
    (root / "external/a.csv").write_text(content(["2013-01"], "corrected"))
    assert written() == (["2013-01"], ["a.csv", "b.csv"])


def test_a_file_may_go(root, written):
    (root / "external/c.csv").unlink()
    assert written() == (["2013-02"], ["b.csv"])


def test_other_columns_are_named_whichever_file_is_read_first(root):
    (root / "external/c.csv").write_text(content(["2013-01"], "c.csv", "Year,Month,Tail"))
    result = fetch(root / "external", root / "raw/flights", "2013-02")
    assert "a.csv" in result
    assert "c.csv" in result
    assert result == from_nothing(root, "2013-02")


def test_a_renamed_file_leaves_months_whose_rows_keep_their_order(root, written):
    (root / "external/c.csv").rename(root / "external/d.csv")
    assert written() == ([], ["d.csv", "b.csv"])
    (root / "external/a.csv").rename(root / "external/e.csv")
    assert written() == (["2013-01"], ["e.csv", "b.csv"])


def test_a_month_that_last_month_now_includes_is_written(root, written):
    (root / "external/c.csv").write_text(content(MONTHS[1:], "c.csv"))
    assert written() == ([], ["c.csv", "b.csv"])
    assert written("2013-03") == (["2013-03"], ["c.csv"])
    assert written("2013-01") == ([], [])
    assert sorted(state(root / "raw/flights")) == ["2013-01"]


@pytest.mark.parametrize("damage", ["changed", "cut", "missing", "link"])
def test_a_damaged_month_is_written_again(root, written, damage):
    path = root / "raw/flights/2013-01.parquet"
    whole = path.read_bytes()
    path.unlink()
    if damage == "link":
        path.symlink_to("gone")
    elif damage != "missing":
        path.write_bytes(whole[:-1] + (b"" if damage == "cut" else b"!"))
    assert written() == (["2013-01"], ["a.csv", "b.csv"])


@pytest.mark.parametrize("record", [None, b"", b"{", b"[]", b'{"code": "code"}', b"\xff"])
def test_without_a_record_everything_is_parsed_and_equal_files_stay(root, written, record):
    path = root / "raw/flights" / RECORD
    path.write_bytes(record) if record is not None else path.unlink()
    assert written() == ([], NAMES)


def test_other_code_parses_everything(written):
    assert written(code="other") == ([], NAMES)
    assert written(code="other") == ([], [])


def test_a_linked_file_is_not_written_through(root, written):
    """`cache.type symlink` and `hardlink` of DVC, where a stage is run without DVC."""
    cache, flights = root / "cache", root / "raw/flights"
    cache.mkdir()
    for month, link in zip(MONTHS, (Path.symlink_to, Path.hardlink_to), strict=False):
        (flights / f"{month}.parquet").rename(cache / month)
        link(flights / f"{month}.parquet", cache / month)
    before = {path: path.read_bytes() for path in cache.iterdir()}
    (root / "external/a.csv").write_text(content(["2013-01"], "corrected"))
    (root / "external/c.csv").write_text(content(["2013-02"], "corrected"))
    assert written()[0] == MONTHS[:2]
    assert {path: path.read_bytes() for path in cache.iterdir()} == before


def test_a_file_system_without_hard_links_keeps_time_and_bytes(root, monkeypatch):
    def refuse(*_: Any) -> None:
        raise PermissionError

    monkeypatch.setattr("os.link", refuse)
    before = state(root / "raw/flights")
    assert fetch(root / "external", root / "raw/flights", "2013-02") == from_nothing(root, "2013-02")
    after = state(root / "raw/flights")
    assert {month: time for month, (_, time) in after.items()} == {month: time for month, (_, time) in before.items()}


def test_a_run_that_is_killed_at_any_step_does_no_harm(root):
    (root / "external/a.csv").write_text(content(["2013-01"], "corrected"))
    expected, whole = from_nothing(root, "2013-02"), root / "whole"
    shutil.copytree(root / "raw", whole)
    for steps in range(100):
        shutil.rmtree(root / "raw")
        shutil.copytree(whole, root / "raw")
        ended = False
        with kill.after(steps, root / "raw"):
            fetch(root / "external", root / "raw/flights", "2013-02")
            ended = True
        assert fetch(root / "external", root / "raw/flights", "2013-02") == expected
        assert [path.name for path in (root / "raw").iterdir()] == ["flights"]
        if ended:
            break
    assert 10 < steps < 99


FILES = st.builds(
    content,
    st.lists(st.sampled_from(MONTHS), min_size=1, max_size=4),
    st.sampled_from(["N1", "N2"]),
    st.sampled_from(["Year,Month,TailNum"] * 9 + ["Year,Month,Tail"]),
)
STEPS = st.one_of(
    st.tuples(st.just("write"), st.sampled_from(NAMES), FILES),
    st.tuples(st.just("remove"), st.sampled_from(NAMES)),
    st.tuples(st.just("rename"), st.sampled_from(NAMES), st.sampled_from(NAMES)),
    st.tuples(st.just("last_month"), st.sampled_from(MONTHS)),
    st.tuples(st.just("code"), st.sampled_from(["code", "other"])),
    st.tuples(st.just("damage"), st.sampled_from([*(f"{month}.parquet" for month in MONTHS), RECORD])),
    st.tuples(st.just("lose"), st.sampled_from([*(f"{month}.parquet" for month in MONTHS), RECORD])),
    st.tuples(st.just("kill"), st.integers(1, 40)),
)  # fmt: skip


@given(st.lists(FILES, min_size=3, max_size=3), st.lists(st.lists(STEPS, max_size=3), min_size=1, max_size=5))
def test_whatever_happened_before_the_months_are_those_of_a_run_from_nothing(files, runs):
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        external, flights, last_month, code = root / "external", root / "raw/flights", "2013-02", "code"
        external.mkdir()
        for name, text in zip(NAMES, files, strict=True):
            (external / name).write_text(text)
        for steps in runs:
            for kind, *values in steps:
                last_month = values[0] if kind == "last_month" else last_month
                code = values[0] if kind == "code" else code
                change(kind, values, root)
                if kind == "kill":
                    with kill.after(values[0], flights.parent):
                        fetch(external, flights, last_month, code)
            assert fetch(external, flights, last_month, code) == from_nothing(root, last_month)


def change(kind: str, values: list[Any], root: Path) -> None:
    path = root / ("raw/flights" if kind in {"damage", "lose"} else "external") / str(values[0])
    if kind == "write":
        path.write_text(values[1])
    elif kind in {"remove", "lose"}:
        path.unlink(missing_ok=True)
    elif kind == "rename" and path.exists():
        path.rename(path.with_name(values[1]))
    elif kind == "damage" and path.exists():
        path.write_bytes(path.read_bytes()[:-1] + b"!")


CODE = "stages: {fetch: {cmd: run, deps: [requirements.txt, src, data/external]}, other: {cmd: run, deps: [src]}}"


def test_other_code_is_what_dvc_would_run_a_stage_for_but_its_data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("src/inner/__pycache__", "data/external"):
        (tmp_path / name).mkdir(parents=True)
    for name, text in {"dvc.yaml": CODE, "requirements.txt": "a==1", "src/inner/a.py": "1", "src/b.py": "2"}.items():
        (tmp_path / name).write_text(text)
    before = code_version("fetch", "bts")
    (tmp_path / "data/external/a.csv").write_text("rows")
    (tmp_path / "src/inner/__pycache__/a.pyc").write_text("compiled")
    assert code_version("fetch", "bts") == before
    versions = {before, code_version("fetch", "table"), code_version("other", "bts")}
    for name, text in {
        "requirements.txt": "a==2",
        "src/inner/a.py": "3",
        "dvc.yaml": CODE.replace("run", "go"),
    }.items():
        (tmp_path / name).write_text(text)
        versions.add(code_version("fetch", "bts"))
    (tmp_path / "src/b.py").rename(tmp_path / "src/c.py")
    versions.add(code_version("fetch", "bts"))
    monkeypatch.setattr("sysconfig.get_path", lambda _: str(tmp_path))
    (tmp_path / "a-2.dist-info").mkdir()
    assert len(versions | {code_version("fetch", "bts")}) == 8
