"""The classes of states, where Ray keeps them."""

from __future__ import annotations

from ray.util.state._states import ActorState, JobState, NodeState, PlacementGroupState

DEFAULT_LIMIT = 100
DEFAULT_RPC_TIMEOUT = 30

__all__ = [
    "DEFAULT_LIMIT",
    "DEFAULT_RPC_TIMEOUT",
    "ActorState",
    "JobState",
    "NodeState",
    "PlacementGroupState",
]
