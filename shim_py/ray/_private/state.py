"""What the head knows, in Ray's words: nodes and amounts of resources."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ray._private.amounts import as_floats, sum_amounts


def query(kind: str, fields: Mapping[str, Any] | None = None, timeout: float | None = None) -> Any:
    """Return what the head answers to a question about the cluster.

    Args:
        kind: a `query.` message whose answer has a JSON body.
        fields: of that message.
        timeout: in seconds; None waits until the head answers.

    Raises:
        TimeoutError: there is no answer in time.
        RequestFailed: the head refuses.
        DaemonLost: the node's daemon ended.
    """
    from ray._core import client

    reply = client.session().request(kind, dict(fields or {}), timeout=timeout)
    return json.loads(bytes(reply.body))


def query_nodes() -> list[dict[str, Any]]:
    """Return the head's records of all nodes."""
    nodes: list[dict[str, Any]] = query("query.nodes")
    return nodes


def is_alive(node: Mapping[str, Any]) -> bool:
    """Whether a node's record is of one that is not dead."""
    return bool(node["alive"])


def node_ip(node: Mapping[str, Any]) -> str:
    """Return the address in a node's record."""
    return str(node["ip"])


def node_labels(node_id: str) -> dict[str, str]:
    """Return the labels of a node, {} for one that nobody knows."""
    for node in query_nodes():
        if node["node_id"] == node_id:
            return {"ray.io/node-id": node_id, **(node.get("labels") or {})}
    return {}


def nodes() -> list[dict[str, Any]]:
    """Return all nodes of the cluster, the dead included.

    Returns:
        Per node `NodeID`, `Alive`, `NodeManagerAddress`, `NodeManagerHostname`, `NodeName`,
        `Resources` (totals; {} when dead), `Labels`, and further keys of Ray's, which hold 0 or
        an empty string where beam has nothing of the kind.
    """
    return [_in_rays_words(node) for node in query_nodes()]


def _in_rays_words(node: Mapping[str, Any]) -> dict[str, Any]:
    alive = is_alive(node)
    death = node.get("death") or {}
    extra = node.get("extra") or {}
    return {
        "NodeID": node["node_id"],
        "Alive": alive,
        "NodeManagerAddress": node_ip(node),
        "NodeManagerHostname": node["hostname"],
        "NodeManagerPort": int(extra.get("node_port") or 0),
        "ObjectManagerPort": 0,
        "ObjectStoreSocketName": "",
        "RayletSocketName": "",
        "MetricsExportPort": 0,
        "MetricsAgentPort": 0,
        "DashboardAgentListenPort": 0,
        "NodeName": extra.get("node_name") or node_ip(node),
        "RuntimeEnvAgentPort": 0,
        "DeathReason": 0 if alive else 1,
        "DeathReasonMessage": str(death.get("message") or ""),
        "alive": alive,
        "Resources": as_floats(node["total"]) if alive else {},
        "Labels": {"ray.io/node-id": node["node_id"], **(node.get("labels") or {})},
    }


def _per_node(which: str) -> dict[str, dict[str, float]]:
    amounts = query("query.resources")[which]
    return {node_id: as_floats(of_node) for node_id, of_node in amounts.items()}


def total_resources_per_node() -> dict[str, dict[str, float]]:
    """Return what each live node has, by node id."""
    return _per_node("total")


def available_resources_per_node() -> dict[str, dict[str, float]]:
    """Return what each live node has free, by node id; what is used up is left out."""
    return _per_node("available")


def cluster_resources() -> dict[str, float]:
    """Return what the live nodes have together."""
    return sum_amounts(query("query.resources")["total"].values())


def available_resources() -> dict[str, float]:
    """Return what the live nodes have free together; what is used up is left out."""
    return sum_amounts(query("query.resources")["available"].values())


def query_tasks(timeout: float | None = None) -> tuple[list[dict[str, Any]], int]:
    """Return the head's records of tasks, and how many it does not keep any more."""
    from ray._core import client

    answer = client.session().request("query.tasks", {}, timeout=timeout)
    tasks: list[dict[str, Any]] = json.loads(bytes(answer.body))
    return tasks, answer.fields["dropped"]


def timeline(filename: str | None = None) -> list[dict[str, Any]] | None:
    """Return when each task and call ran, as events for Chrome's tracing page.

    Args:
        filename: write them there instead, as JSON.
    """
    from ray._private.timeline import timeline_events

    events = timeline_events(query_tasks()[0])
    if filename is None:
        return events
    with open(filename, "w") as file:
        json.dump(events, file)
    return None


class GlobalState:
    """The object `ray._private.state.state`, as far as other programs use it."""

    def _available_resources_per_node(self) -> dict[str, dict[str, float]]:
        return available_resources_per_node()

    def available_resources_per_node(self) -> dict[str, dict[str, float]]:
        """Return what each live node has free."""
        return available_resources_per_node()

    def total_resources_per_node(self) -> dict[str, dict[str, float]]:
        """Return what each live node has."""
        return total_resources_per_node()

    def cluster_resources(self) -> dict[str, float]:
        """Return what the live nodes have together."""
        return cluster_resources()

    def available_resources(self) -> dict[str, float]:
        """Return what the live nodes have free together."""
        return available_resources()

    def node_table(self) -> list[dict[str, Any]]:
        """Return all nodes."""
        return nodes()

    def placement_group_table(self, placement_group_id: Any = None) -> dict[str, Any]:
        """Return what is known of a placement group by its id, or of all."""
        from ray.util.placement_group import PlacementGroup, placement_group_table

        if placement_group_id is None:
            return placement_group_table()
        return placement_group_table(PlacementGroup(placement_group_id))


state = GlobalState()

__all__ = [
    "GlobalState",
    "available_resources",
    "available_resources_per_node",
    "cluster_resources",
    "node_labels",
    "nodes",
    "state",
    "timeline",
    "total_resources_per_node",
]
