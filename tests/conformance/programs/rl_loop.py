"""What reinforcement learning does with Ray: the shapes of slime, OpenRLHF and verl in one loop.

Many actors share a GPU; large rollouts go by reference inside lists; a queue joins producer and
consumer; worker classes are fused at run time; actors have names and are found by them.
"""

from __future__ import annotations

import asyncio
import json
import socket
from typing import Any

import ray
from ray.util.placement_group import placement_group
from ray.util.queue import Queue
from ray.util.scheduling_strategies import (
    NodeAffinitySchedulingStrategy,
    PlacementGroupSchedulingStrategy,
)


class Role:
    """A plain class, made remote when it is fused."""

    def __init__(self, scale: int) -> None:
        self.scale = scale

    def execute(self, batch: list[int]) -> list[int]:
        return [self.scale * item for item in batch]


def fused(*roles: tuple[str, type[Role], int]) -> Any:
    """Make one actor class of several, as verl fuses its workers."""

    def construct(self: Any) -> None:
        self.roles = {name: kind(scale) for name, kind, scale in roles}

    methods: dict[str, Any] = {"__init__": construct}
    for name, _, _ in roles:

        def call(self: Any, batch: list[int], _role: str = name) -> list[int]:
            result: list[int] = self.roles[_role].execute(batch)
            return result

        methods[f"{name}_execute"] = call
    return ray.remote(type("FusedWorker", (Role,), methods))


@ray.remote
class Rollout:
    """Makes rollouts; many of them on a device."""

    def __init__(self, rank: int) -> None:
        self.rank = rank
        self.weights = 0

    def facts(self) -> list[Any]:
        with socket.socket() as taken:
            taken.bind(("", 0))
            port = taken.getsockname()[1]
        return [ray._private.services.get_node_ip_address() != "", port > 0, ray.get_gpu_ids()[0]]

    def generate(self, size: int) -> Any:
        return [ray.put({"rank": self.rank, "tokens": bytes(size), "weights": self.weights})]

    def update(self, weights: list[Any]) -> int:
        self.weights = ray.get(weights[0])["version"]
        return self.weights


@ray.remote(num_cpus=0)
class Chat:
    """An async engine with hundreds of requests at once, as OpenRLHF's agents have it."""

    def __init__(self, results: Any) -> None:
        self.results = results

    async def chat(self, number: int) -> int:
        await asyncio.sleep(0.01)
        await self.results.put_async(number)
        return number


@ray.remote(num_cpus=0)
class Trainer:
    """Reads what the rollouts put, through references inside lists."""

    def train(self, rollouts: list[list[Any]]) -> list[int]:
        return sorted(ray.get(inner[0])["rank"] for inner in rollouts)

    def batch_of(self, queue: Any, size: int) -> list[int]:
        return sorted(queue.get(timeout=60) for _ in range(size))


def main() -> None:
    """Run a loop of two steps."""
    group = placement_group([{"GPU": 1, "CPU": 1}], strategy="PACK")  # initializes by itself
    told: dict[str, Any] = {"gpus": ray.cluster_resources().get("GPU")}
    ray.get(group.ready(), timeout=60)
    told["bundles"] = group.bundle_count
    rollouts = [
        Rollout.options(
            num_cpus=0.2,
            num_gpus=0.2,
            scheduling_strategy=PlacementGroupSchedulingStrategy(group, 0),
        ).remote(rank)
        for rank in range(4)
    ]
    facts = ray.get([rollout.facts.remote() for rollout in rollouts])
    told["facts"] = [facts[0][:2], len({fact[2] for fact in facts})]

    trainer = Trainer.options(name="trainer", get_if_exists=True, lifetime="detached").remote()
    for version in (1, 2):
        made = [rollout.generate.remote(2 << 20) for rollout in rollouts]
        done, left = ray.wait(made, num_returns=len(made), timeout=None)
        assert not left
        assert len(done) == 4
        told[f"trained{version}"] = ray.get(trainer.train.remote(ray.get(made)))
        weights = ray.put({"version": version, "data": bytes(3 << 20)})
        updates = [rollout.update.remote([weights]) for rollout in rollouts]
        told[f"updated{version}"] = ray.get(updates)

    results = Queue(maxsize=0, actor_options={"num_cpus": 0})
    chat = Chat.remote(results)
    asked = [chat.chat.remote(number) for number in range(200)]
    batch = trainer.batch_of.remote(results, 200)
    told["chats"] = [sum(ray.get(asked, timeout=60)), len(set(ray.get(batch)))]

    here = ray.get_runtime_context().get_node_id()
    worker = (
        fused(("actor", Role, 2), ("critic", Role, 3))
        .options(num_cpus=0, scheduling_strategy=NodeAffinitySchedulingStrategy(here, soft=False))
        .remote()
    )
    batch_ref = ray.put([1, 2, 3])
    told["fused"] = ray.get(
        [worker.actor_execute.remote(batch_ref), worker.critic_execute.remote(batch_ref)]
    )
    told["called"] = ray.get(worker.__ray_call__.remote(lambda self: sorted(self.roles)))
    told["job"] = len(ray.get_runtime_context().get_job_id())
    told["found"] = "trainer" in ray.util.list_named_actors()
    ray.kill(ray.get_actor("trainer"))
    results.shutdown()
    print("TOLD", json.dumps(told))


if __name__ == "__main__":
    main()
