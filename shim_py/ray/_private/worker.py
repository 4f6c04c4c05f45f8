"""`global_worker`, as far as other programs read it."""

from __future__ import annotations

from typing import Any

from ray._core import client
from ray._core.ids import ActorID, JobID, NodeID, PlacementGroupID
from ray._private.absent import missing_attribute
from ray.exceptions import RaySystemError

SCRIPT_MODE = 0
WORKER_MODE = 1


class _GcsClient:
    @property
    def address(self) -> str:
        """The head's address, `ip:port`."""
        return str(client.session().gcs_address)


class Worker:
    """This process as a part of the cluster."""

    gcs_client = _GcsClient()

    @property
    def connected(self) -> bool:
        """Whether this process belongs to a cluster."""
        return client.is_connected()

    def check_connected(self) -> None:
        """Raise where this process belongs to no cluster.

        Raises:
            RaySystemError: it does not.
        """
        if not client.is_connected():
            raise RaySystemError("Ray has not been started yet. Call ray.init() first.")

    @property
    def mode(self) -> int | None:
        """SCRIPT_MODE in a driver, WORKER_MODE in a worker, None without a cluster."""
        if not client.is_connected():
            return None
        return SCRIPT_MODE if client.session().assignment is None else WORKER_MODE

    @property
    def node_ip_address(self) -> str:
        """The node's address."""
        self.check_connected()
        return str(client.session().node_ip)

    @property
    def namespace(self) -> str:
        """The namespace."""
        self.check_connected()
        return str(client.session().namespace)

    @property
    def current_job_id(self) -> JobID:
        """The job's id."""
        return JobID.from_hex(client.session().job_id.hex()) if self.connected else JobID.nil()

    @property
    def current_node_id(self) -> NodeID:
        """The node's id."""
        return NodeID.from_hex(client.session().node_id) if self.connected else NodeID.nil()

    @property
    def actor_id(self) -> ActorID:
        """The actor's id, nil outside of actors."""
        from ray.runtime_context import RuntimeContext

        return RuntimeContext().actor_id or ActorID.nil()

    @property
    def placement_group_id(self) -> PlacementGroupID:
        """The placement group's id, nil outside of groups."""
        from ray.runtime_context import RuntimeContext

        return RuntimeContext().current_placement_group_id

    def __getattr__(self, name: str) -> Any:
        raise missing_attribute(
            "ray._private.worker.global_worker",
            name,
            "It is private to Ray; ray.get_runtime_context() has the documented facts.",
        )


global_worker = Worker()

__all__ = ["SCRIPT_MODE", "WORKER_MODE", "Worker", "global_worker"]
