"""Run programs on the `ray` that is imported: JSON lines in, JSON lines out.

    {"run": "7_", "program": [...]}   →   {"outcomes": [...]}

RAY_ADDRESS names a cluster that is there, else one is started. A line that does not end is cut off,
and says so in its outcome; what a program leaves in use after its end is its last outcome.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import time
from types import FrameType
from typing import Any

#: Seconds that a line may take, the first time and once one took too long.
PATIENCE, AFTER = 60, 5


class Hang(KeyboardInterrupt):
    """A line took too long. Of what a signal's handler may raise, only this ends a wait on Ray."""


def render(program: list[Any]) -> list[str]:
    """Return the lines of a program, with nested blocks written out in theirs."""
    return [
        line if isinstance(line, str) else line[0].replace("BLOCK", repr(render(line[1])))
        for line in program
    ]


def main() -> None:
    told = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    import ray

    address = os.environ.pop("RAY_ADDRESS", None)
    own: dict[str, Any] = {} if address else {"num_cpus": 4, "num_gpus": 2, "resources": {"mlx": 1}}
    ray.init(
        address=address or "local",
        namespace="programs",
        log_to_driver=False,
        logging_level="ERROR",
        runtime_env={"env_vars": {"OF_THE_JOB": "job"}},
        **own,
    )
    import kit

    gate = kit.Gate.remote()
    ray.get(gate.next.remote("ready"))
    print(json.dumps({"version": ray.__version__}), file=told)
    for text in sys.stdin:
        asked = json.loads(text)
        env: dict[str, Any] = {"gate": gate, "run": asked["run"]}
        outcomes = run(render(asked["program"]), env)
        clean_up(env)
        left = in_use()
        print(json.dumps({"outcomes": [*outcomes, left] if left else outcomes}), file=told)
    ray.shutdown()


def run(lines: list[str], env: dict[str, Any]) -> list[Any]:
    """Run a program in this process, which is its driver."""
    import kit

    patience = PATIENCE

    def cut(_signal: int, _frame: FrameType | None) -> None:
        nonlocal patience
        patience = AFTER
        raise Hang

    signal.signal(signal.SIGALRM, cut)
    try:
        return kit.run_lines(lines, env, lambda: signal.alarm(patience) and None).outcomes
    finally:
        signal.alarm(0)


def clean_up(env: dict[str, Any]) -> None:
    """End what a program has left."""
    import ray
    from ray.util.placement_group import PlacementGroup, remove_placement_group

    del env["gate"]
    for value in env.values():
        for each in value if isinstance(value, list) else [value]:
            try:
                if isinstance(each, ray.actor.ActorHandle):
                    ray.kill(each)
                elif isinstance(each, ray.ObjectRef):
                    ray.cancel(each)
                elif isinstance(each, PlacementGroup):
                    remove_placement_group(each)
            except Exception:
                pass  # it is gone, or there is nothing to cancel
    env.clear()
    gc.collect()


def in_use() -> str:
    """Wait until nothing is used; return what is, when that does not come."""
    import ray

    names = ("CPU", "GPU", "mlx")
    end = time.monotonic() + 20
    while True:
        whole, free = ray.cluster_resources(), ray.available_resources()
        used = {name: whole[name] - free.get(name, 0) for name in names}
        if not any(used.values()):
            return ""
        if time.monotonic() > end:
            return f"! in use: {used}"
        time.sleep(0.02)


if __name__ == "__main__":
    main()
