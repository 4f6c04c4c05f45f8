"""Runs vLLM offline with a tiny Llama and prints one line `RESULT {json}`.

usage: offline.py MODEL [--tp N] [--backend ray|uni] [--hosts N]

`--hosts N` fails the run unless the workers sat on N nodes. With `--tp 1 --backend uni` the same
model runs in one process: what its tokens are there they must be everywhere.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from typing import Any

PROMPT = [5, 9, 13, 17]


def place_of(worker: Any) -> tuple[str, int, int]:
    """Run inside a worker: its node's address, process and rank."""
    import vllm.envs

    return (vllm.envs.VLLM_HOST_IP, os.getpid(), worker.rank)


def main() -> None:
    """Loads, generates, measures, prints."""
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("--tp", type=int, default=2)
    parser.add_argument("--backend", default="ray")
    parser.add_argument("--hosts", type=int, default=0)
    options = parser.parse_args()
    from vllm import LLM, SamplingParams

    def generate(prompts: list[list[int]], count: int) -> list[list[int]]:
        parameters = SamplingParams(
            temperature=0.0, max_tokens=count, detokenize=False, ignore_eos=True
        )
        outputs = llm.generate(
            [{"prompt_token_ids": ids} for ids in prompts], parameters, use_tqdm=False
        )
        return [list(output.outputs[0].token_ids) for output in outputs]

    began = time.monotonic()
    llm = LLM(
        model=options.model,
        skip_tokenizer_init=True,
        tensor_parallel_size=options.tp,
        distributed_executor_backend=options.backend,
        enforce_eager=True,
        dtype="float32",
        seed=0,
        max_model_len=128,
        max_num_seqs=32,
        max_num_batched_tokens=128,
        kv_cache_memory_bytes=64 << 20,
        disable_log_stats=True,
    )
    generate([PROMPT], 1)
    first_token = time.monotonic() - began
    tokens = generate([PROMPT], 8)[0]
    batch = generate([[1, n, 7 * n % 512] for n in range(20)], 8)
    began = time.monotonic()
    generate([[1, 2, 3]], 100)
    per_token = (time.monotonic() - began) / 100
    result: dict[str, Any] = {
        "first_token_s": round(first_token, 2),
        "ms_per_token": round(per_token * 1000, 2),
        "tokens": tokens,
        "batch": batch,
    }
    if options.backend == "ray":
        import ray

        places = llm.collective_rpc(place_of)
        hosts = {host for host, _, _ in places}
        if options.hosts and len(hosts) != options.hosts:
            raise SystemExit(f"The workers sat on {sorted(hosts)}, not on {options.hosts} nodes")
        began = time.monotonic()
        for _ in range(50):
            llm.collective_rpc(place_of)
        result["rpc_ms"] = round((time.monotonic() - began) * 20, 2)
        result["workers"] = places
        result["ray"] = ray.__version__
    print("RESULT " + json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
