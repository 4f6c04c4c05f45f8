"""Placement groups, pools, queues, metrics, state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ray._private.absent import ABSENT_MODULES, missing_attribute
from ray._private.services import get_node_ip_address
from ray.util import metrics, scheduling_strategies
from ray.util.actor_pool import ActorPool
from ray.util.placement_group import (
    get_current_placement_group,
    get_placement_group,
    placement_group_table,
    remove_placement_group,
)

# After the import of the module of this name, which it hides as an attribute, as with Ray.
from ray.util.placement_group import placement_group as placement_group


def list_named_actors(all_namespaces: bool = False) -> list[Any]:
    """Return the names of the actors that have one and are not dead.

    Args:
        all_namespaces: of all namespaces; then dicts of `name` and `namespace` are returned.
    """
    from ray._core import client

    session = client.session()
    fields = {} if all_namespaces else {"namespace": session.namespace}
    found = session.request("actor.names", fields).fields["actors"]
    if all_namespaces:
        return [{"name": one["name"], "namespace": one["namespace"]} for one in found]
    return [one["name"] for one in found]


def get_node_instance_id() -> str:
    """Return what a cloud calls this machine: nothing is known of that here, so ""."""
    return ""


def as_completed(
    refs: list[Any], chunk_size: int = 10, yield_obj_refs: bool = False
) -> Iterator[Any]:
    """Yield values as they get ready.

    Args:
        refs: references.
        chunk_size: accepted, without effect.
        yield_obj_refs: whether to yield references instead.
    """
    import ray

    left = list(refs)
    while left:
        done, left = ray.wait(left, num_returns=1)
        yield from done if yield_obj_refs else ray.get(done)


def map_unordered(fn: Any, items: Iterable[Any], **kwargs: Any) -> Iterator[Any]:
    """Run a remote function on each item and yield the values as they get ready."""
    return as_completed([fn.remote(item) for item in items], **kwargs)


_logged: set[str] = set()


def log_once(key: str) -> bool:
    """Return True the first time it is called with a key in this process."""
    if key in _logged:
        return False
    _logged.add(key)
    return True


def __getattr__(name: str) -> Any:
    import importlib

    if name in ("queue", "state"):
        return importlib.import_module(f"ray.util.{name}")
    raise missing_attribute("ray.util", name, ABSENT_MODULES.get(f"ray.util.{name}", ""))


__all__ = [
    "ActorPool",
    "as_completed",
    "get_current_placement_group",
    "get_node_instance_id",
    "get_node_ip_address",
    "get_placement_group",
    "list_named_actors",
    "log_once",
    "map_unordered",
    "metrics",
    "placement_group",
    "placement_group_table",
    "remove_placement_group",
    "scheduling_strategies",
]
