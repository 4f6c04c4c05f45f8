"""Actors: creation, calls, order, names, handles, ends."""

from __future__ import annotations

import asyncio
import copy
import os
import pickle
import threading
import time
from typing import Any

import pytest
import ray
from ray.exceptions import PendingCallsLimitExceeded, RayActorError


class Base:
    def inherited(self, x: int) -> int:
        return x + self.start  # type: ignore[attr-defined]


@ray.remote(num_cpus=0)
class Counter(Base):
    limit = 7

    def __init__(self, start: int = 0, *, step: int = 1) -> None:
        self.start = start
        self.step = step
        self.seen: list[int] = []

    def add(self, x: int = 0) -> int:
        self.start += self.step
        self.seen.append(x)
        return self.start

    def all_seen(self) -> list[int]:
        return self.seen

    def pid(self) -> int:
        return os.getpid()

    def env(self, name: str) -> str | None:
        return os.environ.get(name)

    def sleep(self, seconds: float) -> str:
        time.sleep(seconds)
        return "slept"

    @ray.method(num_returns=2)
    def pair(self) -> tuple[int, int]:
        return 1, 2

    def nothing(self) -> None:
        pass

    def call_other(self, other: Any) -> int:
        return ray.get(other.add.remote())

    def leave(self) -> None:
        ray.actor.exit_actor()


def test_constructor_arguments_and_state() -> None:
    counter = Counter.remote(10, step=5)
    assert ray.get([counter.add.remote() for _ in range(3)]) == [15, 20, 25]
    assert ray.get(counter.inherited.remote(1)) == 26


def test_each_actor_is_a_process_of_its_own() -> None:
    first, second = Counter.remote(), Counter.remote()
    pids = ray.get([first.pid.remote(), second.pid.remote()])
    assert len({*pids, os.getpid()}) == 3


def test_calls_of_one_caller_run_in_order() -> None:
    counter = Counter.remote()
    for number in range(200):
        counter.add.remote(number)
    assert ray.get(counter.all_seen.remote()) == list(range(200))


def test_several_values_and_none() -> None:
    counter = Counter.remote()
    assert ray.get(counter.pair.remote()) == [1, 2]
    assert ray.get(counter.nothing.remote()) is None
    assert counter.add.options(num_returns=0).remote() is None


def test_references_as_arguments_become_their_values() -> None:
    counter = Counter.remote()
    reference = counter.add.remote()
    assert ray.get(counter.inherited.remote(reference)) == 2
    assert ray.get(counter.inherited.remote(ray.put(5))) == 6


def test_handles_can_be_passed_pickled_copied_and_compared() -> None:
    first, second = Counter.remote(), Counter.remote()
    assert ray.get(first.call_other.remote(second)) == 1
    again = pickle.loads(pickle.dumps(second))
    assert again == second
    assert hash(again) == hash(second)
    assert copy.deepcopy(second) == second
    assert ray.get(again.add.remote()) == 2
    assert first != second
    assert {first: 1, second: 2}[again] == 2


def test_wrong_use_is_told_at_the_call() -> None:
    counter = Counter.remote()
    with pytest.raises(TypeError):
        Counter.remote(1, 2, 3)
    with pytest.raises(TypeError):
        counter.add.remote(1, 2)
    with pytest.raises(TypeError):
        counter.add()
    with pytest.raises(TypeError):
        Counter()
    with pytest.raises(AttributeError):
        _ = counter.missing
    with pytest.raises(TypeError):

        class Derived(Counter):
            pass


def test_class_attributes_and_names() -> None:
    counter = Counter.remote()
    assert repr(counter) == f"Actor(Counter, {counter._actor_id.hex()})"
    assert len(counter._actor_id.hex()) == 32
    assert Counter.__ray_metadata__.class_name == "Counter"


def test_what_every_actor_has() -> None:
    counter = Counter.remote(3)
    assert ray.get(counter.__ray_ready__.remote()) is True
    assert ray.get(counter.__ray_call__.remote(lambda self, x: self.start + x, 4)) == 7
    with pytest.raises(RayActorError):
        ray.get(counter.__ray_terminate__.remote())


