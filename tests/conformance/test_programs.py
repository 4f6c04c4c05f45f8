"""Programs of several files, run as users run them."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
from typing import Any

import ray

HERE = pathlib.Path(__file__).resolve().parent
PROGRAMS = HERE / "programs"


def run(*arguments: str, cluster: bool = True) -> Any:
    """Run a program, on the cluster of this chapter or on its own, and return what it told."""
    env = {**os.environ, "PYTHONPATH": str(pathlib.Path(ray.__file__).parents[1])}
    if inherited := os.environ.get("PYTHONPATH"):
        env["PYTHONPATH"] += os.pathsep + inherited
    env.pop("RAY_ADDRESS", None)
    if cluster:
        env["RAY_ADDRESS"] = ray.get_runtime_context().gcs_address
    ended = subprocess.run(
        [sys.executable, *arguments],
        cwd=PROGRAMS,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    told = [line for line in ended.stdout.splitlines() if line.startswith("TOLD ")]
    return json.loads(told[-1][len("TOLD ") :])


def test_a_node_that_was_told_how_to_be() -> None:
    told = run("own_node.py", cluster=False)
    assert told == {
        "ids": [["5", "5"], ["6", "6"]],
        "name": "mine",
        "zone": "a",
        "memory": 1 << 30,
    }
