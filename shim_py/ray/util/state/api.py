"""The functions of `ray.util.state`; they ask the cluster of this process, and connect it first.

It is long because each function spells out Ray's documented arguments and what it returns; what
they do is in `_listing` and `_summaries`.
"""

from __future__ import annotations

import dataclasses
import time
import warnings
from collections.abc import Generator, Sequence
from typing import Any, Union

from ray.util.state import _logs
from ray.util.state._listing import check_whole, listed, rows_of
from ray.util.state._summaries import ActorSummaries, ObjectSummaries, TaskSummaries
from ray.util.state.common import (
    DEFAULT_LIMIT,
    DEFAULT_RPC_TIMEOUT,
    ActorState,
    ClusterEventState,
    Filter,
    GetApiOptions,
    JobState,
    ListApiOptions,
    NodeState,
    ObjectState,
    PlacementGroupState,
    RuntimeEnvState,
    StateResource,
    SummaryApiOptions,
    SummaryResource,
    TaskState,
    WorkerState,
)

Filters = Union[Sequence[Filter], None]

_ID_COLUMNS = {
    StateResource.NODES: "node_id",
    StateResource.ACTORS: "actor_id",
    StateResource.PLACEMENT_GROUPS: "placement_group_id",
    StateResource.WORKERS: "worker_id",
    StateResource.TASKS: "task_id",
    StateResource.OBJECTS: "object_id",
}


class StateApiClient:
    """Asks for states; may be kept and asked again.

    Args:
        address: accepted; the cluster of this process is asked.
        cookies: accepted, without effect: nothing goes over HTTP.
        headers: accepted, without effect.
    """

    def __init__(
        self,
        address: str | None = None,
        cookies: dict[str, Any] | None = None,
        headers: dict[str, Any] | None = None,
    ) -> None:
        self.address = address

    def get(
        self,
        resource: StateResource,
        id: str,
        options: GetApiOptions | None = None,
        _explain: bool = False,
    ) -> Any:
        """Return what has this id, with all columns; None where nothing has.

        Of objects, and of a task with several attempts, a list is returned.

        Raises:
            ValueError: such things have no ids.
            RayStateApiException: the head does not answer.
        """
        timeout = (options or GetApiOptions()).timeout
        if resource is StateResource.JOBS:
            return _job(id, timeout, _explain)
        if resource not in _ID_COLUMNS:
            raise ValueError(f"Can't get {resource.name} by id.")
        asked = ListApiOptions(
            limit=DEFAULT_LIMIT,
            timeout=timeout,
            detail=True,
            filters=[(_ID_COLUMNS[resource], "=", id)],
        )
        with _Explained(_explain):
            found = listed(resource, asked, False, False)
        if not found:
            return None
        several = resource is StateResource.TASKS and len(found) > 1
        return found if several or resource is StateResource.OBJECTS else found[0]

    def list(
        self,
        resource: StateResource,
        options: ListApiOptions,
        raise_on_missing_output: bool,
        _explain: bool = False,
    ) -> list[Any]:
        """Return a list of states.

        Raises:
            RayStateApiException: see `list_actors`.
        """
        with _Explained(_explain):
            return listed(resource, options, raise_on_missing_output, _explain)

    def summary(
        self,
        resource: SummaryResource,
        *,
        options: SummaryApiOptions,
        raise_on_missing_output: bool,
        _explain: bool = False,
    ) -> dict[str, Any]:
        """Return the summary of all tasks, actors or objects, by the word `cluster`.

        Raises:
            RayStateApiException: see `list_actors`.
        """
        with _Explained(_explain):
            found = rows_of(resource, options.timeout)
            check_whole(resource.value, found, raise_on_missing_output, _explain)
        summary: Any
        if resource is SummaryResource.TASKS:
            summary = TaskSummaries.to_summary_by_func_name(tasks=found.rows)
        elif resource is SummaryResource.ACTORS:
            summary = ActorSummaries.to_summary(actors=found.rows)
        else:
            summary = ObjectSummaries.to_summary(objects=found.rows)
        return {"cluster": dataclasses.asdict(summary)}


