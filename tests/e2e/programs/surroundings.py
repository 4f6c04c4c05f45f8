"""Tells what actors find in their environment: variables, devices, hook, ids, working directory."""

from __future__ import annotations

import os
import sys

import ray
from say import say

GPU_VARIABLE = "CUDA_VISIBLE_DEVICES"


def setup() -> None:
    """The hook that runs in each worker before its actor."""
    os.environ["E2E_HOOK"] = "ran"


@ray.remote
class Actor:
    """Tells what it sees."""

    def __init__(self) -> None:
        self.at_init = dict(os.environ)

    def see(self, *names: str) -> dict[str, object]:
        context = ray.get_runtime_context()
        return {
            "env": {name: os.environ.get(name) for name in names},
            "at_init": {name: self.at_init.get(name) for name in names},
            "gpus": ray.get_gpu_ids(),
            "accelerators": context.get_accelerator_ids().get("GPU"),
            "cwd": os.getcwd(),
            "pid": os.getpid(),
            "node": context.get_node_id(),
            "job": context.get_job_id(),
            "actor": context.get_actor_id(),
        }

    def private(self) -> list[str]:
        return [name for name in os.environ if "TOKEN" in name or name == "BEAM_TEMPLATE"]

    def python_path(self) -> str:
        return os.environ.get("PYTHONPATH", "")


ray.init(
    runtime_env={
        "env_vars": {"E2E_JOB": "job", "E2E_BOTH": "job"},
        "worker_process_setup_hook": setup,
    }
)
names = ["E2E_JOB", "E2E_BOTH", "E2E_ACTOR", "E2E_PATH", "E2E_HOOK", GPU_VARIABLE, "HOME"]
own = {"E2E_BOTH": "actor", "E2E_ACTOR": "1", "E2E_PATH": "${HOME}:/e2e"}
plain = Actor.remote()
varied = Actor.options(runtime_env={"env_vars": own}).remote()
whole = Actor.options(num_gpus=1).remote()
shares = [Actor.options(num_gpus=0.5).remote() for _ in range(2)]
say(plain=ray.get(plain.see.remote(*names)))
say(varied=ray.get(varied.see.remote(*names)))
say(whole=ray.get(whole.see.remote(*names)))
say(shares=ray.get([share.see.remote(*names) for share in shares]))
say(private=ray.get(plain.private.remote()))
# What only a fresh interpreter applies.
fresh = Actor.options(runtime_env={"env_vars": {"PYTHONPATH": "/e2e", "PYTHONHASHSEED": "7"}})
say(fresh=ray.get(fresh.remote().python_path.remote()))
untouched = {"RAY_EXPERIMENTAL_NOSET_CUDA_VISIBLE_DEVICES": "1"}
noset = Actor.options(num_gpus=0.25, runtime_env={"env_vars": untouched}).remote()
say(noset=ray.get(noset.see.remote(*names)))
say(
    driver={
        "cwd": os.getcwd(),
        "executable": sys.executable,
        "job": ray.get_runtime_context().get_job_id(),
    }
)
