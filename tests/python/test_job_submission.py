"""The client of the job API without a cluster: addresses, tokens, web sockets, records."""

from __future__ import annotations

import asyncio
import json
import os
import pathlib
import sys
from typing import Any

import pytest
from ray._core import discovery, port_owner
from ray.exceptions import AuthenticationError
from ray.job_submission import JobDetails, JobStatus, JobType, _address, _prepare, _records
from ray.job_submission._http import HttpServer
from ray.job_submission._web_socket import WebSocket


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("RAY_", "BEAM_TOKEN")):
            monkeypatch.delenv(name)


@pytest.fixture
def head(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> discovery.Instance:
    """A head of this user on this machine."""
    (tmp_path / "dashboard_token").write_text("kept\n")
    record = {
        "dashboard": "127.0.0.1:8265",
        "head_address": "10.0.0.1:6379",
        "is_head": True,
        "node_ip": "10.0.0.1",
        "aliases": [],
        "runtime_dir": str(tmp_path),
    }
    instance = discovery.Instance(str(tmp_path), record)
    monkeypatch.setattr(discovery, "instances", lambda: [instance])
    return instance


def test_addresses_in_all_spellings(head: discovery.Instance) -> None:
    assert _address.server_url("http://h:1/") == "http://h:1"
    assert _address.server_url("10.0.0.1:6379") == "http://127.0.0.1:8265"
    assert _address.server_url("h:8265") == "http://h:8265"
    assert _address.server_url("auto") == "http://127.0.0.1:8265"
    assert _address.server_url(None) == "http://127.0.0.1:8265"
    with pytest.raises(NotImplementedError, match="Ray Client"):
        _address.server_url("ray://h:10001")


def test_variables_go_before_the_argument(
    head: discovery.Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_ADDRESS", "http://of-ray:1")
    assert _address.server_url("http://given:1") == "http://of-ray:1"
    monkeypatch.setenv("RAY_API_SERVER_ADDRESS", "http://of-the-server:1")
    assert _address.server_url("http://given:1") == "http://of-the-server:1"


def test_a_port_that_another_user_has_is_told_no_token(
    head: discovery.Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(port_owner, "stranger_at", {8265: 65534, 8266: 65534}.get)
    for given in ("", "given"):
        monkeypatch.setenv("RAY_AUTH_TOKEN", given)
        with pytest.raises(ConnectionError, match="a program of user 65534 listens at that port"):
            _address.token_for("http://localhost:8265")
    assert _address.token_for("http://localhost:8266") == "given", "it is not ours to judge"


def test_the_kept_token_goes_to_this_users_own_server_only(
    head: discovery.Instance, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    assert _address.token_for("http://localhost:8265") == "kept"
    assert _address.token_for("http://10.0.0.1:8265") == "kept"
    assert _address.token_for("http://localhost:8266") is None
    assert _address.token_for("http://elsewhere:8265") is None
    (tmp_path / "given").write_text("of the file\n")
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(tmp_path / "given"))
    assert _address.token_for("http://elsewhere:8265") == "of the file"
    monkeypatch.setenv("RAY_AUTH_TOKEN", "given")
    assert _address.token_for("http://elsewhere:8265") == "given"
    monkeypatch.setenv("RAY_AUTH_TOKEN", "given~" + "k" * 43)
    assert _address.token_for("http://elsewhere:8265") == "given", "the authority is for nodes"
    monkeypatch.setenv("BEAM_TOKEN", "beam-join-" + "0" * 16 + "-" + "k" * 43)
    assert _address.token_for("http://elsewhere:8265") == "given", "a join token is for joining"
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    assert _address.token_for("http://elsewhere:8265") is None


def test_details_keep_what_they_know() -> None:
    told = {
        "type": "SUBMISSION",
        "status": "RUNNING",
        "entrypoint": "true",
        "driver_info": {"id": "01000000", "node_ip_address": "10.0.0.1", "pid": "7"},
        "of_a_newer_server": 1,
    }
    details = _records.details_of(told)
    assert isinstance(details, JobDetails)
    assert details.type is JobType.SUBMISSION
    assert details.status is JobStatus.RUNNING
    assert details.driver_info is not None
    assert details.driver_info.pid == "7"
    assert json.loads(details.json())["driver_info"]["id"] == "01000000"


def frame(code: int, payload: bytes, last: bool = True) -> bytes:
    size = len(payload)
    head = bytes([(0x80 if last else 0) | code])
    if size < 126:
        return head + bytes([size]) + payload
    return head + bytes([126]) + size.to_bytes(2, "big") + payload


async def follow(answer: bytes) -> tuple[list[str], int, bytes]:
    """Follow a server that says this; what came, the close code, and what it was told."""
    heard = bytearray()
    served = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.extend(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer)
        await writer.drain()
        writer.write_eof()
        heard.extend(await reader.read())
        writer.close()
        await writer.wait_closed()
        served.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        target = HttpServer(f"http://127.0.0.1:{port}/sub", {"Authorization": "Bearer x"}, True)
        socket = await WebSocket.connect(target, "/api/jobs/a/logs/tail")
        texts = [text async for text in socket.messages()]
        await served.wait()
        return texts, socket.close_code, bytes(heard)
    finally:
        await served.wait()
        server.close()
        await server.wait_closed()


ACCEPTED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"


def test_a_web_socket_is_followed_to_its_end() -> None:
    long = "x" * 1000
    frames = [
        frame(1, b"one"),
        frame(9, b"ping"),
        frame(1, "zw\u00f6lf".encode()[:3], last=False),
        frame(0, "zw\u00f6lf".encode()[3:]),
        frame(1, long.encode()),
        frame(8, (1000).to_bytes(2, "big")),
    ]
    texts, code, heard = asyncio.run(follow(ACCEPTED + b"".join(frames)))
    assert texts == ["one", "zw\u00f6lf", long]
    assert code == 1000
    assert heard.startswith(b"GET /sub/api/jobs/a/logs/tail HTTP/1.1\r\nHost: 127.0.0.1:")
    assert b"\r\nAuthorization: Bearer x\r\n" in heard


def test_a_web_socket_that_breaks_has_ray_s_code_for_that() -> None:
    texts, code, _ = asyncio.run(follow(ACCEPTED + frame(1, b"one") + b"\x81"))
    assert (texts, code) == (["one"], 1006)


def test_a_refused_web_socket_is_an_error() -> None:
    def refusal(status: str) -> bytes:
        return f"HTTP/1.1 {status}\r\nContent-Length: 3\r\n\r\nbad".encode()

    with pytest.raises(AuthenticationError, match="bad"):
        asyncio.run(follow(refusal("401 Unauthorized")))
    with pytest.raises(RuntimeError, match="status code 404: bad"):
        asyncio.run(follow(refusal("404 Not Found")))


def test_an_environment_is_read_from_a_file(tmp_path: pathlib.Path) -> None:
    (tmp_path / "a.json").write_text('{"env_vars": {"A": "1"}}')
    assert _prepare._read(str(tmp_path / "a.json")) == {"env_vars": {"A": "1"}}
    (tmp_path / "list.json").write_text("[]")
    with pytest.raises(ValueError, match="must hold a map, got list"):
        _prepare._read(str(tmp_path / "list.json"))


def test_yaml_without_a_reader_for_it_is_told(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.yaml").write_text("env_vars:\n  A: b\n")
    modules: dict[str, Any] = {"yaml": None}
    monkeypatch.setitem(sys.modules, "yaml", modules["yaml"])
    with pytest.raises(ValueError, match="no PyYAML"):
        _prepare._read(str(tmp_path / "a.yaml"))
