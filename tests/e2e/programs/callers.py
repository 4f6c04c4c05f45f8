"""Calls that never stop: actors that count them, and threads that see every answer once."""

from __future__ import annotations

import threading

import ray

#: How many calls to each actor are under way at a time.
DEPTH = 8


@ray.remote
class Counter:
    """Counts its calls: one that is run twice shows in every later answer."""

    def __init__(self) -> None:
        self.count = 0

    def add(self) -> int:
        self.count += 1
        return self.count


class Caller(threading.Thread):
    """Calls one actor until it is told to end; the answers must be 1, 2, 3, …"""

    def __init__(self, node: str) -> None:
        super().__init__(daemon=True)
        self.actor = Counter.options(name=node, resources={f"node:{node}": 0.01}).remote()
        self.calls = 1
        assert ray.get(self.actor.add.remote()) == 1
        self.over = False
        self.fault = ""

    def run(self) -> None:
        try:
            while not self.over:
                answers = ray.get([self.actor.add.remote() for _ in range(DEPTH)])
                assert answers == [self.calls + at + 1 for at in range(DEPTH)], answers
                self.calls += DEPTH
        except BaseException as error:
            self.fault = repr(error)
            raise

    def end(self) -> None:
        """Ends it after the calls that are under way; raises what ended it before."""
        self.over = True
        self.join()
        if self.fault:
            raise RuntimeError(self.fault)


def go_on(callers: list[Caller]) -> None:
    """Returns when each has had answers to calls that it made after this began."""
    before = [caller.calls for caller in callers]
    while any(caller.calls <= count + DEPTH for caller, count in zip(callers, before)):
        for caller in callers:
            if caller.fault:
                raise RuntimeError(caller.fault)