class _Explained:
    """Says how long an answer took, where that was asked for."""

    def __init__(self, asked: bool) -> None:
        self._asked = asked

    def __enter__(self) -> None:
        self._began = time.monotonic()

    def __exit__(self, *_exc: object) -> None:
        took = time.monotonic() - self._began
        if self._asked and took > 5:
            warnings.warn(f"({took:.2f} s) the cluster's head answers slowly.", stacklevel=3)


def _job(id: str, timeout: float, explain: bool) -> JobState | None:
    options = ListApiOptions(limit=10_000, timeout=timeout, detail=True)
    with _Explained(explain):
        for job in listed(StateResource.JOBS, options, False, False):
            if id in (job.submission_id, job.job_id):
                found: JobState = job
                return found
    return None


def _get(resource: StateResource, id: str, timeout: float, explain: bool) -> Any:
    return StateApiClient().get(resource, id, GetApiOptions(timeout=timeout), explain)


def get_actor(
    id: str,
    address: str | None = None,
    timeout: int = DEFAULT_RPC_TIMEOUT,
    _explain: bool = False,
) -> ActorState | None:
    """Return an actor, with all columns; None where there is none.

    Args:
        id: its id.
        address: accepted; the cluster of this process is asked.
        timeout: seconds that the head may take.

    Raises:
        RayStateApiException: the head does not answer.
    """
    found: ActorState | None = _get(StateResource.ACTORS, id, timeout, _explain)
    return found


def get_job(
    id: str,
    address: str | None = None,
    timeout: int = DEFAULT_RPC_TIMEOUT,
    _explain: bool = False,
) -> JobState | None:
    """Return a job, by its submission id or its job id, with all columns; None where there is none.

    Args:
        id: its id.
        address: accepted; the cluster of this process is asked.
        timeout: seconds that the head may take.

    Raises:
        RayStateApiException: the head does not answer.
    """
    found: JobState | None = _get(StateResource.JOBS, id, timeout, _explain)
    return found


def get_placement_group(
    id: str,
    address: str | None = None,
    timeout: int = DEFAULT_RPC_TIMEOUT,
    _explain: bool = False,
) -> PlacementGroupState | None:
    """Return a placement group, with all columns; None where there is none.

    Args:
        id: its id.
        address: accepted; the cluster of this process is asked.
        timeout: seconds that the head may take.

    Raises:
        RayStateApiException: the head does not answer.
    """
    found: PlacementGroupState | None = _get(StateResource.PLACEMENT_GROUPS, id, timeout, _explain)
    return found


def get_node(
    id: str,
    address: str | None = None,
    timeout: int = DEFAULT_RPC_TIMEOUT,
    _explain: bool = False,
) -> NodeState | None:
    """Return a node, with all columns; None where there is none.

    Args:
        id: its id.
        address: accepted; the cluster of this process is asked.
        timeout: seconds that the head may take.

    Raises:
        RayStateApiException: the head does not answer.
    """
    found: NodeState | None = _get(StateResource.NODES, id, timeout, _explain)
    return found


def get_worker(
    id: str,
    address: str | None = None,
    timeout: int = DEFAULT_RPC_TIMEOUT,
    _explain: bool = False,
) -> WorkerState | None:
    """Return a worker, with all columns; None where there is none.

    Args:
        id: its id.
        address: accepted; the cluster of this process is asked.
        timeout: seconds that the head may take.

    Raises:
        RayStateApiException: the head does not answer.
    """
    found: WorkerState | None = _get(StateResource.WORKERS, id, timeout, _explain)
    return found


