"""Calls that are tasks: any worker of their kind may run them, and run them again.

A task is its own place of values. It is done with its answer, with an error that is not to be
retried, or with the death of the last worker that it may have; what comes before that it hides.
"""

from __future__ import annotations

import copy
import os
import weakref
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from ray.exceptions import TaskCancelledError

from .calls import Call, Method
from .entry import Entry
from .ids import ActorID, TaskID
from .pump import Pump
from .serialization import Parts
from .streams import Stream, StreamCall
from .task_errors import is_crash, task_death

if TYPE_CHECKING:
    from .references import Placeholders
    from .task_queue import Lease, TaskQueue

RUN = Method("__beam_run__")


class TaskMixin(Call):
    """What all kinds of tasks share; everything happens with the lock held.

    Attributes:
        queue: where tasks of its kind wait for workers.
        lease: the worker that it was sent to; None while it waits.
        attempts: how often a worker was lost with it, or its values were.
        given: its arguments, kept as long as it may run again.
        refs: the references among its arguments, kept as long.
        active: whether it waits or runs.
        places: of several values, where those are that may be lost.
    """

    queue: TaskQueue
    lease: Lease | None
    attempts: int
    given: Parts
    refs: Placeholders | None
    active: bool
    places: list[weakref.ref[Entry]]

    def begin(self, queue: TaskQueue, refs: Placeholders | None, retries: int) -> None:
        """Makes it one of the queue's."""
        self.actor = self.queue = queue
        self.lease = None
        self.refs = refs
        self.retries = retries
        self.attempts = 0
        # What is put in the place of references is put into the copy that is sent.
        self.given = self.arguments
        self.arguments = _copied(self.given)
        self.places = []
        self._activate()

    def is_plain(self, more: bool) -> bool:
        """With its last answer its worker goes on to another task: that is done once."""
        return more and super().is_plain(more)

    def task_id(self) -> bytes:
        """The 24 bytes that the identifiers of its values begin with."""
        if not self.task:
            nobody = b"\xff" * (ActorID.SIZE - 4) + bytes.fromhex(self.queue.pool.job_id)
            self.task = os.urandom(8) + nobody
        return self.task

    def cancelled_error(self) -> TaskCancelledError:
        """What its values are where it was cancelled."""
        return TaskCancelledError(TaskID(self.task_id()).hex())

    def fail_all(self, error: BaseException) -> None:
        """Its worker is lost, or it cannot run at all."""
        if not self.active:
            return
        crash = is_crash(error)
        if crash and not self.cancelled and self.again():
            return
        if crash and self.cancelled:
            error = self.cancelled_error()
        error = task_death(error)
        if not self.done:
            super().fail_all(error)
            return
        for entry in self.all_entries():
            entry.fail(error)
        self._settle()

    def again(self) -> bool:
        """Puts it before the others that wait, where it may still be repeated."""
        if self.retries == 0 or not self.queue.pool.open:
            return False
        self.retries -= 1 if self.retries > 0 else 0
        self.attempts += 1
        self._wait_again()
        return True

    def _wait_again(self) -> None:
        lease, self.lease = self.lease, None
        self.seq = 0
        self.failed = None
        self.arguments = _copied(self.given)
        if lease is not None:
            self.queue.lost(lease)
        self.queue = self.queue.current()
        self.queue.put(self, first=True)

    def fill_all(self, ok: bool, values: Sequence[Parts]) -> None:
        """Its values, or its one pickled exception."""
        if self.done:
            self._fill_lost(ok, values)
            return
        super().fill_all(ok, values)

    def _fill_lost(self, ok: bool, values: Sequence[Parts]) -> None:
        """Values that were lost have been computed again; those that were not stay."""
        for index, entry in enumerate(self.all_entries()):
            if not entry.done:
                entry.fill(ok, values[index] if ok else values[0])
        self._settle()

    def _finish(self) -> None:
        super()._finish()
        self._settle()

    def _settle(self) -> None:
        """It has run; its worker is free."""
        lease, self.lease = self.lease, None
        self._deactivate()
        self.keep()
        if lease is not None:
            self.queue.served(lease)

    def keep(self) -> None:
        """Keeps what it takes to run again where its values may be lost; nothing otherwise."""
        if self.retries == 0 or not any(_may_be_lost(entry) for entry in self.all_entries()):
            self.given = b""
            self.refs = None
        elif self.entries is None:
            self.recover = partial(_compute_again, weakref.ref(self))
        else:
            # The values keep the task, which must not keep them.
            for entry in self.entries:
                entry.recover = self.compute_again
            self.places = [weakref.ref(entry) for entry in self.entries]
            self.entries = []

    def compute_again(self) -> bool:
        """One of its values was lost: runs again, unless it does so already."""
        if self.active:
            return True
        if self.places:
            self.entries = [place() or Entry(self.home) for place in self.places]
        if not self.given:
            return False
        self._activate()
        if self.again():
            return True
        self._deactivate()
        return False

    def _activate(self) -> None:
        self.active = True
        self.queue.pool.unfinished[self] = None

    def _deactivate(self) -> None:
        if self.active:
            self.active = False
            self.queue.pool.unfinished.pop(self, None)


class TaskCall(TaskMixin):
    """A task with a fixed number of values."""


class TaskStream(TaskMixin, StreamCall):
    """A task whose values come one by one."""

    def __init__(self, home: Pump, arguments: Parts, stream: Stream) -> None:
        StreamCall.__init__(self, home, None, RUN, arguments, stream)

    def keep(self) -> None:
        """Its values come in their order, once: they are not computed again."""
        self.given = b""
        self.refs = None


def _compute_again(task: weakref.ref[TaskMixin]) -> bool:
    call = task()
    return call is not None and call.compute_again()


def _copied(arguments: Parts) -> Parts:
    return copy.copy(arguments) if isinstance(arguments, list) else arguments


def _may_be_lost(entry: Entry) -> bool:
    location: Any = getattr(entry.parts, "location", None)
    return entry.ok and location is not None
