"""The program of scripts/death_latency: kills actors and tells when those who wait heard of it.

All processes are on one machine, so `time.monotonic` is one clock for them.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import re
import signal
import statistics
import sys
import threading
import time
from datetime import datetime
from typing import Any

import ray

#: How long a waiter may stay uninformed before the run is given up, in seconds.
PATIENCE = 60.0


@ray.remote
class Victim:
    """Is going to be killed while others wait for it."""

    def pid(self) -> int:
        return os.getpid()

    def block(self) -> None:
        threading.Event().wait()


@ray.remote
class Waiter:
    """Waits for a victim, and tells when that ended."""

    def ready(self) -> None:
        """Answers once it runs."""

    def wait(self, victim: Any) -> float:
        """The moment at which a call of ``victim`` failed."""
        return told_at(victim.block.remote())


def told_at(pending: Any) -> float:
    """The moment at which ``pending`` raised the death of its actor."""
    try:
        ray.get(pending, timeout=PATIENCE)
    except (ray.exceptions.ActorDiedError, ray.exceptions.ActorUnavailableError):
        return time.monotonic()
    raise SystemExit("A call of a killed actor was answered")


def report(side: str, what: str, seconds: list[float]) -> None:
    """Prints one line of figures."""
    ms = [second * 1000 for second in seconds]
    text = f"median {statistics.median(ms):6.1f} ms   worst {max(ms):6.1f} ms   of {len(ms)}"
    print(f"{side:5} {what:44} {text}")


def kill(pid: int) -> float:
    """Kills a process, and tells when."""
    began = time.monotonic()
    os.kill(pid, signal.SIGKILL)
    return began


def one_waits(place: dict[str, Any], kills: int) -> list[float]:
    """The driver waits for an actor of that place."""
    took = []
    for _ in range(kills):
        victim = Victim.options(max_concurrency=2, num_cpus=0, **place).remote()
        pid = ray.get(victim.pid.remote())
        pending = victim.block.remote()
        ray.get(
            victim.pid.remote()
        )  # so that the call runs: its death is measured, not its delivery
        began = kill(pid)
        took.append(told_at(pending) - began)
    return took


def many_wait(place: dict[str, Any], waiters: list[Any], rounds: int) -> list[float]:
    """All ``waiters`` wait for one actor of that place."""
    took = []
    for _ in range(rounds):
        victim = Victim.options(max_concurrency=len(waiters) + 1, num_cpus=0, **place).remote()
        pid = ray.get(victim.pid.remote())
        moments = [waiter.wait.remote(victim) for waiter in waiters]
        time.sleep(1.0)  # no waiter can say that it has begun to wait
        began = kill(pid)
        took += [moment - began for moment in ray.get(moments, timeout=PATIENCE)]
    return took


def silent_node(
    side: str, place: dict[str, Any], stop: list[int], log: pathlib.Path | None
) -> None:
    """A node falls silent: its processes are stopped, their connections stay."""
    victim = Victim.options(max_concurrency=2, num_cpus=0, **place).remote()
    pid = ray.get(victim.pid.remote())
    pending = victim.block.remote()
    ray.get(victim.pid.remote())
    stopped = [*stop, pid]
    wall, began = time.time(), time.monotonic()
    for one in stopped:
        os.kill(one, signal.SIGSTOP)
    try:
        dead = f"{told_at(pending) - began:6.2f} s"
    except ray.exceptions.GetTimeoutError:
        dead = f"not within {PATIENCE:.0f} s"
    finally:
        for one in stopped:
            os.kill(one, signal.SIGCONT)
    if log is not None:
        print(f"{side:5} {'a silent node is suspected after':44} {since(log, wall):6.2f} s")
    print(f"{side:5} {'a silent node is dead, and callers are told':44} {dead}")


def since(log: pathlib.Path, wall: float) -> float:
    """When the head's log says that a node is suspect, in seconds after ``wall``."""
    for line in log.read_text().splitlines():
        found = re.match(r"(\S+)Z INFO node \S+ \(\S+\) is suspect", line)
        if found:
            at = datetime.fromisoformat(found[1] + "+00:00").timestamp()
            if at >= wall:
                return at - wall
    return float("nan")


def main() -> None:
    """Runs everything."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--waiters", type=int, default=20)
    parser.add_argument("--node", action="store_true")
    parser.add_argument("--ray", action="store_true")
    options = parser.parse_args()
    if options.ray:
        side, here, there, daemon = "ray", {"here": 0.001}, {"there": 0.001}, ray_cluster()
        log = None
    else:
        side, here, there = "beam", {"node:127.0.0.1": 0.001}, {"node:127.0.0.2": 0.001}
        ray.init(log_to_driver=False)
        home = pathlib.Path(os.environ["BEAM_RUNTIME_DIR"])
        daemon, log = daemon_at("127.0.0.2"), home / "logs" / "head.log"
    places = {"on the node": {"resources": here}, "across nodes": {"resources": there}}
    for what, place in places.items():
        one_waits(place, 2)  # warm
        report(side, f"one waits, {what}", one_waits(place, options.kills))
    for where, at in places.items():
        waiters = [
            Waiter.options(num_cpus=0, **at).remote()  # type: ignore[arg-type]
            for _ in range(options.waiters)
        ]
        ray.get([waiter.ready.remote() for waiter in waiters])
        rounds = max(1, options.kills // 10)
        took = many_wait(places["on the node"], waiters, rounds)
        report(side, f"{options.waiters} wait {where}", took)
        for waiter in waiters:
            ray.kill(waiter)
    if options.node:
        silent_node(side, {"resources": there}, [daemon], log)
    ray.shutdown()


def daemon_at(ip: str) -> int:
    """The pid of the daemon with that address."""
    for record in pathlib.Path(os.environ["XDG_RUNTIME_DIR"], "beam").glob("*/daemon.json"):
        facts = json.loads(record.read_text())
        if facts["node_ip"] == ip:
            return int(facts["pid"])
    sys.exit(f"death_latency: no daemon has the address {ip}")


def ray_cluster() -> int:
    """Starts two nodes of genuine Ray; the pid of the second one's daemon."""
    from ray.cluster_utils import Cluster

    head = {"resources": {"here": 1}, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    node = cluster.add_node(resources={"there": 1})
    ray.init(address=cluster.address, log_to_driver=False)
    return int(node.all_processes["raylet"][0].process.pid)


if __name__ == "__main__":
    main()
