"""Ends the head process while vLLM generates; prints one line `OUTAGE {json}`.

usage: outage.py MODEL             kills it
       outage.py MODEL REPLACE …   then also runs the command REPLACE …, `beam up --replace`

The tokens of the generations that this falls into must be those of the same generation
without it; afterwards the head is another process, and new work is placed.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time

PROMPT = [5, 9, 13, 17]
TOKENS = 100


def head_pid() -> int:
    """The head's process, as this machine's daemon tells it; 0 while there is none."""
    from ray._core.client import session

    return int(session().request("daemon.info", {}).fields.get("head_pid") or 0)


def kill(pid: int) -> None:
    """Kills that process."""
    os.kill(pid, signal.SIGKILL)


def replace(_pid: int) -> None:
    """Has the command given exchange it."""
    subprocess.run(sys.argv[2:], check=True)


def answer_of_a_worker() -> int:
    """A task, to see that new work is placed."""
    return os.getpid()


def main() -> None:
    """Generates without and with an outage, compares, prints."""
    import ray
    from vllm import LLM, SamplingParams

    ray.init(address="auto")
    llm = LLM(
        model=sys.argv[1],
        skip_tokenizer_init=True,
        tensor_parallel_size=2,
        distributed_executor_backend="ray",
        enforce_eager=True,
        dtype="float32",
        max_model_len=128,
        kv_cache_memory_bytes=64 << 20,
    )

    def generate() -> list[int]:
        parameters = SamplingParams(
            temperature=0.0, max_tokens=TOKENS, detokenize=False, ignore_eos=True
        )
        prompt = {"prompt_token_ids": PROMPT}
        return list(llm.generate([prompt], parameters, use_tqdm=False)[0].outputs[0].token_ids)

    began = time.monotonic()
    undisturbed = generate()
    took = time.monotonic() - began
    results = []
    for end in (kill, replace) if sys.argv[2:] else (kill,):
        before = head_pid()
        # In the middle of the next generation.
        ender = threading.Timer(took / 3, end, (before,))
        ender.start()
        disturbed = generate()
        ender.join()
        if disturbed != undisturbed:
            sys.exit(f"The tokens changed with {end.__name__}: {undisturbed} became {disturbed}")
        began = time.monotonic()
        answer = ray.get(ray.remote(num_cpus=0)(answer_of_a_worker).remote())
        placed = time.monotonic() - began
        after = head_pid()
        if after in (0, before) or not answer:
            sys.exit(f"The head did not come back: it was process {before}, now it is {after}")
        results.append({"by": end.__name__, "new_work_s": round(placed, 2)})
    print("OUTAGE " + json.dumps({"ends": results, "tokens": undisturbed[:8]}), flush=True)


if __name__ == "__main__":
    main()
