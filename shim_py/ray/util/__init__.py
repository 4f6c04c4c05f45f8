"""Placement groups, pools, queues, metrics, state, and small helpers."""

from __future__ import annotations

from typing import Any

from ray._private.absent import ABSENT_MODULES, missing_attribute
from ray._private.services import get_node_ip_address
from ray.util import accelerators, metrics, scheduling_strategies
from ray.util.actor_pool import ActorPool
from ray.util.debug import disable_log_once_globally, enable_periodic_logging, log_once
from ray.util.helpers import as_completed, map_unordered
from ray.util.placement_group import (
    get_current_placement_group,
    get_placement_group,
    placement_group_table,
    remove_placement_group,
)

# After the import of the module of this name, which it hides as an attribute, as with Ray.
from ray.util.placement_group import placement_group as placement_group
from ray.util.serialization import deregister_serializer, register_serializer


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


def __getattr__(name: str) -> Any:
    import importlib

    if name == "inspect_serializability":
        return importlib.import_module("ray.util.check_serialize").inspect_serializability
    if name in ("queue", "state"):
        return importlib.import_module(f"ray.util.{name}")
    raise missing_attribute("ray.util", name, ABSENT_MODULES.get(f"ray.util.{name}", ""))


__all__ = [
    "ActorPool",
    "accelerators",
    "as_completed",
    "deregister_serializer",
    "disable_log_once_globally",
    "enable_periodic_logging",
    "get_current_placement_group",
    "get_node_instance_id",
    "get_node_ip_address",
    "get_placement_group",
    "inspect_serializability",
    "list_named_actors",
    "log_once",
    "map_unordered",
    "metrics",
    "placement_group",
    "placement_group_table",
    "register_serializer",
    "remove_placement_group",
    "scheduling_strategies",
]
