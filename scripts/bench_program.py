"""The program that scripts/bench runs on genuine Ray and on beam; prints one JSON line of figures.

All times are seconds, medians where a thing is done several times.
"""

from __future__ import annotations

import json
import os
import signal
import statistics
import sys
import time
from typing import Any, Callable

SYNC_CALLS = 2000
PIPELINED_CALLS = 5000
WARM_UP = 200
ACTORS = 10
DEATHS = 10
SYNC_TASKS = 500
TASKS = 1000
NESTED = 20
MEBIBYTE = 1 << 20


def seconds(action: Callable[[], Any]) -> float:
    """How long `action` takes."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def main() -> None:
    """Measures and prints."""
    figures: dict[str, float] = {}
    began = time.perf_counter()
    import ray

    figures["import"] = time.perf_counter() - began
    figures["init"] = seconds(
        lambda: ray.init(num_cpus=64, include_dashboard=False, log_to_driver=False)
    )

    class Counter:
        def __init__(self) -> None:
            self.count = 0

        def add(self) -> int:
            self.count += 1
            return self.count

        def echo(self, value: Any) -> Any:
            return value

        def pid(self) -> int:
            return os.getpid()

        def block(self) -> None:
            time.sleep(3600)

    actor_class: Any = ray.remote(num_cpus=0)(Counter)
    actor = actor_class.remote()
    for _ in range(WARM_UP):
        ray.get(actor.add.remote())

    def one_at_a_time() -> None:
        for _ in range(SYNC_CALLS):
            ray.get(actor.add.remote())

    def pipelined() -> None:
        ray.get([actor.add.remote() for _ in range(PIPELINED_CALLS)])

    def with_value(value: Any, count: int) -> float:
        return seconds(lambda: [ray.get(actor.echo.remote(value)) for _ in range(count)]) / count

    figures["call"] = seconds(one_at_a_time) / SYNC_CALLS
    pipelined()
    figures["pipelined_call"] = seconds(pipelined) / PIPELINED_CALLS
    figures["call_dict"] = with_value(
        {"step": 7, "tokens": list(range(64)), "name": "request"}, 1000
    )
    figures["call_1MiB"] = with_value(b"x" * MEBIBYTE, 100)

    def create_one() -> Any:
        made = actor_class.remote()
        ray.get(made.add.remote())
        return made

    figures["actor"] = statistics.median(seconds(create_one) for _ in range(ACTORS))

    def create_many() -> None:
        ray.get([made.add.remote() for made in [actor_class.remote() for _ in range(ACTORS)]])

    figures["actors_together"] = seconds(create_many) / ACTORS

    deaths = []
    for _ in range(DEATHS):
        victim = actor_class.remote()
        pid = ray.get(victim.pid.remote())
        pending = victim.block.remote()
        time.sleep(0.05)  # so that the call runs: its death is measured, not its delivery
        began = time.perf_counter()
        os.kill(pid, signal.SIGKILL)
        try:
            ray.get(pending)
        except ray.exceptions.RayActorError:
            deaths.append(time.perf_counter() - began)
    if len(deaths) != DEATHS:
        sys.exit("A killed actor's call did not fail")
    figures["death_told"] = statistics.median(deaths)
    tasks(ray, figures)
    figures["shutdown"] = seconds(ray.shutdown)
    print(json.dumps(figures), flush=True)


def tasks(ray: Any, figures: dict[str, float]) -> None:
    """Measures tasks: one at a time, many at once, and those that wait for others of their kind."""

    @ray.remote
    def increment(number: int) -> int:
        return number + 1

    @ray.remote
    def nest(depth: int) -> int:
        return 0 if depth == 0 else 1 + int(ray.get(nest.remote(depth - 1)))

    def one_at_a_time() -> None:
        for number in range(SYNC_TASKS):
            ray.get(increment.remote(number))

    def at_once() -> None:
        ray.get([increment.remote(number) for number in range(TASKS)])

    at_once()
    figures["task"] = seconds(one_at_a_time) / SYNC_TASKS
    figures["tasks_at_once"] = seconds(at_once) / TASKS
    figures["nested_task"] = seconds(lambda: ray.get(nest.remote(NESTED))) / NESTED


if __name__ == "__main__":
    main()
