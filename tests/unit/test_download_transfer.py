"""download.transfer: a file is the server's, whatever breaks off on the way, or there is one line of error."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bts_server import MonthlyFiles, file_name, serve_months, settings
from hypothesis import given
from hypothesis import strategies as st
from waiting import HERE, free_port

from flight_delay.core.errors import UserError
from flight_delay.download.transfer import CHUNK_BYTES, download_file

MONTH = "2024-01"
NAME = file_name(MONTH)
CONTENT = bytes(range(256)) * (CHUNK_BYTES // 64)  # what comes of a chunk before the end is lost
HALF = len(CONTENT) // 2
OTHER = CONTENT[::-1]


@pytest.fixture
def server() -> Iterator[MonthlyFiles]:
    with serve_months(_2024_01=CONTENT) as serving:
        yield serving


def fetch(server: MonthlyFiles, path: Path, **changes: Any) -> str | None:
    how = settings(**{"url": server.url, **changes})
    return download_file(how.month_url(MONTH), path, how)


def first_bytes(server: MonthlyFiles) -> list[int]:
    return [first for _, first in server.requests]


def test_a_file_comes_with_its_etag(server, tmp_path) -> None:
    etag = fetch(server, tmp_path / "a")
    assert etag is not None
    assert len(etag.strip('"')) == 64
    assert (tmp_path / "a").read_bytes() == CONTENT
    assert server.requests == [(NAME, 0)]


@pytest.mark.parametrize(
    ("faults", "lacking", "first"),
    [
        (["cut", "cut", ""], None, [0, HALF, HALF + HALF // 2]),
        (["stall", ""], None, [0, HALF]),
        (["cut", "416", ""], None, [0, HALF, 0]),
        (["cut", ""], "ranges", [0, HALF]),
        (["cut", ""], "etags", [0, 0]),
    ],
)
def test_a_transfer_that_breaks_off_is_continued_or_starts_again(server, tmp_path, faults, lacking, first) -> None:
    server.faults = faults
    if lacking:
        setattr(server, lacking, False)
    fetch(server, tmp_path / "a", timeout_seconds=2.0 if "stall" in faults else 30.0)
    assert first_bytes(server) == first
    assert (tmp_path / "a").read_bytes() == CONTENT


@pytest.mark.parametrize("heeds_if_range", [True, False])
def test_halves_of_two_versions_are_not_put_together(server, tmp_path, heeds_if_range: bool) -> None:
    server.heeds_if_range = heeds_if_range
    server.faults = ["cut"]
    handled = server.finish_request

    def replace_after_first(*arguments: Any) -> None:
        handled(*arguments)
        server.files[NAME] = OTHER

    server.finish_request = replace_after_first  # type: ignore[method-assign]
    fetch(server, tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == OTHER
    assert first_bytes(server) == [0, HALF, *([] if heeds_if_range else [0])]


def test_a_server_in_trouble_gets_time(server, tmp_path, caplog) -> None:
    server.faults = ["503", "500", "429", ""]
    with caplog.at_level(logging.INFO):
        fetch(server, tmp_path / "a", wait_seconds=0.01)
    assert (tmp_path / "a").read_bytes() == CONTENT
    assert [record.args[-1] for record in caplog.records] == [0.01, 0.02, 0.04]  # type: ignore[index]


@pytest.mark.parametrize(("asks", "waits"), [("1", 1.0), ("0", 0.01), ("Fri, 27 Nov 2026 00:00:00 GMT", 0.01)])
def test_a_server_may_ask_for_a_longer_wait(server, tmp_path, caplog, asks: str, waits: float) -> None:
    server.faults, server.headers = ["503"], {"Retry-After": asks}
    with caplog.at_level(logging.INFO):
        fetch(server, tmp_path / "a", wait_seconds=0.01)
    assert [record.args[-1] for record in caplog.records] == [waits]  # type: ignore[index]


def test_a_file_that_the_server_does_not_have_is_none(server, tmp_path) -> None:
    server.files.clear()
    assert fetch(server, tmp_path / "a") is None
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", ["400", "401", "403", "410"])
def test_a_refusal_is_not_repeated(server, tmp_path, status: str) -> None:
    server.faults = [status]
    with pytest.raises(UserError, match=rf"{server.server_port}/PREZIP/{NAME}: .*\b{status}\b"):
        fetch(server, tmp_path / "a")
    assert len(server.requests) == 1


@pytest.mark.parametrize("where", [HERE, "nowhere.invalid"])
def test_a_host_that_cannot_be_reached_is_an_error(server, tmp_path, where: str) -> None:
    url = f"http://{where}:{free_port()}/{{year}}_{{month}}.zip"
    with pytest.raises(UserError, match=rf"http://{where}.*\b2 attempts") as refused:
        fetch(server, tmp_path / "a", url=url, attempts=2, timeout_seconds=5)
    assert len(str(refused.value)) < 300


@given(
    content=st.binary(min_size=1, max_size=200_000),
    faults=st.lists(st.sampled_from(["cut", "503", "429", "416", "408"]), max_size=5),
    abilities=st.fixed_dictionaries({name: st.booleans() for name in ("ranges", "heeds_if_range", "etags")}),
)
def test_whatever_breaks_off_the_file_is_the_servers(content: bytes, faults: list[str], abilities: dict) -> None:
    with serve_months(_2024_01=content) as server, tempfile.TemporaryDirectory() as folder:
        server.faults = [*faults, ""]
        for name, value in abilities.items():
            setattr(server, name, value)
        etag = fetch(server, Path(folder, "a"), attempts=6)
        assert Path(folder, "a").read_bytes() == content
        assert bool(etag) == abilities["etags"]


@pytest.mark.parametrize(("month", "end"), [("2024-01", "2024_1.zip"), ("2024-12", "2024_12.zip")])
def test_the_url_has_the_month_without_a_leading_zero(server, month: str, end: str) -> None:
    assert settings(server.url).month_url(month).rpartition("present_")[2] == end
