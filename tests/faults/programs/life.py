"""Takes an actor to one step of its life and holds it there until the test says so.

usage: life.py STEP SOCKET ADDRESS      STEP: placing starting init idle call streaming killed
restarting; SOCKET: where the test listens; ADDRESS: of the node on which the actor lives

Whoever is held, the driver or the actor's process, connects to the socket, says where it is, and
waits for a line. The driver then tells how the actor's call ended, and whether it can go on.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from collections.abc import Iterator
from typing import Any, Callable

import ray


class Line:
    """A connection to the test: JSON lines there, lines back."""

    def __init__(self, path: str) -> None:
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(path)
        self.file = connection.makefile("rw")

    def say(self, **facts: Any) -> None:
        self.file.write(json.dumps(facts) + "\n")
        self.file.flush()

    def wait(self) -> str:
        return self.file.readline()


def hold(path: str, step: str, worker: int = 0) -> None:
    """Tells the test that the actor, of this process unless named, is at ``step``; waits."""
    line = Line(path)
    line.say(held=step, pid=worker or os.getpid())
    line.wait()


def unpickle_slowly(path: str) -> str:
    hold(path, "starting")
    return "unpickled"


class Slow:
    """Holds the process that unpickles it: a worker that has not begun ``__init__``."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[[str], str], tuple[str]]:
        return unpickle_slowly, (self.path,)


@ray.remote(num_cpus=0)
class Life:
    """The actor whose life it is."""

    def __init__(self, step: str, path: str, slow: object = None) -> None:
        self.step = step
        self.path = path
        again = ray.get_runtime_context().was_current_actor_reconstructed
        if step == "init" or (step == "restarting" and again):
            hold(path, step)

    def work(self) -> str:
        if self.step == "call":
            hold(self.path, self.step)
        return "done"

    def pid(self) -> int:
        return os.getpid()

    def forever(self) -> None:
        signal.pause()

    def stream(self) -> Iterator[str]:
        yield "first"
        hold(self.path, self.step)
        yield "done"


def trouble(error: BaseException) -> dict[str, Any]:
    return {"type": type(error).__name__, "text": str(error)}


def outcome(act: Callable[[], Any]) -> dict[str, Any]:
    """What ``act`` returns, or its error."""
    try:
        return {"value": act()}
    except BaseException as error:
        return {"error": trouble(error)}


def live(step: str, path: str, where: dict[str, float]) -> dict[str, Any]:
    """Lives up to ``step``; then how it went on."""
    here = Life.options(resources=where)
    if step == "placing":
        slot = {**where, "slot": 1}
        holder = Life.options(resources=slot).remote(step, path)
        assert ray.get(holder.work.remote()) == "done"
        waiting = Life.options(resources=slot).remote(step, path).work.remote()
        hold(path, step, ray.get(holder.pid.remote()))
        return outcome(lambda: (ray.kill(holder), ray.get(waiting))[-1])
    if step == "restarting":
        actor = here.options(max_restarts=1, max_task_retries=-1).remote(step, path)
        os.kill(ray.get(actor.pid.remote()), signal.SIGKILL)
        return outcome(lambda: ray.get(actor.work.remote()))
    actor = here.remote(step, path, Slow(path) if step == "starting" else None)
    if step == "streaming":
        values = actor.stream.options(num_returns="streaming").remote()
        return outcome(lambda: [ray.get(value) for value in values][-1])
    if step == "idle":
        hold(path, step, ray.get(actor.pid.remote()))
    if step == "killed":
        pid = ray.get(actor.pid.remote())
        pending = actor.forever.remote()
        line = Line(path)
        line.say(held=step, pid=pid)
        return outcome(lambda: (ray.kill(actor), ray.get(pending))[-1])
    return outcome(lambda: ray.get(actor.work.remote()))


def main() -> None:
    step, path, address = sys.argv[1:]
    where = {f"node:{address}": 0.01}
    ray.init()
    line = Line(path)
    line.say(driver=os.getpid())
    line.say(outcome=live(step, path, where))
    line.wait()
    again = outcome(lambda: ray.get(Life.options(resources=where).remote("", path).work.remote()))
    line.say(again=again)
    line.wait()


if __name__ == "__main__":
    main()
