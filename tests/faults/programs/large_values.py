"""Puts, returns and reads large values, with an actor, until told to end.

usage: large_values.py MIB COUNT

After each line of input: COUNT values of MIB MiB are put, given to an actor, and as many returned
by it; tells how many came whole, the actor's pid, and the first error.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import ray
from say import say, trouble

MIB = 2**20


@ray.remote(num_cpus=0)
class Store:
    """Takes values and gives others."""

    def check(self, value: bytes, number: int) -> bool:
        return value == bytes([number]) * len(value)

    def give(self, size: int, number: int) -> bytes:
        return bytes([number]) * size

    def pid(self) -> int:
        return os.getpid()


def round_of(store: Any, size: int, count: int) -> dict[str, Any]:
    """All of it once; every value is held until the end, so that they need room together."""
    whole = 0
    errors = []
    held = []
    for number in range(count):
        try:
            reference = ray.put(bytes([number]) * size)
            held.append(reference)
            whole += ray.get(store.check.remote(reference, number))
            reference = store.give.remote(size, number)
            held.append(reference)
            whole += ray.get(reference) == bytes([number]) * size
        except Exception as error:
            errors.append(trouble(error))
    return {"whole": whole, "failed": len(errors), "error": errors[0] if errors else None}


def main() -> None:
    size, count = int(sys.argv[1]) * MIB, int(sys.argv[2])
    ray.init()
    store = Store.remote()
    say(pid=ray.get(store.pid.remote()))
    for _ in sys.stdin:
        found = round_of(store, size, count)
        say(**found, pid=ray.get(store.pid.remote()))


if __name__ == "__main__":
    main()
