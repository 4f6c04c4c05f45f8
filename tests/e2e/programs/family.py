"""A driver whose actors have children of all sorts. Tells all pids, then waits to be ended."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from multiprocessing.shared_memory import SharedMemory

import ray
from ray.util.placement_group import placement_group
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy
from say import say, trouble

SLEEP = ["sleep", "600"]


def daemonize() -> int:
    """A process that left its parent, its group and its session, as daemons do."""
    reader, writer = os.pipe()
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.write(writer, str(os.getpid()).encode())
            os.execvp(SLEEP[0], SLEEP)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as file:
        pid = int(file.read(20))
    os.wait()
    return pid


@ray.remote
class Parent:
    """Has a child, one in a session of its own, and one that it has lost."""

    def begin(self) -> dict[str, int]:
        self.named = SharedMemory(create=True, size=1 << 16)
        self.children = [
            subprocess.Popen(SLEEP),
            subprocess.Popen(SLEEP, start_new_session=True),
        ]
        return {
            "worker": os.getpid(),
            "child": self.children[0].pid,
            "session": self.children[1].pid,
            "orphan": daemonize(),
        }

    def shared(self) -> str:
        """The file of its named shared memory, which only its resource tracker would take away."""
        return "/dev/shm/" + self.named.name.lstrip("/")

    def sleep(self) -> None:
        time.sleep(600)


ray.init()
group = placement_group([{"CPU": 1}] * 2, strategy="PACK")
ray.get(group.ready())
parents = [
    Parent.options(
        num_cpus=1,
        scheduling_strategy=PlacementGroupSchedulingStrategy(
            placement_group=group, placement_group_bundle_index=index
        ),
    ).remote()
    for index in range(2)
]
families = ray.get([parent.begin.remote() for parent in parents])
say(families=families, shared=ray.get([parent.shared.remote() for parent in parents]))
if "nested" in sys.argv:
    sys.stdin.read()
try:
    ray.get([parent.sleep.remote() for parent in parents])
except Exception as error:
    say(error=trouble(error))
sys.stdin.read()
