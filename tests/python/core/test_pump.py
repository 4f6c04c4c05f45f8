"""The pump's end: what is late must not touch what others opened since."""

from __future__ import annotations

import os

from ray._core.pump import Pump


def test_a_late_wake_writes_into_nobody_elses_descriptor() -> None:
    pump = Pump()
    number = pump._wake_write
    pump.stop()
    read, write = os.pipe()
    if number not in (read, write):
        os.dup2(write, number)  # takes the number that the pump gave back
    try:
        os.set_blocking(read, False)
        pump.call_later(0.0, lambda: None)
        pump._wake()
        try:
            written = os.read(read, 8)
        except BlockingIOError:
            written = b""
        assert written == b""
    finally:
        for descriptor in {read, write, number}:
            os.close(descriptor)
