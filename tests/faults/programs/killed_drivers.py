"""Forks drivers one after another, each killed with SIGKILL somewhere in its life.

Reads a number per line from standard input: how many more to kill; each time that is done it
says so. Ends with its input.

What a driver does before its end goes in a circle through the kinds below. One kind in three is
killed at a moment that nobody has chosen, which over thousands falls on every step of joining a
cluster and of leaving it.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from typing import Callable

import ray
from ray.util.placement_group import placement_group
from say import say

MIB = 2**20


@ray.remote(num_cpus=0)
class Answerer:
    """An actor that answers, and that can be waited for in vain."""

    def answer(self) -> int:
        return 42

    def stream(self) -> object:
        while True:
            yield b"x"
            time.sleep(0.001)


@ray.remote(num_cpus=0)
def task() -> int:
    return 42


def joined() -> None:
    ray.init(log_to_driver=False)


def with_group() -> None:
    joined()
    ray.get(placement_group([{"CPU": 0.01}] * 2, strategy="PACK").ready())


def with_large_value() -> None:
    joined()
    ray.put(bytes(2 * MIB))


def with_actor() -> None:
    joined()
    assert ray.get(Answerer.remote().answer.remote()) == 42


def with_named_actor() -> None:
    joined()
    name = f"killed-{os.getpid()}"
    actor = Answerer.options(name=name, num_cpus=0.01).remote()
    assert ray.get(actor.answer.remote()) == 42


def with_actor_on_its_way() -> None:
    joined()
    Answerer.remote().answer.remote()


def with_stream() -> None:
    joined()
    stream = Answerer.remote().stream.options(num_returns="streaming").remote()
    ray.get(next(stream))


def with_task() -> None:
    joined()
    assert ray.get(task.remote()) == 42


#: A worker costs many times what joining does: most drivers only join.
KINDS: list[Callable[[], None]] = [joined] * 10 + [
    with_group,
    with_large_value,
    with_actor,
    with_named_actor,
    with_actor_on_its_way,
    with_stream,
    with_task,
]


def one(number: int) -> None:
    """Forks one driver and kills it."""
    kind = KINDS[number % len(KINDS)]
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        try:
            kind()
        except BaseException as error:
            os.write(writer, f"{type(error).__name__}: {error}".encode())
            os._exit(1)
        os.write(writer, b"ready")
        signal.pause()
    os.close(writer)
    if number % 3 == 0:
        time.sleep(random.random() * 0.03)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(reader)
        return
    said = os.read(reader, 4096)
    os.close(reader)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    if said != b"ready":
        sys.exit(f"Driver {number} ({kind.__name__}) failed: {said.decode() or 'it ended'}")


def main() -> None:
    number = 0
    for line in sys.stdin:
        for _ in range(int(line)):
            one(number)
            number += 1
        say(killed=number)


if __name__ == "__main__":
    main()
