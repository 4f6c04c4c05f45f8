"""The pump's end: what is late must not touch what others opened since."""

from __future__ import annotations

import os
import time

from ray._core.pump import Pump


def test_the_io_thread_stops_ticking_while_somebody_waits_long() -> None:
    pump = Pump()
    pump.start()
    try:
        with pump.lock:
            pump._pumper = -1  # a thread that is none: its wait does not end
            pump._ticking = True
        pump._wake()
        end = time.monotonic() + 10
        while pump._ticking and time.monotonic() < end:
            pump._wake()
            time.sleep(0.001)
        assert not pump._ticking
    finally:
        pump.stop()


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
