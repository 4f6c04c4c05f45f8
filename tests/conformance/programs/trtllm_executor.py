"""The calls of TensorRT-LLM's Ray executor, in its order."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import ray
from ray.util.placement_group import get_current_placement_group, placement_group

try:
    from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy
except ImportError:  # where older Ray had it too
    from ray.util.placement_group import PlacementGroupSchedulingStrategy


@contextmanager
def unwrapped() -> Iterator[None]:
    """Let the worker's own exception through."""
    try:
        yield
    except ray.exceptions.RayTaskError as error:
        raise error.as_instanceof_cause() from error


class Engine:
    """What the wrapper holds; its methods are not the wrapper's."""

    def __init__(self, rank: int) -> None:
        self.rank = rank

    def setup_engine(self, port: int = 0) -> list[int]:
        return [self.rank, port]

    def fail(self) -> None:
        raise NotImplementedError("not on this rank")


@ray.remote
class Wrapper:
    """One worker; the class of its engine comes as an argument."""

    def __init__(self, engine: type[Engine], settings: dict[str, Any], rank: int) -> None:
        if settings.get("dies"):
            os._exit(7)
        self.master = os.environ["MASTER_ADDR"]
        self.own = os.environ["ONLY_IN_DRIVER"]
        self.gpu = int(ray.get_gpu_ids()[0])
        self.visible = os.environ.get("CUDA_VISIBLE_DEVICES")
        self.engine = engine(rank)

    def facts(self) -> dict[str, Any]:
        return {
            "master": self.master,
            "own": self.own,
            "gpu": self.gpu,
            "visible": self.visible,
        }

    def call_worker_method(self, name: str, *args: Any, **kwargs: Any) -> Any:
        return getattr(self.engine, name)(*args, **kwargs)

    def shutdown(self) -> str:
        return "down"

    def __repr__(self) -> str:
        return f"Wrapper[rank={self.engine.rank}]"


class Executor:
    """Two workers on one group."""

    def __init__(self, settings: dict[str, Any]) -> None:
        address = ray.util.get_node_ip_address()
        environment = ray.runtime_env.RuntimeEnv()
        environment["env_vars"] = os.environ.copy()
        environment["env_vars"].update({"MASTER_ADDR": address})
        gpus = int(ray.nodes()[0]["Resources"].get("GPU", 0))
        bundles = [{"GPU": min(2, gpus), "CPU": 2, f"node:{address}": 0.01}]
        self.group = placement_group(bundles, strategy="PACK")
        self.workers = [
            Wrapper.options(
                num_gpus=0.5,
                runtime_env=environment,
                scheduling_strategy=PlacementGroupSchedulingStrategy(
                    placement_group=self.group, placement_group_bundle_index=0
                ),
            ).remote(Engine, settings, rank)
            for rank in range(2)
        ]

    def ready(self) -> list[Any]:
        return [worker.__ray_ready__.remote() for worker in self.workers]

    @unwrapped()
    def rpc(self, method: str, *args: Any, non_block: bool = False, **kwargs: Any) -> Any:
        """Call a method of all wrappers, or of what they hold where they lack it."""
        refs = []
        for worker in self.workers:
            try:
                refs.append(getattr(worker, method).remote(*args, **kwargs))
            except AttributeError:
                refs.append(worker.call_worker_method.remote(method, *args, **kwargs))
        return refs if non_block else ray.get(refs)

    def shutdown(self) -> Any:
        down = ray.get([worker.shutdown.remote() for worker in self.workers], timeout=30.0)
        ray.util.remove_placement_group(self.group)
        return down


def main() -> None:
    """Start an executor whose workers die, and one that works."""
    os.environ["ONLY_IN_DRIVER"] = "yes"
    settings = {
        "include_dashboard": False,
        "namespace": "trtllm",
        "ignore_reinit_error": True,
        "log_to_driver": False,
        "runtime_env": {"env_vars": {"RAY_EXPERIMENTAL_NOSET_CUDA_VISIBLE_DEVICES": "1"}},
    }
    ray.init(address="auto", **settings)
    told: dict[str, Any] = {"again": ray.is_initialized() and bool(ray.init(**settings))}
    told["outside"] = get_current_placement_group() is None

    dying = Executor({"dies": True})
    try:
        ray.get(dying.ready())
        told["died"] = "no"
    except ray.exceptions.ActorDiedError:
        told["died"] = "yes"
    ray.util.remove_placement_group(dying.group)

    executor = Executor({})
    ray.get(executor.ready())
    facts = executor.rpc("facts")
    told["facts"] = [[fact["own"], fact["master"] != ""] for fact in facts]
    told["shared"] = len({fact["gpu"] for fact in facts})
    told["engines"] = executor.rpc("setup_engine", port=5)

    async def gathered() -> Any:
        return await asyncio.gather(*executor.rpc("setup_engine", 6, non_block=True))

    told["gathered"] = asyncio.run(gathered())
    try:
        executor.rpc("fail")
    except NotImplementedError as error:
        told["cause"] = "not on this rank" in str(error)
    told["down"] = executor.shutdown()
    ray.shutdown()
    told["left"] = ray.is_initialized()
    print("TOLD", json.dumps(told))


if __name__ == "__main__":
    main()
