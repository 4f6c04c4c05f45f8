"""The states, in Ray's words and order of columns."""
# ruff: noqa: RUF009 - the functions that make columns return `dataclasses.field`

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ray.util.state._formats import Humanify
from ray.util.state._schema import StateSchema, state_column


def _plain(detail: bool = False) -> Any:
    return state_column(filterable=False, detail=detail)


def _key(detail: bool = False) -> Any:
    return state_column(filterable=True, detail=detail)


def _time() -> Any:
    return state_column(filterable=False, detail=True, format_fn=Humanify.timestamp)


@dataclass
class ActorState(StateSchema):
    """An actor."""

    actor_id: str = _key()
    class_name: str = _key()
    state: str = _key()
    job_id: str = _key()
    name: str | None = _key()
    node_id: str | None = _key()
    pid: int | None = _key()
    ray_namespace: str | None = _key()
    serialized_runtime_env: str | None = _plain(detail=True)
    required_resources: dict[str, float] | None = _plain(detail=True)
    death_cause: dict[str, Any] | None = _plain(detail=True)
    is_detached: bool | None = _plain(detail=True)
    placement_group_id: str | None = _key(detail=True)
    repr_name: str | None = _key(detail=True)
    num_restarts: int | None = _plain(detail=True)
    num_restarts_due_to_lineage_reconstruction: int | None = _plain(detail=True)
    num_restarts_due_to_node_preemption: int | None = _plain(detail=True)
    call_site: str | None = _plain(detail=True)
    label_selector: dict[str, str] | None = _plain(detail=True)
    fallback_strategy: Any = _plain(detail=True)


@dataclass
class PlacementGroupState(StateSchema):
    """A placement group."""

    placement_group_id: str = _key()
    name: str = _key()
    creator_job_id: str = _key()
    state: str = _key()
    bundles: list[dict[str, Any]] | None = _plain(detail=True)
    is_detached: bool | None = _key(detail=True)
    stats: dict[str, Any] | None = _plain(detail=True)


@dataclass
class NodeState(StateSchema):
    """A node."""

    node_id: str = _key()
    node_ip: str = _key()
    is_head_node: bool = _key()
    state: str = _key()
    state_message: str | None = _plain()
    node_name: str = _key()
    resources_total: dict[str, float] = state_column(
        filterable=False, format_fn=Humanify.node_resources
    )
    labels: dict[str, str] = _plain()
    start_time_ms: int | None = _time()
    end_time_ms: int | None = _time()


@dataclass
class DriverInfo:
    """The process of a driver."""

    id: str
    node_ip_address: str
    pid: str


@dataclass
class JobState(StateSchema):
    """A job: a driver, from its start to its end."""

    job_id: str | None = _key()
    submission_id: str | None = _key()
    entrypoint: str = _plain()
    type: str = _key()
    status: str = _key()
    message: str | None = _plain()
    error_type: str | None = _plain()
    driver_info: DriverInfo | None = _plain()
    start_time: int | None = _plain(detail=True)
    end_time: int | None = _plain(detail=True)
    metadata: dict[str, str] | None = _plain(detail=True)
    runtime_env: dict[str, Any] | None = _plain(detail=True)
    driver_agent_http_address: str | None = _plain(detail=True)
    driver_node_id: str | None = _plain(detail=True)
    driver_exit_code: int | None = _plain(detail=True)


@dataclass
class WorkerState(StateSchema):
    """A process of the cluster: a worker, or a driver."""

    worker_id: str = _key()
    is_alive: bool = _key()
    worker_type: str = _key()
    exit_type: str | None = _key()
    node_id: str = _key()
    ip: str = _key()
    pid: int = _key()
    exit_detail: str | None = _plain(detail=True)
    worker_launch_time_ms: int | None = _time()
    worker_launched_time_ms: int | None = _time()
    start_time_ms: int | None = _time()
    end_time_ms: int | None = _time()
    debugger_port: int | None = _key(detail=True)
    num_paused_threads: int | None = _key(detail=True)


@dataclass
class ClusterEventState(StateSchema):
    """Something that happened to the cluster."""

    severity: str = _key()
    time: str = _plain()
    source_type: str = _key()
    message: str = _plain()
    event_id: str = _key()
    custom_fields: dict[str, Any] | None = _plain(detail=True)


@dataclass
class TaskState(StateSchema):
    """An attempt of a task, a call of an actor's method, or an actor's creation."""

    task_id: str = _key()
    attempt_number: int = _key()
    name: str = _key()
    state: str = _key()
    job_id: str = _key()
    actor_id: str | None = _key()
    type: str = _key()
    func_or_class_name: str = _key()
    parent_task_id: str | None = _key()
    node_id: str | None = _key()
    worker_id: str | None = _key()
    worker_pid: int | None = _key()
    error_type: str | None = _key()
    language: str | None = _key(detail=True)
    required_resources: dict[str, float] | None = _plain(detail=True)
    runtime_env_info: dict[str, Any] | None = _plain(detail=True)
    placement_group_id: str | None = _key(detail=True)
    events: list[dict[str, Any]] | None = state_column(
        filterable=False, detail=True, format_fn=Humanify.events
    )
    profiling_data: dict[str, Any] | None = _plain(detail=True)
    creation_time_ms: int | None = _time()
    start_time_ms: int | None = _time()
    end_time_ms: int | None = _time()
    task_log_info: dict[str, Any] | None = _plain(detail=True)
    error_message: str | None = _plain(detail=True)
    is_debugger_paused: bool | None = _key(detail=True)
    call_site: str | None = _plain(detail=True)
    label_selector: dict[str, str] | None = _plain(detail=True)
    fallback_strategy: Any = _plain(detail=True)


@dataclass
class ObjectState(StateSchema):
    """A reference to an object that a process holds."""

    object_id: str = _key()
    object_size: int = state_column(filterable=True, format_fn=Humanify.memory)
    task_status: str = _key()
    attempt_number: int = _key()
    reference_type: str = _key()
    call_site: str = _key()
    type: str = _key()
    pid: int = _key()
    ip: str = _key()


@dataclass
class RuntimeEnvState(StateSchema):
    """A runtime environment on a node."""

    runtime_env: dict[str, Any] = _key()
    success: bool = _key()
    creation_time_ms: float | None = state_column(filterable=False, format_fn=Humanify.timestamp)
    node_id: str = _key()
    ref_cnt: int | None = _plain(detail=True)
    error: str | None = _key(detail=True)


__all__ = [
    "ActorState",
    "ClusterEventState",
    "DriverInfo",
    "JobState",
    "NodeState",
    "ObjectState",
    "PlacementGroupState",
    "RuntimeEnvState",
    "TaskState",
    "WorkerState",
]
