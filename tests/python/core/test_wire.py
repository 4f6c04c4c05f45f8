"""Python's side of the wire against the declaration and the handshake in TypeScript."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from ray._core import calls, protocol
from ray._core.dial import open_stream
from ray._core.errors import RequestFailed
from ray._core.frames import FrameDecoder

ROOT = os.path.normpath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
DENO = shutil.which("deno")

pytestmark = pytest.mark.skipif(DENO is None, reason="needs deno")


def deno(*arguments: str) -> list[str]:
    assert DENO is not None
    return [DENO, "run", "-A", "--config", os.path.join(ROOT, "deno.json"), *arguments]


@pytest.fixture(scope="module")
def declared(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """`MESSAGES` and the protocol's version, as TypeScript declares them."""
    script = tmp_path_factory.mktemp("wire") / "dump.ts"
    script.write_text(
        f'import {{ MESSAGES, PROTOCOL_VERSION }} from "{ROOT}/lib/wire/messages.ts";\n'
        "console.log(JSON.stringify({ MESSAGES, PROTOCOL_VERSION }));\n"
    )
    out = subprocess.run(deno(str(script)), capture_output=True, check=True, timeout=60).stdout
    found: dict[str, Any] = json.loads(out)
    return found


def test_the_version_is_the_same(declared: dict[str, Any]) -> None:
    assert declared["PROTOCOL_VERSION"] == protocol.PROTOCOL_VERSION


@pytest.mark.parametrize("side", ["SENDS", "TAKES"])
def test_messages_are_as_declared(declared: dict[str, Any], side: str) -> None:
    messages = declared["MESSAGES"]
    for kind, fields in getattr(protocol, side).items():
        assert kind in messages, f"{kind} is not declared"
        known = set(messages[kind]["fields"])
        if kind in ("reply", "error"):
            known |= {name for spec in messages.values() for name in spec.get("reply", {})}
        assert set(fields) <= known, kind
        if side == "SENDS":
            needed = {n for n, t in messages[kind]["fields"].items() if not t.endswith("?")}
            assert needed <= set(fields), kind


def test_every_message_in_the_source_is_listed() -> None:
    """What the code sends or compares with is in the lists of `protocol.py`."""
    listed = set(protocol.SENDS) | set(protocol.TAKES)
    deaths = {"start", "exit", "init", "alive"}  # kinds of deaths, in reports
    for folder in ("_core", "_worker"):
        base = os.path.join(ROOT, "shim_py", "ray", folder)
        for name in sorted(os.listdir(base)):
            if name.endswith(".py") and name != "protocol.py":
                with open(os.path.join(base, name)) as file:
                    text = file.read()
                for kind in re.findall(r'"kind": "([a-z._]+)"|kind == "([a-z._]+)"', text):
                    assert (kind[0] or kind[1]) in listed | deaths, (name, kind)


def test_packed_headers_are_what_msgpack_makes() -> None:
    got: list[Any] = []
    decoder = FrameDecoder(lambda header, body: got.append((header, bytes(body))))
    decoder.feed(calls.Method("näme").head(3, 70_000, 5) + b"abc")
    decoder.feed(calls.encode_result(9, b"de"))
    decoder.feed(calls.Method("m").head(0, 2**40, 5) + calls.encode_result(2**40, b""))
    assert got == [
        ({"kind": "call", "method": "näme", "seq": 70_000, "ack": 5}, b"abc"),
        ({"kind": "result", "ok": True, "seq": 9}, b"de"),
        ({"kind": "call", "method": "m", "seq": 2**40, "ack": 5}, b""),
        ({"kind": "result", "ok": True, "seq": 2**40}, b""),
    ]


LISTENER = """
import { accept, makeTicket } from "%(root)s/lib/wire/handshake.ts";
import { writeAll } from "%(root)s/lib/wire/link.ts";
import { encodeFrame } from "%(root)s/lib/wire/frames.ts";
import { Keyring } from "%(root)s/lib/wire/keyring.ts";
const keys = new Keyring(Deno.args[0]);
const cluster = "c".repeat(56);
const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
const made = makeTicket(keys, Date.now());
const hex = (bytes: Uint8Array) => [...bytes].map((b) => b.toString(16).padStart(2, "0")).join("");
const port = (listener.addr as Deno.NetAddr).port;
console.log(JSON.stringify({ port, ticket: made.ticket, key: hex(made.key), cluster }));
for await (const conn of listener) {
  (async () => {
    try {
      const opened = await accept(conn, {
        identity: { build: "test", keys, cluster },
        peer: "test",
        now: Date.now(),
        roles: ["caller"],
      });
      const frames = [...opened.early];
      const buffer = new Uint8Array(4096);
      while (frames.length === 0) {
        const count = await conn.read(buffer);
        if (count === null) return;
        frames.push(...opened.decoder.feed(buffer.subarray(0, count)));
      }
      const { kind, actor_id } = frames[0]!.header;
      const spliced = encodeFrame({ kind: "spliced" });
      const text = new TextEncoder().encode(`${kind} ${actor_id}`);
      const both = new Uint8Array(spliced.length + text.length);
      both.set(spliced);
      both.set(text, spliced.length);
      await writeAll(conn, both);
      conn.close();
    } catch { /* the test sees the refusal */ }
  })();
}
"""


@pytest.fixture(params=["secret", ""])
def listener(request: Any, tmp_path: Any) -> Iterator[dict[str, Any]]:
    """A TypeScript listener with a token, and an open one."""
    script = tmp_path / "listener.ts"
    script.write_text(LISTENER % {"root": ROOT})
    process = subprocess.Popen(deno(str(script), request.param), stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        yield {**json.loads(process.stdout.readline()), "secured": bool(request.param)}
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


SPLICE = {"kind": "splice", "actor_id": "a1", "incarnation": 0}


def located(listener: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "ticket": listener["ticket"],
        "ticket_key": bytes.fromhex(listener["key"]),
        "cluster": listener["cluster"],
        **changes,
    }


def test_the_opening_with_a_ticket(listener: dict[str, Any]) -> None:
    address = ("127.0.0.1", listener["port"])
    sock, rest = open_stream(address, "caller", located(listener), SPLICE, 10.0)
    with sock:
        sock.settimeout(10.0)
        while data := sock.recv(100):
            rest += data
    assert rest == b"splice a1"


def test_what_a_listener_refuses_is_told_in_its_words(listener: dict[str, Any]) -> None:
    address = ("127.0.0.1", listener["port"])
    with pytest.raises(RequestFailed, match="belongs to cluster"):
        open_stream(address, "caller", located(listener, cluster="d" * 56), SPLICE, 10.0)
    with pytest.raises(RequestFailed, match="this port serves caller"):
        open_stream(address, "relay", located(listener), SPLICE, 10.0)
    if listener["secured"]:
        with pytest.raises(RequestFailed, match="could not prove"):
            open_stream(address, "caller", located(listener, ticket_key=b"x" * 32), SPLICE, 10.0)
        with pytest.raises(RequestFailed, match="has expired"):
            open_stream(address, "caller", located(listener, ticket="1:abc"), SPLICE, 10.0)
    else:
        with pytest.raises(RequestFailed, match="is open"):
            open_stream(address, "caller", located(listener, ticket_key=b"x" * 32), SPLICE, 10.0)
