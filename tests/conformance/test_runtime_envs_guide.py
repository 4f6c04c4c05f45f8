"""The chapter on runtime environments of Ray's user guide: one test for each shape."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys

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


def test_folders_belong_to_the_job(tmp_path: pathlib.Path) -> None:
    (tmp_path / "package").mkdir()
    for field, value in (("working_dir", str(tmp_path)), ("py_modules", [str(tmp_path)])):
        with pytest.raises(ValueError, match="URI"):
            ray.get(variables.options(runtime_env={field: value}).remote("A"), timeout=80)


JOB = """
import json, os, pathlib, sys
import ray

ray.init(address=sys.argv[1], log_to_driver=False, runtime_env={
    "working_dir": sys.argv[2], "excludes": ["left/"], "py_modules": [sys.argv[3]],
    "env_vars": {"JOBS": "own"},
})

@ray.remote(num_cpus=0)
def inside():
    import beside_it, travelling
    return [
        pathlib.Path("data.txt").read_text(), beside_it.VALUE, os.path.exists("left"),
        travelling.answer(), os.environ["JOBS"],
    ]

@ray.remote(num_cpus=0)
class Inside:
    def data(self):
        return pathlib.Path("data.txt").read_text()

print("TOLD", json.dumps([ray.get(inside.remote()), ray.get(Inside.remote().data.remote())]))
"""


def test_a_working_directory_and_modules_that_travel(tmp_path: pathlib.Path) -> None:
    folder, package = tmp_path / "folder", tmp_path / "travelling"
    (folder / "left").mkdir(parents=True)
    package.mkdir()
    (folder / "data.txt").write_text("the data")
    (folder / "beside_it.py").write_text("VALUE = 42\n")
    (folder / "left" / "out.txt").write_text("out")
    (package / "__init__.py").write_text("def answer():\n    return 'from the package'\n")
    script = tmp_path / "job.py"
    script.write_text(JOB)
    address = ray.get_runtime_context().gcs_address
    env = {name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"}
    env["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    ended = subprocess.run(
        [sys.executable, str(script), address, str(folder), str(package)],
        env=env,
        capture_output=True,
        text=True,
        timeout=85,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    (told,) = [line[5:] for line in ended.stdout.splitlines() if line.startswith("TOLD ")]
    assert json.loads(told) == [["the data", 42, False, "from the package", "own"], "the data"]


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

    try:
        own = variables.options(runtime_env={"worker_process_setup_hook": hook})
        told = ray.get(own.remote("HOOKED"), timeout=80)
    except (TypeError, ValueError):
        pytest.skip("only for whole jobs, as Ray has it")
    assert told == ["yes"]


def test_the_context_tells_the_environment() -> None:
    @ray.remote(runtime_env={"env_vars": {"TOLD": "1"}})
    def told() -> dict[str, str]:
        return dict(ray.get_runtime_context().runtime_env["env_vars"])

    assert ray.get(told.remote())["TOLD"] == "1"
