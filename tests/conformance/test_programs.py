"""Programs of several files, run as users run them."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
from typing import Any

import pytest
import ray

HERE = pathlib.Path(__file__).resolve().parent
PROGRAMS = HERE / "programs"


def package_folder() -> str:
    return str(pathlib.Path(ray.__file__).parents[1])


def run(*arguments: str, cluster: bool = True) -> Any:
    """Run a program, on the cluster of this chapter or on its own, and return what it told."""
    # The package as the cluster has it: with the libraries that it carries.
    env = {**os.environ, "PYTHONPATH": ray.get(ray.remote(num_cpus=0)(package_folder).remote())}
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


@pytest.mark.parametrize("how", [("main_module.py",), ("-m", "main_module")])
def test_what_is_defined_in_the_main_module(how: tuple[str, ...]) -> None:
    told = run(*how)
    main = told.pop("main")
    assert main == "__main__"
    assert told == {
        "equal": True,
        "identical": True,
        "same": True,
        "task": True,
        "seen_here": [],
        "error": [True, 3],
        "cause": [True, "plain"],
    }


def test_a_package_that_is_a_program() -> None:
    assert run("-m", "package") == [True, "package.parts", 4]


@pytest.mark.skipif(
    os.environ.get("CONFORMANCE") == "ray",
    reason="on genuine Ray the driver that is spawned inside an actor does not answer",
)
def test_classes_of_a_module_beside_the_program_and_drivers_inside_actors() -> None:
    assert run("beside.py") == ["Square", 9, True, True, True, True]
