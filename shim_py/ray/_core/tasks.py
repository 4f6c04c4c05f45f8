"""Tasks: functions that run in leased workers.

Simple so far: a task runs in an idle worker of the same function and options, else in a new one;
a worker without a task for a moment is released.
"""

from __future__ import annotations

import pickle
from collections import deque
from typing import TYPE_CHECKING, Any

from ray._private.amounts import to_units
from ray.exceptions import WorkerCrashedError

from . import serialization
from .actor_link import ActorLink
from .awaited import await_arguments
from .calls import Call, Method, make_entries
from .creation import TaskCreation
from .errors import UnsupportedFeature
from .ids import ActorID
from .object_ref import ObjectRef
from .packages import msgpack
from .protocol import python_version
from .references import pickle_arguments

if TYPE_CHECKING:
    from .session import Session

#: How long an idle worker is kept for the next task, in seconds.
LINGER = 0.2
_RUN = Method("__beam_run__")


class TaskPool:
    """See the top of this file. Its methods are called without the lock unless they say so."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._idle: dict[bytes, deque[_Lease]] = {}

    def run(self, task: TaskCreation) -> list[ObjectRef[Any]]:
        """Submits a task.

        Raises:
            TypeError: the function or an argument cannot be pickled.
            UnsupportedFeature: streaming results.
        """
        if isinstance(task.num_returns, str):
            raise UnsupportedFeature(f'num_returns="{task.num_returns}"', "Return a list.")
        if task.retry_exceptions:
            raise UnsupportedFeature("retry_exceptions", "Catch and retry inside the task.")
        session = self._session
        try:
            function = serialization.dumps_any(task.function)
        except UnsupportedFeature:
            raise
        except Exception as error:
            raise TypeError(
                f"Could not serialize the function {task.name}: {error}. Everything it refers to "
                "must be picklable."
            ) from error
        arguments, refs = pickle_arguments((function, task.name, *task.args), task.kwargs)
        call = Call(session.pump, None, _RUN, arguments)
        if task.num_returns != 1:
            make_entries(call, task.num_returns, session.pump)
        with session.pump.lock:
            lease = self._lease(task)
            call.actor = lease.link
            _Attempt(self, task, call, lease, refs).start()
        made = ObjectRef._made
        if call.entries is None:
            return [made(call, call, 0)]
        return [made(each, call, index) for index, each in enumerate(call.entries)]

    def _lease(self, task: TaskCreation) -> _Lease:
        """A worker for the task. The lock is held."""
        key = _key(task)
        idle = self._idle.get(key)
        while idle:
            lease = idle.popleft()
            if lease.link.death is None:
                lease.uses += 1
                return lease
        session = self._session
        actor_id = ActorID.of(session.job_id)
        link = session.link(actor_id.hex())
        link.facts["class_name"] = task.name
        fields = {
            "actor_id": actor_id.hex(),
            "class_name": task.name,
            "place": to_units(task.place if task.place is not None else task.run),
            "run": to_units(task.run),
            "max_restarts": 0,
            "detached": False,
            "python": python_version(),
            "meta": b"",
            "namespace": session.namespace,
            "pg_id": task.pg_id,
            "bundle_index": task.bundle_index,
            "capture": task.capture,
            "strategy": task.strategy,
            "runtime_env": task.runtime_env or None,
            "is_task": True,
        }

        def registered(outcome: Any) -> None:
            if isinstance(outcome, Exception):
                link._on_refused(outcome)

        session.control.ask("actor.create", fields, registered, pickle.dumps({"task": True}, 5))
        return _Lease(link, key)

    def give_back(self, lease: _Lease, task: TaskCreation) -> None:
        """The task of the lease is done. The lock is held."""
        if lease.link.death is not None:
            return
        if task.max_calls and lease.uses >= task.max_calls:
            self._release(lease)
            return
        idle = self._idle.setdefault(lease.key, deque())
        idle.append(lease)
        uses = lease.uses

        def expire() -> None:
            if lease.uses == uses and lease in idle:
                idle.remove(lease)
                self._release(lease)

        self._session.pump.call_later(LINGER, expire)

    def _release(self, lease: _Lease) -> None:
        self._session.release(lease.link)
        self._session.forget(lease.link.actor_id)


class _Lease:
    """A worker for tasks."""

    __slots__ = ("key", "link", "uses")

    def __init__(self, link: ActorLink, key: bytes) -> None:
        self.link = link
        self.key = key
        self.uses = 1


class _Attempt:
    """One run of a task; its results go to the task's entries, or another attempt follows."""

    def __init__(
        self,
        pool: TaskPool,
        task: TaskCreation,
        call: Call,
        lease: _Lease,
        refs: list[tuple[int, ObjectRef[Any]]] | None,
        attempt: int = 0,
    ) -> None:
        self.pool = pool
        self.task = task
        self.call = call
        self.lease = lease
        self.refs = refs
        self.attempt = attempt

    def start(self) -> None:
        """Sends it. The lock is held."""
        session = self.pool._session
        self.inner = inner = Call(session.pump, self.lease.link, _RUN, self.call.arguments)
        if self.call.entries is not None:
            make_entries(inner, len(self.call.entries), session.pump)
        if self.refs:
            await_arguments(self.lease.link, inner, self.refs)
        inner.when_done(self._done)
        self.lease.link.submit(inner)

    def _done(self) -> None:
        session = self.pool._session
        with session.pump.lock:
            link = self.lease.link
            entries = self.inner.all_entries()
            if link.death is not None and self.inner.error is link.death:
                self._crashed(link.death)
                return
            for target, source in zip(self.call.all_entries(), entries):
                if source.error is not None:
                    target.fail(source.error)
                else:
                    target.fill(source.ok, source.parts)
            self.pool.give_back(self.lease, self.task)

    def _crashed(self, death: BaseException) -> None:
        session = self.pool._session
        session.forget(self.lease.link.actor_id)
        left = self.task.max_retries
        started = getattr(death, "report", {}).get("kind") in ("exit", "signal", "node")
        closing = session.closing or session.control.lost is not None
        if started and not closing and (left < 0 or self.attempt < left):
            lease = self.pool._lease(self.task)
            self.call.actor = lease.link
            _Attempt(self.pool, self.task, self.call, lease, None, self.attempt + 1).start()
            return
        if started:
            crash = WorkerCrashedError(str(death).replace("The actor", "The worker"))
            crash.__cause__ = death
            self.call.fail_all(crash)
        else:
            self.call.fail_all(death)


def _key(task: TaskCreation) -> bytes:
    """Equal for tasks that may share a worker."""
    facts = [
        task.name if task.max_calls else "",
        task.run,
        task.place,
        task.pg_id,
        task.bundle_index,
        task.strategy,
        task.runtime_env,
        task.max_calls,
    ]
    key: bytes = msgpack.packb(facts, use_bin_type=True, default=repr)
    return key
