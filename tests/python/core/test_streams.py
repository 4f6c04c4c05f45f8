"""Generators from end to end: what breaks on the way, and what both sides keep."""

from __future__ import annotations

import gc
import os
import random
import signal
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from ray._core.entry import Entry
from ray._core.pump import Pump
from ray._core.serialization import dumps, loads
from ray._core.streams import Stream
from ray._worker.sending import Outgoing
from ray.exceptions import ObjectRefStreamEndOfStreamError

LIMIT = 20.0


class Source:
    def __init__(self) -> None:
        self.made = 0

    def count(self, number: int, size: int = 0, cut_at: int = -1) -> Iterator[Any]:
        for index in range(number):
            if index == cut_at:
                self.cut()
            self.made += 1
            yield (index, b"x" * size)

    def progress(self) -> int:
        return self.made

    def kept(self) -> int:
        """How many values wait for the word that they arrived, of generators that have ended."""
        task = __import__("ray._private.running", fromlist=["x"]).current_call.get()
        return sum(len(stream.frames) for stream in task[0].streams.values())

    def cut(self) -> None:
        """Shuts every call channel of this worker down under its feet."""
        from ray._core import client

        pump = client.session().pump
        control = client.session().control._channel._fd
        for fd in list(pump._pollables):
            sock = socket.socket(fileno=os.dup(fd))
            if fd != control and not sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()


def values(ray: Any, generator: Any) -> list[Any]:
    return [ray.get(each, timeout=LIMIT)[0] for each in generator]


@pytest.mark.parametrize("pause", [None, 4])
def test_a_cut_channel_loses_and_repeats_nothing(ray: Any, pause: int | None) -> None:
    source = ray.remote(Source).remote()
    count = source.count.options(_generator_backpressure_num_objects=pause)
    for cut_at in (0, 1, 57, 199):
        assert values(ray, count.remote(200, 10_000, cut_at)) == list(range(200))
    assert ray.get(source.progress.remote(), timeout=LIMIT) == 800


@pytest.mark.parametrize("seed", range(4))
def test_values_arrive_through_interrupts_at_any_time(ray: Any, seed: int) -> None:
    source = ray.remote(Source).remote()  # its first call: the way to it is interrupted as well
    random_ = random.Random(seed)
    inside = False

    def interrupt(*_: object) -> None:
        signal.setitimer(signal.ITIMER_REAL, random_.random() * 0.002 + 0.0001)
        if inside:
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    interrupts, got = 0, []
    generator = source.count.remote(500, 100)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.001)
        while len(got) < 500:
            entry = generator._entry
            try:
                inside = True
                generator._session._wait_for(entry, None)
                inside = False
            except KeyboardInterrupt:
                inside = False
                interrupts += 1
                continue
            got.append(next(generator))
    finally:
        signal.signal(signal.SIGALRM, signal.SIG_IGN)
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert [each[0] for each in ray.get(got, timeout=LIMIT)] == list(range(500))
    with pytest.raises(StopIteration):
        next(generator)


def test_a_worker_forgets_what_arrived(ray: Any) -> None:
    source = ray.remote(Source).remote()
    assert len(values(ray, source.count.remote(1000, 1000))) == 1000
    assert ray.get(source.progress.remote(), timeout=LIMIT) == 1000
    assert ray.get(source.kept.remote(), timeout=LIMIT) == 0


def test_a_generator_that_is_dropped_frees_its_values(ray: Any) -> None:
    source = ray.remote(Source).remote()
    generator = source.count.options(_generator_backpressure_num_objects=2).remote(50)
    assert ray.get(next(generator), timeout=LIMIT)[0] == 0
    stream = generator._stream
    del generator
    gc.collect()
    assert ray.get(source.progress.remote(), timeout=LIMIT) == 50
    deadline = time.monotonic() + LIMIT
    while stream.count is None:
        assert time.monotonic() < deadline
        assert ray.get(source.progress.remote(), timeout=LIMIT) == 50
    assert not stream._entries


# ── the two sides alone ──────────────────────────────────────────────────────────────────────


@pytest.fixture
def pump() -> Iterator[Pump]:
    made = Pump()
    yield made
    made.abandon()


def is_end(entry: Entry) -> bool:
    return isinstance(entry.error, ObjectRefStreamEndOfStreamError)


def test_repeated_values_count_once(pump: Pump) -> None:
    stream = Stream(pump)
    waited_for = stream.entry(1)
    for index in (0, 1, 0, 1, 2):
        stream.put(index, True, dumps(index))
    assert loads(waited_for.parts) == 1
    assert stream.arrived == 3
    end = stream.entry(3)
    assert not end.done
    stream.end()
    assert is_end(end)
    assert is_end(stream.entry(7))
    stream.put(3, True, dumps(3))
    assert stream.arrived == 3


def test_an_error_is_the_last_value(pump: Pump) -> None:
    stream = Stream(pump)
    stream.put(0, True, dumps(0))
    after = stream.entry(2)
    stream.fail(ValueError("over"))
    assert isinstance(stream.entry(1).error, ValueError)
    assert is_end(after)
    stream.fail(KeyError("late"))
    assert isinstance(stream.entry(1).error, ValueError)


def test_a_source_waits_for_its_reader() -> None:
    outgoing = Outgoing(Pump(), 2, 0)
    woken = []
    outgoing.on_room = lambda: woken.append(outgoing.sent)
    outgoing.add(b"0")
    assert outgoing.done
    outgoing.add(b"1")
    assert not outgoing.done
    outgoing.took(1, 0)
    assert not outgoing.done
    assert list(outgoing.frames) == [b"1"]
    outgoing.took(2, 1)
    assert outgoing.done
    assert woken == [2]
    outgoing.add(b"2")
    assert not outgoing.done
    outgoing.stop()
    outgoing.add(b"3")
    assert outgoing.done


def test_a_source_that_is_repeated_knows_what_was_taken() -> None:
    outgoing = Outgoing(Pump(), 1, 5)
    for index in range(5):
        outgoing.add(b"%d" % index)
        assert outgoing.done
    outgoing.add(b"5")
    assert not outgoing.done
