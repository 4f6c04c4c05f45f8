"""Programs with the sequences of calls of SGLang, TensorRT-LLM, LMDeploy and RL frameworks."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
from typing import Any

import pytest
import ray

pytestmark = pytest.mark.time_limit(240)
PROGRAMS = pathlib.Path(__file__).resolve().parent / "programs"


def run(program: str) -> Any:
    """Run a program on the cluster of this chapter and return what it told."""
    env = {name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"}

    # The package as the cluster has it: with the libraries that it carries.
    def path() -> str:
        return os.pathsep.join(sys.path[1:])

    env["PYTHONPATH"] = ray.get(ray.remote(num_cpus=0)(path).remote())
    env["RAY_ADDRESS"] = ray.get_runtime_context().gcs_address
    ended = subprocess.run(
        [sys.executable, program],
        cwd=PROGRAMS,
        env=env,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    told = [line for line in ended.stdout.splitlines() if line.startswith("TOLD ")]
    return json.loads(told[-1][len("TOLD ") :])


def test_sglangs_engine() -> None:
    works = {"gpus": [0, 1], "pids": 2, "running": 2, "ended": [0, 2]}
    assert run("sglang_engine.py") == {
        "inside": works,
        "broken": {"failed": True},
        "driver": works,
    }


def test_tensorrt_llms_executor() -> None:
    assert run("trtllm_executor.py") == {
        "again": True,
        "outside": True,
        "died": "yes",
        "facts": [["yes", True], ["yes", True]],
        "shared": 1,
        "engines": [[0, 5], [1, 5]],
        "gathered": [[0, 6], [1, 6]],
        "cause": True,
        "down": ["down", "down"],
        "left": False,
    }


def test_lmdeploys_executor() -> None:
    assert run("lmdeploy_executor.py") == {
        "address": True,
        "rendezvous": True,
        "enough": True,
        "started": ["started", "started"],
        "outputs": [
            {"rank": 0, "sum": 0},
            {"rank": 0, "sum": 1},
            {"rank": 0, "sum": 3},
        ],
        "freed": 2,
        "ends": ["RayTaskError(TaskCancelledError)"] * 2,
        "twice": "ActorAlreadyExistsError",
        "hex": 56,
        "gone": True,
    }


def test_a_loop_of_reinforcement_learning() -> None:
    assert run("rl_loop.py") == {
        "gpus": 2.0,
        "bundles": 1,
        "facts": [[True, True], 1],
        "trained1": [0, 1, 2, 3],
        "updated1": [1, 1, 1, 1],
        "trained2": [0, 1, 2, 3],
        "updated2": [2, 2, 2, 2],
        "chats": [19900, 200],
        "fused": [[2, 4, 6], [3, 6, 9]],
        "called": ["actor", "critic"],
        "job": 8,
        "found": True,
    }
