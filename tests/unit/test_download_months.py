"""download.months: a month is in the folder with its record in DVC, or nothing of it is; the user's files stay."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from bts_server import MonthlyFiles, file_name, month_zip, packed, serve_months, settings
from dvc.repo import Repo
from hypothesis import given
from hypothesis import strategies as st

from flight_delay.core.errors import UserError
from flight_delay.download.months import PARTIAL, Outcome, download_months, parse_months, require_month
from flight_delay.download.record import log

COLUMNS = {"Year", "Month", "Reporting_Airline"}
EXTERNAL = Path("data/external")
JANUARY, FEBRUARY = month_zip("2024-01"), month_zip("2024-02")
CORRECTED = month_zip("2024-01", ArrDelay="15.00")
MONTHS = ["2024-01", "2024-02"]


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A DVC repository without git."""
    root = tmp_path_factory.mktemp("empty") / "repository"
    root.mkdir()
    Repo.init(str(root), no_scm=True).close()
    return root


@pytest.fixture
def folder(empty, tmp_path, monkeypatch, clean_environment) -> Path:
    """A copy of it, which is the working folder."""
    for name in [name for name in os.environ if name.startswith("DVC_")]:
        monkeypatch.delenv(name)
    for name in ("DVC_GLOBAL_CONFIG_DIR", "DVC_SYSTEM_CONFIG_DIR", "DVC_SITE_CACHE_DIR"):
        monkeypatch.setenv(name, clean_environment[name])
    root = shutil.copytree(empty, tmp_path / "repository")
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def server() -> Iterator[MonthlyFiles]:
    with serve_months(_2024_01=JANUARY, _2024_02=FEBRUARY) as serving:
        yield serving


def fetch(server: MonthlyFiles, *months: str, **changes: Any) -> Outcome:
    return download_months(months or MONTHS, EXTERNAL, COLUMNS, settings(server.url, **changes))


def refuses(server: MonthlyFiles, *months: str, **changes: Any) -> str:
    """The error; nothing of the last month stays behind."""
    with pytest.raises(UserError) as refused:
        fetch(server, *months, **changes)
    assert [path for path in EXTERNAL.iterdir() if file_name((*MONTHS, *months)[-1]) in path.name] == []
    assert not (EXTERNAL / PARTIAL).exists()
    assert len(str(refused.value).splitlines()) == 1
    return str(refused.value)


