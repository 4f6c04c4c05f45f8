"""The shape of reinforcement learning with vLLM: a trainer's weights go into an engine that runs.

An engine over two tensor-parallel workers is subclassed and made an async actor inside a placement
group. A trainer, another actor with a part of the same device, holds the engine's handle: it
changes the weights, puts them into the object store and has each worker load its shard through
`collective_rpc`, between generations. With the first weights back, the first tokens are back.

    beam up --head --num-gpus 2                       # or one GPU on each of two machines
    PYTHONPATH=$(beam shim-path) VLLM_ALLOW_INSECURE_SERIALIZATION=1 python3 rl_weights.py MODEL
"""

from __future__ import annotations

import asyncio
import json
import os
import pathlib
import pickle
import sys
from typing import Any

import ray
from ray.util.placement_group import placement_group
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy
from vllm import AsyncEngineArgs, SamplingParams
from vllm.v1.engine.async_llm import AsyncLLM
from vllm.v1.executor.abstract import Executor

PROMPTS = [[5, 9, 13, 17], [1, 2, 3], [7, 7, 7, 7, 7], [400, 3]]
TOKENS = 6
SHARE = "0.5"  # of a GPU, for each worker; the trainer has a part of the rest

Weights = dict[str, Any]  # numpy arrays by their names in the checkpoint


def load_weights(worker: Any, pickled: bytes) -> tuple[int, str, float]:
    """Run inside each vLLM worker: load its shard of what came.

    Returns:
        The worker's rank and node, and the sum of its first norm's weights.
    """
    import torch
    import vllm.envs

    weights: Weights = pickle.loads(pickled)
    model = worker.model_runner.model
    model.load_weights((name, torch.from_numpy(array.copy())) for name, array in weights.items())
    norm = dict(model.named_parameters())["model.norm.weight"]
    return worker.rank, vllm.envs.VLLM_HOST_IP, float(norm.sum())


class Engine(AsyncLLM):
    """vLLM's async engine with what a loop of reinforcement learning asks of it."""

    def __init__(self, model: str) -> None:
        # Read where vLLM places its workers, which happens below.
        os.environ["VLLM_RAY_PER_WORKER_GPUS"] = SHARE
        os.environ["VLLM_RAY_BUNDLE_INDICES"] = "0,1"
        arguments = AsyncEngineArgs(
            model=model,
            skip_tokenizer_init=True,
            tensor_parallel_size=2,
            distributed_executor_backend="ray",
            enforce_eager=True,
            enable_prefix_caching=False,  # what was computed with old weights is of no use
            dtype="float32",
            max_model_len=128,
            max_num_seqs=8,
            kv_cache_memory_bytes=64 << 20,
            disable_log_stats=True,
        )
        config = arguments.create_engine_config()
        super().__init__(
            vllm_config=config,
            executor_class=Executor.get_class(config),
            log_stats=False,
        )

    async def tokens(self, name: str, prompt: list[int]) -> list[int]:
        """Generate greedily; many of these calls run at the same time."""
        wanted = SamplingParams(
            temperature=0.0, max_tokens=TOKENS, detokenize=False, ignore_eos=True
        )
        tokens: list[int] = []
        async for output in self.generate({"prompt_token_ids": prompt}, wanted, name):
            tokens = list(output.outputs[0].token_ids)
        return tokens

    async def update(self, weights: Weights) -> list[tuple[int, str, float]]:
        """Have all workers load weights; return what each of them says."""
        # As bytes: what vLLM itself makes of arrays on the way to its workers are lists.
        return list(await self.collective_rpc(load_weights, args=(pickle.dumps(weights, 5),)))


@ray.remote(num_cpus=0, num_gpus=0.25)
class Trainer:
    """Holds the weights and pretends to train them."""

    def __init__(self, model: str, engine: Any) -> None:
        from safetensors.numpy import load_file

        self.engine = engine
        self.first: Weights = {}
        for file in sorted(pathlib.Path(model).glob("*.safetensors")):
            # vLLM packs the matrices of linear layers for a CPU and drops the originals, so that
            # only the others can be loaded again there.
            weights = load_file(file).items()
            self.first.update((name, w) for name, w in weights if "norm" in name or "embed" in name)

    def gpus(self) -> list[Any]:
        """Return the devices that are this actor's, in part."""
        return list(ray.get_gpu_ids())

    def step(self, number: int) -> tuple[list[tuple[int, str, float]], float]:
        """Send the weights after some steps of training, 0 being none.

        Returns:
            What the workers say, and the sum that each must have found.
        """
        weights = dict(self.first)
        if number:
            weights["model.embed_tokens.weight"] = weights["model.embed_tokens.weight"][::-1]
        weights["model.norm.weight"] = weights["model.norm.weight"] + number
        sent = ray.put(weights)
        told = ray.get(self.engine.update.remote(sent))
        return told, float(weights["model.norm.weight"].sum())


async def generate(engine: Any, name: str) -> list[list[int]]:
    """Ask for all prompts at once."""
    asked = [
        engine.tokens.remote(f"{name}-{index}", prompt) for index, prompt in enumerate(PROMPTS)
    ]
    return list(await asyncio.gather(*asked))


def main() -> None:
    """Generate, train, generate, go back; print one line `WEIGHTS {json}`."""
    model = sys.argv[1]
    ray.init()
    group = placement_group([{"GPU": 1, "CPU": 0}] * 2)
    ray.get(group.ready(), timeout=60)
    engine = (
        ray.remote(Engine)
        .options(
            num_cpus=0,
            num_gpus=0,
            scheduling_strategy=PlacementGroupSchedulingStrategy(
                placement_group=group,
                placement_group_bundle_index=0,
                placement_group_capture_child_tasks=True,
            ),
        )
        .remote(model)
    )
    trainer = Trainer.options(
        scheduling_strategy=PlacementGroupSchedulingStrategy(
            placement_group=group, placement_group_bundle_index=0
        )
    ).remote(model, engine)

    first = asyncio.run(generate(engine, "first"))
    told, wanted = ray.get(trainer.step.remote(1))
    if sorted(rank for rank, _, _ in told) != [0, 1]:
        raise SystemExit(f"Both workers must load the weights, these did: {told}")
    if any(abs(found - wanted) > 1e-3 for _, _, found in told):
        raise SystemExit(f"Each worker must have the trainer's weights ({wanted}), found {told}")
    trained = asyncio.run(generate(engine, "trained"))
    ray.get(trainer.step.remote(0))
    back = asyncio.run(generate(engine, "back"))
    if trained == first or back != first:
        raise SystemExit(f"First {first}, trained {trained}, back {back}")
    result = {
        "tokens": first[0],
        "trained": trained[0],
        "hosts": sorted({host for _, host, _ in told}),
        "trainer_gpus": ray.get(trainer.gpus.remote()),
    }
    print("WEIGHTS " + json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
