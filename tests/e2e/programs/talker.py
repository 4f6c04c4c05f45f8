"""Actors on two nodes that talk, hang, and die when they are told to on standard input."""

from __future__ import annotations

import ctypes
import os
import sys
import threading

import ray
from ray.util.placement_group import placement_group
from say import say


@ray.remote(max_restarts=1, max_concurrency=2)
class Talker:
    """Prints what it is told."""

    def __init__(self) -> None:
        print(f"life begins with {os.environ.get('SERVICE_PASSWORD', '')}", flush=True)

    def talk(self, text: str) -> int:
        print(text, flush=True)
        return os.getpid()

    def hang_here(self) -> None:
        threading.Event().wait()

    def hold_interpreter(self) -> None:
        """Waits in C without letting other threads run, as a library may."""
        ctypes.PyDLL(None).sleep(1000)

    def leave(self) -> None:
        os._exit(3)


def main() -> None:
    ray.init(log_to_driver=False)
    secret = os.environ.get("PLANTED", "")
    talkers = {
        name: Talker.options(
            name=name,
            resources={f"node:{ip}": 0.01},
            runtime_env={"env_vars": {"SERVICE_PASSWORD": secret, "INNOCENT": f"{secret}-too"}},
        ).remote()
        for name, ip in zip(("near", "far", "stuck"), sys.argv[1:4])
    }
    placement_group([{"GPU": 99}], name="waits")
    pids = {name: ray.get(talker.talk.remote("hello")) for name, talker in talkers.items()}
    say(pids=pids)
    for line in sys.stdin:
        name, method, *args = line.split()
        ref = getattr(talkers[name], method).remote(*args)
        if method == "talk":
            say(said=ray.get(ref))


main()
