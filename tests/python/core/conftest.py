"""A cluster of one fake daemon for each test that asks for it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
SHIM = os.path.normpath(os.path.join(HERE, "..", "..", "..", "shim_py"))
if SHIM not in sys.path:
    sys.path.insert(0, SHIM)


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """The record of a running fake daemon, which this process finds."""
    folder = tempfile.mkdtemp(prefix="beam")
    runtime = os.path.join(folder, "r")
    os.mkdir(runtime)
    monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
    monkeypatch.setenv("BEAM_RUNTIME_DIR", runtime)
    for name in ("BEAM_SOCK", "RAY_ADDRESS"):
        monkeypatch.delenv(name, raising=False)
    process = subprocess.Popen(
        [sys.executable, os.path.join(HERE, "fake_daemon.py"), runtime],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield {**json.loads(process.stdout.readline())["ready"], "process": process}
    finally:
        process.stdin.close()
        process.stdout.close()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        shutil.rmtree(folder)


@pytest.fixture
def ray(daemon: dict[str, Any]) -> Iterator[Any]:
    """The package, connected."""
    import ray

    ray.init()
    try:
        yield ray
    finally:
        ray.shutdown()
