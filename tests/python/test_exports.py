"""The public surface is exactly what shim_py/ray/_api.py lists, and docs/api.md shows that."""

from __future__ import annotations

import importlib
import inspect
import os
import pathlib
import pkgutil
import subprocess
import sys

import pytest
import ray
from ray import _api, _init, _options
from ray._options import ACTOR_OPTIONS, TASK_OPTIONS

ROOT = pathlib.Path(__file__).resolve().parents[2]
ALL = {**_api.MODULES, **_api.PRIVATE_MODULES}
# Pinned elsewhere: the tree of exceptions is at the top of its file, cloudpickle is not ours.
ELSEWHERE = {
    "ray.exceptions",
    "ray.cloudpickle",
    "ray.runtime_env.runtime_env",
    "ray.experimental.state",
    "ray.experimental.state.api",
    "ray.util.state.common",
    "ray.util.state.exception",
    "ray.scripts",
    "ray.scripts.scripts",
}


@pytest.mark.parametrize("name", ALL)
def test_each_module_exports_what_is_listed_and_has_it(name: str) -> None:
    module = importlib.import_module(name)
    assert set(module.__all__) == set(ALL[name])
    for exported in module.__all__:
        assert hasattr(module, exported)


def test_no_public_module_is_left_out() -> None:
    found = {
        module.name
        for module in pkgutil.walk_packages(ray.__path__, "ray.", onerror=lambda _: None)
        if not any(part.startswith("_") for part in module.name.split("."))
    }
    assert found == (set(_api.MODULES) | ELSEWHERE) - {"ray"}


def test_arguments_and_options_are_all_listed() -> None:
    arguments = [name for name in inspect.signature(_init.init).parameters if name != "kwargs"]
    assert list(_api.INIT_ARGUMENTS) == arguments
    assert set(_api.OPTIONS) == {**TASK_OPTIONS, **ACTOR_OPTIONS}.keys()
    assert set(_api.METHOD_OPTIONS) == {*_options.METHOD_OPTIONS, "name", "_labels"}


def test_the_page_is_current() -> None:
    subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "api_table"), "--check"], check=True, timeout=60
    )


def test_everything_public_says_what_it_does() -> None:
    for name in ALL:
        module = importlib.import_module(name)
        assert module.__doc__, name
        for exported in module.__all__:
            value = getattr(module, exported)
            own = getattr(value, "__module__", "").startswith("ray.")
            if own and (inspect.isclass(value) or inspect.isfunction(value)):
                assert value.__doc__, f"{name}.{exported}"


def test_the_import_leaves_out_what_most_programs_never_need() -> None:
    program = (
        "import sys, ray\n"
        "slow = {'asyncio', 'concurrent.futures', 'multiprocessing', 'ssl', 'subprocess'}\n"
        "sys.exit(', '.join(slow & set(sys.modules)) or 0)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60, env=environment)