def test_named_actors() -> None:
    counter = Counter.options(name="alice").remote()
    assert ray.get_actor("alice") == counter
    assert ray.get(ray.get_actor("alice").add.remote()) == 1
    assert "alice" in ray.util.list_named_actors()
    assert {"name": "alice", "namespace": "conformance"} in ray.util.list_named_actors(
        all_namespaces=True
    )
    with pytest.raises(ValueError, match="already taken"):
        Counter.options(name="alice").remote()
    assert Counter.options(name="alice", get_if_exists=True).remote() == counter
    other = Counter.options(name="alice", namespace="elsewhere").remote()
    assert ray.get_actor("alice", namespace="elsewhere") == other
    with pytest.raises(ValueError, match="Failed to look up actor with name 'nobody'"):
        ray.get_actor("nobody")


def test_names_that_are_no_text() -> None:
    # Such a request would end the connection, and with it all that the driver has.
    for wrong in (5, b"alice", ["alice"]):
        with pytest.raises(TypeError):
            ray.get_actor(wrong)  # type: ignore[arg-type]
        with pytest.raises((TypeError, AttributeError)):
            ray.util.placement_group([{"CPU": 1}], name=wrong)  # type: ignore[arg-type]
        with pytest.raises((TypeError, AttributeError)):
            ray.util.get_placement_group(wrong)  # type: ignore[arg-type]
    assert ray.nodes()


@ray.remote(num_cpus=0)
class Parent:
    def __init__(self) -> None:
        self.event = asyncio.Event()

    async def start(self) -> int:
        await self.event.wait()
        return 30

    async def bear(self) -> tuple[bool, bool]:
        """The argument is what this very loop has to make."""
        me = ray.get_runtime_context().current_actor
        child = Counter.options(name="child").remote(me.start.remote())
        found = ray.get_actor("child") == child
        self.event.set()
        with pytest.raises(ValueError, match="already taken"):
            Counter.options(name="child").remote()
        return found, await child.add.remote() == 31

    async def block(self, other: Any) -> int:
        """A call to itself arrives while the loop's thread waits for another actor."""
        me = ray.get_runtime_context().current_actor
        self.event.set()
        own = me.start.remote()
        assert ray.get(other.sleep.remote(0.2)) == "slept"
        return await own


def test_a_named_actor_does_not_wait_for_its_arguments() -> None:
    parent = Parent.remote()
    assert ray.get(parent.bear.remote(), timeout=30) == (True, True)


def test_a_coroutine_that_blocks_does_not_lose_calls() -> None:
    parent, other = Parent.remote(), Counter.remote()
    assert ray.get(parent.block.remote(other), timeout=30) == 30


def test_a_killed_actor() -> None:
    counter = Counter.options(name="short").remote()
    assert ray.get(counter.add.remote()) == 1
    running = counter.sleep.remote(60)
    ray.kill(counter)
    with pytest.raises(RayActorError):
        ray.get(running, timeout=30)
    with pytest.raises(RayActorError):
        ray.get(counter.add.remote(), timeout=30)
    with pytest.raises(ValueError, match="Failed to look up"):
        ray.get_actor("short")


def test_exit_actor() -> None:
    counter = Counter.remote()
    with pytest.raises(RayActorError):
        ray.get(counter.leave.remote(), timeout=30)
    with pytest.raises(RayActorError):
        ray.get(counter.add.remote(), timeout=30)
    with pytest.raises(TypeError):
        ray.actor.exit_actor()


def test_wait_returns_the_references_given() -> None:
    counter, sleeper = Counter.remote(), Counter.remote()
    slow, fast = sleeper.sleep.remote(60), counter.add.remote()
    done, rest = ray.wait([slow, fast], num_returns=1, timeout=30)
    assert (done, rest) == ([fast], [slow])
    assert done[0] in {fast}
    assert ray.wait([slow], timeout=0) == ([], [slow])
    with pytest.raises(ray.exceptions.GetTimeoutError):
        ray.get(slow, timeout=0)
    ray.kill(sleeper)
    assert ray.wait([slow], timeout=30)[0] == [slow]


def test_environment_of_job_and_actor() -> None:
    own = {"env_vars": {"OF_THE_ACTOR": "actor", "OVERRIDDEN": "actor"}}
    counter = Counter.options(runtime_env=own).remote()
    names = ["OF_THE_JOB", "OF_THE_ACTOR", "OVERRIDDEN"]
    assert ray.get([counter.env.remote(name) for name in names]) == ["job", "actor", "actor"]


