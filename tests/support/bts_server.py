"""A server of monthly files as the BTS has them, on a local port, and whatever can go wrong with it."""

from __future__ import annotations

import calendar
import csv
import hashlib
import http.server
import io
import re
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from waiting import HERE

from flight_delay.download.transfer import Download

TEMPLATE = "On_Time_Reporting_Carrier_On_Time_Performance_1987_present_{year}_{month}.zip"
FLIGHT = {
    "Reporting_Airline": "UA", "Flight_Number_Reporting_Airline": "7", "Tail_Number": "N1", "Origin": "EWR",
    "Dest": "LAX", "CRSDepTime": "0905", "CRSArrTime": "1215", "CRSElapsedTime": "370.00", "Distance": "2454.00",
    "DepDelay": "5.00", "ArrDelay": "-3.00", "DepDel15": "0.00", "ArrDel15": "0.00", "ActualElapsedTime": "362.00",
    "AirTime": "330.00", "TaxiOut": "20.00", "TaxiIn": "12.00", "Cancelled": "0.00", "Diverted": "0.00",
}  # fmt: skip


def file_name(month: str) -> str:
    """Name of a month's file at the BTS."""
    return TEMPLATE.format(year=month[:4], month=int(month[5:]))


def month_zip(*months: str, **values: str) -> bytes:
    """A zip as the BTS makes it, with a flight for each day of its month; `values` are those of all flights."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator=",\n")  # the BTS ends each line with a comma
    writer.writerow(["Year", "Month", "DayofMonth", *FLIGHT])
    for year, number in (map(int, month.split("-")) for month in months):
        for day in range(1, calendar.monthrange(year, number)[1] + 1):
            writer.writerow([year, number, day, *(FLIGHT | values).values()])
    return packed(text.getvalue().encode())


def packed(text: bytes) -> bytes:
    """A zip with a table of this text."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(zipfile.ZipInfo("On_Time (1987_present).csv"), text)
        file.writestr(zipfile.ZipInfo("readme.html"), b"<html>")
    return archive.getvalue()


class MonthlyFiles(http.server.ThreadingHTTPServer):
    """The server.

    `requests` are names and first bytes of downloads, without requests of DVC. Each takes one of `faults`: a status,
    'cut' (the connection ends in the middle), 'stall' (nothing comes after the middle), 'unsized' (cut, without a
    length), 'replace' (afterwards there is `replacement`), or '' for none.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__((HERE, 0), Handler)
        self.files: dict[str, bytes] = {}
        self.requests: list[tuple[str, int]] = []
        self.faults: list[str] = []
        self.replacement = b""
        self.ranges, self.heeds_if_range, self.etags = True, True, True
        self.headers: dict[str, str] = {}
        self.ended = threading.Event()

    @property
    def url(self) -> str:
        """Template of the URLs of its months."""
        return f"http://{HERE}:{self.server_port}/PREZIP/{TEMPLATE}"


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers one request."""

    server: MonthlyFiles

    def do_HEAD(self) -> None:
        """Answer DVC."""
        self.answer(self.path.rpartition("/")[2], 0, "", send=False)

    def do_GET(self) -> None:
        """Answer a download, or DVC, which accepts compressed answers."""
        name = self.path.rpartition("/")[2]
        if self.headers["Accept-Encoding"] != "identity":
            self.answer(name, 0, "", send=True)
            return
        match = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        first = int(match[1]) if match else 0
        self.server.requests.append((name, first))
        self.answer(name, first, self.server.faults.pop(0) if self.server.faults else "", send=True)

    def answer(self, name: str, first: int, fault: str, *, send: bool) -> None:
        """Send a file from a byte on, or what is wrong."""
        content = self.server.files.get(name, b"")
        etag = f'"{hashlib.sha256(content).hexdigest()}"'
        if fault.isdigit() or not content:
            self.start(int(fault or 404), {**self.server.headers, "Content-Length": "6"}, b"<html>" if send else b"")
            return
        if not self.server.ranges or (self.server.heeds_if_range and first and self.headers["If-Range"] != etag):
            first = 0
        if first >= len(content):
            self.start(416, {"Content-Length": "0"}, b"")
            return
        headers = {"ETag": etag} if self.server.etags else {}
        if fault != "unsized":
            headers["Content-Length"] = str(len(content) - first)
        if first:
            headers["Content-Range"] = f"bytes {first}-{len(content) - 1}/{len(content)}"
        rest = content[first:]
        body = rest[: (len(rest) + 1) // 2] if fault in ("cut", "stall", "unsized") else rest
        if fault == "replace":
            self.server.files[name] = self.server.replacement
        self.start(206 if first else 200, headers, body if send else b"")
        if fault == "stall":
            self.server.ended.wait()

    def start(self, status: int, headers: dict[str, str], body: bytes) -> None:
        """Send status, headers and a body."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *_: Any) -> None:
        """Print nothing."""


def settings(url: str, **changes: Any) -> Download:
    """Settings that wait a moment only."""
    waits = {"pause_seconds": 0.0, "timeout_seconds": 30.0, "attempts": 4, "wait_seconds": 0.001}
    return Download.model_validate({"url": url, **waits, **changes})


@contextmanager
def serve_months(**files: bytes) -> Iterator[MonthlyFiles]:
    """Serve files of months, such as _2024_01=month_zip('2024-01'), until the end of the block."""
    with MonthlyFiles() as server:
        server.files = {file_name(name[1:].replace("_", "-")): content for name, content in files.items()}
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.ended.set()
            server.shutdown()
            thread.join()
