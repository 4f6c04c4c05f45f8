"""What a worker process is doing now; set by the worker, read by the runtime context."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

#: The call that runs in this thread or asyncio task: `task_id`, `name`, `function_name`, and
#: `cancelled` (a function without arguments).
current_call: ContextVar[Mapping[str, Any] | None] = ContextVar("ray_current_call", default=None)

#: The instance of the actor that this process is, in a list of at most one.
actor_instance: list[Any] = []
