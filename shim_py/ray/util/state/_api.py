"""The functions of `ray.util.state`.

Not there: `address` (this process's cluster is asked), and tasks, objects and workers, of which
the head keeps no list.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NoReturn

from ray._private.absent import refuse
from ray.util.state._states import ActorState, JobState, NodeState, PlacementGroupState

Filter = tuple[str, str, Any]


def _ask(kind: str, key: str) -> list[dict[str, Any]]:
    from ray._core import client

    records: list[dict[str, Any]] = client.session().request(kind, {}).fields[key]
    return records


def _matches(state: Any, filters: Sequence[Filter] | None) -> bool:
    for key, predicate, wanted in filters or ():
        if key not in state:
            raise ValueError(f"Cannot filter by {key!r}: the fields are {', '.join(state)}.")
        if predicate not in ("=", "!="):
            raise ValueError(f"Cannot filter with {predicate!r}: the predicates are = and !=.")
        if (str(state[key]).lower() == str(wanted).lower()) != (predicate == "="):
            return False
    return True


def _list(
    kind: str, key: str, of: Any, filters: Sequence[Filter] | None, limit: int, detail: bool
) -> list[Any]:
    states = [of(record, detail) for record in _ask(kind, key)]
    return [state for state in states if _matches(state, filters)][:limit]


def list_nodes(
    address: str | None = None,
    filters: Sequence[Filter] | None = None,
    limit: int = 100,
    timeout: int = 30,
    detail: bool = False,
    raise_on_missing_output: bool = True,
    _explain: bool = False,
) -> list[NodeState]:
    """Return the nodes.

    Args:
        address: accepted; this process's cluster is asked.
        filters: (field, "=" or "!=", value), all of which must hold.
        limit: at most this many.
        timeout: accepted, without effect.
        detail: whether to fill the fields that are None otherwise.
        raise_on_missing_output: accepted; nothing is ever missing.
    """
    return _list("query.nodes", "nodes", NodeState.of, filters, limit, detail)


def list_actors(
    address: str | None = None,
    filters: Sequence[Filter] | None = None,
    limit: int = 100,
    timeout: int = 30,
    detail: bool = False,
    raise_on_missing_output: bool = True,
    _explain: bool = False,
) -> list[ActorState]:
    """Return the actors; arguments as of `list_nodes`."""
    return _list("query.actors", "actors", ActorState.of, filters, limit, detail)


def list_placement_groups(
    address: str | None = None,
    filters: Sequence[Filter] | None = None,
    limit: int = 100,
    timeout: int = 30,
    detail: bool = False,
    raise_on_missing_output: bool = True,
    _explain: bool = False,
) -> list[PlacementGroupState]:
    """Return the placement groups; arguments as of `list_nodes`."""
    return _list("query.groups", "groups", PlacementGroupState.of, filters, limit, detail)


def list_jobs(
    address: str | None = None,
    filters: Sequence[Filter] | None = None,
    limit: int = 100,
    timeout: int = 30,
    detail: bool = False,
    raise_on_missing_output: bool = True,
    _explain: bool = False,
) -> list[JobState]:
    """Return the jobs; arguments as of `list_nodes`."""
    return _list("query.jobs", "jobs", JobState.of, filters, limit, detail)


def _first(states: list[Any]) -> Any:
    return states[0] if states else None


def get_node(
    id: str, address: str | None = None, timeout: int = 30, _explain: bool = False
) -> NodeState | None:
    """Return a node by its id, None where there is none."""
    found: NodeState | None = _first(list_nodes(filters=[("node_id", "=", id)], detail=True))
    return found


def get_actor(
    id: str, address: str | None = None, timeout: int = 30, _explain: bool = False
) -> ActorState | None:
    """Return an actor by its id, None where there is none."""
    found: ActorState | None = _first(list_actors(filters=[("actor_id", "=", id)], detail=True))
    return found


def get_placement_group(
    id: str, address: str | None = None, timeout: int = 30, _explain: bool = False
) -> PlacementGroupState | None:
    """Return a placement group by its id, None where there is none."""
    groups = list_placement_groups(filters=[("placement_group_id", "=", id)], detail=True)
    found: PlacementGroupState | None = _first(groups)
    return found


def get_job(
    id: str, address: str | None = None, timeout: int = 30, _explain: bool = False
) -> JobState | None:
    """Return a job by its id, None where there is none."""
    found: JobState | None = _first(list_jobs(filters=[("job_id", "=", id)], detail=True))
    return found


def summarize_actors(
    address: str | None = None,
    timeout: int = 30,
    raise_on_missing_output: bool = True,
    _explain: bool = False,
) -> dict[str, Any]:
    """Return how many actors of each class are in each state."""
    actors = [ActorState.of(record, False) for record in _ask("query.actors", "actors")]
    summary: dict[str, Any] = {}
    for class_name in sorted({actor.class_name for actor in actors}):
        states = Counter(actor.state for actor in actors if actor.class_name == class_name)
        summary[class_name] = {"class_name": class_name, "state_counts": dict(states)}
    return {
        "cluster": {
            "summary": summary,
            "total_actors": len(actors),
            "summary_by": "class",
        }
    }


def _absent(name: str) -> NoReturn:
    refuse(
        f"ray.util.state.{name}",
        "The head keeps no list of them; list_actors, list_nodes and list_jobs are there.",
    )


def list_tasks(*_args: Any, **_kwargs: Any) -> NoReturn:
    """Not there; raises UnsupportedFeature."""
    _absent("list_tasks")


def list_objects(*_args: Any, **_kwargs: Any) -> NoReturn:
    """Not there; raises UnsupportedFeature."""
    _absent("list_objects")


def list_workers(*_args: Any, **_kwargs: Any) -> NoReturn:
    """Not there; raises UnsupportedFeature."""
    _absent("list_workers")


def list_runtime_envs(*_args: Any, **_kwargs: Any) -> NoReturn:
    """Not there; raises UnsupportedFeature."""
    _absent("list_runtime_envs")


def summarize_tasks(*_args: Any, **_kwargs: Any) -> NoReturn:
    """Not there; raises UnsupportedFeature."""
    _absent("summarize_tasks")


def summarize_objects(*_args: Any, **_kwargs: Any) -> NoReturn:
    """Not there; raises UnsupportedFeature."""
    _absent("summarize_objects")
