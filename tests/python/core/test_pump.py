"""The pump's end: what is late must not touch what others opened since."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from typing import Any

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


class _Target:
    def __init__(self) -> None:
        self.done = False
        self.sleepers: list[Any] | None = None


def test_a_thread_that_pumps_sees_what_a_timer_or_another_thread_did() -> None:
    pump = Pump()
    pump.start()
    try:
        late = _Target()
        begun = time.monotonic()
        pump.call_later(0.05, lambda: pump.finish(late))
        assert pump.wait(late, begun + 10)
        assert time.monotonic() - begun < 9
        other = _Target()

        def run() -> None:
            while not pump._pumper:
                time.sleep(0.001)
            with pump.lock:
                pump.finish(other)

        thread = threading.Thread(target=run)
        thread.start()
        begun = time.monotonic()
        assert pump.wait(other, begun + 10)
        assert time.monotonic() - begun < 9
        thread.join()
    finally:
        pump.stop()


class _Secluding:
    """Notes which thread serves it, and ends a wait."""

    def __init__(self, pump: Pump, sock: socket.socket, target: _Target) -> None:
        self.pump, self.sock, self.target = pump, sock, target
        self.served_by = 0

    def on_events(self, _events: int) -> None:
        self.pump.seclude()
        try:
            self.sock.recv(1)
        except BlockingIOError:  # handed over twice
            return
        self.served_by = threading.get_ident()
        self.pump.finish(self.target)

    def give_up(self, error: BaseException) -> None:
        raise error


def test_what_no_signal_may_cut_off_is_left_to_the_io_thread_also_after_a_handler_pumped() -> None:
    pump = Pump()
    pump.start()
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    target = _Target()
    secluding = _Secluding(pump, ours, target)

    def handle(*_: object) -> None:
        pump.poll()
        theirs.send(b"1")

    before = signal.signal(signal.SIGALRM, handle)
    try:
        with pump.lock:
            pump.register(ours.fileno(), secluding)
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        assert pump.wait(target, time.monotonic() + 10)
        assert secluding.served_by not in (0, threading.get_ident())
    finally:
        signal.signal(signal.SIGALRM, before)
        pump.stop()
        ours.close()
        theirs.close()
