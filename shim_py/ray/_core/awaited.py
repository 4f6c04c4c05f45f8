"""Calls whose arguments are references to values that are still on their way."""

from __future__ import annotations

from typing import Any, Callable

from .actor_link import ActorLink
from .calls import Call
from .object_ref import ObjectRef
from .references import join_parts


def await_arguments(link: ActorLink, call: Call, refs: list[Any]) -> None:
    """Holds the call back until the values of its references are there. The lock is held."""
    for position, ref in refs:
        entry = ref._require()
        if not entry.done:
            call.waiting += 1
            entry.when_done(_fill_argument(link, call, position, ref, True))
        else:
            _fill_argument(link, call, position, ref, False)()


def _fill_argument(
    link: ActorLink, call: Call, position: int, ref: ObjectRef[Any], counted: bool
) -> Callable[[], None]:
    entry = ref._require()

    def fill() -> None:
        with link.session.pump.lock:
            arguments = call.arguments
            if not isinstance(arguments, list):  # it was cancelled, or failed, meanwhile
                return
            if not entry.done:  # its value was lost meanwhile, and is computed again
                # Another one: a function that refers to itself would keep the value.
                entry.when_done(_fill_argument(link, call, position, ref, counted))
                return
            if not entry.ok:
                if call.failed is None:
                    call.failed = (False, entry.parts, entry.error)
            else:
                arguments[position] = join_parts(entry.parts, ref)
            if counted:
                call.waiting -= 1
                if link.any_order and not call.waiting:
                    link.resume_held(call)
                link.advance()

    return fill
