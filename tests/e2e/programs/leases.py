"""Many short tasks on workers that are leased: who got how many, and when the first was done."""

from __future__ import annotations

import os
import sys
import time

import ray
from say import say


@ray.remote
def work(seconds: float) -> int:
    """Holds a CPU for a while."""
    time.sleep(seconds)
    return os.getpid()


def main() -> None:
    count, seconds = int(sys.argv[1]), float(sys.argv[2])
    ray.init()
    began = time.monotonic()
    refs = [work.remote(seconds) for _ in range(count)]
    ray.get(refs[0])
    say(first=round(time.monotonic() - began, 2))
    pids = ray.get(refs)
    say(count=len(pids), processes=len(set(pids)), all=round(time.monotonic() - began, 2))


main()
