"""The references that cross between this process and others.

A value belongs to the process whose call or `put` made its reference. That process keeps it while
any process holds a reference; holders are a set of processes, not a count. A process that gets a
reference is not yet a holder: whoever sent it keeps it until the answer, or until the answer is
acknowledged. So every end of such a time waits until the owners know of the holds (`settle`), and
so do releases: a reference inside a value is held before the value itself is released.

Finalizers and callbacks of weak references only append to a queue; `drain` takes it in.
"""

from __future__ import annotations

import weakref
from collections import deque
from typing import TYPE_CHECKING, Any, Callable

from ray.exceptions import ObjectFreedError, ObjectLostError, ReferenceCountingAssertionError

from .borrowed import BorrowedEntry
from .content import Content, Location
from .entry import Entry
from .errors import RequestFailed
from .object_ref import ObjectRef
from .owner_link import OwnerLink

if TYPE_CHECKING:
    from .control import Outcome
    from .session import Session

#: While references are about, what died is looked at this often at least, in seconds.
_TICK = 0.5
#: As many ids are told of in one message.
_MOST_IDS = 4096


def current() -> ObjectTable:
    """The table of this process's session."""
    from . import client

    return client.session().objects


def describe(ref: ObjectRef[Any]) -> tuple[bytes, str, str]:
    """What a reference is to another process, see `ObjectTable.describe`."""
    return current().describe(ref)


class Owned:
    """A value of this process to which others may have references."""

    __slots__ = ("holders", "kept", "weak")

    def __init__(self, weak: weakref.ref[Entry]) -> None:
        self.weak = weak
        self.holders: set[str] = set()
        #: The entry, while there are holders.
        self.kept: Entry | None = None


