"""The public surface is exactly what shim_py/ray/_api.py and _api_members.py list.

Modules, their names, the members of classes, and the arguments of what works; docs/api.md shows it.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import json
import os
import pathlib
import pkgutil
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from typing import Any

import pytest
import ray
from ray import _api, _api_members, _init, _options
from ray._options import ACTOR_OPTIONS, TASK_OPTIONS

ROOT = pathlib.Path(__file__).resolve().parents[2]
ALL = {**_api.MODULES, **_api.PRIVATE_MODULES}
LISTED = {*ALL, *_api_members.OTHER_MODULES, *_api_members.SAME_MODULES}
# Made by the constructor, so that the class does not show them.
OF_INSTANCES = {
    "ray.RayContext": {
        "address_info",
        "dashboard_url",
        "python_version",
        "ray_commit",
        "ray_version",
    },
    "ray.actor.ActorHandle": {"__ray_ready__", "__ray_call__", "__ray_terminate__"},
    "ray.remote_function.RemoteFunction": {"_function"},
    "ray.util.placement_group.PlacementGroup": {"id"},
    "ray.util.queue.Queue": {"actor", "maxsize"},
}


@pytest.mark.parametrize("name", ALL)
def test_each_module_exports_what_is_listed_and_has_it(name: str) -> None:
    module = importlib.import_module(name)
    assert set(module.__all__) == set(ALL[name])
    for exported in module.__all__:
        assert hasattr(module, exported)


def test_no_module_is_left_out() -> None:
    private_here = ("ray._core", "ray._worker", "ray._vendor")
    found = {
        module.name
        for module in pkgutil.walk_packages(ray.__path__, "ray.", onerror=lambda _: None)
        if not module.ispkg or module.name in LISTED
    }
    public = {name for name in found if not any(p.startswith("_") for p in name.split("."))}
    assert public == {name for name in LISTED if "._" not in name} - {"ray"}
    listed = {name for name in LISTED if name.startswith("ray._")}
    assert listed <= found
    assert not any(name.startswith(private_here) for name in listed)


@pytest.mark.parametrize("name", _api_members.OTHER_MODULES)
def test_modules_of_plain_lists_have_what_is_listed(name: str) -> None:
    module = importlib.import_module(name)
    listed = _api_members.OTHER_MODULES[name]
    for exported in listed:
        assert hasattr(module, exported), exported
    if hasattr(module, "__all__") and name != "ray.cloudpickle":
        assert set(module.__all__) == set(listed)
    if name == "ray.exceptions":
        own = {n for n, v in vars(module).items() if getattr(v, "__module__", "") == name}
        public = {one for one in own if not one.startswith("_")}
        assert public - {"make_dual_exception_type"} == set(listed) - {"RAY_EXCEPTION_TYPES"}


@pytest.mark.parametrize("name", _api_members.MEMBERS)
def test_each_class_has_the_members_that_are_listed(name: str) -> None:
    holder, _, last = name.rpartition(".")
    importlib.import_module(holder)
    kind = getattr(sys.modules[holder], last)
    listed = set(_api_members.MEMBERS[name])
    made = OF_INSTANCES.get(name, set())
    assert {member for member in dir(kind) if not member.startswith("_")} | made == {
        member for member in listed if not member.startswith("_") or member in made
    }
    for member in listed - made:
        assert hasattr(kind, member), member


def test_arguments_and_options_are_all_listed() -> None:
    arguments = [name for name in inspect.signature(_init.init).parameters if name != "kwargs"]
    assert list(_api.INIT_ARGUMENTS) == arguments
    private = _init._PASSED_ON | _init._WITHOUT_EFFECT
    assert set(_api_members.PRIVATE_INIT_ARGUMENTS) == private
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


def recorder() -> Any:
    """Return scripts/ray_signatures as a module."""
    loader = SourceFileLoader("ray_signatures", str(ROOT / "scripts" / "ray_signatures"))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def test_what_works_takes_the_arguments_that_rays_takes() -> None:
    recorded = json.loads((ROOT / "tests/python/ray_signatures.json").read_text())["signatures"]
    ours = recorder().signatures()
    differing = {
        name
        for name in recorded.keys() & ours.keys()
        if recorded[name] != ours[name] and state(name) != "refuses"
    }
    assert differing == set(_api_members.SIGNATURES)
    assert len(recorded.keys() & ours.keys()) > 150


def state(name: str) -> str:
    """Return the state of a name in the tables."""
    holder, _, last = name.rpartition(".")
    return str({**_api_members.MEMBERS, **ALL}[holder][last][0])
