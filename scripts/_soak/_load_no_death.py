"""The driver of the scenario load_no_death: calls an actor on each node for argv[1] seconds."""

from __future__ import annotations

import json
import os
import statistics
import sys
import time

import ray


@ray.remote(num_cpus=0)
class Called:
    """Answers."""

    def pid(self) -> int:
        return os.getpid()


def main() -> None:
    """Calls, and prints how long the calls took."""
    ray.init()
    there = [
        Called.options(resources={f"node:127.0.0.{number}": 0.001}).remote() for number in (1, 2)
    ]
    pids = ray.get([actor.pid.remote() for actor in there])
    took = []
    end = time.monotonic() + float(sys.argv[1])
    while time.monotonic() < end:
        for actor, pid in zip(there, pids):
            began = time.perf_counter()
            if ray.get(actor.pid.remote()) != pid:
                sys.exit("An actor was started again")
            took.append((time.perf_counter() - began) * 1000)
        time.sleep(0.02)
    facts = {
        "count": len(took),
        "median": round(statistics.median(took), 1),
        "worst": round(max(took), 1),
    }
    print(json.dumps(facts), flush=True)


if __name__ == "__main__":
    main()
