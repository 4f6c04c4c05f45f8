"""Tasks of one kind, and the workers that are leased for them.

Of one kind are tasks that may share a worker: the same amounts, place and environment. As many
workers are asked for as tasks wait, but not more than a few beyond those that are there; what
nobody needs any more is withdrawn. A worker runs one task at a time, is kept for a moment when
there is none, and goes back when others wait for what it holds.

Everything happens with the lock held.
"""

from __future__ import annotations

import pickle
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from .actor_link import ActorLink
from .calls import EMPTY_ARGUMENTS, Call, Method
from .control import Outcome
from .ids import ActorID
from .task_errors import is_crash

if TYPE_CHECKING:
    from .task_calls import TaskMixin
    from .tasks import TaskPool

#: How many workers of a kind are asked for at a time.
MOST_ASKED = 16
#: How long an idle worker is kept for the next task, in seconds.
LINGER = 0.2
#: How long a worker is kept while others wait for what it holds, in seconds.
TERM = 0.5
#: How many workers in a row may end before their first task, before a task is given up.
_MOST_FAILURES = 3
_READY = Method("__ray_ready__")
_BODY = pickle.dumps({"task": True}, 5)


class Lease:
    """A worker for tasks, from the request for it until it is released."""

    __slots__ = ("call", "idle_since", "link", "queue", "since", "uses", "wanted")

    def __init__(self, queue: TaskQueue, link: ActorLink) -> None:
        self.queue = queue
        self.link = link
        self.call: TaskMixin | None = None
        #: Times on the monotonic clock.
        self.since = 0.0
        self.idle_since = 0.0
        self.uses = 0
        #: Another process waits for what it holds.
        self.wanted = False


class _Probe(Call):
    """Asked of a new worker before its first task: its answer tells that it is there."""

    __slots__ = ("lease",)

    def __init__(self, lease: Lease) -> None:
        link = lease.link
        super().__init__(link.session.pump, link, _READY, EMPTY_ARGUMENTS)
        self.lease = lease

    def is_plain(self, more: bool) -> bool:
        """Its answer lets a task begin: that is done once."""
        return False

    def _finish(self) -> None:
        super()._finish()
        self.lease.queue.answered(self.lease, self.error)