def record(month: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((EXTERNAL / f"{file_name(month)}.dvc").read_text())
    return content


def is_up_to_date() -> bool:
    with Repo() as repo:
        return not repo.status()


def test_months_are_recorded_with_url_etag_and_checksum(folder, server) -> None:
    assert fetch(server) == Outcome(downloaded=MONTHS)
    for month, content in zip(MONTHS, (JANUARY, FEBRUARY), strict=True):
        assert (EXTERNAL / file_name(month)).read_bytes() == content
        (dep,), (out,) = record(month)["deps"], record(month)["outs"]
        assert dep["path"] == server.url.format(year=month[:4], month=int(month[5:]))
        assert len(dep["checksum"].strip('"')) == 64
        assert dep["size"] == out["size"] == len(content)
        assert out["path"] == file_name(month)
        cached = folder / ".dvc/cache/files/md5" / out["md5"][:2] / out["md5"][2:]
        assert cached.read_bytes() == content
        assert record(month)["frozen"]
    assert sorted(path.name for path in EXTERNAL.iterdir() if path.suffix != ".dvc") == [*map(file_name, MONTHS)]
    assert is_up_to_date()


def test_recorded_months_are_not_requested_again(folder, server) -> None:
    fetch(server, "2024-01")
    assert fetch(server) == Outcome(downloaded=["2024-02"], recorded=["2024-01"])
    server.requests.clear()
    assert fetch(server) == Outcome(recorded=MONTHS)
    assert server.requests == []


def test_a_month_that_the_server_does_not_have_is_missing_and_the_next_ones_come(folder, server) -> None:
    del server.files[file_name("2024-01")]
    assert fetch(server) == Outcome(downloaded=["2024-02"], missing=["2024-01"])
    server.files[file_name("2024-01")] = JANUARY
    assert fetch(server) == Outcome(downloaded=["2024-01"], recorded=["2024-02"])


@pytest.mark.parametrize("kind", ["file", "broken link"])
def test_a_file_without_a_record_stays(folder, server, kind: str) -> None:
    own = folder / EXTERNAL / file_name("2024-01")
    own.parent.mkdir(parents=True)
    own.write_text("own") if kind == "file" else own.symlink_to("gone")
    assert fetch(server) == Outcome(downloaded=["2024-02"], unrecorded=[own.name])
    assert own.read_text() == "own" if kind == "file" else own.is_symlink()
    assert not own.with_name(f"{own.name}.dvc").exists()


def test_a_lost_file_is_restored_from_the_cache(folder, server) -> None:
    fetch(server, "2024-01")
    (EXTERNAL / file_name("2024-01")).unlink()
    server.requests.clear()
    assert fetch(server, "2024-01") == Outcome(recorded=["2024-01"])
    assert server.requests == []
    assert (EXTERNAL / file_name("2024-01")).read_bytes() == JANUARY


def test_a_file_that_the_cache_lost_too_is_downloaded_again(folder, server, caplog) -> None:
    fetch(server, "2024-01")
    before = record("2024-01")
    for content in (JANUARY, CORRECTED):
        (EXTERNAL / file_name("2024-01")).unlink()
        shutil.rmtree(".dvc/cache")
        server.files[file_name("2024-01")] = content
        caplog.clear()
        assert fetch(server, "2024-01") == Outcome(downloaded=["2024-01"])
        assert (record("2024-01") == before) == (content == JANUARY)
        assert [record.name for record in caplog.records].count(log.name) == (content == CORRECTED)
        assert is_up_to_date()


@pytest.mark.parametrize("is_empty", [False, True])
def test_what_a_killed_run_left_is_downloaded_again(folder, server, is_empty: bool) -> None:
    (EXTERNAL / PARTIAL).mkdir(parents=True)
    (EXTERNAL / PARTIAL / file_name("2024-01")).write_bytes(b"half")
    with Repo() as repo:
        repo.imp_url(server.url.format(year=2024, month=1), str(EXTERNAL / file_name("2024-01")), no_exec=True)
    (EXTERNAL / file_name("2024-01")).write_bytes(b"placed")
    if is_empty:
        (EXTERNAL / f"{file_name('2024-01')}.dvc").write_bytes(b"")
    assert fetch(server) == Outcome(downloaded=MONTHS)
    assert (EXTERNAL / file_name("2024-01")).read_bytes() == JANUARY
    assert not (EXTERNAL / PARTIAL).exists()
    assert is_up_to_date()


def test_a_file_that_the_server_replaces_meanwhile_has_the_etag_of_its_content(folder, server) -> None:
    server.faults, server.replacement = ["replace"], CORRECTED
    assert fetch(server, "2024-01") == Outcome(downloaded=["2024-01"])
    assert (EXTERNAL / file_name("2024-01")).read_bytes() == CORRECTED
    etag = record("2024-01")["deps"][0]["checksum"]
    server.files[file_name("2024-01")] = JANUARY
    with Repo() as repo:
        repo.update([str(EXTERNAL / f"{file_name('2024-01')}.dvc")])
    assert record("2024-01")["deps"][0]["checksum"] != etag
    assert (EXTERNAL / file_name("2024-01")).read_bytes() == JANUARY


def test_months_wait_for_one_another(folder, server, monkeypatch) -> None:
    waits: list[float] = []
    sleep = time.sleep
    monkeypatch.setattr(time, "sleep", lambda seconds: (waits.append(seconds), sleep(seconds)))
    fetch(server, pause_seconds=0.012345)
    assert waits.count(0.012345) == 1


BAD: dict[str, bytes] = {
    "nothing in it": packed(b""),
    "cut short": JANUARY[: len(JANUARY) // 2],
    "damaged": JANUARY.replace(JANUARY[60:70], JANUARY[60:70][::-1]),
    "another month": FEBRUARY,
    "another year": month_zip("2023-01"),
}


@pytest.mark.parametrize("bad", BAD)
def test_a_file_that_is_not_the_month_is_named_by_its_url(tmp_path, bad: str) -> None:
    path = tmp_path / file_name("2024-01")
    path.write_bytes(BAD[bad])
    with pytest.raises(UserError, match=r"^https://a/b\.zip\b") as refused:
        require_month(path, "2024-01", "https://a/b.zip", COLUMNS)
    assert len(str(refused.value).splitlines()) == 1
    assert str(tmp_path) not in str(refused.value)


def test_a_bad_file_is_not_accepted_and_earlier_months_stay(folder, server) -> None:
    server.files[file_name("2024-03")] = BAD["another month"]
    refuses(server, "2024-02", "2024-03")
    assert fetch(server, "2024-02") == Outcome(recorded=["2024-02"])
    assert [path.read_bytes() for path in Path(".dvc/cache").rglob("*") if path.is_file()] == [FEBRUARY]


def test_a_file_without_a_length_that_ends_too_soon_is_not_accepted(folder, server) -> None:
    server.faults = ["unsized"]
    refuses(server, "2024-01")


@pytest.fixture
def files_of_at_most_a_mebibyte() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_file_that_may_not_grow_so_far_leaves_nothing(folder, server, files_of_at_most_a_mebibyte) -> None:
    server.files[file_name("2024-02")] = FEBRUARY.ljust(3 << 20)
    with pytest.raises(OSError, match=os.strerror(errno.EFBIG)):
        fetch(server)
    assert {path.name for path in EXTERNAL.iterdir()} == {file_name("2024-01"), f"{file_name('2024-01')}.dvc"}


def test_a_server_that_does_not_answer_dvc_leaves_the_former_record(folder, server, monkeypatch) -> None:
    fetch(server, "2024-01")
    before = (EXTERNAL / f"{file_name('2024-01')}.dvc").read_bytes()
    (EXTERNAL / file_name("2024-01")).unlink()
    shutil.rmtree(".dvc/cache")
    server.faults, server.replacement = ["replace"], b""  # then it answers 404
    with pytest.raises(UserError, match=r"\bDVC\b"):
        fetch(server, "2024-01")
    assert (EXTERNAL / f"{file_name('2024-01')}.dvc").read_bytes() == before
    assert not (EXTERNAL / file_name("2024-01")).exists()


@given(year=st.integers(1988, 2025), number=st.integers(1, 12), more=st.integers(0, 30))
def test_months_are_listed_in_order_without_a_gap(year: int, number: int, more: int) -> None:
    index = year * 12 + number - 1 + more
    first, last = f"{year}-{number:02d}", f"{index // 12}-{index % 12 + 1:02d}"
    months = parse_months(first, last, "2100-01")
    assert months == sorted(set(months))
    assert (months[0], months[-1], len(months)) == (first, last, more + 1)
    assert months[-1] == parse_months("1987-10", last, last)[-1]  # from the first one to the current one


def test_a_good_month_is_accepted_in_both_ways_of_writing_it(tmp_path) -> None:
    for written in (b"1", b"01"):
        (tmp_path / "a.zip").write_bytes(packed(b"Year,Month,Reporting_Airline\n2024,%s,UA\n" % written))
        require_month(tmp_path / "a.zip", "2024-01", "http://a", COLUMNS)
