"""The calls of SGLang's Ray engine, in its order: schedulers as actors inside a placement group."""

from __future__ import annotations

import json
import os
import threading
from typing import Any

import ray
from ray.util.placement_group import PlacementGroup
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy


@ray.remote
class Scheduler:
    """One process of a GPU: it tells what it got, then stays in its loop."""

    def __init__(self, settings: dict[str, Any], gpu_id: int, rank: int) -> None:
        if settings.get("broken"):
            raise ValueError("cannot load the model")
        assigned = ray.get_runtime_context().get_accelerator_ids().get("GPU", [])
        self.gpu = int(assigned[0]) if assigned else gpu_id
        self.rank = rank

    def get_info(self) -> dict[str, Any]:
        """Return what the engine waits for."""
        return {"status": "ready", "gpu": self.gpu, "rank": self.rank, "pid": os.getpid()}

    def run_event_loop(self) -> None:
        """Never return; the engine kills the actor."""
        threading.Event().wait()


def engine_bundle(group: PlacementGroup, nodes: int) -> tuple[int, str]:
    """Find the bundle on this node by tasks inside each bundle."""
    here = ray.util.get_node_ip_address()

    @ray.remote(num_cpus=0, num_gpus=0)
    def node_ip() -> str:
        return ray.util.get_node_ip_address()

    addresses = ray.get(
        [
            node_ip.options(
                scheduling_strategy=PlacementGroupSchedulingStrategy(
                    placement_group=group, placement_group_bundle_index=index
                )
            ).remote()
            for index in range(nodes)
        ]
    )
    return addresses.index(here), here


def launch(settings: dict[str, Any]) -> list[Any]:
    """Make the schedulers, two on one bundle of two GPUs."""
    group = ray.util.get_current_placement_group()
    if group is None:
        from ray.util.placement_group import placement_group

        group = placement_group([{"CPU": 1, "GPU": 2}], strategy="STRICT_PACK")
        ray.get(group.ready())
    index, address = engine_bundle(group, 1)
    return [
        Scheduler.options(
            num_cpus=0,
            num_gpus=1,
            name=f"scheduler_node{address}_tp{rank}_pg{group.id.hex()[:8]}_bundle{index}",
            scheduling_strategy=PlacementGroupSchedulingStrategy(
                placement_group=group, placement_group_bundle_index=index
            ),
        ).remote(settings, rank, rank)
        for rank in range(2)
    ]


def serve(settings: dict[str, Any]) -> dict[str, Any]:
    """Launch, wait until all are ready, start the loops, and end them."""
    schedulers = launch(settings)
    try:
        infos = ray.get([scheduler.get_info.remote() for scheduler in schedulers])
    except ray.exceptions.RayActorError as error:
        for scheduler in schedulers:
            ray.kill(scheduler)
        return {"failed": "cannot load the model" in str(error)}
    loops = [scheduler.run_event_loop.remote() for scheduler in schedulers]
    done, running = ray.wait(loops, timeout=0.2)
    for scheduler in schedulers:
        ray.kill(scheduler)
    dead = 0
    for loop in loops:
        try:
            ray.get(loop, timeout=60)
        except ray.exceptions.RayActorError:
            dead += 1
    return {
        "gpus": sorted(info["gpu"] for info in infos),
        "pids": len({info["pid"] for info in infos}),
        "running": len(running),
        "ended": [len(done), dead],
    }


@ray.remote(num_cpus=1)
class Engine:
    """An engine that is itself an actor inside of a group, as its callers place it."""

    def serve(self, settings: dict[str, Any]) -> dict[str, Any]:
        return serve(settings)


def main() -> None:
    """Run the engine in the driver, in an actor of a group, and with a model that fails."""
    ray.init(ignore_reinit_error=True, log_to_driver=False)
    told: dict[str, Any] = {}
    from ray.util.placement_group import placement_group, remove_placement_group

    group = placement_group([{"CPU": 1, "GPU": 2}], strategy="STRICT_PACK")
    ray.get(group.ready())
    for name, settings in (("inside", {}), ("broken", {"broken": True})):
        engine = Engine.options(
            scheduling_strategy=PlacementGroupSchedulingStrategy(
                placement_group=group, placement_group_capture_child_tasks=True
            )
        ).remote()
        told[name] = ray.get(engine.serve.remote(settings))
        ray.kill(engine)
    remove_placement_group(group)
    told["driver"] = serve({})
    print("TOLD", json.dumps(told))


if __name__ == "__main__":
    main()
