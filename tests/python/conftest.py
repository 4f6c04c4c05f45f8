"""What all tests of the package share: its place, and a cluster that is not there."""

from __future__ import annotations

import pathlib
import sys
from types import SimpleNamespace

import pytest

_HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(_HERE), str(_HERE.parents[1] / "shim_py")]

from fake_session import FakeSession  # noqa: E402
from ray._core import client  # noqa: E402


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> FakeSession:
    """Make this process believe that it belongs to a cluster."""
    fake = FakeSession()
    monkeypatch.setattr(client, "session", lambda: fake)
    monkeypatch.setattr(client, "is_connected", lambda: True)
    return fake


@pytest.fixture
def worker(session: FakeSession) -> FakeSession:
    """Make this process believe that it is an actor in bundle 1 of a group."""
    session.assignment = SimpleNamespace(
        actor_id="12" * 12 + "01000000",
        incarnation=1,
        worker_id="34" * 28,
        gpu_ids=["3", "GPU-5"],
        gpu_ids_masked=False,
        resources={"CPU": 1.0, "GPU": 2.0},
        name="alice",
        is_task=False,
        pg={"pg_id": "56" * 14 + "01000000", "bundle_index": 1, "capture": True},
        pg_id="56" * 14 + "01000000",
        capture=True,
    )
    return session
