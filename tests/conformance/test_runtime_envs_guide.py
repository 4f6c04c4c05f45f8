"""The chapter on runtime environments of Ray's user guide: one test for each shape."""

from __future__ import annotations

import os
import pathlib
import sys
from typing import Any

import pytest
import ray
from ray.runtime_env import RuntimeEnv


@ray.remote
def variables(*names: str) -> list[str | None]:
    return [os.environ.get(name) for name in names]


def test_variables_of_job_task_and_actor() -> None:
    assert ray.get(variables.remote("OF_THE_JOB", "OVERRIDDEN")) == ["job", "job"]
    own = variables.options(runtime_env={"env_vars": {"OVERRIDDEN": "task", "MORE": "1"}})
    assert ray.get(own.remote("OF_THE_JOB", "OVERRIDDEN", "MORE")) == ["job", "task", "1"]

    @ray.remote(num_cpus=0, runtime_env=RuntimeEnv(env_vars={"OVERRIDDEN": "actor"}))
    class Actor:
        def variables(self, *names: str) -> list[str | None]:
            return [os.environ.get(name) for name in names]

        def below(self, *names: str) -> list[str | None]:
            return ray.get(variables.remote(*names))

    actor = Actor.remote()
    assert ray.get(actor.variables.remote("OVERRIDDEN")) == ["actor"]
    assert ray.get(actor.below.remote("OVERRIDDEN")) == ["actor"]


def test_variables_that_refer_to_others() -> None:
    own = variables.options(runtime_env={"env_vars": {"PATH": "/first:${PATH}"}})
    (path,) = ray.get(own.remote("PATH"))
    assert path is not None
    assert path.startswith("/first:/")


def test_a_runtime_env_as_an_object() -> None:
    env = RuntimeEnv(env_vars={"A": "1"})
    env["env_vars"]["B"] = "2"
    assert ray.get(variables.options(runtime_env=env).remote("A", "B")) == ["1", "2"]
    assert env.to_dict()["env_vars"] == {"A": "1", "B": "2"}
    assert RuntimeEnv.deserialize(env.serialize()) == env


def test_wrong_fields() -> None:
    with pytest.raises((TypeError, ValueError)):
        variables.options(runtime_env={"env_vars": {"A": 1}}).remote("A")
    with pytest.raises((TypeError, ValueError)):
        RuntimeEnv(env_vars=["A"])


def test_a_working_directory(tmp_path: pathlib.Path) -> None:
    (tmp_path / "data.txt").write_text("the data")
    (tmp_path / "beside_it.py").write_text("VALUE = 42\n")
    (tmp_path / "left").mkdir()
    (tmp_path / "left" / "out.txt").write_text("out")

    @ray.remote(runtime_env={"working_dir": str(tmp_path), "excludes": ["left/"]})
    def inside() -> list[Any]:
        import beside_it  # type: ignore[import-not-found]

        return [pathlib.Path("data.txt").read_text(), beside_it.VALUE, os.path.exists("left")]

    assert ray.get(inside.remote(), timeout=80) == ["the data", 42, False]


def test_modules_that_travel(tmp_path: pathlib.Path) -> None:
    package = tmp_path / "travelling"
    package.mkdir()
    (package / "__init__.py").write_text("def answer():\n    return 'from the package'\n")

    @ray.remote(runtime_env={"py_modules": [str(package)]})
    def use() -> str:
        import travelling  # type: ignore[import-not-found]

        return str(travelling.answer())

    assert ray.get(use.remote(), timeout=80) == "from the package"


def test_an_interpreter_of_ones_own(tmp_path: pathlib.Path) -> None:
    wrapper = tmp_path / "python"
    wrapper.write_text(f'#!/bin/sh\nBY_WRAPPER=1 exec "{sys.executable}" "$@"\n')
    wrapper.chmod(0o755)
    own = variables.options(runtime_env={"py_executable": str(wrapper)})
    assert ray.get(own.remote("BY_WRAPPER"), timeout=80) == ["1"]


def test_an_environment_that_cannot_be_made() -> None:
    gone = "/there/is/no/such/folder"
    with pytest.raises(Exception, match="no/such/folder"):
        ray.get(variables.options(runtime_env={"working_dir": gone}).remote("A"), timeout=80)
    broken = {"pip": ["beam-no-such-package-at-all==0.0.1"]}
    with pytest.raises(ray.exceptions.RuntimeEnvSetupError):
        ray.get(variables.options(runtime_env=broken).remote("A"), timeout=80)


def test_a_hook_in_each_worker() -> None:
    def hook() -> None:
        os.environ["HOOKED"] = "yes"

    own = variables.options(runtime_env={"worker_process_setup_hook": hook})
    try:
        told = ray.get(own.remote("HOOKED"), timeout=80)
    except ValueError:
        pytest.skip("only for whole jobs, as Ray has it")
    assert told == ["yes"]


def test_the_context_tells_the_environment() -> None:
    @ray.remote(runtime_env={"env_vars": {"TOLD": "1"}})
    def told() -> dict[str, str]:
        return dict(ray.get_runtime_context().runtime_env["env_vars"])

    assert ray.get(told.remote())["TOLD"] == "1"