def get_task(
    id: Any,
    address: str | None = None,
    timeout: int = DEFAULT_RPC_TIMEOUT,
    _explain: bool = False,
) -> TaskState | list[TaskState] | None:
    """Return the attempts of a task: one, a list of several, or None where there is none.

    Args:
        id: the task's id, as the running task's context tells it.
        address: accepted; the cluster of this process is asked.
        timeout: seconds that the head may take.

    Raises:
        RayStateApiException: the head does not answer.
    """
    text = id if isinstance(id, str) else id.task_id().hex()
    found: TaskState | list[TaskState] | None
    found = _get(StateResource.TASKS, text, timeout, _explain)
    return found


def get_objects(
    id: str,
    address: str | None = None,
    timeout: int = DEFAULT_RPC_TIMEOUT,
    _explain: bool = False,
) -> list[ObjectState]:
    """Return the references of this process to an object; [] where there are none.

    Args:
        id: the object's id.
        address: accepted.
        timeout: accepted; nobody else is asked.
    """
    return _get(StateResource.OBJECTS, id, timeout, _explain) or []


def list_actors(
    address: str | None = None,
    filters: Filters = None,
    limit: int = DEFAULT_LIMIT,
    timeout: int = DEFAULT_RPC_TIMEOUT,
    detail: bool = False,
    raise_on_missing_output: bool = True,
    _explain: bool = False,
) -> list[ActorState]:
    """Return the actors.

    Args:
        address: accepted; the cluster of this process is asked.
        filters: (column, "=" or "!=", value), all of which must hold.
        limit: at most so many are returned.
        timeout: seconds that the head may take.
        detail: whether to fill all columns, else some are None.
        raise_on_missing_output: whether it is an error that older ones are no longer kept.
        _explain: whether to warn about what the limit leaves out.

    Raises:
        ValueError: a filter is no such triple.
        RayStateApiException: the head does not answer; a filter names no column that can be
            filtered by; the limit is above RAY_MAX_LIMIT_FROM_API_SERVER; see also
            `raise_on_missing_output`.
    """
    options = ListApiOptions(limit, timeout, detail, list(filters or []))
    return StateApiClient(address).list(
        StateResource.ACTORS, options, raise_on_missing_output, _explain
    )


def list_placement_groups(
    address: str | None = None,
    filters: Filters = None,
    limit: int = DEFAULT_LIMIT,
    timeout: int = DEFAULT_RPC_TIMEOUT,
    detail: bool = False,
    raise_on_missing_output: bool = True,
    _explain: bool = False,
) -> list[PlacementGroupState]:
    """Return the placement groups.

    Arguments and errors are those of `list_actors`.
    """
    options = ListApiOptions(limit, timeout, detail, list(filters or []))
    return StateApiClient(address).list(
        StateResource.PLACEMENT_GROUPS, options, raise_on_missing_output, _explain
    )


def list_nodes(
    address: str | None = None,
    filters: Filters = None,
    limit: int = DEFAULT_LIMIT,
    timeout: int = DEFAULT_RPC_TIMEOUT,
    detail: bool = False,
    raise_on_missing_output: bool = True,
    _explain: bool = False,
) -> list[NodeState]:
    """Return the nodes, the dead included.

    Arguments and errors are those of `list_actors`.
    """
    options = ListApiOptions(limit, timeout, detail, list(filters or []))
    return StateApiClient(address).list(
        StateResource.NODES, options, raise_on_missing_output, _explain
    )


def list_jobs(
    address: str | None = None,
    filters: Filters = None,
    limit: int = DEFAULT_LIMIT,
    timeout: int = DEFAULT_RPC_TIMEOUT,
    detail: bool = False,
    raise_on_missing_output: bool = True,
    _explain: bool = False,
) -> list[JobState]:
    """Return the jobs.

    Arguments and errors are those of `list_actors`.
    """
    options = ListApiOptions(limit, timeout, detail, list(filters or []))
    return StateApiClient(address).list(
        StateResource.JOBS, options, raise_on_missing_output, _explain
    )


