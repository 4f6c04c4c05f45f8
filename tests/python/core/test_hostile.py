"""Nonsense on a worker's call channel: it ends that channel, and the worker goes on."""

from __future__ import annotations

import glob
import os
import random
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from ray._core import discovery
from ray._core.frames import PREFIX, encode_head
from ray._core.protocol import PROTOCOL_VERSION

LIMIT = 20.0


class Echo:
    """An actor that answers."""

    def echo(self, value: Any) -> Any:
        return value


@pytest.fixture
def actor(ray: Any) -> Iterator[Any]:
    """An actor that has answered once."""
    actor = ray.remote(Echo).remote()
    assert ray.get(actor.echo.remote(1), timeout=LIMIT) == 1
    yield actor
    ray.kill(actor)


def call_socket(daemon: dict[str, Any]) -> str:
    """The worker's call socket."""
    folder = discovery.instance_folder(daemon["runtime_dir"])
    for path in glob.glob(os.path.join(folder, "s", "*.sock")):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
            if sock.connect_ex(path) == 0:
                return path
    raise AssertionError("no worker listens")


def told(path: str, *parts: bytes) -> str:
    """Sends bytes; `ended` where the worker then ends the channel, `waits` where it does not."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.connect(path)
        sock.settimeout(LIMIT)
        try:
            for part in parts:
                sock.sendall(part)
            sock.shutdown(socket.SHUT_WR)
            while sock.recv(65536):
                pass
        except (BrokenPipeError, ConnectionResetError):
            pass
        except TimeoutError:
            return "waits"
        return "ended"


def hello(actor: Any, **changes: Any) -> bytes:
    fields = {
        "kind": "call.hello",
        "protocol": PROTOCOL_VERSION,
        "caller": "hostile",
        "actor_id": actor._actor_id.hex(),
        "incarnation": 1,
        "job_id": "01000000",
        "node": "n",
    }
    return encode_head({**fields, **changes})


def test_nonsense_ends_its_channel_only(ray: Any, daemon: dict[str, Any], actor: Any) -> None:
    path = call_socket(daemon)
    begun = hello(actor)
    holder = encode_head(
        {
            "kind": "object.hello",
            "protocol": PROTOCOL_VERSION,
            "process": "p",
            "node": "n",
            "job_id": "01000000",
        }
    )
    call = {"kind": "call", "seq": 1, "method": "echo", "ack": 0}
    for parts in (
        (b"\xff" * 12,),
        (PREFIX.pack(3, 0) + b"\xc1\xc1\xc1",),
        (encode_head(call),),
        (hello(actor, caller=["x"]),),
        (encode_head({"kind": "call.hello"}),),
        (begun, encode_head({**call, "seq": 7})),
        (begun, encode_head({**call, "seq": "1"})),
        (begun, encode_head({**call, "ack": "1"})),
        (begun, encode_head({**call, "ack": 2**53 - 1})),
        (begun, encode_head({"kind": "call.ack", "ack": 2**53 - 1})),
        (begun, encode_head({"kind": "call.ack", "ack": float("inf")})),
        (begun, encode_head({"kind": "cancel"})),
        (begun, encode_head({"kind": "stream.took", "seq": [], "arrived": 1, "taken": 1})),
        (holder, encode_head({"kind": "object.hold", "id": 1, "objects": ["no hex"]})),
        (holder, encode_head({"kind": "object.hold", "id": 1, "objects": 7})),
        (holder, encode_head({"kind": "object.get", "id": 1, "object_id": 7})),
        (holder, encode_head({"kind": "object.release", "objects": [None]})),
    ):
        assert told(path, *parts) == "ended", parts
        assert ray.get(actor.echo.remote(2), timeout=LIMIT) == 2


def test_broken_calls_are_answered_by_errors(ray: Any, daemon: dict[str, Any], actor: Any) -> None:
    """What looks like a call is one: its pickle, its method and its lengths may still be wrong."""
    path = call_socket(daemon)
    for number, (fields, body) in enumerate(
        (
            ({}, b"no pickle"),
            ({"method": 7}, b""),
            ({"method": "__class__"}, b""),
            ({"buffers": [1, 2, 3]}, b""),
            ({"buffers": "x"}, b"x"),
            ({"stored": {"name": "n"}}, b""),
            ({"group": ["g"]}, b""),
            ({"returns": -1}, b""),
        )
    ):
        header = {"kind": "call", "seq": 1, "method": "echo", "ack": 0, **fields}
        begun = hello(actor, caller=f"hostile-{number}")
        assert told(path, begun, encode_head(header, len(body)) + body) == "ended", fields
        assert ray.get(actor.echo.remote(3), timeout=LIMIT) == 3, fields


def test_bytes_changed_at_random_end_their_channel(
    ray: Any, daemon: dict[str, Any], actor: Any
) -> None:
    path = call_socket(daemon)
    chance = random.Random(1)
    call = encode_head({"kind": "call", "seq": 1, "method": "echo", "ack": 0}, 4) + b"\x80\x05N."
    for _ in range(300):
        sent = bytearray(hello(actor, caller=f"c{chance.random()}") + call)
        for _ in range(chance.randrange(1, 6)):
            sent[chance.randrange(len(sent))] = chance.randrange(256)
        assert told(path, bytes(sent)) == "ended", bytes(sent)
    assert ray.get(actor.echo.remote(4), timeout=LIMIT) == 4