@ray.remote(num_cpus=0)
class Async:
    def __init__(self) -> None:
        self.event = asyncio.Event()

    async def wait_for(self) -> str:
        await self.event.wait()
        return "woken"

    async def wake(self) -> None:
        self.event.set()

    async def take(self, value: Any) -> Any:
        return value


def test_coroutines_run_side_by_side() -> None:
    actor = Async.remote()
    waiting = [actor.wait_for.remote() for _ in range(3)]
    assert ray.wait(waiting, timeout=0.2)[0] == []
    actor.wake.remote()
    assert ray.get(waiting, timeout=30) == ["woken"] * 3


def test_references_can_be_awaited() -> None:
    counter = Counter.remote()

    async def several() -> list[int]:
        return list(await asyncio.gather(*[counter.add.remote() for _ in range(3)]))

    assert asyncio.run(several()) == [1, 2, 3]
    assert counter.add.remote().future().result(timeout=30) == 4


def test_threads_of_one_actor() -> None:
    actor = Counter.options(max_concurrency=2).remote()
    slow = actor.sleep.remote(60)
    assert ray.get(actor.add.remote(), timeout=30) == 1
    assert ray.wait([slow], timeout=0)[0] == []
    ray.kill(actor)


def test_more_calls_than_max_pending_calls_are_refused() -> None:
    actor = Counter.options(max_pending_calls=2, name="busy").remote()
    for _ in range(5):
        assert ray.get(actor.nothing.remote()) is None
    waiting = [actor.sleep.remote(60), actor.add.remote()]
    for handle in (actor, pickle.loads(pickle.dumps(actor)), ray.get_actor("busy")):
        with pytest.raises(PendingCallsLimitExceeded, match="max_pending_calls"):
            handle.add.remote()
    assert ray.wait(waiting, timeout=0)[0] == []
    ray.kill(actor)


def test_calls_of_actors_cannot_be_cancelled_by_force() -> None:
    actor = Counter.remote()
    running = actor.sleep.remote(60)
    with pytest.raises(ValueError, match="force=True is not supported for actor tasks"):
        ray.cancel(running, force=True)
    ray.kill(actor)


def test_restart_after_a_crash() -> None:
    actor = Counter.options(max_restarts=1, max_task_retries=-1).remote()
    before = ray.get(actor.pid.remote())
    os.kill(before, 9)
    after = ray.get(actor.pid.remote(), timeout=60)
    assert after != before


def test_subclass_made_into_an_actor_without_a_decorator() -> None:
    class Local(Base):
        def __init__(self) -> None:
            self.start = 40

    actor = ray.remote(num_cpus=0)(Local).remote()
    assert ray.get(actor.inherited.remote(2)) == 42


@ray.remote(num_cpus=0, concurrency_groups={"io": 2, "compute": 1})
class Grouped:
    """Each method tells by a barrier how many run beside it."""

    def __init__(self) -> None:
        self.running: dict[str, int] = {}
        self.most: dict[str, int] = {}
        self.lock = threading.Lock()
        self.gate = threading.Event()

    def _run(self, group: str) -> str:
        with self.lock:
            self.running[group] = self.running.get(group, 0) + 1
            self.most[group] = max(self.most.get(group, 0), self.running[group])
        self.gate.wait(0.3)
        with self.lock:
            self.running[group] -= 1
        return group

    @ray.method(concurrency_group="io")
    def io(self) -> str:
        return self._run("io")

    @ray.method(concurrency_group="compute")
    def compute(self) -> str:
        return self._run("compute")

    def plain(self) -> str:
        return self._run("plain")

    def at_most(self) -> dict[str, int]:
        return self.most

    @ray.method(concurrency_group="io", num_returns=2)
    def pair(self) -> tuple[int, int]:
        return 1, 2


def test_concurrency_groups() -> None:
    actor = Grouped.remote()
    calls = [actor.io.remote() for _ in range(4)]
    calls += [actor.compute.remote() for _ in range(3)] + [actor.plain.remote() for _ in range(2)]
    assert sorted(ray.get(calls, timeout=30)) == ["compute"] * 3 + ["io"] * 4 + ["plain"] * 2
    assert ray.get(actor.at_most.remote()) == {"io": 2, "compute": 1, "plain": 1}
    assert ray.get(actor.pair.remote()) == [1, 2]


