"""Records of the head, in Ray's words; fields are attributes and keys."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


class _State(Mapping[str, Any]):
    def __getitem__(self, key: str) -> Any:
        if key not in self._names():
            raise KeyError(key)
        return getattr(self, key)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names())

    def __len__(self) -> int:
        return len(self._names())

    def _names(self) -> list[str]:
        return [one.name for one in dataclasses.fields(self)]  # type: ignore[arg-type]

    def asdict(self) -> dict[str, Any]:
        """Return it as a plain dict."""
        return {name: getattr(self, name) for name in self._names()}


@dataclass(eq=False)
class NodeState(_State):
    """A node."""

    node_id: str
    node_ip: str
    is_head_node: bool
    state: str
    state_message: str | None
    node_name: str
    resources_total: dict[str, float]
    labels: dict[str, str]
    start_time_ms: int | None = None
    end_time_ms: int | None = None

    @classmethod
    def of(cls, node: Mapping[str, Any], detail: bool) -> NodeState:
        """Return the state in a record of the head."""
        death = node.get("death") or {}
        name = (node.get("extra") or {}).get("node_name") or node["ip"]
        return cls(
            node_id=node["node_id"],
            node_ip=node["ip"],
            is_head_node=bool(node["is_head"]),
            state="ALIVE" if node["alive"] else "DEAD",
            state_message=death.get("message"),
            node_name=name,
            resources_total={key: float(value) for key, value in node["total"].items()},
            labels={"ray.io/node-id": node["node_id"], **node["labels"]},
            start_time_ms=node["joined_at"] if detail else None,
            end_time_ms=node.get("ended_at") if detail else None,
        )


@dataclass(eq=False)
class ActorState(_State):
    """An actor."""

    actor_id: str
    class_name: str
    state: str
    job_id: str
    name: str | None
    node_id: str | None
    pid: int | None
    ray_namespace: str | None
    serialized_runtime_env: str | None = None
    required_resources: dict[str, float] | None = None
    death_cause: dict[str, Any] | None = None
    is_detached: bool | None = None
    placement_group_id: str | None = None
    repr_name: str | None = None
    num_restarts: int | None = None
    num_restarts_due_to_lineage_reconstruction: int | None = None
    num_restarts_due_to_node_preemption: int | None = None
    call_site: str | None = None
    label_selector: dict[str, str] | None = None
    fallback_strategy: list[Any] | None = None

    @classmethod
    def of(cls, actor: Mapping[str, Any], detail: bool) -> ActorState:
        """Return the state in a record of the head."""
        group = actor.get("pg") or {}
        state = cls(
            actor_id=actor["actor_id"],
            class_name=actor["class_name"],
            state=actor["state"],
            job_id=actor["job_id"],
            name=actor["name"],
            node_id=actor["node_id"] or None,
            pid=actor["pid"],
            ray_namespace=actor["namespace"],
        )
        if detail:
            resources = {key: float(value) for key, value in actor["resources"].items()}
            state.required_resources = resources
            state.death_cause = actor.get("death")
            state.is_detached = bool(actor["detached"])
            state.placement_group_id = group.get("pg_id")
            state.repr_name = ""
            state.num_restarts = actor["restarts"]
        return state


@dataclass(eq=False)
class PlacementGroupState(_State):
    """A placement group."""

    placement_group_id: str
    name: str
    creator_job_id: str
    state: str
    bundles: list[dict[str, Any]] | None = None
    is_detached: bool | None = None
    stats: dict[str, Any] | None = None

    @classmethod
    def of(cls, group: Mapping[str, Any], detail: bool) -> PlacementGroupState:
        """Return the state in a record of the head."""
        state = cls(
            placement_group_id=group["pg_id"],
            name=group["name"],
            creator_job_id=group["job_id"],
            state=group["state"],
        )
        if detail:
            state.bundles = [
                {
                    "bundle_id": {"placement_group_id": group["pg_id"], "bundle_index": index},
                    "unit_resources": {key: float(value) for key, value in bundle.items()},
                    "node_id": node or None,
                }
                for index, (bundle, node) in enumerate(zip(group["bundles"], group["nodes"]))
            ]
            state.is_detached = bool(group["detached"])
            state.stats = {
                "scheduling_attempt": group["attempts"],
                "scheduling_state": group["scheduling_state"],
            }
        return state


@dataclass(eq=False)
class JobState(_State):
    """A job: a driver, from its start to its end."""

    job_id: str
    type: str
    status: str
    entrypoint: str
    submission_id: str | None = None
    driver_info: dict[str, Any] | None = None
    message: str | None = None
    error_type: str | None = None
    start_time: int | None = None
    end_time: int | None = None
    metadata: dict[str, str] | None = None
    runtime_env: dict[str, Any] | None = None

    @classmethod
    def of(cls, job: Mapping[str, Any], detail: bool) -> JobState:
        """Return the state in a record of the head."""
        ended = job["state"] == "ended"
        failed = ended and job.get("death") is not None
        return cls(
            job_id=job["job_id"],
            type="DRIVER",
            status="FAILED" if failed else "SUCCEEDED" if ended else "RUNNING",
            entrypoint=job["entrypoint"],
            driver_info={
                "id": job["job_id"],
                "node_ip_address": job["node_ip"],
                "pid": str(job["pid"]),
            },
            message=job.get("reason"),
            start_time=job["start"],
            end_time=job.get("end"),
        )


__all__ = ["ActorState", "JobState", "NodeState", "PlacementGroupState"]
