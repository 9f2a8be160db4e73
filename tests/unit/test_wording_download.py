"""download: the exact wording of its messages."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from bts_server import file_name, month_zip, packed, serve_months, settings
from filelock import FileLock

from flight_delay.commands.download import summary
from flight_delay.core.errors import UserError
from flight_delay.core.params import load_params
from flight_delay.download.months import Outcome, download_months, parse_months, require_month
from flight_delay.download.transfer import Download, download_file

MONTHS: dict[tuple[str, str], str] = {
    **{
        (month, "2024-02"): f"--from '{month}': not a month; write it as 2024-01"
        for month in ("2024", "2024-1", "2024-13", "2024-01-31", "٢٠٢٤-01", "")
    },
    **{
        (month, "2024-02"): f"--from {month}: choose a month from 1987-10 to 2024-05, the current one"
        for month in ("0000-01", "1987-09", "2024-06")
    },
    ("2024-01", "2024-13"): "--through '2024-13': not a month; write it as 2024-01",
    ("2024-01", "2024-06"): "--through 2024-06: choose a month from 1987-10 to 2024-05, the current one",
    ("2024-02", "2024-01"): "--from 2024-02 is after --through 2024-01; exchange them",
}
FILES: dict[str, tuple[bytes, str]] = {
    "page": (b"<html>", "URL: the server does not send a whole zip; open it in a browser, or try again later"),
    "month": (
        month_zip("2024-02", "2024-03"),
        "URL: has flights of 2024-02, 2024-03 instead of 2024-01; change download.url in params.yaml",
    ),
    "layout": (
        packed(b"Year,Month\n2024,1\n"),
        "URL (On_Time (1987_present).csv): no known layout; the closest is bts_current, column 'Reporting_Airline' is "
        "missing; change download.url in params.yaml",
    ),
    "row": (
        packed(b"Year,Month,Reporting_Airline\n2024,1\n"),
        "URL (On_Time (1987_present).csv): row 2 (the header is row 1) has 2 values, the header 3: it is cut short or "
        "damaged; download it again",
    ),
}


@pytest.mark.parametrize(("months", "expected"), MONTHS.items())
def test_months(months: tuple[str, str], expected: str) -> None:
    with pytest.raises(UserError) as refused:
        parse_months(*months, current="2024-05")
    assert str(refused.value) == expected


@pytest.mark.parametrize(("content", "expected"), FILES.values(), ids=FILES)
def test_files(tmp_path: Path, content: bytes, expected: str) -> None:
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(UserError) as refused:
        require_month(tmp_path / "a.zip", "2024-01", "URL", {"Year", "Month", "Reporting_Airline"})
    assert str(refused.value) == expected


LATER = "in 2 attempts; check the network and run it again later"
FAULTS = {
    "403": "URL: HTTP status 403 (Forbidden); open it in a browser, or change download.url in params.yaml",
    "503": f"URL: HTTP status 503 (Service Unavailable), {LATER}",
    "stall": f"URL: timed out, {LATER}",
    "cut": f"URL: IncompleteRead(3 bytes read, 2 more expected), {LATER}",
}


@pytest.mark.parametrize(("fault", "expected"), FAULTS.items())
def test_servers(tmp_path: Path, fault: str, expected: str) -> None:
    with serve_months(_2024_01=b"12345") as server:
        server.faults, server.ranges = [fault] * 3, False
        how = settings(server.url, attempts=2, timeout_seconds=0.2)
        url = how.month_url("2024-01")
        with pytest.raises(UserError) as refused:
            download_file(url, tmp_path / "a", how)
        assert len(server.requests) == (1 if fault == "403" else 2)
    assert str(refused.value).replace(url, "URL") == expected


def test_attempts(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with serve_months(_2024_01=b"12345") as server, caplog.at_level(logging.INFO):
        server.faults = ["503"]
        download_file(settings(server.url).month_url("2024-01"), tmp_path / "a.zip", settings(server.url))
    assert caplog.messages == ["  a.zip: HTTP status 503 (Service Unavailable); attempt 2 of 4 in 0 s"]


@pytest.mark.parametrize(
    "url", ["ftp://a/{year}_{month}.zip", "https://a/{year}/{month}.zip", "https://a/b.zip", "{year}_{month}"]
)
def test_a_url_without_months(tmp_path: Path, url: str) -> None:
    keys = "pause_seconds: 1, timeout_seconds: 1, attempts: 1, wait_seconds: 1"
    (tmp_path / "p").write_text(f"download: {{url: '{url}', {keys}}}\n")
    with pytest.raises(UserError) as refused:
        load_params("download", Download, tmp_path / "p")
    expected = "'download.url': not an http(s) URL whose last part has {year} and {month}"
    assert str(refused.value) == f"{tmp_path}/p: {expected}"


def test_no_repository_and_a_second_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError) as refused:
        download_months(["2024-01"], Path("external"), set(), settings("http://a/{year}_{month}.zip"))
    start, _, end = str(refused.value).partition(" (checked up to mount point ")
    assert start == "DVC: you are not inside of a DVC repository"
    assert end.endswith("); run it again, months before this one stay")
    with FileLock("logs/download.lock"), pytest.raises(UserError) as refused:
        download_months(["2024-01"], Path("external"), set(), settings("http://a/{year}_{month}.zip"))
    assert str(refused.value) == "another download is running here; wait for it, or stop it and run this again"


NEXT = "edit `fetch_raw` and `splits` in params.yaml (docs/bts.md), then `dvc repro`"
SUMMARIES: dict[str, tuple[Outcome, list[str]]] = {
    "all": (
        Outcome(["2024-01", "2024-02"], ["2023-12"], needs_git_add=True),
        ["2 months downloaded, 1 recorded before", f"next: `git add data/external`, then {NEXT}"],
    ),
    "staged": (Outcome(["2024-01"]), ["1 month downloaded, 0 recorded before", f"next: {NEXT}"]),
    "nothing": (Outcome([], ["2024-01"], needs_git_add=True), ["0 months downloaded, 1 recorded before"]),
    "some": (
        Outcome([], [], [file_name("2024-01")], ["2024-02", "2024-03"]),
        [
            "0 months downloaded, 0 recorded before",
            f"{file_name('2024-01')}: kept, it has no .dvc file; `dvc add` records it, or remove it to download it",
            "the server does not have 2024-02, 2024-03",
        ],
    ),
}


@pytest.mark.parametrize(("outcome", "expected"), SUMMARIES.values(), ids=SUMMARIES)
def test_summaries(outcome: Outcome, expected: list[str]) -> None:
    assert summary(outcome).splitlines() == expected