def list_workers(
    address: str | None = None,
    filters: Filters = None,
    limit: int = DEFAULT_LIMIT,
    timeout: int = DEFAULT_RPC_TIMEOUT,
    detail: bool = False,
    raise_on_missing_output: bool = True,
    _explain: bool = False,
) -> list[WorkerState]:
    """Return the worker processes and drivers, lately dead ones included.

    Arguments and errors are those of `list_actors`.
    """
    options = ListApiOptions(limit, timeout, detail, list(filters or []))
    return StateApiClient(address).list(
        StateResource.WORKERS, options, raise_on_missing_output, _explain
    )


def list_tasks(
    address: str | None = None,
    filters: Filters = None,
    limit: int = DEFAULT_LIMIT,
    timeout: int = DEFAULT_RPC_TIMEOUT,
    detail: bool = False,
    raise_on_missing_output: bool = True,
    _explain: bool = False,
) -> list[TaskState]:
    """Return the newest tasks, calls and creations of actors, and what waits for a place.

    Arguments and errors are those of `list_actors`.
    """
    options = ListApiOptions(limit, timeout, detail, list(filters or []))
    return StateApiClient(address).list(
        StateResource.TASKS, options, raise_on_missing_output, _explain
    )


def list_objects(
    address: str | None = None,
    filters: Filters = None,
    limit: int = DEFAULT_LIMIT,
    timeout: int = DEFAULT_RPC_TIMEOUT,
    detail: bool = False,
    raise_on_missing_output: bool = True,
    _explain: bool = False,
) -> list[ObjectState]:
    """Return the references of this process.

    Arguments and errors are those of `list_actors`.
    """
    options = ListApiOptions(limit, timeout, detail, list(filters or []))
    return StateApiClient(address).list(
        StateResource.OBJECTS, options, raise_on_missing_output, _explain
    )


def list_runtime_envs(
    address: str | None = None,
    filters: Filters = None,
    limit: int = DEFAULT_LIMIT,
    timeout: int = DEFAULT_RPC_TIMEOUT,
    detail: bool = False,
    raise_on_missing_output: bool = True,
    _explain: bool = False,
) -> list[RuntimeEnvState]:
    """Return the runtime environments in which workers run.

    Arguments and errors are those of `list_actors`.
    """
    options = ListApiOptions(limit, timeout, detail, list(filters or []))
    return StateApiClient(address).list(
        StateResource.RUNTIME_ENVS, options, raise_on_missing_output, _explain
    )


def list_cluster_events(
    address: str | None = None,
    filters: Filters = None,
    limit: int = DEFAULT_LIMIT,
    timeout: int = DEFAULT_RPC_TIMEOUT,
    detail: bool = False,
    raise_on_missing_output: bool = True,
    _explain: bool = False,
) -> list[ClusterEventState]:
    """Return what has happened in the cluster, the oldest first.

    Arguments and errors are those of `list_actors`.
    """
    options = ListApiOptions(limit, timeout, detail, list(filters or []))
    return StateApiClient(address).list(
        StateResource.CLUSTER_EVENTS, options, raise_on_missing_output, _explain
    )


def summarize_tasks(
    address: str | None = None,
    timeout: int = DEFAULT_RPC_TIMEOUT,
    raise_on_missing_output: bool = True,
    _explain: bool = False,
) -> dict[str, Any]:
    """Return how many tasks of each name are in each state; arguments as of `list_actors`.

    Raises:
        RayStateApiException: the head does not answer; see also `raise_on_missing_output`.
    """
    return StateApiClient(address).summary(
        SummaryResource.TASKS,
        options=SummaryApiOptions(timeout=timeout),
        raise_on_missing_output=raise_on_missing_output,
        _explain=_explain,
    )


def summarize_actors(
    address: str | None = None,
    timeout: int = DEFAULT_RPC_TIMEOUT,
    raise_on_missing_output: bool = True,
    _explain: bool = False,
) -> dict[str, Any]:
    """Return how many actors of each class are in each state; arguments as of `list_actors`.

    Raises:
        RayStateApiException: the head does not answer; see also `raise_on_missing_output`.
    """
    return StateApiClient(address).summary(
        SummaryResource.ACTORS,
        options=SummaryApiOptions(timeout=timeout),
        raise_on_missing_output=raise_on_missing_output,
        _explain=_explain,
    )


