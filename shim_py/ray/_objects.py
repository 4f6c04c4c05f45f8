"""`ray.get`, `wait`, `put`, `cancel`, `kill`, and generators of references."""

from __future__ import annotations

from typing import Any

from ray._core import client
from ray._core.generators import DynamicObjectRefGenerator, ObjectRefGenerator
from ray._core.object_ref import ObjectRef
from ray._private.absent import refuse
from ray.actor import ActorHandle

__all__ = [
    "DynamicObjectRefGenerator",
    "ObjectRefGenerator",
    "cancel",
    "get",
    "kill",
    "put",
    "wait",
]


def get(object_refs: Any, *, timeout: float | None = None, _use_object_store: bool = False) -> Any:
    """Return the value of a reference, or the list of values of a list of them.

    Args:
        object_refs: a reference, or a list of references.
        timeout: seconds to wait; 0 to look only; None, or -1, for without limit.

    Raises:
        GetTimeoutError: a value was not there in time.
        RayTaskError: a task raised; also an instance of what it raised.
        RayActorError: the actor died.
        ValueError: `object_refs` is neither.
        TypeError: the list holds something else.
    """
    session = client.session()
    if timeout == -1:
        timeout = None
    if isinstance(object_refs, ObjectRefGenerator):
        return object_refs
    if isinstance(object_refs, ObjectRef):
        return session.get([object_refs], timeout)[0]
    if not isinstance(object_refs, list):
        raise ValueError(
            f"Invalid type of object refs, {type(object_refs)}, is given. 'object_refs' must "
            "either be an ObjectRef or a list of ObjectRefs."
        )
    for reference in object_refs:
        if not isinstance(reference, ObjectRef):
            raise TypeError(
                f"Attempting to call `get` on the value {reference!r}, which is not an "
                "ray.ObjectRef."
            )
    return session.get(object_refs, timeout)


def wait(
    ray_waitables: Any,
    *,
    num_returns: int = 1,
    timeout: float | None = None,
    fetch_local: bool = True,
) -> tuple[list[Any], list[Any]]:
    """Wait until some of the references are ready.

    Args:
        ray_waitables: references, none of them twice; a generator is ready when its next one is.
        num_returns: how many must be ready.
        timeout: seconds to wait; None for without limit.
        fetch_local: begin to bring values of other nodes to this one.

    Returns:
        The ready ones, at most `num_returns`, and the rest; both in the order given.

    Raises:
        TypeError: it is no list of references.
        ValueError: one is in it twice, `num_returns` does not fit, or `timeout` is negative.
    """
    if not isinstance(ray_waitables, list):
        raise TypeError(
            f"wait() expected a list of ray.ObjectRef, got {type(ray_waitables)}: {ray_waitables!r}"
        )
    if timeout is not None and timeout < 0:
        raise ValueError(f"The 'timeout' argument must be nonnegative. Received {timeout}")
    for reference in ray_waitables:
        if not isinstance(reference, (ObjectRef, ObjectRefGenerator)):
            raise TypeError(
                "wait() expected a list of ray.ObjectRef or ray.ObjectRefGenerator, got list "
                f"containing {type(reference)}"
            )
    session = client.session()
    if not ray_waitables:
        return [], []
    if len(ray_waitables) != len(set(ray_waitables)):
        raise ValueError("Wait requires a list of unique ray_waitables.")
    if num_returns <= 0:
        raise ValueError(f"Invalid number of objects to return {num_returns}.")
    if num_returns > len(ray_waitables):
        raise ValueError(
            "num_returns cannot be greater than the number of ray_waitables provided to ray.wait."
        )
    ready, rest = session.wait(ray_waitables, num_returns, timeout, fetch_local)
    return list(ready), list(rest)


def put(value: Any, *, _owner: Any = None, _tensor_transport: str | None = None) -> Any:
    """Return a reference to a value.

    Raises:
        TypeError: the value is a reference, or cannot be pickled.
    """
    if _owner is not None:
        refuse("the argument _owner of ray.put", "Let the owner put the value itself.")
    if _tensor_transport is not None:
        refuse("the argument _tensor_transport of ray.put", "Send tensors over torch.distributed.")
    if isinstance(value, ObjectRef):
        raise TypeError(
            "Calling 'put' on an ray.ObjectRef is not allowed. To have a reference to a reference, "
            "put it into a list."
        )
    return client.session().put(value)


def kill(actor: ActorHandle[Any], *, no_restart: bool = True) -> None:
    """End an actor's process at once.

    Args:
        actor: its handle.
        no_restart: whether `max_restarts` is left aside.

    Raises:
        ValueError: it is no handle.
    """
    if not isinstance(actor, ActorHandle):
        raise ValueError(
            "ray.kill() only supported for actors. For tasks, try ray.cancel(). "
            f"Got: {type(actor)}."
        )
    client.session().kill(actor._ray_actor_id, no_restart)


def cancel(ray_waitable: Any, *, force: bool = False, recursive: bool = True) -> None:
    """Cancel a task or a method call that has not ended.

    Args:
        ray_waitable: the reference to its value, or the generator of its values.
        force: end a task's process; not for actors.
        recursive: cancel what it has called as well.

    Raises:
        TypeError: it is no reference.
        ValueError: `force` with a call of an actor.
    """
    if isinstance(ray_waitable, ObjectRefGenerator):
        ray_waitable = ray_waitable.completed()
    if not isinstance(ray_waitable, ObjectRef):
        raise TypeError(
            "ray.cancel() only supported for object refs. For actors, try ray.kill(). "
            f"Got: {type(ray_waitable)}."
        )
    client.session().cancel(ray_waitable, force, recursive)
