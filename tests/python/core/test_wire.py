"""Python's side of the wire against the declaration in TypeScript."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from typing import Any

import pytest
from ray._core import calls, protocol
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