class TaskQueue:
    """See the top of this file.

    Attributes:
        most_uses: how many tasks a worker may run; 0: any number.
        pending: as an `ActorLink` has it, for whoever looks whether a call was sent.
    """

    any_order = False
    death = None

    def __init__(self, pool: TaskPool, key: bytes, fields: dict[str, Any], most_uses: int) -> None:
        self.key = key
        self.pool = pool
        self.session = pool.session
        self.most_uses = most_uses
        self.waiting: deque[TaskMixin] = deque()
        self.pending: dict[int, Call] = {}
        self.leases: dict[str, Lease] = {}
        self._fields = fields
        self._idle: deque[Lease] = deque()
        self._asked: dict[str, Lease] = {}
        self._failures = 0
        self._dispatching = False

    # ── tasks ────────────────────────────────────────────────────────────────────────────────

    def put(self, call: TaskMixin, first: bool = False) -> None:
        """Takes a task; one with references waits for their values first."""
        call.actor = self
        if call.refs:
            call.actor = Gate(self, call, first)
            call.actor.open()
            return
        self.enqueue(call, first)

    def enqueue(self, call: TaskMixin, first: bool = False) -> None:
        """A task has all its arguments."""
        call.actor = self
        if first:
            self.waiting.appendleft(call)
        else:
            self.waiting.append(call)
        self.dispatch()

    def current(self) -> TaskQueue:
        """The queue for its tasks now: one that was empty for long has been put away."""
        return self.pool.current(self)

    def near(self, node_id: str) -> TaskQueue:
        """The queue for its tasks whose arguments lie on a node."""
        free = self._fields["pg_id"] is None and self._fields["strategy"] is None
        if not free or node_id in ("", self.session.node_id) or "near" in self._fields:
            return self
        return self.pool.near(self, {**self._fields, "near": node_id})

    def advance(self) -> None:
        """As an `ActorLink`: sends what may be sent."""
        self.dispatch()

    def cancel(self, call: TaskMixin, _force: bool, _recursive: bool) -> None:
        """Cancels a task that waits."""
        call.cancelled = True
        call.fail_all(call.cancelled_error())
        self.dispatch()

    def tell(self, call: Call, header: dict[str, Any]) -> None:
        """As an `ActorLink`: it has no worker to be told anything."""

    def dispatch(self) -> None:
        """Sends what waits to workers that are idle, and asks for more of them."""
        if self._dispatching:
            return
        self._dispatching = True
        try:
            waiting, idle = self.waiting, self._idle
            while waiting:
                call = waiting[0]
                if not call.active:  # cancelled
                    waiting.popleft()
                    continue
                if not idle:
                    break
                lease = idle[0]
                if lease.link.death is not None:
                    self._drop(lease)
                    idle.popleft()
                elif lease.call is not None and lease.call is not call:
                    idle.popleft()
                else:
                    self._send(lease, call)
                    # Last: where a signal cuts this off, it is gone on with by the next run.
                    if waiting and waiting[0] is call:
                        waiting.popleft()
                    if idle and idle[0] is lease:
                        idle.popleft()
        finally:
            self._dispatching = False
        self._ask()

    def _send(self, lease: Lease, call: TaskMixin) -> None:
        link = lease.link
        if lease.call is None:
            call.lease = lease
            call.actor = link
            call.seq = 0
            lease.uses += 1
            lease.call = call
        if call.seq or call in link.queue:
            link.advance()
        else:
            link.submit(call)

    def served(self, lease: Lease) -> None:
        """A worker has answered its task, or was lost with it."""
        lease.call = None
        if lease.link.death is not None:
            self._drop(lease)
        elif self._is_used_up(lease) or self._is_overdue(lease):
            self.release(lease)
        else:
            self._rest(lease)
        self.dispatch()
        if self._idle:
            self.pool.sweep_later()

    def _rest(self, lease: Lease) -> None:
        lease.idle_since = time.monotonic()
        if lease not in self._idle:
            self._idle.append(lease)

    def lost(self, lease: Lease) -> None:
        """A worker has died, and its task is run again by another."""
        lease.call = None
        self._drop(lease)

    def _is_used_up(self, lease: Lease) -> bool:
        return 0 < self.most_uses <= lease.uses

    def _is_overdue(self, lease: Lease) -> bool:
        wanted = lease.wanted or self.pool.others_ask(self)
        return wanted and time.monotonic() - lease.since > TERM

    # ── workers ──────────────────────────────────────────────────────────────────────────────

    @property
    def asking(self) -> bool:
        """Whether it waits for workers."""
        return bool(self._asked)

    def _ask(self) -> None:
        missing = min(len(self.waiting), MOST_ASKED) - len(self._asked)
        if missing > 0 and self.pool.open:
            for _ in range(missing):
                self._request()
        elif self._asked and not self.waiting:
            for lease in list(self._asked.values()):
                self._withdraw(lease)

    def _request(self) -> None:
        session = self.session
        actor_id = ActorID.of(session.job_id).hex()
        link = session.link(actor_id)
        link.facts["class_name"] = self._fields["class_name"]
        lease = self._asked[actor_id] = self.leases[actor_id] = Lease(self, link)
        self.pool.leases[actor_id] = lease

        def registered(outcome: Outcome) -> None:
            if isinstance(outcome, Exception) and link.death is None:
                link.fail_all(outcome)

        fields = {**self._fields, "actor_id": actor_id}
        try:
            session.control.ask("actor.create", fields, registered, _BODY)
            link.submit(_Probe(lease))
        except BaseException:  # a signal cut this off: the next task that waits asks anew
            self._withdraw(lease)
            raise

    def answered(self, lease: Lease, error: BaseException | None) -> None:
        """A worker that was asked for is there, or will not be."""
        if self._asked.pop(lease.link.actor_id, None) is None:
            return
        if error is None:
            self._failures = 0
            lease.since = time.monotonic()
            self._rest(lease)
            self.dispatch()
            if self._idle:
                self.pool.sweep_later()
            return
        self._drop(lease)
        self._failures += 1
        if is_crash(error) and self._failures < _MOST_FAILURES:
            self.dispatch()
            return
        self._failures = 0
        # Whatever keeps one worker of this kind from being there keeps the others.
        waiting, self.waiting = list(self.waiting), deque()
        for call in waiting:
            call.retries = 0
            call.fail_all(error)

    def _withdraw(self, lease: Lease) -> None:
        self._asked.pop(lease.link.actor_id, None)
        self.session.release(lease.link)
        self.session.forget(lease.link.actor_id)
        self._drop(lease)

    def release(self, lease: Lease) -> None:
        """Gives a worker back: it ends once nobody needs what it owns."""
        self._drop(lease)
        self.session.let_go(lease.link)

    def _drop(self, lease: Lease) -> None:
        actor_id = lease.link.actor_id
        self.leases.pop(actor_id, None)
        self.pool.leases.pop(actor_id, None)
        if lease.link.death is not None:
            self.session.forget(actor_id)

    def sweep(self, now: float) -> bool:
        """Releases who has been idle for long. Returns whether others are idle."""
        while self._idle and now - self._idle[0].idle_since >= LINGER:
            self.release(self._idle.popleft())
        return bool(self._idle)

    def on_wanted(self, lease: Lease) -> None:
        """Another process waits for what a worker holds."""
        lease.wanted = True
        if lease in self._idle:
            self._idle.remove(lease)
            self.release(lease)


def _where_most_lies(call: TaskMixin) -> str:
    """The node on which most bytes of a task's large arguments lie; empty: none are large."""
    sizes: dict[str, int] = {}
    for _, ref in call.refs or ():
        location: Any = getattr(ref._require().parts, "location", None)
        if location is not None:
            sizes[location["node"]] = sizes.get(location["node"], 0) + location["size"]
    return max(sizes, key=lambda node: sizes[node], default="")


class Gate:
    """Stands in the place of a task's worker while its arguments are on their way."""

    any_order = False

    def __init__(self, queue: TaskQueue, call: TaskMixin, first: bool) -> None:
        self.session = queue.session
        self.pending = queue.pending
        self._queue = queue
        self._call = call
        self._first = first
        self._through = False

    def open(self) -> None:
        """Asks for the values of the references."""
        from .awaited import await_arguments

        call = self._call
        call.waiting = 1
        assert call.refs is not None
        await_arguments(self, call, call.refs)  # type: ignore[arg-type]
        call.waiting -= 1
        self.advance()

    def advance(self) -> None:
        """Lets the task through once it has its arguments, or one of them is an error."""
        call = self._call
        if call.waiting or self._through:
            return
        self._through = True
        if call.failed is None:
            queue = self._queue.current().near(_where_most_lies(call))
            call.queue = queue
            queue.enqueue(call, self._first)
            return
        ok, parts, error = call.failed
        if error is not None:
            call.fail_all(error)
        else:
            call.fill_all(ok, [parts])

    def cancel(self, call: TaskMixin, force: bool, recursive: bool) -> None:
        """Cancels the task."""
        self._through = True
        self._queue.cancel(call, force, recursive)

    def tell(self, call: Call, header: dict[str, Any]) -> None:
        """As an `ActorLink`: there is no worker to be told anything."""
