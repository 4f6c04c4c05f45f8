"""Which workers are asked for, reused, given back and replaced, without any daemon."""

from __future__ import annotations

import threading
import time
import weakref
from collections import deque
from typing import Any, Callable

import pytest
from ray._core import serialization, task_queue
from ray._core.content import Content
from ray._core.creation import TaskCreation
from ray._core.entry import Entry
from ray._core.errors import RequestFailed, actor_death
from ray._core.ids import JobID
from ray._core.object_ref import ObjectRef
from ray._core.pump import finish
from ray._core.tasks import TaskPool
from ray.exceptions import (
    ActorDiedError,
    TaskCancelledError,
    TaskPlacementGroupRemoved,
    TaskUnschedulableError,
    WorkerCrashedError,
)


class Link:
    """Instead of an `ActorLink`: keeps what is sent."""

    def __init__(self, session: Session, actor_id: str) -> None:
        self.session = session
        self.actor_id = actor_id
        self.facts: dict[str, Any] = {}
        self.death: BaseException | None = None
        self.sent: list[Any] = []
        self.pending: dict[int, Any] = {}
        self.queue: list[Any] = []  # what it is given is sent at once

    def submit(self, call: Any) -> None:
        if self.death is not None:
            call.fail_all(self.death)
            return
        self.sent.append(call)

    def fail_all(self, error: BaseException) -> None:
        """Its worker is gone."""
        self.death = error
        sent, self.sent = self.sent, []
        for call in sent:
            call.fail_all(error)

    def answer(self, value: Any = None) -> None:
        """Its worker answers what was sent first."""
        self.answer_with(serialization.dumps_any(value))

    def answer_with(self, *values: Any) -> None:
        """The same with values as they are kept."""
        with self.session.pump.lock:
            self.sent.pop(0).fill_all(True, list(values))


