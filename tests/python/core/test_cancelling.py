"""Cancellations that come at awkward moments: again, late, or while the way there is cut."""

from __future__ import annotations

import asyncio
import socket
import time
from typing import Any

import pytest
from ray._core import client
from ray.exceptions import TaskCancelledError

LIMIT = 20.0


@pytest.fixture(params=["0", "1000"])
def reports(request: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers record what they run, or do not."""
    monkeypatch.setenv("RAY_task_events_report_interval_ms", request.param)


@pytest.mark.usefixtures("reports")
def test_a_task_that_is_cancelled_again_and_again_is_answered(ray: Any) -> None:
    @ray.remote  # type: ignore[untyped-decorator]
    def spin(depth: int) -> None:
        if depth:
            spin._function(depth - 1)
        while True:
            time.sleep(0.0005)

    # Long tracebacks: the next one comes while the error of the last is made.
    for _ in range(10):
        ref = spin.remote(300)
        time.sleep(0.03)
        for _ in range(50):
            ray.cancel(ref)
            time.sleep(0.0002)
        with pytest.raises(TaskCancelledError):
            ray.get(ref, timeout=LIMIT)


def test_a_cancellation_on_a_broken_channel_is_told_on_the_next(ray: Any) -> None:
    class Waits:
        async def wait(self) -> None:
            await asyncio.sleep(1000)

        def here(self) -> bool:
            return True

    waits = ray.remote(Waits).remote()
    ref = waits.wait.remote()
    assert ray.get(waits.here.remote(), timeout=LIMIT)
    session = client.session()
    with session.pump.lock:
        session.link(waits._actor_id.hex())._channel._sock.shutdown(socket.SHUT_RDWR)
        ray.cancel(ref)
    with pytest.raises(TaskCancelledError):
        ray.get(ref, timeout=LIMIT)
