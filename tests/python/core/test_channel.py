"""The channel against a peer that cuts, delays and splits anywhere, and signals at any time."""

from __future__ import annotations

import contextlib
import random
import signal
import socket
import threading
import time
from typing import Any

import pytest
from ray._core.channel import Channel
from ray._core.frames import FrameDecoder, encode_head
from ray._core.pump import Pump

LIMIT = 20.0


class Target:
    """Done when the expected number of frames has arrived, or the channel ended."""

    def __init__(self) -> None:
        self.done = False
        self.sleepers: Any = None


class End:
    """One end: a pump, a channel, and what arrived."""

    def __init__(self, sock: socket.socket) -> None:
        self.pump = Pump()
        self.got: list[tuple[int, bytes]] = []
        self.reason: Exception | None = None
        self.target = Target()
        self.expected = -1
        with self.pump.lock:
            self.channel = Channel(self.pump, sock, self._on_frame, self._on_close)

    def _on_frame(self, header: dict[str, Any], body: Any) -> None:
        # A frame may come twice where a signal interrupted its handling.
        if not self.got or header["n"] > self.got[-1][0]:
            self.got.append((header["n"], bytes(body)))
        if len(self.got) == self.expected:
            self.target.done = True

    def _on_close(self, reason: Exception) -> None:
        self.reason = reason
        self.target.done = True


def frames_of(random_: random.Random, count: int) -> list[tuple[int, bytes]]:
    sizes = [0, 1, 50, 5000, 70_000, 400_000]
    return [(n, random_.randbytes(random_.choice(sizes))) for n in range(count)]


def relay(random_: random.Random, one: socket.socket, two: socket.socket, cut: int) -> None:
    """Carries bytes from one to two in pieces, with pauses, and cuts after `cut` bytes."""
    carried = 0
    try:
        while data := one.recv(random_.choice([1, 10, 1000, 65536])):
            if 0 <= cut <= carried + len(data):
                two.sendall(data[: cut - carried])
                return
            two.sendall(data)
            carried += len(data)
            if random_.random() < 0.05:
                time.sleep(0.002)
    except OSError:
        pass  # the test's end closed them under it
    finally:
        for sock in (one, two):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("seed", range(25))
def test_frames_arrive_whole_and_in_order_up_to_a_cut(seed: int) -> None:
    random_ = random.Random(seed)
    frames = frames_of(random_, 40)
    total = sum(len(encode_head({"kind": "x", "n": n}, len(b))) + len(b) for n, b in frames)
    cut = random_.randrange(total) if seed % 2 else -1
    a, b = socket.socketpair()
    c, d = socket.socketpair()
    carrier = threading.Thread(target=relay, args=(random.Random(seed), b, c, cut))
    carrier.start()
    sender, receiver = End(a), End(d)
    receiver.expected = len(frames)
    sender.pump.start()
    try:
        for n, body in frames:
            head = encode_head({"kind": "x", "n": n}, len(body))
            with sender.pump.lock:
                sender.channel.send_parts([head, body] if random_.random() < 0.8 else [head + body])
        assert receiver.pump.wait(receiver.target, time.monotonic() + LIMIT)
        assert receiver.got == frames[: len(receiver.got)]
        if cut < 0:
            assert len(receiver.got) == len(frames)
        else:
            assert isinstance(receiver.reason, ConnectionError)
    finally:
        sender.pump.stop()
        receiver.pump.stop()
        for sock in (a, b, c, d):
            sock.close()
        carrier.join(LIMIT)


@pytest.mark.parametrize("seed", range(6))
def test_signals_at_any_time_lose_and_repeat_nothing(seed: int) -> None:
    """A timer's handler raises in the main thread, while it sends and receives."""
    random_ = random.Random(seed)
    frames = frames_of(random_, 300)
    a, b = socket.socketpair()
    end = End(a)
    end.expected = len(frames)
    echoed: list[bytes] = []

    def echo() -> None:
        while data := b.recv(65536):
            echoed.append(data)
            b.sendall(data)

    thread = threading.Thread(target=echo)
    thread.start()
    interrupts = 0
    inside = False

    def interrupt(*_: object) -> None:
        signal.setitimer(signal.ITIMER_REAL, random_.random() * 0.002 + 0.0001)
        if inside:
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    queue = list(frames)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.001)
        deadline = time.monotonic() + LIMIT
        while not end.target.done and time.monotonic() < deadline:
            try:
                inside = True
                while queue:
                    n, body = queue[0]
                    head = encode_head({"kind": "x", "n": n}, len(body))
                    with end.pump.lock:
                        # Repeated where a signal came after it was queued: the receiver drops it.
                        end.channel.send_parts([head, body])
                        queue.pop(0)
                    end.pump.poll()
                end.pump.wait(end.target, time.monotonic() + 0.5)
                inside = False
            except KeyboardInterrupt:
                inside = False
                interrupts += 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    try:
        assert end.reason is None, repr(end.reason)
        assert end.got == frames
        assert interrupts > 0
        # What was sent is a sequence of whole frames.
        sent: list[int] = []
        decoder = FrameDecoder(lambda header, body: sent.append(header["n"]))
        for data in echoed:
            decoder.feed(data)
        assert decoder.idle
        assert sent == sorted(sent)
    finally:
        end.pump.stop()
        a.close()
        b.shutdown(socket.SHUT_RDWR)
        thread.join(LIMIT)
        b.close()


def test_a_finalizer_may_send_in_the_middle_of_a_send() -> None:
    import gc

    a, b = socket.socketpair()
    end = End(a)

    class Sends:
        def __init__(self, n: int) -> None:
            self.n = n
            self.cycle = self

        def __del__(self) -> None:
            with end.pump.lock:
                end.channel.send(encode_head({"kind": "x", "n": self.n}, 0))

    got: list[int] = []
    decoder = FrameDecoder(lambda header, body: got.append(header["n"]))
    old = gc.get_threshold()
    try:
        gc.set_threshold(1)
        for n in range(2000):
            Sends(100_000 + n)
            with end.pump.lock:
                end.channel.send_parts([encode_head({"kind": "x", "n": n}, 20_000), b"y" * 20_000])
            b.setblocking(False)
            try:
                while True:
                    decoder.feed(b.recv(65536))
            except BlockingIOError:
                pass
            end.pump.poll()
        gc.set_threshold(*old)
        gc.collect()
        while len(got) < 4000:
            end.pump.poll()
            b.setblocking(True)
            decoder.feed(b.recv(65536))
    finally:
        gc.set_threshold(*old)
    assert [n for n in got if n < 100_000] == list(range(2000))
    assert sorted(n for n in got if n >= 100_000) == list(range(100_000, 102_000))
    end.pump.stop()
    a.close()
    b.close()


def test_last_words_are_read_where_sending_told_of_the_end() -> None:
    a, b = socket.socketpair()
    end = End(a)
    try:
        b.sendall(encode_head({"kind": "x", "n": 1}, 3) + b"abc")
        b.close()
        with end.pump.lock:
            end.channel.send(encode_head({"kind": "x", "n": 2}))
            end.channel.send(encode_head({"kind": "x", "n": 3}))
        assert end.pump.wait(end.target, time.monotonic() + LIMIT)
        assert end.got == [(1, b"abc")]
        assert isinstance(end.reason, ConnectionError)
    finally:
        end.pump.stop()
        a.close()
