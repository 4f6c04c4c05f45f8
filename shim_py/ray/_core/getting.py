"""Reading values: waits, brings large ones to this node, and looks again for lost ones."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from ray.exceptions import GetTimeoutError, ObjectLostError

from .content import Content, ContentLost
from .entry import value_of
from .errors import RequestFailed
from .pump import PumpClosed, Sleeper
from .waiting import wait_for_all

if TYPE_CHECKING:
    from .entry import Entry
    from .serialization import Part
    from .session import Session


#: How long each value is waited for by itself before all are, in seconds.
_IN_TURN = 0.002


def gather(
    session: Session, entries: Sequence[Entry], entry: Entry, deadline: float | None
) -> bool:
    """Waits for ``entry``; where that takes long, for all, or until one of them is an error.

    Raises:
        BaseException: an error that came before the value of ``entry``.
    Returns:
        Whether all that can be waited for was.
    """
    pump = session.lending or session.pump
    soon = time.monotonic() + _IN_TURN
    if entry.home is not session.pump or (deadline is not None and deadline <= soon):
        return False
    try:
        # As a rule values come in their order: to look at each in turn costs least.
        if pump.wait(entry, soon):
            return False
        wait_for_all(pump, entries, deadline)
    except PumpClosed:
        raise session._over() from None
    for each in entries:
        if not each.ok and each.done:
            each.value()
    return True


class _Arrival:
    """Done when a value was brought here, or was found to be lost."""

    def __init__(self) -> None:
        self.done = False
        self.sleepers: list[Sleeper] | None = None


def get_large(session: Session, entry: Entry, deadline: float | None) -> Any:
    """The value of an entry that is done, and may be a file.

    Raises:
        GetTimeoutError: it was not there in time.
        BaseException: what the value is, where it is an error.
    """
    while True:
        session._wait_for(entry, deadline)  # where it was lost, and is computed again
        arrival = _Arrival()
        with session.pump.lock:
            if not entry.done:  # the I/O thread learnt of the loss just now
                continue
            content = entry.parts if entry.ok else None
            if type(content) is Content:
                arrival.done = session.objects.bring(entry, partial(session.pump.finish, arrival))
        if type(content) is not Content:
            return entry.value()
        try:
            if not session.pump.wait(arrival, deadline):
                raise GetTimeoutError("Get timed out: some object(s) not ready.")
        except PumpClosed:
            raise session._over() from None
        if entry.parts is content:
            try:
                return value_of(None, True, content)
            except ContentLost:
                with session.pump.lock:
                    session.objects.lose(entry, content)


def start_bringing(session: Session, entries: Sequence[Entry]) -> None:
    """Has several large values brought here at the same time."""
    for entry in entries:
        if entry.done and type(entry.parts) is Content:
            with session.pump.lock:
                session.objects.bring(entry, lambda: None)


def read(session: Session, content: Content) -> list[Part]:
    """The parts of a file that no entry stands for: a call's large arguments.

    Raises:
        ObjectLostError: it cannot be read any more.
    """
    location = content.location
    assert location is not None
    path = location["path"]
    try:
        if location["node"] != session.node_id:
            fields = {name: location[name] for name in ("name", "node", "size")}
            owner = {"owner": location["owner"], "owner_node": location["node"]}
            path = session.request("object.fetch", {**fields, **owner}).fields["path"]
        from . import store

        return store.read(path, location["lengths"])
    except (ContentLost, RequestFailed) as error:
        lost = ObjectLostError("ff" * 28, location["owner"])
        raise lost from error
