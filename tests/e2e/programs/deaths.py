"""Ways in which actors die, and what their callers are told."""

from __future__ import annotations

import os
import signal
import statistics
import sys
import threading
import time

import ray
from ray.util.placement_group import placement_group
from say import say, trouble

ROUNDS = 20


@ray.remote
class Victim:
    """Is going to die."""

    def pid(self) -> int:
        return os.getpid()

    def hang(self) -> None:
        print("these were its last words", file=sys.stderr, flush=True)
        threading.Event().wait()

    def leave(self, code: int) -> None:
        os._exit(code)

    def call_exit(self) -> None:
        sys.exit(4)


@ray.remote
class Unborn:
    """Cannot be made."""

    def __init__(self, text: str) -> None:
        raise ValueError(text)

    def hello(self) -> str:
        return "hello"


def caught(act: object) -> dict[str, object]:
    """The error of what ``act`` does."""
    try:
        act()  # type: ignore[operator]
    except BaseException as error:
        return trouble(error)
    return {}


def killed_while_waited_for() -> tuple[float, dict[str, object]]:
    """How long after its worker's SIGKILL a pending ``ray.get`` raised, in milliseconds."""
    here = {f"node:{ray.util.get_node_ip_address()}": 0.01}
    victim = Victim.options(max_concurrency=2, resources=here).remote()
    pid = ray.get(victim.pid.remote())
    pending = victim.hang.remote()
    ray.get(victim.pid.remote())
    began: list[float] = []

    def kill() -> None:
        began.append(time.perf_counter())
        os.kill(pid, signal.SIGKILL)

    timer = threading.Timer(0.02, kill)
    timer.start()
    error = caught(lambda: ray.get(pending))
    return (time.perf_counter() - began[0]) * 1000, error


def main() -> None:
    ray.init()
    rounds = [killed_while_waited_for() for _ in range(ROUNDS)]
    times = [round(ms, 1) for ms, _ in rounds]
    say(median=statistics.median(times), worst=max(times), error=rounds[-1][1])

    victim = Victim.remote()
    say(exit_code=caught(lambda: ray.get(victim.leave.remote(3))))
    say(later=caught(lambda: ray.get(victim.pid.remote())))
    victim = Victim.remote()
    say(sys_exit=caught(lambda: ray.get(victim.call_exit.remote())))

    unborn = Unborn.remote("no such thing")
    say(init=caught(lambda: ray.get(unborn.hello.remote())))

    lock = threading.Lock()

    @ray.remote
    class Holder:
        """Holds what no pickle can hold."""

        def hold(self) -> object:
            return lock

    say(unpicklable=caught(Holder.remote))

    victim = Victim.remote()
    ray.get(victim.pid.remote())
    ray.kill(victim)
    say(kill=caught(lambda: ray.get(victim.pid.remote())))
    say(
        empty_bundle=caught(lambda: placement_group([{}])),
        no_bundle=caught(lambda: placement_group([])),
    )


if __name__ == "__main__":
    main()