class Pump:
    """Instead of the pump: timers fire when they are told to."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.closed = False
        self.eager = 0
        self.callbacks: deque[Callable[[], None]] = deque()
        self.timers: list[Callable[[], None]] = []

    def finish(self, target: Any) -> None:
        finish(target)

    def need(self, count: int) -> None:
        self.eager += count

    def call_later(self, _seconds: float, callback: Callable[[], None]) -> None:
        self.timers.append(callback)

    def fire(self) -> None:
        timers, self.timers = self.timers, []
        for timer in timers:
            timer()


class Session:
    """Instead of the session, its control channel too."""

    lost = None
    closing = False
    namespace = ""
    node_id = "here"
    assignment = None

    def __init__(self) -> None:
        self.job_id = JobID.from_int(1)
        self.pump = Pump()
        self.control = self
        self.links: dict[str, Link] = {}
        self.asked: dict[str, tuple[dict[str, Any], Callable[[Any], None]]] = {}
        self.released: list[str] = []

    def link(self, actor_id: str) -> Link:
        return self.links.setdefault(actor_id, Link(self, actor_id))

    def ask(
        self, _kind: str, fields: dict[str, Any], callback: Callable[[Any], None], _body: bytes
    ) -> None:
        self.asked[fields["actor_id"]] = (fields, callback)

    def release(self, link: Link) -> None:
        self.released.append(link.actor_id)

    let_go = release

    def forget(self, actor_id: str) -> None:
        self.links.pop(actor_id, None)

    def check_open(self) -> None: ...


class Pool:
    """A pool of tasks under test."""

    def __init__(self) -> None:
        self.session = Session()
        self.pool = TaskPool(self.session)  # type: ignore[arg-type]

    def run(self, count: int = 1, **options: Any) -> list[Any]:
        """Submits tasks and returns the places of their values."""
        made = []
        for _ in range(count):
            task = TaskCreation(len, ((),), {}, "f", **{"run": {"CPU": 1}, **options})
            made.append(self.pool.run(task)[0]._entry)
        return made

    @property
    def asked(self) -> list[Link]:
        """The workers that were asked for and not answered, oldest first."""
        waiting = [self.session.links.get(actor_id) for actor_id in self.session.asked]
        return [
            link
            for link in waiting
            if link is not None and [call.method.name for call in link.sent] == ["__ray_ready__"]
        ]

    def grant(self) -> Link:
        """The first worker that was asked for is there."""
        link = self.asked[0]
        link.answer(True)
        return link


@pytest.fixture
def pool() -> Pool:
    return Pool()


def death(**report: Any) -> ActorDiedError:
    return ActorDiedError({"report": {"message": "It ended.", **report}})


def test_workers_are_asked_for_as_tasks_wait_up_to_a_bound(pool: Pool) -> None:
    pool.run(3)
    assert len(pool.asked) == 3
    pool.run(10_000)
    assert len(pool.asked) == task_queue.MOST_ASKED
    pool.grant()
    assert len(pool.asked) == task_queue.MOST_ASKED


def test_a_worker_runs_one_task_after_another(pool: Pool) -> None:
    first, second = pool.run(2)
    link = pool.grant()
    assert len(link.sent) == 1
    assert not first.done
    link.answer(7)
    assert first.value() == 7
    link.answer(8)
    assert second.value() == 8
    assert len(pool.session.asked) == 2


def test_what_nobody_needs_any_more_is_withdrawn(pool: Pool) -> None:
    pool.run(3)
    link = pool.grant()
    for _ in range(3):
        link.answer()
    withdrawn = set(pool.session.asked) - {link.actor_id}
    assert set(pool.session.released) == withdrawn
    assert set(pool.session.links) == {link.actor_id}


def test_an_idle_worker_is_kept_for_a_moment(pool: Pool, monkeypatch: Any) -> None:
    pool.run()
    link = pool.grant()
    link.answer()
    pool.session.pump.fire()
    assert pool.session.released == []
    now = time.monotonic() + task_queue.LINGER
    monkeypatch.setattr(time, "monotonic", lambda: now)
    pool.session.pump.fire()
    assert pool.session.released == [link.actor_id]
    assert pool.session.pump.timers == []


def test_a_worker_of_a_task_that_waited_for_its_arguments_goes_back(
    pool: Pool, monkeypatch: Any
) -> None:
    argument = Entry(pool.session.pump)  # type: ignore[arg-type]
    task = TaskCreation(len, (ObjectRef(bytes(28), argument),), {}, "f", run={"CPU": 2})
    ref = pool.pool.run(task)[0]
    pool.run()
    pool.grant().answer()
    now = time.monotonic() + task_queue.LINGER
    monkeypatch.setattr(time, "monotonic", lambda: now)
    pool.session.pump.fire()  # no worker is there or wanted for what waits
    argument.fill(True, serialization.dumps_any(()))
    pool.session.pump.callbacks.popleft()()
    link = pool.grant()
    link.answer(0)
    assert ref._entry.done
    now += 2 * task_queue.LINGER
    pool.session.pump.fire()
    assert link.actor_id in pool.session.released


def test_a_worker_that_others_want_goes_back_after_its_task(pool: Pool, monkeypatch: Any) -> None:
    pool.run(40)
    link = pool.grant()
    pool.pool.on_wanted(link.actor_id)
    link.answer()
    assert pool.session.released == []  # it has just been granted
    now = time.monotonic() + task_queue.TERM + 1
    monkeypatch.setattr(time, "monotonic", lambda: now)
    link.answer()
    assert pool.session.released == [link.actor_id]
    assert link.sent == []


def test_an_idle_worker_that_others_want_goes_back_at_once(pool: Pool) -> None:
    pool.run()
    link = pool.grant()
    link.answer()
    pool.pool.on_wanted(link.actor_id)
    assert pool.session.released == [link.actor_id]


def test_tasks_of_another_kind_get_other_workers(pool: Pool, monkeypatch: Any) -> None:
    pool.run(20)
    link = pool.grant()
    pool.run(run={"CPU": 2})
    now = time.monotonic() + task_queue.TERM + 1
    monkeypatch.setattr(time, "monotonic", lambda: now)
    link.answer()
    assert pool.session.released == [link.actor_id]


def test_max_calls_and_spread_bound_what_a_worker_runs(pool: Pool) -> None:
    pool.run(3, max_calls=2)
    link = pool.grant()
    link.answer()
    link.answer()
    assert pool.session.released == [link.actor_id]
    spread = Pool()
    spread.run(2, strategy={"kind": "spread"})
    link = spread.grant()
    link.answer()
    assert spread.session.released == [link.actor_id]


def test_a_task_whose_worker_died_runs_before_those_that_wait(pool: Pool) -> None:
    first, *_ = pool.run(3)
    link = pool.grant()
    with pool.session.pump.lock:
        link.fail_all(death(kind="signal", signal="SIGKILL"))
    assert not first.done
    pool.grant().answer(5)
    assert first.value() == 5


def test_retries_have_an_end(pool: Pool) -> None:
    (entry,) = pool.run(max_retries=1)
    for _ in range(2):
        assert not entry.done
        pool.grant().fail_all(death(kind="exit", exit_code=1))
    with pytest.raises(WorkerCrashedError):
        entry.value()
    assert pool.pool.unfinished == {}


def test_a_cancelled_task_does_not_run_again(pool: Pool) -> None:
    (entry,) = pool.run()
    link = pool.grant()
    entry.cancelled = True
    link.fail_all(death(kind="exit", exit_code=1))
    with pytest.raises(TaskCancelledError):
        entry.value()


def test_a_task_that_waits_is_cancelled_at_once(pool: Pool) -> None:
    first, second = pool.run(2)
    first.actor.cancel(first, False, True)
    with pytest.raises(TaskCancelledError):
        first.value()
    pool.grant().answer(1)
    assert second.value() == 1


def test_what_keeps_one_worker_away_fails_all_that_wait(pool: Pool) -> None:
    entries = pool.run(20)
    pool.asked[0].fail_all(actor_death({"message": "It ended.", "unschedulable": True}, {}))
    for entry in entries:
        with pytest.raises(TaskUnschedulableError, match="It ended"):
            entry.value()


def test_a_group_that_is_gone(pool: Pool) -> None:
    (running,) = pool.run(pg_id="ab", max_retries=0)
    pool.grant().fail_all(death(kind="group"))
    (late,) = pool.run(pg_id="ab")
    _, registered = pool.session.asked[pool.asked[0].actor_id]
    registered(RequestFailed("group_removed", "the placement group was removed"))
    for entry in (running, late):
        with pytest.raises(TaskPlacementGroupRemoved):
            entry.value()


def test_a_worker_that_dies_before_its_first_task_is_replaced_a_few_times(pool: Pool) -> None:
    (entry,) = pool.run(max_retries=0)
    for _ in range(3):
        assert not entry.done
        pool.asked[0].fail_all(death(kind="signal", signal="SIGKILL"))
    with pytest.raises(WorkerCrashedError):
        entry.value()


def test_an_idle_worker_that_died_is_not_used(pool: Pool) -> None:
    pool.run()
    link = pool.grant()
    link.answer()
    link.death = death(kind="signal", signal="SIGKILL")
    (entry,) = pool.run()
    pool.grant().answer(2)
    assert entry.value() == 2


def stored(value: Any) -> Content:
    """A value that lies on another node."""
    return Content([serialization.dumps_any(value)], {"node": "far", "name": "file", "size": 9})


def lose(entry: Any) -> bool:
    """As when the file cannot be read: whether it is computed again."""
    entry.reopen()
    return entry.recover is not None and bool(entry.recover())


def test_a_value_that_was_lost_is_computed_again_within_its_retries(pool: Pool) -> None:
    (entry,) = pool.run(max_retries=1)
    link = pool.grant()
    link.answer_with(stored(1))
    assert lose(entry)
    link.answer_with(stored(2))
    assert entry.value() == 2
    assert not lose(entry)
    assert pool.pool.unfinished == {}


def test_small_values_and_tasks_without_retries_keep_nothing(pool: Pool) -> None:
    small, final = pool.run()[0], pool.run(max_retries=0)[0]
    link = pool.grant()
    link.answer(1)
    link.answer_with(stored(2))
    for entry in (small, final):
        assert entry.given == b""
        assert entry.recover is None


def test_of_several_values_the_lost_ones_are_computed_again(pool: Pool) -> None:
    task = TaskCreation(len, ((),), {}, "f", run={"CPU": 1}, num_returns=2)
    refs = pool.pool.run(task)
    first, second = (ref._entry for ref in refs)
    link = pool.grant()
    link.answer_with(stored(1), stored(2))
    assert lose(first)
    link.answer_with(stored(3), stored(4))
    assert (first.value(), second.value()) == (3, 2)
    gone = weakref.ref(second)
    del second, refs
    assert gone() is None, "a value is kept by the task that can compute it again"
    assert lose(first)
    link.answer_with(stored(5), stored(6))
    assert first.value() == 5
