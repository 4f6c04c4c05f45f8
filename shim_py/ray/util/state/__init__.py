"""What the head knows of nodes, actors, placement groups and jobs, as lists of objects."""

from __future__ import annotations

from ray.util.state._api import (
    get_actor,
    get_job,
    get_node,
    get_placement_group,
    list_actors,
    list_jobs,
    list_nodes,
    list_objects,
    list_placement_groups,
    list_runtime_envs,
    list_tasks,
    list_workers,
    summarize_actors,
    summarize_objects,
    summarize_tasks,
)
from ray.util.state._states import ActorState, JobState, NodeState, PlacementGroupState
from ray.util.state.exception import RayStateApiException

__all__ = [
    "ActorState",
    "JobState",
    "NodeState",
    "PlacementGroupState",
    "RayStateApiException",
    "get_actor",
    "get_job",
    "get_node",
    "get_placement_group",
    "list_actors",
    "list_jobs",
    "list_nodes",
    "list_objects",
    "list_placement_groups",
    "list_runtime_envs",
    "list_tasks",
    "list_workers",
    "summarize_actors",
    "summarize_objects",
    "summarize_tasks",
]
