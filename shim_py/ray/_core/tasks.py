"""Tasks: functions that run in leased workers. Who runs where is in `task_queue`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from ray._private import running
from ray._private.amounts import to_units

from . import serialization
from .calls import make_entries
from .creation import TaskCreation
from .errors import UnsupportedFeature
from .message_pack import pack
from .pickle_faults import explain_call
from .protocol import python_version
from .references import pickle_arguments
from .special_calls import pickled_classes, references
from .streams import Stream
from .task_calls import RUN, TaskCall, TaskMixin, TaskStream
from .task_queue import LINGER, Lease, TaskQueue

if TYPE_CHECKING:
    from .session import Session

#: A pickled function up to here travels with each task, in bytes; a larger one is put once.
_FUNCTION_INLINE = 64 * 1024


class PickledFunction:
    """A function as it was when it was first called, for one session; shared by its options."""

    __slots__ = ("_session", "_value")

    def __init__(self) -> None:
        self._session: Session | None = None
        self._value: Any = None

    def get(self, session: Session, task: TaskCreation) -> Any:
        """What travels in its place: bytes, or a reference to them.

        Raises:
            TypeError: it cannot be pickled.
        """
        if self._session is session:
            return self._value
        try:
            value: Any = serialization.dumps_any(task.function)
        except UnsupportedFeature:
            raise
        except Exception as error:
            raise TypeError(
                f"Could not serialize the function {task.name}: {error}. Everything it refers to "
                "must be picklable."
            ) from error
        size = sum(map(len, value)) if type(value) is list else len(value)
        if size > _FUNCTION_INLINE:
            value = session.put(value)
        self._session, self._value = session, value
        return value


class TaskPool:
    """The tasks of a process that have not ended, and the workers leased for them."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.job_id = session.job_id.hex()
        #: By the worker's actor id.
        self.leases: dict[str, Lease] = {}
        #: The tasks that have not ended.
        self.unfinished: dict[TaskMixin, None] = {}
        self._queues: dict[bytes, TaskQueue] = {}
        self._sweeping = False

    @property
    def open(self) -> bool:
        """Whether workers can still be had."""
        session = self.session
        return not session.closing and session.control.lost is None and not session.pump.closed

    def run(self, task: TaskCreation) -> list[Any]:
        """Submits a task; returns references to its values, or a generator of them, at once.

        Raises:
            TypeError: the function or an argument cannot be pickled.
        """
        session = self.session
        pickled = task.pickled if task.pickled is not None else PickledFunction()
        function = pickled.get(session, task)
        try:
            arguments, refs = pickle_arguments((function, task.name, *task.args), task.kwargs)
        except TypeError as error:
            raise explain_call(task.name, task.args, task.kwargs, error) from error
        pump = session.pump
        call: TaskMixin
        if isinstance(task.num_returns, str):
            pause = None if task.pause == -1 else task.pause
            call = TaskStream(pump, arguments, Stream(pump, pause))
        else:
            call = TaskCall(pump, None, RUN, arguments)
            if task.num_returns != 1:
                make_entries(call, task.num_returns, pump)
        if task.retry_exceptions:
            retry = pickled_classes(task.retry_exceptions)
            call.extra = {**(call.extra or {}), "retry": retry}
        call.parent = running.parent()
        with pump.lock:
            session.check_open()
            queue = self._queue(task)
            call.begin(queue, refs, task.max_retries)
            # Before it is sent: its answer may come at once.
            made = references(session, call, task.num_returns)
            queue.put(call)
        return made

    def _queue(self, task: TaskCreation) -> TaskQueue:
        key = _key(task)
        queue = self._queues.get(key)
        if queue is None:
            spread = task.pg_id is None and (task.strategy or {}).get("kind") == "spread"
            # Who wants its tasks spread gets a place of its own for each of them.
            most_uses = 1 if spread else task.max_calls
            queue = self._queues[key] = TaskQueue(self, key, self._fields(task), most_uses)
        return queue

    def _fields(self, task: TaskCreation) -> dict[str, Any]:
        """What the daemon is told of a worker for the task, but its id."""
        return {
            "class_name": task.name,
            "place": to_units(task.place if task.place is not None else task.run),
            "run": to_units(task.run),
            "max_restarts": 0,
            "detached": False,
            "python": python_version(),
            "meta": b"",
            "namespace": self.session.namespace,
            "pg_id": task.pg_id,
            "bundle_index": task.bundle_index,
            "capture": task.capture,
            "strategy": task.strategy,
            "runtime_env": task.runtime_env or None,
            "is_task": True,
        }

    def near(self, queue: TaskQueue, fields: dict[str, Any]) -> TaskQueue:
        """The queue for tasks of the same kind that read what lies on a node. The lock is held."""
        key = pack([queue.key, fields["near"]])
        found = self._queues.get(key)
        if found is None:
            found = self._queues[key] = TaskQueue(self, key, fields, queue.most_uses)
        return found

    def current(self, queue: TaskQueue) -> TaskQueue:
        """The queue that has the place of one that may have been put away. The lock is held."""
        return self._queues.setdefault(queue.key, queue)

    # ── with the lock held ───────────────────────────────────────────────────────────────────

    def others_ask(self, queue: TaskQueue) -> bool:
        """Whether tasks of another kind wait for workers."""
        return any(other.asking for other in self._queues.values() if other is not queue)

    def sweep_later(self) -> None:
        """Looks for workers that nobody needs any more, before long."""
        if not self._sweeping and self.open:
            self._sweeping = True
            self.session.pump.call_later(LINGER, self._sweep)

    def _sweep(self) -> None:
        self._sweeping = False
        if not self.open:
            return
        now = time.monotonic()
        idle = [queue.sweep(now) for queue in self._queues.values()]
        for key, queue in list(self._queues.items()):
            if not queue.waiting and not queue.leases:
                del self._queues[key]
        if any(idle):
            self.sweep_later()

    def on_wanted(self, actor_id: str) -> None:
        """Another process waits for what a worker holds."""
        lease = self.leases.get(actor_id)
        if lease is not None:
            lease.queue.on_wanted(lease)

    def cancel_children(self, parent: tuple[str, int], force: bool) -> None:
        """Cancels tasks that wait for workers, see `Session.cancel_children`."""
        for call in list(self.unfinished):
            if call.parent == parent and call.lease is None:
                call.actor.cancel(call, force, True)

    def fail_all(self, error: BaseException) -> None:
        """Everything that has not ended gets ``error``."""
        for call in list(self.unfinished):
            call.fail_all(error)


def _key(task: TaskCreation) -> bytes:
    """Equal for tasks that may share a worker."""
    facts = [
        task.name if task.max_calls else "",
        task.run,
        task.place,
        task.pg_id,
        task.bundle_index,
        task.capture,
        task.strategy,
        task.runtime_env,
        task.max_calls,
    ]
    return pack(facts, default=repr)
