"""Download a file over HTTP: with retries, and continuing what broke off."""

from __future__ import annotations

import logging
import sys
import time
from http import HTTPStatus
from pathlib import Path
from typing import Annotated

import requests
from pydantic import Field, field_validator
from tqdm import tqdm

from flight_delay.core.errors import UserError
from flight_delay.core.params import Parameters

CHUNK_BYTES = 1 << 16
MAX_WAIT_SECONDS = 600.0
# Answers below 500 after which another attempt, from the first byte, may succeed. 206 is the rest of another file.
TRANSIENT = {
    HTTPStatus.PARTIAL_CONTENT, HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
    HTTPStatus.TOO_MANY_REQUESTS,
}  # fmt: skip

log = logging.getLogger(__name__)
Seconds = Annotated[float, Field(ge=0)]


class Download(Parameters):
    """Where monthly files are, and how patiently they are downloaded.

    `url` has the fields {year} and {month}. `timeout_seconds` pass without a byte before an attempt ends.
    `wait_seconds` is the wait before the second attempt; each further one is twice as long.
    """

    url: str
    pause_seconds: Seconds
    timeout_seconds: Annotated[float, Field(gt=0)]
    attempts: Annotated[int, Field(ge=1, le=20)]
    wait_seconds: Seconds

    @field_validator("url")
    @classmethod
    def _validate_url(cls, url: str) -> str:
        name = url.rpartition("/")[2]
        if not (url.startswith(("http://", "https://")) and "{year}" in name and "{month}" in name):
            raise ValueError("not an http(s) URL whose last part has {year} and {month}")
        return url

    def month_url(self, month: str) -> str:
        """Return the URL of a month; its number has no leading zero."""
        return self.url.replace("{year}", month[:4]).replace("{month}", str(int(month[5:])))


def download_file(url: str, path: Path, settings: Download) -> str | None:
    """Download a file to a path.

    Returns:
        The ETag of the file, empty if the server gives none; or None if the server does not have the file.

    Raises:
        UserError: the server refuses, or every attempt fails.
    """
    etag = ""
    for attempt in range(1, settings.attempts + 1):
        done = path.stat().st_size if etag else 0
        wait = settings.wait_seconds * 2 ** (attempt - 1)
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={done}-", "If-Range": etag} if done else {})
        try:
            with requests.get(url, headers=headers, stream=True, timeout=settings.timeout_seconds) as response:
                status, former, etag = response.status_code, etag, response.headers.get("ETag", "")
                if status == HTTPStatus.NOT_FOUND:
                    return None
                if status == HTTPStatus.OK:
                    _write(response, path, 0)
                    return etag
                if status == HTTPStatus.PARTIAL_CONTENT and done and etag == former:
                    _write(response, path, done)
                    return etag
                reason = f"HTTP status {status} ({response.reason})"
                if status < HTTPStatus.INTERNAL_SERVER_ERROR and status not in TRANSIENT:
                    raise UserError(f"{url}: {reason}; open it in a browser, or change download.url in params.yaml")
                etag = former if status >= HTTPStatus.INTERNAL_SERVER_ERROR else ""
                after = response.headers.get("Retry-After", "")
                wait = max(wait, float(after) if after.isdecimal() else 0)
        except requests.RequestException as error:
            reason = _innermost(error)
        if attempt < settings.attempts:
            wait = min(wait, MAX_WAIT_SECONDS)
            log.info("  %s: %s; attempt %d of %d in %.0f s", path.name, reason, attempt + 1, settings.attempts, wait)
            time.sleep(wait)
    raise UserError(f"{url}: {reason}, in {settings.attempts} attempts; check the network and run it again later")


def _write(response: requests.Response, path: Path, done: int) -> None:
    """Write a body from byte `done` on, with a progress bar on a terminal."""
    rest = response.raw.length_remaining
    with (
        path.open("ab" if done else "wb") as file,
        tqdm(
            desc=path.name, total=None if rest is None else done + rest, initial=done,
            unit="B", unit_scale=True, leave=False, disable=not sys.stderr.isatty(),
        ) as bar,
    ):  # fmt: skip
        for chunk in response.iter_content(CHUNK_BYTES):
            file.write(chunk)
            bar.update(len(chunk))


def _innermost(error: BaseException) -> str:
    """Describe the cause of an error of requests: its own text repeats the URL."""
    while cause := error.__cause__ or error.__context__:
        error = cause
    return " ".join(str(error).split()) or type(error).__name__
