"""serving.api: bodies are parsed strictly, and whatever is sent is a line of the request log."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_delay.serving.api.app import build_app
from flight_delay.serving.api.request_log import MAX_BODY_BYTES, RequestLog
from flight_delay.serving.api.settings import Settings
from flight_delay.serving.api.strict_json import parse_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
BODIES = st.binary() | VALUES.map(lambda value: json.dumps(value).encode()) | st.sampled_from(
    [b"NaN", b'{"a": Infinity}', b'{"a": 1, "a": 2}', b"[" * 100_000, b'{"a":\n1}', b"\xef\xbb\xbf{}",
     b"[1e999]", b"7" * 5_000]
)  # fmt: skip


@given(VALUES)
def test_what_json_writes_is_parsed_as_it_was(value: Any) -> None:
    assert parse_json(json.dumps(value).encode()) == value
    assert parse_json(json.dumps(value, ensure_ascii=True, indent=1).encode()) == value


@given(BODIES)
def test_any_body_is_parsed_as_by_json_or_is_an_error(body: bytes) -> None:
    try:
        parsed = parse_json(body)
    except json.JSONDecodeError:
        return
    assert parsed == json.loads(body)
    assert body.decode()


@pytest.mark.parametrize(
    "body",
    [b'{"a": 1, "a": 1}', b'[{"b": {"a": 1, "a": 2}}]', b"NaN", b"[-Infinity]", "{}".encode("utf-16"), b'"\xff"'],
)
def test_what_depends_on_the_parser_is_an_error(body: bytes) -> None:
    with pytest.raises(json.JSONDecodeError):
        parse_json(body)


@given(st.lists(st.tuples(BODIES, BODIES, st.text()), max_size=5))
def test_every_request_is_a_line_of_strict_json(tmp_path_factory: pytest.TempPathFactory, exchanges: Any) -> None:
    folder: Path = tmp_path_factory.mktemp("requests")
    log = RequestLog(folder, "commit")
    for number, (request, response, path) in enumerate(exchanges):
        log.write(str(number), {"path": path}, request, response)
    log.close()
    lines = [line for file in folder.iterdir() for line in file.read_bytes().split(b"\n") if line]
    contents = [parse_json(line) for line in lines]
    assert [(content["request_id"], content["path"]) for content in contents] == [
        (str(number), path) for number, (_, _, path) in enumerate(exchanges)
    ]
    for content, (request, _, _) in zip(contents, exchanges, strict=True):
        if not request:
            assert content["request"] is None
        elif isinstance(content["request"], str) and request[:1] not in b"{[":
            assert content["request"] == request.decode(errors="replace")


def test_a_large_body_is_logged_as_its_size(tmp_path: Path) -> None:
    log = RequestLog(tmp_path / "requests", "commit")
    assert not (tmp_path / "requests").exists()
    log.write("1", {}, b"[" + b" " * MAX_BODY_BYTES + b"]", b"x" * MAX_BODY_BYTES)
    log.close()
    (file,) = (tmp_path / "requests").iterdir()
    content = json.loads(file.read_text())
    assert content["request"] == {"bytes": MAX_BODY_BYTES + 2}
    assert content["response"] == "x" * MAX_BODY_BYTES


def test_containers_that_share_the_folder_write_files_of_their_own(tmp_path: Path, monkeypatch) -> None:
    for host in ("one", "other"):  # whose processes have the same id
        monkeypatch.setattr(socket, "gethostname", lambda host=host: host)
        log = RequestLog(tmp_path, "commit")
        log.write("0", {}, b"", b"")
        log.close()
    assert len(list(tmp_path.iterdir())) == 2


def test_the_document_declares_keys_which_a_server_may_not_need() -> None:
    document = build_app(Settings(service="", database="", git_commit="")).openapi()
    schemes = document["components"]["securitySchemes"]
    assert {(scheme["type"], scheme["scheme"]) for scheme in schemes.values()} == {
        ("http", "bearer"),
        ("http", "basic"),
    }
    assert document["security"] == [*({name: []} for name in schemes), {}]