def test_the_group_of_one_call() -> None:
    actor = Grouped.remote()
    ray.get(actor.at_most.remote())
    beside = [actor.plain.options(concurrency_group="io").remote() for _ in range(2)]
    assert ray.get(beside, timeout=30) == ["plain"] * 2
    assert ray.get(actor.at_most.remote()) == {"plain": 2}


def test_groups_that_are_not_there() -> None:
    with pytest.raises(AssertionError):
        ray.remote(Grouped.__ray_metadata__.modified_class).remote()
    with pytest.raises(ValueError, match="concurrency_groups"):
        Grouped.options(concurrency_groups={"io": 1})


@ray.remote(num_cpus=0, concurrency_groups={"io": 1})
class AsyncGrouped:
    def __init__(self) -> None:
        self.blocked = threading.Event()

    @ray.method(concurrency_group="io")
    async def block(self) -> str:
        """Blocks the loop of its group, and no other."""
        return "freed" if self.blocked.wait(30) else "stuck"

    async def free(self) -> None:
        self.blocked.set()

    @ray.method(concurrency_group="io")
    async def count(self) -> Any:
        for index in range(3):
            yield index

    async def thread(self) -> int:
        return threading.get_ident()


def test_a_loop_for_each_group() -> None:
    actor = AsyncGrouped.remote()
    blocked = actor.block.remote()
    ray.get(actor.free.remote(), timeout=30)
    assert ray.get(blocked, timeout=30) == "freed"
    assert [ray.get(each) for each in actor.count.remote()] == [0, 1, 2]
    own = actor.thread.remote()
    assert ray.get(own) != ray.get(actor.thread.options(concurrency_group="io").remote())


def test_calls_overtake_those_that_wait_for_their_arguments() -> None:
    slow = Counter.remote()
    threaded = Counter.options(max_concurrency=2).remote()
    waiting = threaded.inherited.remote(slow.sleep.remote(60))
    assert ray.get(threaded.add.remote(), timeout=30) == 1
    coroutines = Async.remote()
    held = coroutines.take.remote(slow.sleep.remote(60))
    assert ray.get(coroutines.wake.remote(), timeout=30) is None
    assert ray.wait([waiting, held], timeout=0)[0] == []
    ray.kill(slow)


def test_order_is_kept_where_it_is_asked_for() -> None:
    slow = Counter.remote()
    one = Counter.remote()
    waiting = one.inherited.remote(slow.sleep.remote(60))
    behind = one.add.remote()
    assert ray.wait([behind], timeout=0.5)[0] == []
    ray.kill(slow)
    with pytest.raises(RayActorError):
        ray.get(waiting, timeout=30)
    assert ray.get(behind, timeout=30) == 1
    with pytest.raises(ValueError, match="allow_out_of_order_execution"):
        Counter.options(max_concurrency=2, allow_out_of_order_execution=False).remote()


def test_overtaking_can_be_allowed() -> None:
    slow = Counter.remote()
    one = Counter.options(allow_out_of_order_execution=True).remote()
    waiting = one.inherited.remote(slow.sleep.remote(60))
    assert ray.get(one.add.remote(), timeout=30) == 1
    assert ray.wait([waiting], timeout=0)[0] == []
    ray.kill(slow)


@ray.remote(num_cpus=0)
class Leaving:
    def nested(self) -> None:
        def leave() -> None:
            ray.actor.exit_actor()

        leave()

    def caught(self) -> str:
        try:
            ray.actor.exit_actor()
        except Exception:
            return "caught"
        return "went on"

    def in_a_thread(self) -> str:
        thread = threading.Thread(target=ray.actor.exit_actor)
        thread.start()
        thread.join()
        return "answered"

    def generator(self) -> Any:
        yield 1
        ray.actor.exit_actor()

    def fine(self) -> str:
        return "fine"


@ray.remote(num_cpus=0)
class AsyncLeaving:
    async def leave(self) -> None:
        ray.actor.exit_actor()

    def plainly(self) -> None:
        ray.actor.exit_actor()

    async def fine(self) -> str:
        return "fine"


