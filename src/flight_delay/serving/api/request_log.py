"""Log requests and responses as JSON lines.

A file is of a UTC day, a host and a process.
"""

from __future__ import annotations

import json
import os
import socket
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from flight_delay.serving.api.strict_json import parse_json

MAX_BODY_BYTES = 64 << 10  # a longer body is logged as its size


class RequestLog:
    """Appends to `requests-<date>-<host>-<process>.jsonl` in a folder.

    Containers share the folder, and their processes have the same ids.
    """

    def __init__(self, folder: Path, git_commit: str) -> None:
        self._folder, self._git_commit = folder, git_commit
        self._date = ""
        self._file: IO[bytes] | None = None

    def write(self, request_id: str, fields: dict[str, Any], request: bytes, response: bytes) -> None:
        """Append a line.

        Args:
            request_id: of the request.
            fields: method, path, status and others, which JSON can represent.
            request: body; a JSON text is copied as it is.
            response: body, JSON.
        """
        now = datetime.now(UTC)
        head = {
            "time": now.isoformat(timespec="milliseconds"),
            "request_id": request_id,
            "git_commit": self._git_commit,
        }
        line = json.dumps(head | fields, ensure_ascii=False)[:-1].encode()
        file = self._open(now.date().isoformat())
        file.write(line + b', "request": ' + _body(request) + b', "response": ' + _body(response) + b"}\n")
        file.flush()

    def close(self) -> None:
        """Close the file; lines that a full disk does not take are lost."""
        if self._file:
            with suppress(OSError):
                self._file.close()

    def _open(self, date: str) -> IO[bytes]:
        if self._file is None or date != self._date:
            self.close()
            self._date = date
            self._folder.mkdir(parents=True, exist_ok=True)
            name = f"requests-{date}-{socket.gethostname()}-{os.getpid()}.jsonl"
            self._file = (self._folder / name).open("ab")
        return self._file


def _body(content: bytes) -> bytes:
    if not content:
        return b"null"
    if len(content) > MAX_BODY_BYTES:
        return json.dumps({"bytes": len(content)}).encode()
    if content[:1] in b"{[" and b"\n" not in content:
        with suppress(json.JSONDecodeError):
            parse_json(content)
            return content
    return json.dumps(content.decode(errors="replace")).encode()
