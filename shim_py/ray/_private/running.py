"""What a worker process is doing now; set by the worker, read by the runtime context."""

from __future__ import annotations

import sys
from contextvars import ContextVar
from typing import Any, Callable, NamedTuple

#: The call that runs in this thread or asyncio task: its caller, number, method, header and body
#: as the worker's executor has them. Kept as they are, because setting it is on every call's way.
current_call: ContextVar[Any] = ContextVar("ray_current_call", default=None)

#: The name and the function of the task that runs.
current_function: ContextVar[tuple[str, Callable[..., Any]] | None] = ContextVar(
    "ray_current_function", default=None
)

#: The class of the actor that this process is, in a list of at most one.
actor_class: list[type] = []

#: What handles to it are made from, in a list of at most one; see `ClassInfo.pickled`.
actor_meta: list[bytes] = []

#: Lets the actor that this process is end soon, in a list of at most one.
on_exit: list[Callable[[], None]] = []


def in_event_loop() -> bool:
    """Return whether this thread runs coroutines."""
    asyncio: Any = sys.modules.get("asyncio")
    return asyncio is not None and asyncio._get_running_loop() is not None


class RunningCall(NamedTuple):
    """Facts about the call that runs; ids in hex."""

    task_id: str
    name: str
    function_name: str
    cancelled: bool


def running_call(actor_id: str) -> RunningCall | None:
    """Return the facts about the call that runs here; None outside of calls."""
    call = current_call.get()
    if call is None:
        return None
    caller, number, method = call[:3]
    function = current_function.get()
    if function is not None:
        name, made = function
        full = f"{made.__module__}.{made.__qualname__}"
    else:
        cls = actor_class[0]
        name, full = f"{cls.__name__}.{method}", f"{cls.__module__}.{cls.__qualname__}.{method}"
    task = task_id(caller.id, number, actor_id)
    return RunningCall(task, name, full, number in caller.cancelled)


def task_id(caller: str, number: int, actor_id: str) -> str:
    """Return the id of a call in hex, from who made it, its number, and who runs it.

    It is as long and as unique as Ray's: eight bytes for the call, then the actor's id.
    """
    return f"{(int(caller[:16], 16) + number) % (1 << 64):016x}{actor_id}"


def parent() -> tuple[str, int] | None:
    """Return who made the call that runs here, and its number; None outside of calls."""
    call = current_call.get()
    return None if call is None else (call[0].id, call[1])
