"""Calls an actor on the node of an address, one call after another, until its input ends.

usage: steady.py ADDRESS

Tells the pid of the actor's process, then after each line of input how many calls were answered so
far, and in the end whether each was answered once and in order; an error as soon as there is one.
"""

from __future__ import annotations

import os
import sys
import threading

import ray
from say import say, trouble


@ray.remote(num_cpus=0)
class Counter:
    """Counts its calls."""

    def __init__(self) -> None:
        self.count = 0

    def pid(self) -> int:
        return os.getpid()

    def add(self, data: bytes) -> int:
        self.count += 1
        return self.count


def main() -> None:
    ray.init()
    counter = Counter.options(resources={f"node:{sys.argv[1]}": 0.01}).remote()
    say(pid=ray.get(counter.pid.remote()))
    answered = 0
    ended = threading.Event()

    def listen() -> None:
        for _ in sys.stdin:
            say(answered=answered)
        ended.set()

    threading.Thread(target=listen, daemon=True).start()
    in_order = True
    while not ended.is_set():
        try:
            # Several on their way at once, and some that take many packets.
            calls = [counter.add.remote(b"x" * (20_000 * (at == 3))) for at in range(5)]
            numbers = ray.get(calls)
        except ray.exceptions.RayError as error:
            say(error=trouble(error), answered=answered)
            ended.wait()
            return
        in_order = in_order and numbers == list(range(answered + 1, answered + 6))
        answered += 5
    say(answered=answered, in_order=in_order)


if __name__ == "__main__":
    main()
