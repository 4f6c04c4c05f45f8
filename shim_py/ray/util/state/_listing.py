"""From a question (what, which, how many) to rows."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from ray._private.state import query, query_tasks
from ray.util.state import _records
from ray.util.state._schema import StateSchema, value_for
from ray.util.state.common import (
    RAY_MAX_LIMIT_FROM_API_SERVER,
    Filter,
    ListApiOptions,
    StateResource,
    SummaryResource,
    resource_to_schema,
)
from ray.util.state.exception import RayStateApiException

Row = dict[str, Any]
Answer = TypeVar("Answer")


@dataclasses.dataclass
class Found:
    """Rows of one kind, and how many more there were than are kept."""

    rows: list[Row]
    dropped: int = 0


def _ask(kind: str, timeout: float, fields: Mapping[str, Any] | None = None) -> list[Row]:
    rows: list[Row] = answered(lambda: query(kind, fields, timeout), timeout)
    return rows


def answered(ask: Callable[[], Answer], timeout: float) -> Answer:
    """Return the head's answer.

    Raises:
        RayStateApiException: there is none within ``timeout`` seconds, or it refuses.
    """
    from ray._core.errors import DaemonLost, RequestFailed

    try:
        return ask()
    except TimeoutError:
        raise RayStateApiException(
            f"Failed to make request: the cluster's head did not answer within {timeout} s."
        ) from None
    except (RequestFailed, DaemonLost) as error:
        raise RayStateApiException(f"Failed to make request: {error}") from error


def _asked(kind: str, row: Callable[[Mapping[str, Any]], Row]) -> Callable[[float], Found]:
    return lambda timeout: Found([row(record) for record in _ask(kind, timeout)])


def _tasks(timeout: float) -> Found:
    return Found(*answered(lambda: query_tasks(timeout), timeout))


def _objects(_timeout: float) -> Found:
    from ray.util.state._objects import object_rows

    return Found(object_rows())


_SOURCES: dict[StateResource, Callable[[float], Found]] = {
    StateResource.ACTORS: _asked("query.actors", _records.actor_row),
    StateResource.JOBS: _asked("query.jobs", _records.job_row),
    StateResource.PLACEMENT_GROUPS: _asked("query.groups", _records.group_row),
    StateResource.NODES: _asked("query.nodes", _records.node_row),
    StateResource.WORKERS: _asked("query.workers", dict),
    StateResource.TASKS: _tasks,
    StateResource.OBJECTS: _objects,
    StateResource.RUNTIME_ENVS: lambda timeout: Found(
        _records.environment_rows(_ask("query.workers", timeout))
    ),
    StateResource.CLUSTER_EVENTS: lambda timeout: Found(
        _records.event_rows(_ask("query.events", timeout, {"limit": RAY_MAX_LIMIT_FROM_API_SERVER}))
    ),
}


def rows_of(resource: StateResource | SummaryResource, timeout: float) -> Found:
    """Return all rows of a kind.

    Raises:
        RayStateApiException: the head does not answer.
    """
    return _SOURCES[StateResource(resource.value)](timeout)


def listed(
    resource: StateResource, options: ListApiOptions, raise_on_missing_output: bool, explain: bool
) -> list[Any]:
    """Return the states that the options ask for.

    Raises:
        RayStateApiException: the head does not answer, a filter's column is none, the limit is
            too high, or something was dropped and `raise_on_missing_output` is set.
    """
    if options.has_conflicting_filters():
        return []
    if options.limit > RAY_MAX_LIMIT_FROM_API_SERVER:
        raise RayStateApiException(
            f"Given limit {options.limit} exceeds the supported limit "
            f"{RAY_MAX_LIMIT_FROM_API_SERVER}. Use a lower limit, or set the "
            "`RAY_MAX_LIMIT_FROM_API_SERVER` environment variable to a larger value."
        )
    found = rows_of(resource, options.timeout)
    check_whole(resource.value, found, raise_on_missing_output, explain)
    schema = resource_to_schema(resource)
    rows = filtered(found.rows, schema, options.filters or [])
    if explain and len(rows) > options.limit:
        warnings.warn(
            f"Limit last {options.limit} entries (Total {len(rows)}). Use `--filter` to reduce "
            "the amount of data to return or setting a higher limit with `--limit` to see all "
            "data. ",
            stacklevel=3,
        )
    return [state_of(row, schema, options.detail) for row in rows[: options.limit]]


def check_whole(what: str, found: Found, raise_on_missing_output: bool, explain: bool) -> None:
    """Tell that something was dropped, in the way that was asked for.

    Raises:
        RayStateApiException: `raise_on_missing_output` is set.
    """
    if not found.dropped:
        return
    kept = len(found.rows)
    if raise_on_missing_output:
        raise RayStateApiException(
            f"Failed to retrieve all {kept + found.dropped} {what} from the cluster because they "
            "are not reachable due to data truncation. It happens when the returned data is too "
            f"large (> {kept}) To avoid raising an exception and allow having missing output, set "
            "`raise_on_missing_output=False`. "
        )
    if explain:
        warnings.warn(
            "The returned data may contain incomplete result. "
            f"{kept} ({kept + found.dropped} total from the cluster) {what} are retrieved from "
            f"the data source. {found.dropped} entries have been truncated.",
            stacklevel=4,
        )


def filtered(rows: list[Row], schema: type[StateSchema], filters: Sequence[Filter]) -> list[Row]:
    """Return the rows that meet all filters; texts are compared without regard to case.

    Raises:
        RayStateApiException: a column cannot be filtered by, or a value does not fit its type.
    """
    conditions = []
    known = schema.filterable_columns()
    for key, predicate, value in filters:
        column = key.lower()
        if column not in known:
            raise RayStateApiException(
                f"The given filter column {column} is not supported. Enter filters with "
                "--filter key=value or --filter key!=value Supported filter columns: "
                f"{', '.join(sorted(known))}"
            )
        try:
            conditions.append((column, predicate == "=", value_for(schema, column, value)))
        except ValueError as error:
            raise RayStateApiException(str(error)) from None
    return [
        row
        for row in rows
        if all(_equal(row.get(column), value) == equal for column, equal, value in conditions)
    ]


def _equal(own: Any, value: Any) -> bool:
    if isinstance(own, str) and isinstance(value, str):
        return own.lower() == value.lower()
    return bool(own == value)


def state_of(row: Row, schema: type[StateSchema], detail: bool) -> Any:
    """Return a row as a state; without `detail` the further columns are None."""
    filled = set(schema.list_columns(detail))
    return schema(**{name: row.get(name) if name in filled else None for name in schema.columns()})
