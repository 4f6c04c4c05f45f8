"""Classes and bounds of `ray.util.state`, where Ray keeps them."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Union

from ray.util.state._formats import Humanify
from ray.util.state._schema import StateSchema, state_column
from ray.util.state._states import (
    ActorState,
    ClusterEventState,
    JobState,
    NodeState,
    ObjectState,
    PlacementGroupState,
    RuntimeEnvState,
    TaskState,
    WorkerState,
)
from ray.util.state._summaries import (
    ActorSummaries,
    ActorSummaryPerClass,
    ObjectSummaries,
    ObjectSummaryPerKey,
    TaskSummaries,
    TaskSummaryPerFuncOrClassName,
)

DEFAULT_RPC_TIMEOUT = 30
DEFAULT_LIMIT = 100
DEFAULT_LOG_LIMIT = 1000


def _most(name: str) -> int:
    text = os.environ.get(name, "")
    return int(text) if text.isdigit() else 10_000


#: The highest `limit`.
RAY_MAX_LIMIT_FROM_API_SERVER = _most("RAY_MAX_LIMIT_FROM_API_SERVER")
RAY_MAX_LIMIT_FROM_DATA_SOURCE = _most("RAY_MAX_LIMIT_FROM_DATA_SOURCE")

SupportedFilterType = Union[str, bool, int, float]
PredicateType = str
Filter = tuple[str, PredicateType, SupportedFilterType]


class StateResource(Enum):
    """What can be listed."""

    ACTORS = "actors"
    JOBS = "jobs"
    PLACEMENT_GROUPS = "placement_groups"
    NODES = "nodes"
    WORKERS = "workers"
    TASKS = "tasks"
    OBJECTS = "objects"
    RUNTIME_ENVS = "runtime_envs"
    CLUSTER_EVENTS = "cluster_events"


class SummaryResource(Enum):
    """What can be summarized."""

    ACTORS = "actors"
    TASKS = "tasks"
    OBJECTS = "objects"


@dataclass
class GetApiOptions:
    """How to ask for one: `timeout` is in seconds."""

    timeout: float = DEFAULT_RPC_TIMEOUT


@dataclass
class SummaryApiOptions:
    """How to ask for a summary: `timeout` is in seconds, `filters` are as of lists."""

    timeout: float = DEFAULT_RPC_TIMEOUT
    filters: list[Filter] | None = field(default_factory=list)
    summary_by: str | None = None


@dataclass
class ListApiOptions:
    """How to ask for a list.

    Raises:
        ValueError: a filter is no (column, predicate, value), or its predicate none of = and !=.
    """

    limit: int = DEFAULT_LIMIT
    timeout: float = DEFAULT_RPC_TIMEOUT
    detail: bool = False
    filters: list[Filter] | None = field(default_factory=list)
    exclude_driver: bool = True

    def __post_init__(self) -> None:
        self.filters = list(self.filters or [])
        for each in self.filters:
            if len(each) != 3:
                raise ValueError(
                    f"The given filter has incorrect input type, {each}. "
                    "Provide (key, predicate, value) tuples."
                )
            if each[1] not in ("=", "!="):
                raise ValueError(
                    f"Unsupported filter predicate {each[1]} is given. Available predicates: =, !=."
                )

    def has_conflicting_filters(self) -> bool:
        """Whether two filters want one column to have two values; warns then."""
        wanted: dict[str, Any] = {}
        for key, predicate, value in self.filters or ():
            if predicate == "=" and wanted.setdefault(key, value) != value:
                warnings.warn(
                    "There are multiple '=' filters with the same "
                    f"key '{key}' but different values '{wanted[key]}' & '{value}'. "
                    "Empty result set will be returned",
                    UserWarning,
                    stacklevel=4,
                )
                return True
        return False


_SCHEMAS: dict[StateResource, type[StateSchema]] = {
    StateResource.ACTORS: ActorState,
    StateResource.JOBS: JobState,
    StateResource.PLACEMENT_GROUPS: PlacementGroupState,
    StateResource.NODES: NodeState,
    StateResource.WORKERS: WorkerState,
    StateResource.TASKS: TaskState,
    StateResource.OBJECTS: ObjectState,
    StateResource.RUNTIME_ENVS: RuntimeEnvState,
    StateResource.CLUSTER_EVENTS: ClusterEventState,
}


def resource_to_schema(resource: StateResource) -> type[StateSchema]:
    """Return the class of what a list holds."""
    return _SCHEMAS[resource]


__all__ = [
    "DEFAULT_LIMIT",
    "DEFAULT_LOG_LIMIT",
    "DEFAULT_RPC_TIMEOUT",
    "RAY_MAX_LIMIT_FROM_API_SERVER",
    "RAY_MAX_LIMIT_FROM_DATA_SOURCE",
    "ActorState",
    "ActorSummaries",
    "ActorSummaryPerClass",
    "ClusterEventState",
    "GetApiOptions",
    "Humanify",
    "JobState",
    "ListApiOptions",
    "NodeState",
    "ObjectState",
    "ObjectSummaries",
    "ObjectSummaryPerKey",
    "PlacementGroupState",
    "PredicateType",
    "RuntimeEnvState",
    "StateResource",
    "StateSchema",
    "SummaryApiOptions",
    "SummaryResource",
    "SupportedFilterType",
    "TaskState",
    "TaskSummaries",
    "TaskSummaryPerFuncOrClassName",
    "WorkerState",
    "resource_to_schema",
    "state_column",
]
