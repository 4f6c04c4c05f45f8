"""The package `ray` of beam: what Ray's core promises, without Ray.

In scope: clusters, actors, tasks, placement groups, object references, as documented for the
version in `__version__`. Out of scope: the libraries on top (data, train, tune, serve, rllib);
their names raise with words. docs/api.md lists every name with its state.
"""

from __future__ import annotations

import inspect as _inspect
from typing import Any as _Any
from typing import NoReturn as _NoReturn

# Before the others: among genuine Ray's files they would fail in riddles.
from ray import _mixture as _mixture

# isort: split
from ray import actor, cloudpickle, exceptions, experimental, internal, runtime_context, types, util
from ray import runtime_env as runtime_env
from ray._actor_methods import method
from ray._core.ids import (
    ActorClassID,
    ActorID,
    FunctionID,
    JobID,
    NodeID,
    ObjectID,
    PlacementGroupID,
    TaskID,
    WorkerID,
)
from ray._core.ids import (
    BaseID as UniqueID,
)
from ray._core.object_ref import ObjectRef
from ray._init import RayContext, init, is_initialized, shutdown
from ray._logging import LoggingConfig
from ray._objects import (
    DynamicObjectRefGenerator,
    ObjectRefGenerator,
    cancel,
    get,
    kill,
    put,
    wait,
)
from ray._options import REMOTE_USAGE as _REMOTE_USAGE
from ray._private import absent as _absent
from ray._private.state import available_resources, cluster_resources, nodes, timeline
from ray._private.worker import SCRIPT_MODE, WORKER_MODE
from ray._version import __commit__, __version__
from ray.actor import ActorClass, ActorHandle, ActorMethod, get_actor
from ray.remote_function import RemoteFunction
from ray.runtime_context import get_runtime_context


class Language:
    """Languages of workers; only Python is there."""

    PYTHON = "PYTHON"
    JAVA = "JAVA"
    CPP = "CPP"


def remote(*args: _Any, **kwargs: _Any) -> _Any:
    """Make a remote function of a function, or an actor class of a class; a decorator.

    Used bare (`@ray.remote`), or with options (`@ray.remote(num_gpus=1)`).

    Raises:
        TypeError: it is used otherwise, or on something else; or a value has another type.
        ValueError: an option is unknown or its value out of bounds.
    """
    if len(args) == 1 and not kwargs and callable(args[0]):
        return _make_remote(args[0], {})
    if args or not kwargs:
        raise TypeError(_REMOTE_USAGE)
    return lambda decorated: _make_remote(decorated, dict(kwargs))


def _make_remote(decorated: _Any, options: dict[str, _Any]) -> _Any:
    from ray.actor import make_actor_class
    from ray.remote_function import make_remote_function

    if _inspect.isclass(decorated):
        return make_actor_class(decorated, options)
    if _inspect.isfunction(decorated) or type(decorated).__name__ == "cython_function_or_method":
        return make_remote_function(decorated, options)
    raise TypeError(
        "The @ray.remote decorator must be applied to either a function or a class, got "
        f"{decorated!r}."
    )


def get_gpu_ids() -> list[_Any]:
    """Return the ids of the GPUs assigned to this worker; [] in a driver.

    They are `int`, but where the node's daemon was started under CUDA_VISIBLE_DEVICES (or another
    vendor's variable): then they are that variable's entries, as `str`.
    """
    context = get_runtime_context()
    ids = context.get_accelerator_ids()["GPU"]
    if context._gpu_ids_masked:
        return list(ids)
    return [int(device) if device.isdigit() else device for device in ids]


def java_function(class_name: str, function_name: str) -> _NoReturn:
    """Not there: workers in Java.

    Raises:
        UnsupportedFeature: always.
    """
    _absent.refuse("ray.java_function()", "Workers are Python processes.")


def java_actor_class(class_name: str) -> _NoReturn:
    """Not there: workers in Java.

    Raises:
        UnsupportedFeature: always.
    """
    _absent.refuse("ray.java_actor_class()", "Workers are Python processes.")


def cpp_function(function_name: str) -> _NoReturn:
    """Not there: workers in C++.

    Raises:
        UnsupportedFeature: always.
    """
    _absent.refuse("ray.cpp_function()", "Workers are Python processes.")


def client(address: str | None = None) -> _NoReturn:
    """Not there: Ray Client.

    Raises:
        UnsupportedFeature: always.
    """
    _absent.refuse("ray.client()", _absent.ABSENT_MODULES["ray.client_builder"])


def __getattr__(name: str) -> _Any:
    import importlib

    if name in ("serve", "job_config"):
        return importlib.import_module(f"ray.{name}")
    raise _absent.missing_attribute("ray", name)


_absent.install()

__all__ = [
    "SCRIPT_MODE",
    "WORKER_MODE",
    "ActorClass",
    "ActorClassID",
    "ActorHandle",
    "ActorID",
    "ActorMethod",
    "DynamicObjectRefGenerator",
    "FunctionID",
    "JobID",
    "Language",
    "LoggingConfig",
    "NodeID",
    "ObjectID",
    "ObjectRef",
    "ObjectRefGenerator",
    "PlacementGroupID",
    "RayContext",
    "RemoteFunction",
    "TaskID",
    "UniqueID",
    "WorkerID",
    "__commit__",
    "__version__",
    "actor",
    "available_resources",
    "cancel",
    "client",
    "cloudpickle",
    "cluster_resources",
    "cpp_function",
    "exceptions",
    "experimental",
    "get",
    "get_actor",
    "get_gpu_ids",
    "get_runtime_context",
    "init",
    "internal",
    "is_initialized",
    "java_actor_class",
    "java_function",
    "kill",
    "method",
    "nodes",
    "put",
    "remote",
    "runtime_context",
    "runtime_env",
    "shutdown",
    "timeline",
    "types",
    "util",
    "wait",
]