def gone(actor: Any) -> None:
    """Wait until the actor's calls fail."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            ray.get(actor.fine.remote(), timeout=30)
        except RayActorError:
            return
    raise AssertionError(f"{actor} lives on")


def test_exit_actor_from_everywhere() -> None:
    for call in ("nested", "caught"):
        actor = Leaving.options(max_restarts=3).remote()
        with pytest.raises(RayActorError):
            ray.get(getattr(actor, call).remote(), timeout=30)
        gone(actor)
    actor = Leaving.remote()
    assert ray.get(actor.in_a_thread.remote(), timeout=30) == "answered"
    gone(actor)
    actor = Leaving.remote()
    with pytest.raises(RayActorError):
        ray.get(actor.__ray_call__.remote(lambda self: ray.actor.exit_actor()), timeout=30)
    gone(actor)
    for call in ("leave", "plainly"):
        actor = AsyncLeaving.remote()
        with pytest.raises(RayActorError):
            ray.get(getattr(actor, call).remote(), timeout=30)
        gone(actor)


def test_exit_actor_from_threads_and_groups() -> None:
    actor = Leaving.options(max_concurrency=2).remote()
    with pytest.raises(RayActorError):
        ray.get(actor.nested.remote(), timeout=30)
    gone(actor)


def test_terminate_runs_what_was_called_before() -> None:
    actor = Counter.remote()
    first = [actor.add.remote() for _ in range(5)]
    actor.__ray_terminate__.remote()
    assert ray.get(first, timeout=30) == [1, 2, 3, 4, 5]
    with pytest.raises(RayActorError):
        ray.get(actor.add.remote(), timeout=30)


def test_classes_that_are_built_at_run_time() -> None:
    made = type("Made", (Base,), {"__init__": lambda self, start: setattr(self, "start", start)})
    actor = ray.remote(num_cpus=0)(made).remote(40)
    assert ray.get(actor.inherited.remote(2)) == 42
    assert repr(actor).startswith("Actor(Made, ")
    fused = type("Fused", (made, Counter.__ray_metadata__.modified_class), {})
    actor = ray.remote(num_cpus=0)(fused).remote(1)
    assert ray.get(actor.inherited.remote(1)) == 2


def test_static_class_and_private_methods() -> None:
    @ray.remote(num_cpus=0)
    class Kinds:
        @staticmethod
        def static(x: int) -> int:
            return x

        @classmethod
        def name(cls) -> str:
            return cls.__name__

        def _private(self) -> str:
            return "private"

        def __call__(self) -> str:
            return "called"

        @property
        def fact(self) -> int:
            return 1

    actor = Kinds.remote()
    calls = [actor.static.remote(3), actor.name.remote()]
    calls += [actor._private.remote(), actor.__call__.remote()]
    assert ray.get(calls) == [3, "Kinds", "private", "called"]
    with pytest.raises(AttributeError):
        _ = actor.fact


@ray.remote(num_cpus=0, concurrency_groups={"io": 1})
class Selfish:
    @ray.method(concurrency_group="io")
    def io(self) -> str:
        return "io"

    def myself(self) -> Any:
        return ray.get_runtime_context().current_actor

    def call_myself(self) -> str:
        return ray.get(ray.get_runtime_context().current_actor.io.remote())


def test_an_actor_has_a_handle_to_itself() -> None:
    actor = Selfish.remote()
    assert ray.get(actor.call_myself.remote(), timeout=30) == "io"
    again = ray.get(actor.myself.remote(), timeout=30)
    assert again == actor
    assert ray.get(again.io.remote(), timeout=30) == "io"


@ray.remote(num_cpus=0)
class Cleaning:
    def __init__(self, place: str, fails: bool = False) -> None:
        self.place = place
        self.fails = fails

    def __ray_shutdown__(self) -> None:
        open(self.place, "w").close()
        if self.fails:
            raise ValueError("while it cleaned up")

    def fine(self) -> str:
        return "fine"


def test_an_actor_cleans_up_at_its_end(tmp_path: Any) -> None:
    for fails in (False, True):
        dropped = Cleaning.remote(str(tmp_path / f"dropped {fails}"), fails)
        assert ray.get(dropped.fine.remote()) == "fine"
        del dropped
        ended = Cleaning.remote(str(tmp_path / f"ended {fails}"), fails)
        with pytest.raises(RayActorError):
            ray.get(ended.__ray_terminate__.remote(), timeout=60)
        with pytest.raises(RayActorError):
            ray.get(ended.fine.remote(), timeout=60)
    expected = {f"{how} {fails}" for how in ("dropped", "ended") for fails in (False, True)}
    end = time.monotonic() + 60
    while {place.name for place in tmp_path.iterdir()} != expected:
        assert time.monotonic() < end, list(tmp_path.iterdir())
        time.sleep(0.05)
