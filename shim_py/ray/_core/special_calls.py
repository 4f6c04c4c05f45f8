"""Calls that differ from the commonest kind: several values, a stream of them, or options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import serialization
from .calls import Call, make_entries
from .creation import CallOptions
from .generators import ObjectRefGenerator, gathered
from .object_ref import ObjectRef
from .streams import Stream, StreamCall

if TYPE_CHECKING:
    from .session import Session


def specialise(call: Call, num_returns: int | str, options: CallOptions | None) -> Call:
    """The call with its options; another one where its values are to come one by one."""
    if isinstance(num_returns, str):
        pause = None if options is None or options.pause == -1 else options.pause
        stream = Stream(call.home, pause)  # type: ignore[arg-type]
        call = stream_of(call, stream)
    elif num_returns != 1:
        make_entries(call, num_returns, call.home)  # type: ignore[arg-type]
    if options is None:
        return call
    if options.max_task_retries is not None:
        call.retries = options.max_task_retries
    more: dict[str, Any] = {}
    if options.group is not None:
        more["group"] = options.group
    if options.retry_exceptions:
        more["retry"] = pickled_classes(options.retry_exceptions)
    if more:
        call.extra = {**(call.extra or {}), **more}
    return call


def stream_of(call: Call, stream: Stream) -> StreamCall:
    """The same call, its values going into a stream."""
    streamed = StreamCall(
        call.home,  # type: ignore[arg-type]
        call.actor,
        call.method,
        call.arguments,
        stream,
    )
    streamed.retries = call.retries
    streamed.parent = call.parent
    return streamed


def pickled_classes(retry: bool | list[type] | tuple[type, ...]) -> bool | bytes:
    """The option `retry_exceptions` as it travels."""
    if retry is True or not retry:
        return bool(retry)
    parts = serialization.dumps_any(tuple(retry))
    assert isinstance(parts, bytes)
    return parts


def references(session: Session, call: Call, num_returns: int | str) -> list[Any]:
    """What `.remote()` gives back: references, or one generator of them."""
    if isinstance(call, StreamCall):
        if num_returns == "dynamic":
            return [gathered(session, call, call.stream)]
        return [ObjectRefGenerator(ObjectRef._made(call, call, 0), session)]
    if call.entries is None:
        return [ObjectRef._made(call, call, 0)]
    return [ObjectRef._made(each, call, index) for index, each in enumerate(call.entries)]
