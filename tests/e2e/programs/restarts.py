"""An actor that may be restarted, and one on a node that dies."""

from __future__ import annotations

import os
import signal
import sys

import ray
from say import say, trouble


@ray.remote(max_restarts=1, max_task_retries=1)
class Phoenix:
    """Comes back once."""

    def __init__(self) -> None:
        self.count = 0

    def add(self) -> int:
        self.count += 1
        return self.count

    def pid(self) -> int:
        return os.getpid()

    def die_in_first_life(self) -> str:
        if not ray.get_runtime_context().was_current_actor_reconstructed:
            os.kill(os.getpid(), signal.SIGKILL)
        return "second life"


def main() -> None:
    ray.init()
    where = {f"node:{sys.argv[1]}": 0.01}
    phoenix = Phoenix.options(resources=where).remote()
    say(counts=ray.get([phoenix.add.remote() for _ in range(3)]))
    say(retried=ray.get(phoenix.die_in_first_life.remote()))
    say(anew=ray.get(phoenix.add.remote()))
    os.kill(ray.get(phoenix.pid.remote()), signal.SIGKILL)
    try:
        ray.get(phoenix.add.remote())
    except ray.exceptions.ActorDiedError as error:
        say(last=trouble(error))


if __name__ == "__main__":
    main()