def summarize_objects(
    address: str | None = None,
    timeout: int = DEFAULT_RPC_TIMEOUT,
    raise_on_missing_output: bool = True,
    _explain: bool = False,
) -> dict[str, Any]:
    """Return how many references of this process are in each state; arguments as of `list_actors`.

    Raises:
        RayStateApiException: the head does not answer; see also `raise_on_missing_output`.
    """
    return StateApiClient(address).summary(
        SummaryResource.OBJECTS,
        options=SummaryApiOptions(timeout=timeout),
        raise_on_missing_output=raise_on_missing_output,
        _explain=_explain,
    )


def get_log(
    address: str | None = None,
    node_id: str | None = None,
    node_ip: str | None = None,
    filename: str | None = None,
    actor_id: str | None = None,
    task_id: str | None = None,
    pid: int | None = None,
    follow: bool = False,
    tail: int = -1,
    timeout: int = DEFAULT_RPC_TIMEOUT,
    suffix: str = "out",
    encoding: str | None = "utf-8",
    errors: str | None = "strict",
    submission_id: str | None = None,
    attempt_number: int = 0,
    _interval: float | None = None,
    filter_ansi_code: bool = False,
) -> Generator[Any, None, None]:
    """Yield a log as it is on its node: a file by name, an actor's, a worker's or a job's.

    Args:
        address: accepted; the cluster of this process is asked.
        node_id: the node that has it; for ``filename`` and ``pid`` this or ``node_ip`` is needed.
        node_ip: the same by address.
        filename: its name, as `list_logs` tells it.
        actor_id: of this actor's latest life.
        task_id: refused: a task prints into its worker's log.
        pid: of the worker that runs under this pid.
        follow: go on with what is written, until nobody writes it any more.
        tail: so many last lines; -1 for the whole file.
        timeout: how long the head and the node may take, in seconds.
        suffix: ``out`` or ``err``, for actors and workers.
        encoding: of the texts that come; None for bytes.
        errors: what becomes of bytes that are none of it.
        submission_id: of this submitted job.
        attempt_number: has no effect without ``task_id``.
        filter_ansi_code: without colours.

    Raises:
        RayStateApiException: there is no such log, or the head does not answer.
        UnsupportedFeature: for ``task_id``.
    """
    file = _logs.chosen_file(
        _logs.find_node(node_id, node_ip, timeout),
        filename=filename,
        actor_id=actor_id,
        task_id=task_id,
        pid=None if pid is None else int(pid),
        submission_id=submission_id,
        suffix=suffix,
        timeout=timeout,
    )
    raw = _logs.parts(file, tail, follow, timeout)
    yield from _logs.decoded(raw, encoding, errors, filter_ansi_code)


def list_logs(
    address: str | None = None,
    node_id: str | None = None,
    node_ip: str | None = None,
    glob_filter: str | None = None,
    timeout: int = DEFAULT_RPC_TIMEOUT,
) -> dict[str, list[str]]:
    """Return the names of a node's log files that a pattern fits, by who writes them.

    Raises:
        AssertionError: neither ``node_id`` nor ``node_ip`` is given.
        RayStateApiException: there is no such node, or the head does not answer.
    """
    if node_id is None and node_ip is None:
        raise AssertionError("At least one of node ip and node id is required")
    node = _logs.find_node(node_id, node_ip, timeout)
    return _logs.grouped(_logs.find_files(node, "", timeout), glob_filter or "*")


__all__ = [
    "StateApiClient",
    "get_actor",
    "get_job",
    "get_log",
    "get_node",
    "get_objects",
    "get_placement_group",
    "get_task",
    "get_worker",
    "list_actors",
    "list_cluster_events",
    "list_jobs",
    "list_logs",
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
