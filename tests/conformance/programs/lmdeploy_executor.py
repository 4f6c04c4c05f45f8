"""The calls of LMDeploy's PyTorch engine on Ray, in its order."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any

import ray
from ray.exceptions import ActorAlreadyExistsError
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

REFUSED = "When connecting to an existing cluster, num_cpus and num_gpus must not be provided."


class Worker:
    """One worker: async methods, a queue of outputs, an end of its own."""

    def __init__(self, rank: int) -> None:
        self.rank = rank
        self.outputs: asyncio.Queue[Any] = asyncio.Queue()

    def start(self) -> str:
        return "started"

    async def forward_async(self, inputs: dict[str, Any]) -> None:
        await self.outputs.put({"rank": self.rank, "sum": sum(inputs["tokens"])})

    async def get_outputs(self) -> Any:
        return await self.outputs.get()

    async def wait_tasks(self) -> None:
        await asyncio.Event().wait()

    async def release(self) -> None:
        pass

    def exit(self) -> None:
        ray.actor.exit_actor()


def connect() -> Any:
    """Ask for a size first, as where no cluster is; then without."""
    try:
        context = ray.init(num_cpus=2, object_store_memory=1 << 28, ignore_reinit_error=True)
        raise AssertionError("there is a cluster already")
    except ValueError as error:
        if error.args[0] != REFUSED:
            raise
        context = ray.init(ignore_reinit_error=True, log_to_driver=False)
    return context


async def step(workers: list[Any], steps: int) -> tuple[list[Any], int]:
    """Run the loop of forwards and outputs; free each step's inputs by hand."""
    from ray.dag.input_node import InputNode
    from ray.dag.output_node import MultiOutputNode

    with InputNode() as given:
        graph = MultiOutputNode([worker.forward_async.bind(given) for worker in workers])
    assert graph is not None
    outputs, freed, before, inputs = [], 0, [], None
    for number in range(steps):
        if before:
            await asyncio.gather(*before)
            with contextlib.suppress(AttributeError):  # newer Ray has it elsewhere
                ray.internal.free(inputs, local_only=False)
            freed += 1
        inputs = ray.put({"tokens": list(range(number + 1))})
        before = [worker.forward_async.remote(inputs) for worker in workers]
        outputs.append(await workers[0].get_outputs.remote())
    return outputs, freed


async def stop(workers: list[Any]) -> list[str]:
    """Cancel the endless tasks as the engine does when it stops."""
    waiting = [worker.wait_tasks.remote() for worker in workers]
    await asyncio.sleep(0.2)
    for task in waiting:
        ray.cancel(task)
    ends = []
    for task in waiting:
        try:
            await task
        except BaseException as error:
            ends.append(type(error).__name__)
    return ends


def main() -> None:
    """Run the engine's life once."""
    context = connect()
    told: dict[str, Any] = {
        "address": ":" in context.address_info["address"],
        "rendezvous": ray.get_runtime_context().gcs_address.split(":")[0] != "",
        "enough": ray.cluster_resources().get("GPU", 0) >= 2,
    }
    here = ray.util.get_node_ip_address()
    bundles: list[dict[str, float]] = [{"GPU": 1.0} for _ in range(2)]
    bundles[0][f"node:{here}"] = 0.001
    group = ray.util.placement_group(bundles, strategy="PACK")
    ready = group.ready()
    ray.wait([ready], timeout=10)
    ray.get(ready, timeout=0)
    workers = [
        ray.remote(num_cpus=0, num_gpus=0.01)(Worker)
        .options(
            scheduling_strategy=PlacementGroupSchedulingStrategy(
                placement_group=group,
                placement_group_capture_child_tasks=True,
                placement_group_bundle_index=index,
            )
        )
        .remote(index)
        for index in range(2)
    ]
    told["started"] = ray.get([worker.start.remote() for worker in workers], timeout=60)
    told["outputs"], told["freed"] = asyncio.run(step(workers, 3))
    told["ends"] = asyncio.run(stop(workers))

    named = ray.remote(num_cpus=0)(Worker).options(
        name="engine", namespace="lmdeploy", lifetime="detached"
    )
    kept = named.remote(9)
    ray.get(kept.start.remote())
    try:
        ray.get(named.remote(9).start.remote())
        told["twice"] = "no"
    except ActorAlreadyExistsError:
        told["twice"] = "ActorAlreadyExistsError"
    except ValueError as error:
        told["twice"] = type(error).__name__
    ray.kill(ray.get_actor("engine", namespace="lmdeploy"))

    told["hex"] = len(ray.put(1).hex())
    ray.get([worker.release.remote() for worker in workers], timeout=5.0)
    workers[0].exit.remote()
    ray.kill(workers[1])
    try:
        ray.get([worker.start.remote() for worker in workers], timeout=60)
    except ray.exceptions.ActorDiedError:
        told["gone"] = True
    ray.util.remove_placement_group(group)
    ray.shutdown()
    print("TOLD", json.dumps(told))


if __name__ == "__main__":
    main()