class ObjectTable:
    """See the top of this file. Of one session."""

    def __init__(self, session: Session) -> None:
        self.session = session
        #: References that came here and of which their owners do not know yet.
        self.unheld: dict[bytes, weakref.ref[BorrowedEntry]] = {}
        #: What finalizers leave.
        self.events: deque[Any] = session.pump.left_behind
        #: Why nothing can be asked any more: the session has ended.
        self.over: BaseException | None = None
        self._owned: dict[bytes, Owned] = {}
        self._borrowed: dict[bytes, weakref.ref[BorrowedEntry]] = {}
        self._links: dict[str, OwnerLink] = {}
        self._pinned: dict[bytes, Entry] = {}
        # The files that this process owns, by name: a result that arrives twice is one file.
        self._files: weakref.WeakValueDictionary[str, Content] = weakref.WeakValueDictionary()
        self._parting: set[OwnerLink] = set()
        self._releasing = False
        self._holding = 0
        self._settled: deque[Callable[[], None]] = deque()
        self._listening = False

    # ── references that leave and arrive ─────────────────────────────────────────────────────

    def describe(self, ref: ObjectRef[Any]) -> tuple[bytes, str, str]:
        """What a reference is to another process: its id, its owner, and that one's node.

        The first time it waits until this process can be found by others.
        """
        entry = ref._entry
        id = ref.binary()
        if entry is None:
            return id, "", ""
        if isinstance(entry, BorrowedEntry):
            return id, entry.owner.process, entry.owner.node
        session = self.session
        if not self._listening:
            self._listening = True
            try:
                session.listen()
            except BaseException:
                self._listening = False
                raise
        with session.pump.lock:
            self.own(id, entry)
        return id, session.caller_id, session.node_id

    def own(self, id: bytes, entry: Entry) -> Owned:
        """Others may ask for this value by its id. The lock is held."""
        owned = self._owned.get(id)
        if owned is None or owned.weak() is None:
            events = self.events
            weak = weakref.ref(entry, lambda _: events.append(("owned", id)))
            owned = self._owned[id] = Owned(weak)
            self._tick()
        return owned

    def disown(self, id: bytes) -> None:
        """Nothing depends on the object any more. The lock is held."""
        self._owned.pop(id, None)

    def _tick(self) -> None:
        if self.session.pump.tick_every is None:
            self.session.pump.tick_every = _TICK

    def restore(self, id: bytes, process: str, node: str) -> ObjectRef[Any]:
        """The reference that :meth:`describe` told of."""
        with self.session.pump.lock:
            if process == self.session.caller_id:
                return ObjectRef(id, self._restore_own(id))
            weak = self._borrowed.get(id)
            entry = None if weak is None else weak()
            if entry is None:
                entry = self._borrow(id, process, node)
            return ObjectRef(id, entry)

    def _restore_own(self, id: bytes) -> Entry:
        owned = self._owned.get(id)
        entry = None if owned is None else owned.weak()
        if entry is None:
            entry = Entry(self.session.pump)
            entry.fail(ReferenceCountingAssertionError(id.hex(), self.session.caller_id))
        return entry

    def _borrow(self, id: bytes, process: str, node: str) -> BorrowedEntry:
        link = self._links.get(process)
        if link is None:
            link = self._links[process] = OwnerLink(self, process, node)
        entry = BorrowedEntry(self, id, link)
        link.borrowed += 1
        events = self.events
        weak = weakref.ref(entry, lambda _: events.append(("borrowed", id, link)))
        self._borrowed[id] = weak
        if id not in link.held:
            self.unheld[id] = weak
        self._tick()
        return entry

    def find(self, id: bytes) -> Entry | None:
        """The entry of a reference that left or came here, where it is still known."""
        with self.session.pump.lock:
            owned = self._owned.get(id)
            if owned is not None:
                return owned.weak()
            weak = self._borrowed.get(id)
            return None if weak is None else weak()

    def pin(self, ref: ObjectRef[Any]) -> None:
        """Keeps a value until the session ends: nobody knows when a pickle of it is read."""
        entry = ref._entry
        if entry is not None:
            with self.session.pump.lock:
                self._pinned[ref.binary()] = entry

    # ── holding what came ────────────────────────────────────────────────────────────────────

    def settle(self, then: Callable[[], None]) -> None:
        """Calls ``then`` once all owners know what is held here. The lock is held, then too."""
        self._hold()
        if self._holding:
            self._settled.append(then)
        else:
            then()

    def _hold(self) -> None:
        if not self.unheld:
            return
        unheld, self.unheld = self.unheld, {}
        by_link: dict[OwnerLink, list[bytes]] = {}
        for id, weak in unheld.items():
            entry = weak()
            if entry is not None:
                by_link.setdefault(entry.owner, []).append(id)
        for link, ids in by_link.items():
            for at in range(0, len(ids), _MOST_IDS):
                self._holding += 1
                link.hold(ids[at : at + _MOST_IDS], self._held)

    def _held(self) -> None:
        self._holding -= 1
        while self._settled and not self._holding:
            self._settled.popleft()()

    @property
    def settled(self) -> bool:
        """Whether nothing waits for an owner to know what is held here. The lock is held."""
        return not self._settled

    def drain_one(self, event: tuple[Any, ...]) -> None:
        """Takes in what a finalizer left. The lock is held."""
        what = event[0]
        if what == "free":
            self.session.freed.append({"name": event[1], "node": event[2]})
        elif what == "owned":
            owned = self._owned.get(event[1])
            if owned is not None and owned.weak() is None:
                del self._owned[event[1]]
                self.session.object_gone(event[1], None)
        else:
            _, id, link = event
            link.borrowed -= 1
            weak = self._borrowed.get(id)
            if weak is not None and weak() is None:
                del self._borrowed[id]
                self.unheld.pop(id, None)
                if not self.session.object_gone(id, link):
                    self.release(id, link)

    def release(self, id: bytes, link: OwnerLink) -> None:
        """This process needs the reference no more; see :meth:`send_releases`. The lock is held."""
        if id in link.held:
            link.releases.add(id)
            self._parting.add(link)
        else:
            link.rest()

    def send_releases(self) -> None:
        """Tells owners what is released, once all know what is held. The lock is held."""
        if self._parting and not self._releasing:
            self._releasing = True
            self.settle(self._release)

    def _release(self) -> None:
        self._releasing = False
        while self._parting:
            link = self._parting.pop()
            ids = [id for id in link.releases if id in link.held and id not in self._borrowed]
            link.releases.clear()
            if ids:
                link.release(ids)

    def forget(self, link: OwnerLink) -> None:
        """Nothing of that owner is left here, or it is gone. The lock is held."""
        if self._links.get(link.process) is link:
            del self._links[link.process]

    # ── what others hold of this process's ───────────────────────────────────────────────────

    def hold_for(self, process: str, id: bytes) -> bool:
        """Another process has a reference; whether the value is known. The lock is held."""
        owned = self._owned.get(id)
        entry = None if owned is None else owned.weak()
        if owned is None or entry is None:
            return False
        owned.holders.add(process)
        owned.kept = entry
        return True

    def release_for(self, process: str, id: bytes) -> None:
        """Another process has no reference any more. The lock is held."""
        owned = self._owned.get(id)
        if owned is not None:
            owned.holders.discard(process)
            if not owned.holders:
                owned.kept = None

    @property
    def needed(self) -> bool:
        """Whether others have references to values of this process. The lock is held."""
        return bool(self._pinned) or any(owned.holders for owned in self._owned.values())

    def owned(self, id: bytes) -> Entry | None:
        """A value of this process that others may ask for. The lock is held."""
        owned = self._owned.get(id)
        return None if owned is None else owned.weak()

    def own_file(self, location: Location) -> Content:
        """A file that this process owns: it goes with the last who keeps this."""
        with self.session.pump.lock:
            content = self._files.get(location["name"])
            if content is None:
                content = Content(None, location, events=self.events)
                self._files[location["name"]] = content
                self._tick()
            return content

    # ── values that are files ────────────────────────────────────────────────────────────────

    def bring(self, entry: Entry, then: Callable[[], None]) -> bool:
        """Makes a value that is there readable on this node. The lock is held.

        Returns:
            Whether it is; else ``then`` is called, with the lock held, when it is or when it was
            lost, in which case the entry is pending again or has failed.
        """
        content = entry.parts
        if type(content) is not Content or content.location is None or content.path is not None:
            return True
        location = content.location
        if location["node"] == self.session.node_id:
            content.path = location["path"]
            return True

        def on_reply(outcome: Outcome) -> None:
            if not isinstance(outcome, Exception):
                content.path = outcome.fields["path"]
            elif isinstance(outcome, RequestFailed) and outcome.code == "object_lost":
                self.lose(entry, content)
            else:
                entry.reopen()
                entry.fail(_fetch_failed(outcome))
            then()

        link = entry.owner if isinstance(entry, BorrowedEntry) else None
        fields = {
            "name": location["name"],
            "node": location["node"],
            "size": location["size"],
            "owner": self.session.caller_id if link is None else link.process,
            "owner_node": self.session.node_id if link is None else link.node,
        }
        self.session.control.ask("object.fetch", fields, on_reply)
        return False

    def lose(self, entry: Entry, content: Content) -> None:
        """The file cannot be read: has it computed again, or fails the entry. The lock is held."""
        if entry.parts is not content or content.location is None:
            return
        if isinstance(entry, BorrowedEntry):
            entry.lost(content.location["name"])
            return
        entry.reopen()
        if entry.recover is None or not entry.recover():
            entry.fail(ObjectLostError(self._id_of(entry), self.session.caller_id))

    def _id_of(self, entry: Entry) -> str:
        for id, owned in self._owned.items():
            if owned.weak() is entry:
                return id.hex()
        return "ff" * 28

    def free(self, refs: list[ObjectRef[Any]]) -> None:
        """`ray.internal.free`: deletes the values, although there are references to them."""
        with self.session.pump.lock:
            for ref in refs:
                entry = ref._entry
                if isinstance(entry, BorrowedEntry):
                    entry.owner.drop([entry.id])
                    self.delete(entry.id, entry)
                elif entry is not None:
                    self.delete(ref.binary(), entry)

    def delete(self, id: bytes, entry: Entry) -> None:
        """Deletes a value of this process that is there; its references raise from now on."""
        if entry.done and entry.error is None:
            entry.reopen()
            entry.fail(ObjectFreedError(id.hex(), self.session.caller_id))

    # ── the end ──────────────────────────────────────────────────────────────────────────────

    def close(self, over: BaseException) -> None:
        """The session ends: what is still asked gets ``over``. The lock is held."""
        self.over = over
        for link in list(self._links.values()):
            link.give_up()
        self._settled.clear()
        self._pinned.clear()

    def abandon(self, over: BaseException) -> None:
        """After a fork: what is asked is the parent's."""
        self.over = over
        for link in self._links.values():
            link.abandon()
        for weak in self._borrowed.values():
            entry = weak()
            if entry is not None:
                entry.fail(over)
        self._pinned.clear()


def _fetch_failed(outcome: Exception) -> BaseException:
    from ray.exceptions import ObjectStoreFullError

    if isinstance(outcome, RequestFailed) and outcome.code == "no_space":
        return ObjectStoreFullError(str(outcome))
    return outcome
