"""A process's session: begun, ended, begun again, forked, interrupted."""

from __future__ import annotations

import os
import signal
import threading
import time

import ray
from say import say, trouble


@ray.remote
class Actor:
    """Answers."""

    def pid(self) -> int:
        return os.getpid()

    def sleep(self, seconds: float) -> str:
        time.sleep(seconds)
        return "slept"


def caught(act: object) -> dict[str, object]:
    """The error of what ``act`` does."""
    try:
        act()  # type: ignore[operator]
    except BaseException as error:
        return trouble(error)
    return {}


def is_running(pid: int) -> bool:
    """Whether the process is there, and no zombie."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def main() -> None:
    ray.init(namespace="e2e")
    say(twice=caught(ray.init), again=caught(lambda: ray.init(ignore_reinit_error=True)))
    actor = Actor.remote()
    kept = Actor.options(name="kept", lifetime="detached").remote()
    pids = ray.get([actor.pid.remote(), kept.pid.remote()])

    slow = actor.sleep.remote(0.5)
    threading.Timer(0.1, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    say(interrupted=caught(lambda: ray.get(slow)), later=ray.get(slow))

    child = os.fork()
    if child == 0:
        os._exit(0 if not ray.is_initialized() else 1)
    say(
        forked=os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]),
        same=ray.get(actor.pid.remote()) == pids[0],
    )

    ray.shutdown()
    say(initialized=ray.is_initialized())
    end = time.monotonic() + 10
    while is_running(pids[0]) and time.monotonic() < end:
        time.sleep(0.02)
    say(owned=is_running(pids[0]), detached=is_running(pids[1]))
    ray.init(namespace="e2e")
    found = ray.get_actor("kept")
    say(found=ray.get(found.pid.remote()) == pids[1])
    ray.kill(found)
    say(resources=caught(lambda: (ray.shutdown(), ray.init(num_cpus=3))))


if __name__ == "__main__":
    main()
