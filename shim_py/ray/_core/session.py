"""A process's connection to its cluster: what the public modules work with.

It is longer than its parts because all of them meet here, and because a plain call and `get` are
spelled out on the path that is measured; what a part can decide by itself is in the part's file.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
import uuid
from collections.abc import Sequence
from typing import Any, Callable

from ray._private import running
from ray.exceptions import (
    ActorDiedError,
    GetTimeoutError,
    PendingCallsLimitExceeded,
    RaySystemError,
    RayTaskError,
)

from . import getting, serialization
from .actor_link import ActorLink
from .awaited import await_arguments
from .borrowed import BorrowedEntry
from .calls import EMPTY_ARGUMENTS, Call, Method
from .content import Content
from .control import Control, Outcome, Reply
from .creating import create
from .creation import ActorCreation, Assignment, CallOptions, TaskCreation
from .driver_logs import LogPrinter, flush_logs, print_log, show_warning
from .entry import Entry
from .errors import DaemonLost, RequestFailed
from .first_cause import HeardDeaths, name_first
from .frames import Body, Header
from .handles import ActorHandles
from .ids import ActorID, JobID, PlacementGroupID
from .lending import Lending
from .object_ref import ObjectRef
from .object_service import ObjectListener, ObjectService
from .object_table import ObjectTable
from .owner_link import OwnerLink
from .pickle_faults import explain_call, explain_value
from .pump import Pump, PumpClosed
from .references import pickle_arguments
from .special_calls import references, specialise
from .values import pack
from .waiting import wait_for_some

_made = ObjectRef._made


class Session:
    """See the top of this file. One per process; of every thread."""

    def __init__(
        self,
        sock: socket.socket,
        on_lost: Callable[[Session, DaemonLost], None],
        pump: Pump | None = None,
    ) -> None:
        self.pump = Pump() if pump is None else pump
        self.caller_id = uuid.uuid4().hex
        self.pid = os.getpid()
        self.job_id = JobID.nil()
        self.node_id = ""
        self.node_ip = ""
        self.gcs_address = ""
        self.namespace = ""
        self.cluster = ""
        self.runtime_env: dict[str, Any] = {}
        self.log_dir = ""
        self.runtime_dir = ""
        self.dashboard_url = ""
        self.log_to_driver = True
        self.log_printer: LogPrinter | None = None
        self.log_watched = False
        self.assignment: Assignment | None = None
        self.closing = False
        #: Named actors of this process whose arguments are on their way, by namespace and name.
        self.claimed: dict[tuple[str, str], dict[str, Any]] = {}
        #: Addresses of nodes whose calls the head relays, and about which that was said.
        self.relayed_nodes: set[str] = set()
        #: Deaths of actors that this process calls, by which errors that followed are explained.
        self.deaths = HeardDeaths()
        #: Lends the worker's CPUs while a task waits; None where it has none to lend.
        self.lending: Lending | None = None
        #: What the worker does with messages that are for it alone.
        self.on_worker_push: Callable[[Header, Body], None] | None = None
        self._on_lost = on_lost
        self._links: dict[str, ActorLink] = {}
        self._methods: dict[str, Method] = {}
        #: Actors that this process created and that end with it.
        self._created: set[str] = set()
        self._handles = ActorHandles(self)
        self._tasks: Any = None
        #: The references that cross to other processes, and who holds those of this one.
        self.objects = ObjectTable(self)
        self.object_service = ObjectService(self.objects)
        #: Where this process serves its values; a worker's call socket.
        self.object_socket = ""
        self._listener: ObjectListener | None = None
        #: Files that are needed no more, until the daemon is told.
        self.freed: list[dict[str, str]] = []
        self.control = Control(self.pump, sock, self._on_push, self._on_control_lost)
        self.pump.on_tick = self._drain

    def _drain(self) -> None:
        """Takes in what finalizers left. The lock is held."""
        left = self.pump.left_behind
        while left:
            try:
                event = left.popleft()
            except IndexError:
                break
            self.objects.drain_one(event)
        self.objects.send_releases()
        if self.freed and self.control.lost is None and not self.pump.closed:
            freed, self.freed = self.freed, []
            self.control.send("object.free", {"objects": freed})

    def object_gone(self, id: bytes, owner: OwnerLink | None) -> bool:
        """No reference to an object is left; whether its release comes later. The lock is held."""
        return self._handles.gone(id, owner)

    def listen(self) -> None:
        """Lets other processes ask this one for values; does not wait for the daemon."""
        with self.pump.lock:
            if self.assignment is None:
                if not self.object_socket:
                    raise RaySystemError(
                        "Cannot send a reference to another process: the node daemon told no "
                        "socket for that. It is older than this package: restart it"
                    )
                self._listener = ObjectListener(
                    self.objects, self.object_service, self.object_socket
                )
            fields = {"process": self.caller_id, "socket": self.object_socket}
            self.control.ask("process.listen", fields, lambda _: None)

    # ── what the daemon says ─────────────────────────────────────────────────────────────────

    def _on_push(self, header: Header, body: Body) -> None:
        kind = header["kind"]
        if kind == "actor.state":
            link = self._links.get(header["actor_id"])
            if link is not None and link.death is None:
                link.on_state(header, body)
                self._part_with(link)
        elif kind == "log":
            if self.log_to_driver and self.assignment is None:
                self.pump.deferred.append(lambda: print_log(header, self))
        elif kind == "lease.wanted":
            if self._tasks is not None:
                self._tasks.on_wanted(header["actor_id"])
        elif kind == "process.stacks":
            from .stacks import stacks  # what it imports is wanted by nobody else

            self.control.send("reply", {"id": header["id"], "text": stacks()})
        elif kind == "warn":
            self.pump.deferred.append(lambda: show_warning(header))
        elif self.on_worker_push is not None:
            self.on_worker_push(header, body)

    def _on_control_lost(self, lost: DaemonLost) -> None:
        if not self.closing:
            self._fail_everything(lost)
            self._on_lost(self, lost)

    def _fail_everything(self, error: BaseException) -> None:
        for link in list(self._links.values()):
            link.fail_all(error)
        if self._tasks is not None:
            self._tasks.fail_all(error)

    def request(
        self,
        kind: str,
        fields: dict[str, Any],
        body: bytes = b"",
        timeout: float | None = None,
    ) -> Reply:
        """Asks the daemon, or the head behind it, and waits for the answer.

        Raises:
            RequestFailed: it refuses.
            DaemonLost: the daemon is gone.
            TimeoutError: no answer within ``timeout`` seconds.
        """
        try:
            return self.control.request(kind, fields, body, timeout)
        except PumpClosed:
            raise self._over() from None

    def _over(self) -> RaySystemError:
        if self.pid != os.getpid():
            return RaySystemError(
                "Cannot use a connection of the process that this one was forked from. "
                "Call ray.init() here"
            )
        return RaySystemError("Cannot use a connection that ray.shutdown() ended")

    # ── actors ───────────────────────────────────────────────────────────────────────────────

    def link(self, actor_id: str) -> ActorLink:
        """The caller's side of an actor. The lock is held."""
        link = self._links.get(actor_id)
        if link is None:
            link = self._links[actor_id] = ActorLink(self, actor_id)
        return link

    def create_actor(self, creation: ActorCreation) -> ActorID:
        """Creates an actor; returns at once unless it has a name, then when that is registered.

        Raises:
            RequestFailed: code name_taken.
            TypeError: the class or an argument cannot be pickled.
        """
        return create(self, creation)

    def own(self, actor_id: str) -> None:
        """This process created the actor, which ends with its handles. The lock is held."""
        self._handles.own(actor_id)
        self._created.add(actor_id)

    def created(self, actor_id: str) -> bool:
        """Whether the actor is this process's own."""
        return actor_id in self._created

    def forget(self, actor_id: str) -> None:
        """Nothing is to be known of the actor any more. The lock is held."""
        self._handles.forget(actor_id)
        self._created.discard(actor_id)
        link = self._links.pop(actor_id, None)
        if link is not None:
            link.retire()

    def call(
        self,
        actor_id: ActorID,
        method: str,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        num_returns: int | str = 1,
        options: CallOptions | None = None,
    ) -> list[Any]:
        """Calls a method; never waits for the network.

        Returns:
            A reference for each value; one generator of references where ``num_returns`` is text.

        Raises:
            TypeError: an argument cannot be pickled.
            PendingCallsLimitExceeded: too many calls are without an answer.
        """
        call, refs = self._make_call(actor_id, method, args, kwargs)
        call = specialise(call, num_returns, options)
        self._submit(call, refs, -1 if options is None else options.max_pending_calls)
        return references(self, call, num_returns)

    def call_one(
        self,
        actor_id: ActorID,
        method: str,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        retries: int = 0,
    ) -> ObjectRef[Any]:
        """The same for the commonest kind of call: one value, no options."""
        call, refs = self._make_call(actor_id, method, args, kwargs)
        call.retries = retries
        self._submit(call, refs)
        return _made(call, call, 0)

    def _make_call(
        self, actor_id: ActorID, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[Call, list[Any] | None]:
        template = self._methods.get(method)
        if template is None:
            template = self._methods[method] = Method(method)
        refs: list[Any] | None = None
        if not args and not kwargs:
            arguments: serialization.Parts = EMPTY_ARGUMENTS
        else:
            try:
                arguments, refs = pickle_arguments(args, kwargs)
            except TypeError as error:
                raise explain_call(method, args, kwargs, error) from error
        link = self._links.get(actor_id._binary.hex())
        if link is None:
            with self.pump.lock:
                link = self.link(actor_id.hex())
        call = Call(self.pump, link, template, arguments)
        call.retries = link.max_task_retries
        return call, refs

    def _submit(self, call: Call, refs: list[Any] | None, limit: int = -1) -> None:
        pump = self.pump
        if self.assignment is not None:
            call.parent = running.parent()
        with pump.lock:
            if pump.closed:
                raise self._over()
            if limit > 0:
                _check_pending(call, limit)
            if refs:
                await_arguments(call.actor, call, refs)
            call.actor.submit(call)

    def kill(self, actor_id: ActorID, no_restart: bool = True) -> None:
        """Ends the actor's process at once (SIGKILL)."""
        with self.pump.lock:
            self._drain()
        self.request("actor.kill", {"actor_id": actor_id.hex(), "no_restart": no_restart})

    def cancel(self, ref: ObjectRef[Any], force: bool = False, recursive: bool = True) -> None:
        """Cancels the call behind ``ref`` if it has not ended, also where another process made it.

        Raises:
            ValueError: ``force`` with a call of an actor that this process made.
        """
        entry = ref._require()
        call = entry if isinstance(entry, Call) else entry.call
        if force and not entry.done and call is not None and not _is_task(call):
            raise ValueError("force=True is not supported for actor tasks. Use ray.kill(actor).")
        with self.pump.lock:
            self.cancel_entry(entry, force, recursive)

    def cancel_entry(self, entry: Entry, force: bool, recursive: bool) -> None:
        """Cancels the call that will fill a place. The lock is held."""
        call = entry if isinstance(entry, Call) else entry.call
        if entry.done:
            return
        if isinstance(entry, BorrowedEntry):
            entry.owner.cancel(entry.id, force, recursive)
        elif call is not None:
            call.actor.cancel(call, force and _is_task(call), recursive)

    def cancel_children(self, parent: tuple[str, int], force: bool) -> None:
        """Cancels what a call that runs here has called and has no answer to. The lock is held.

        Args:
            parent: who made that call, and its number.
            force: end the processes of tasks; calls of actors are cancelled in any case.
        """
        for link in list(self._links.values()):
            for call in link.unanswered():
                if call.parent == parent and not call.done:
                    link.cancel(call, force and _is_task(call), True)
        if self._tasks is not None:
            self._tasks.cancel_children(parent, force)

    # ── handles ──────────────────────────────────────────────────────────────────────────────

    def handle_created(self, actor_id: ActorID, any_order: bool = False) -> ObjectRef[Any] | None:
        """A handle of the actor is made in this process.

        Args:
            any_order: its calls may overtake those that wait for their arguments.
        Returns:
            What the handle keeps, where the actor ends with its handles.
        """
        with self.pump.lock:
            self._drain()
            if any_order:
                self.link(actor_id.hex()).any_order = True
            return self._handles.reference(actor_id)

    def known_link(self, actor_id: str) -> ActorLink | None:
        """The caller's side of an actor that was called or created here. The lock is held."""
        return self._links.get(actor_id)

    def let_go(self, link: ActorLink) -> None:
        """Releases an actor or a task's worker once its answers are counted. The lock is held."""
        link.release_wanted = True
        if not link.outstanding:
            self.release(link)

    def release(self, link: ActorLink) -> None:
        """Tells that nobody here needs the actor any more. The lock is held."""
        link.release_wanted = False
        # It stays for those who may still ask for an answer.
        link._tell_ack()
        handle, link.handle = link.handle, None
        if handle is not None:
            self.objects.release(*handle)
            self.objects.send_releases()
        else:
            link.released = True
            if link.death is None and self.control.lost is None:
                self.control.send("actor.release", {"actor_id": link.actor_id})
        if link.death is not None:
            # Nothing more is heard of it that would end the link.
            self.unlink(link)

    def _part_with(self, link: ActorLink) -> None:
        if link.released and link.death is not None:
            self.unlink(link)

    def unlink(self, link: ActorLink) -> None:
        """The channel of a released actor has ended. The lock is held."""
        self._links.pop(link.actor_id, None)
        self._created.discard(link.actor_id)

    # ── values ───────────────────────────────────────────────────────────────────────────────

    def put(self, value: Any) -> ObjectRef[Any]:
        """Keeps a value; raises what pickling it raises, a TypeError with what it was about."""
        if isinstance(value, ObjectRef):
            raise TypeError("Calling 'put' on a ray.ObjectRef is not allowed.")
        if self.pump.left_behind:
            with self.pump.lock:
                self._drain()
        entry = Entry(self.pump)
        try:
            entry.fill(True, pack(self.objects, value))
        except TypeError as error:
            raise explain_value("the value that is put", error) from error
        return _made(entry)

    def get(self, refs: Sequence[ObjectRef[Any]], timeout: float | None = None) -> list[Any]:
        """The values, in order.

        Raises:
            GetTimeoutError: not all were there within ``timeout`` seconds (0: look once).
            BaseException: what a value is, where it is an error.
        """
        try:
            return self._get(refs, timeout)
        except (RayTaskError, ActorDiedError) as error:
            name_first(self, error)
            raise

    def _get(self, refs: Sequence[ObjectRef[Any]], timeout: float | None) -> list[Any]:
        entries = [ref._entry or ref._require() for ref in refs]
        deadline = None if timeout is None else time.monotonic() + timeout
        large = asked = gathered = False
        for entry in entries:
            if not entry.done:
                if entry.lazy and not asked:
                    asked = True
                    for each in entries:
                        each.want()
                if len(entries) > 1 and not gathered:
                    gathered = getting.gather(self, entries, entry, deadline)
                self._wait_for(entry, deadline)
            # In this order: one that is lost at this moment is not done, and has no parts.
            if not entry.ok and entry.done:
                entry.value()
            if type(entry.parts) is Content or not entry.parts:
                large = True
        if large:
            getting.start_bringing(self, entries)
            return [getting.get_large(self, entry, deadline) for entry in entries]
        return [entry.value() for entry in entries]

    def read(self, content: Content) -> list[serialization.Part]:
        """The parts of a call's large arguments, see `getting.read`."""
        return getting.read(self, content)

    def _wait_for(self, entry: Entry, deadline: float | None) -> None:
        if entry.done:
            return
        if entry.home is not self.pump:
            raise self._over()
        try:
            done = (self.lending or self.pump).wait(entry, deadline)
        except PumpClosed:
            raise self._over() from None
        if not done:
            raise GetTimeoutError("Get timed out: some object(s) not ready.")

    def wait(
        self,
        refs: Sequence[ObjectRef[Any]],
        num_returns: int = 1,
        timeout: float | None = None,
        fetch_local: bool = True,
    ) -> tuple[list[ObjectRef[Any]], list[ObjectRef[Any]]]:
        """Waits until ``num_returns`` of the references are ready, at most ``timeout`` seconds.

        Args:
            fetch_local: begin to bring those of other nodes here.
        Returns:
            The ready ones, at most ``num_returns``, and the others, both in the order given.
        """
        entries = [ref._entry or ref._require() for ref in refs]
        deadline = None if timeout is None else time.monotonic() + timeout
        for entry in entries:
            if entry.lazy:
                entry.want()
        try:
            wait_for_some(self.lending or self.pump, entries, num_returns, deadline)
        except PumpClosed:
            raise self._over() from None
        if fetch_local:
            getting.start_bringing(self, entries)
        ready: list[ObjectRef[Any]] = []
        others: list[ObjectRef[Any]] = []
        for ref, entry in zip(refs, entries):
            (ready if entry.done and len(ready) < num_returns else others).append(ref)
        return ready, others

    def group_ready_ref(self, pg_id: PlacementGroupID) -> ObjectRef[Any]:
        """A reference that becomes the placement group once it is reserved."""
        entry = Entry(self.pump)

        def settled(outcome: Outcome) -> None:
            if isinstance(outcome, Exception):
                entry.fail(outcome)
            elif outcome.fields["state"] == "REMOVED":
                entry.fail(RaySystemError(f"The placement group {pg_id.hex()} was removed"))
            else:
                from ray.util.placement_group import PlacementGroup

                entry.fill(True, serialization.dumps(PlacementGroup(pg_id)))

        self.control.ask("group.wait", {"pg_id": pg_id.hex()}, settled)
        return _made(entry)

    def run_task(self, task: TaskCreation) -> list[Any]:
        """Runs a function in a leased worker; returns references or a generator of them at once."""
        from .tasks import TaskPool

        with self.pump.lock:
            self.check_open()
            if self._tasks is None:
                self._tasks = TaskPool(self)
        made: list[Any] = self._tasks.run(task)
        return made

    @property
    def needed(self) -> bool:
        """Whether others need what this process owns, or it needs others. The lock is held."""
        tasks = self._tasks
        if tasks is not None and (tasks.unfinished or tasks.leases):
            return True
        for actor_id, link in self._links.items():
            mine = actor_id in self._created and link.death is None and not link.released
            if mine or link.outstanding:
                return True
        return self.objects.needed

    # ── the end ──────────────────────────────────────────────────────────────────────────────

    def check_open(self) -> None:
        """Raises where the session has ended. The lock is held."""
        if self.pump.closed:
            raise self._over()
        if self.control.lost is not None:
            raise self.control.lost
        self._drain()

    def close(self) -> None:
        """Ends the session: what is under way fails, the job ends with the control channel."""
        if self.closing:
            return
        self.closing = True
        try:
            if self.control.lost is None and self.assignment is None:
                # Whatever comes of it: the end of the channel ends the job as well.
                with contextlib.suppress(RequestFailed, RaySystemError, TimeoutError, PumpClosed):
                    self.control.request("driver.end", {}, timeout=10.0)
        finally:
            with self.pump.lock:
                self._fail_everything(self._over())
                self.objects.close(self._over())
                if self._listener is not None:
                    self._listener.close()
                self.control.close(self._over())
            self.pump.stop()
            flush_logs(self)

    def abandon(self) -> None:
        """After a fork, in the child: closes its copies of what is the parent's."""
        self.closing = True
        self.pump.closed = True
        error = self._over()
        for link in list(self._links.values()):
            link.abandon(error)
        self.objects.abandon(error)
        if self._listener is not None:
            self._listener.abandon()
        self.control.abandon()
        self.pump.abandon()


def _is_task(call: Call) -> bool:
    return call.method.name == "__beam_run__"


def _check_pending(call: Call, limit: int) -> None:
    link: ActorLink = call.actor
    count = len(link.pending) + len(link.queue) + len(link.held)
    if count >= limit:
        shown = f"Actor({link.facts.get('class_name') or '?'}, {link.actor_id})"
        raise PendingCallsLimitExceeded(
            f"Cannot call {call.method.name} of {shown}: {count} calls are without an answer, and "
            f"its option max_pending_calls allows {limit}. Wait for some of them with ray.wait(), "
            "or create the actor with a higher max_pending_calls."
        )
