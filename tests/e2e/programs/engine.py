"""As vLLM's executor does: one thread waits for the next death, another gets results."""

from __future__ import annotations

import os
import signal
import threading

import ray
from say import say, trouble


@ray.remote
class Rank:
    """A worker of the engine."""

    def pid(self) -> int:
        return os.getpid()

    def step(self, number: int) -> int:
        return number * 2

    def run_forever(self) -> None:
        threading.Event().wait()


ray.init()
ranks = [Rank.options(max_concurrency=2).remote() for _ in range(2)]
pids = ray.get([rank.pid.remote() for rank in ranks])
running = [rank.run_forever.remote() for rank in ranks]
died = threading.Event()


def monitor() -> None:
    done, _ = ray.wait(running, num_returns=1)
    try:
        ray.get(done[0])
    except ray.exceptions.RayActorError as error:
        say(monitor=trouble(error), rank=running.index(done[0]))
    died.set()


watcher = threading.Thread(target=monitor)
watcher.start()
right = all(
    ray.get([rank.step.remote(number) for rank in ranks]) == [2 * number] * 2
    for number in range(500)
)
say(right=right, quiet=not died.is_set())
os.kill(pids[1], signal.SIGKILL)
watcher.join()
say(other=ray.get(ranks[0].step.remote(21)))
