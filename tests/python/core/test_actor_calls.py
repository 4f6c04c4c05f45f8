"""Actor calls from end to end: a fake daemon, the real template, real workers."""

from __future__ import annotations

import asyncio
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time
import traceback
from typing import Any

import pytest
from ray.exceptions import (
    ActorDiedError,
    ActorUnavailableError,
    GetTimeoutError,
    RayActorError,
    RayTaskError,
    TaskCancelledError,
)

LIMIT = 20.0


class Counter:
    """An actor that counts."""

    def __init__(self, start: int = 0) -> None:
        self.n = start
        self.seen: list[Any] = []

    def add(self, by: int = 1) -> int:
        self.n += by
        return self.n

    def take(self, *args: Any, **kwargs: Any) -> Any:
        self.seen.append(args)
        return args, kwargs

    def history(self) -> list[Any]:
        return self.seen

    def boom(self) -> None:
        raise ValueError("bad thing")

    def die(self) -> None:
        print("last words", file=sys.stderr)
        os.kill(os.getpid(), signal.SIGKILL)

    def leave(self) -> None:
        sys.exit(3)

    def pid(self) -> int:
        return os.getpid()

    def sleep(self, seconds: float) -> float:
        time.sleep(seconds)
        return seconds

    def read(self, path: str) -> str:
        with open(path, encoding="ascii") as file:
            return file.read()

    def pair(self) -> tuple[int, int]:
        return 1, 2


def test_calls_run_in_order(ray: Any) -> None:
    counter = ray.remote(Counter).remote(10)
    assert ray.get(counter.add.remote(5), timeout=LIMIT) == 15
    refs = [counter.add.remote() for _ in range(3000)]
    assert ray.get(refs, timeout=LIMIT) == list(range(16, 3016))
    assert ray.get(refs[0]) == 16  # a value is there as long as its reference


def test_arguments_of_all_kinds_come_back_equal(ray: Any) -> None:
    class Own:
        def __init__(self, x: int) -> None:
            self.x = x

        def __eq__(self, other: object) -> bool:
            return type(other).__name__ == "Own" and other.x == self.x  # type: ignore[attr-defined]

        def __hash__(self) -> int:
            return self.x

    counter = ray.remote(Counter).remote()
    big = os.urandom(3_000_000)
    for value in (None, 1, 2.5, "text", b"bytes", (1, [2, {"k": (3,)}]), {1, 2}, Own(4), big):
        args, kwargs = ray.get(counter.take.remote(value, key=value), timeout=LIMIT)
        assert args == (value,)
        assert kwargs == {"key": value}
    buffer = bytearray(b"x" * 2_000_000)
    import pickle

    (got,), _ = ray.get(counter.take.remote(pickle.PickleBuffer(buffer)), timeout=LIMIT)
    assert bytes(got) == bytes(buffer)


def test_arguments_are_taken_as_they_are_at_the_call(ray: Any) -> None:
    counter = ray.remote(Counter).remote()
    slow = counter.sleep.remote(0.2)
    items = [1]
    ref = counter.take.remote(items, slow)
    items.append(2)
    assert ray.get(ref, timeout=LIMIT) == (([1], 0.2), {})


def test_a_reference_stands_for_its_value_and_holds_back_only_its_queue(
    ray: Any, tmp_path: pathlib.Path
) -> None:
    first, second, third = (ray.remote(Counter).remote() for _ in range(3))
    gate = str(tmp_path / "gate")
    os.mkfifo(gate)
    slow = first.read.remote(gate)
    held = second.take.remote("held", slow, key=slow)
    behind = second.take.remote("behind")
    assert ray.get(third.add.remote(), timeout=LIMIT) == 1
    assert ray.wait([held, behind, slow], timeout=0)[0] == []
    with open(gate, "w", encoding="ascii") as writer:
        writer.write("open")
    assert ray.get(held, timeout=LIMIT) == (("held", "open"), {"key": "open"})
    assert ray.get(second.history.remote()) == [("held", "open"), ("behind",)]
    assert ray.get(behind) == (("behind",), {})
    large = ray.put(b"y" * 2_000_000)
    (got,), _ = ray.get(second.take.remote(large), timeout=LIMIT)
    assert got == b"y" * 2_000_000


def test_a_failed_argument_fails_the_call(ray: Any) -> None:
    counter = ray.remote(Counter).remote()
    with pytest.raises(ValueError, match="bad thing"):
        ray.get(counter.take.remote(counter.boom.remote()), timeout=LIMIT)
    assert ray.get(counter.history.remote(), timeout=LIMIT) == []


def test_errors_are_instances_of_their_cause(ray: Any) -> None:
    counter = ray.remote(Counter).remote()
    with pytest.raises(ValueError, match="bad thing") as caught:
        ray.get(counter.boom.remote(), timeout=LIMIT)
    assert isinstance(caught.value, RayTaskError)
    assert "in boom" in str(caught.value)
    assert ray.get(counter.add.remote(), timeout=LIMIT) == 1


def test_several_return_values(ray: Any) -> None:
    counter = ray.remote(Counter).remote()
    a, b = counter.pair.options(num_returns=2).remote()
    assert ray.get([b, a], timeout=LIMIT) == [2, 1]
    assert a != b
    with pytest.raises(ValueError, match="Task returned 2 objects, but num_returns=3"):
        ray.get(counter.pair.options(num_returns=3).remote()[1], timeout=LIMIT)


def test_timeouts_and_wait(ray: Any) -> None:
    counter = ray.remote(Counter).remote()
    done = counter.add.remote()
    slow = counter.sleep.remote(0.5)
    ray.get(done, timeout=LIMIT)
    with pytest.raises(GetTimeoutError):
        ray.get(slow, timeout=0)
    started = time.monotonic()
    with pytest.raises(TimeoutError):
        ray.get(slow, timeout=0.1)
    assert time.monotonic() - started >= 0.1
    ready, others = ray.wait([slow, done], num_returns=2, timeout=0.05)
    assert (ready, others) == ([done], [slow])
    assert ready[0] is done
    ready, others = ray.wait([slow, done], num_returns=2, timeout=LIMIT)
    assert ready == [slow, done]
    assert others == []


def test_a_death_is_told_with_its_signal(ray: Any) -> None:
    counter = ray.remote(Counter).remote()
    with pytest.raises(ActorDiedError, match="SIGKILL") as caught:
        ray.get(counter.die.remote(), timeout=LIMIT)
    assert "last words" in str(caught.value)
    with pytest.raises(RayActorError):
        ray.get(counter.add.remote(), timeout=LIMIT)


def test_kill_fails_what_waits(ray: Any) -> None:
    counter = ray.remote(Counter).remote()
    slow = counter.sleep.remote(LIMIT)
    behind = counter.add.remote()
    ray.get(ray.remote(Counter).remote().add.remote(), timeout=LIMIT)
    ray.kill(counter)
    for ref in (slow, behind, counter.add.remote()):
        with pytest.raises(ActorDiedError, match=r"ray\.kill"):
            ray.get(ref, timeout=LIMIT)


def test_an_actor_that_ends_itself(ray: Any) -> None:
    counter = ray.remote(Counter).remote()
    before, last = counter.add.remote(), counter.leave.remote()
    assert ray.get(before, timeout=LIMIT) == 1
    with pytest.raises(ActorDiedError, match=r"sys\.exit"):
        ray.get(last, timeout=LIMIT)
    other = ray.remote(Counter).remote()
    before, last = other.add.remote(), other.__ray_terminate__.remote()
    with pytest.raises(ActorDiedError):
        ray.get(last, timeout=LIMIT)
    assert ray.get(before) == 1


def test_init_that_raises_is_told_to_every_call(ray: Any) -> None:
    class Broken:
        def __init__(self) -> None:
            time.sleep(0.1)
            raise RuntimeError("no luck")

        def f(self) -> None: ...

    broken = ray.remote(Broken).remote()
    refs = [broken.f.remote() for _ in range(3)]
    for ref in refs:
        with pytest.raises(ActorDiedError, match="no luck"):
            ray.get(ref, timeout=LIMIT)
    with pytest.raises(RayActorError, match="no luck"):
        ray.get(broken.f.remote(), timeout=LIMIT)


def test_a_creation_that_is_refused_fails_its_calls(ray: Any) -> None:
    class Refused:
        def f(self) -> None: ...

    with pytest.raises(RayActorError, match="annot place Refused"):
        ray.get(ray.remote(Refused).remote().f.remote(), timeout=LIMIT)


def test_a_creation_waits_for_its_arguments_without_blocking(ray: Any) -> None:
    first = ray.remote(Counter).remote()
    slow = first.sleep.remote(0.3)
    started = time.monotonic()
    second = ray.remote(Counter).remote(slow)
    added = second.add.remote(1)
    assert time.monotonic() - started < 0.3
    assert ray.get(added, timeout=LIMIT) == 1.3
    third = ray.remote(Counter).options(name="third").remote(ray.put(5))
    assert ray.get(third.add.remote(1), timeout=LIMIT) == 6
    failed = ray.remote(Counter).remote(first.boom.remote())
    with pytest.raises(ActorDiedError, match="bad thing"):
        ray.get(failed.add.remote(), timeout=LIMIT)


def test_a_call_without_values(ray: Any) -> None:
    counter = ray.remote(Counter).remote()
    assert counter.add.options(num_returns=0).remote() is None
    assert ray.get(counter.add.remote(), timeout=LIMIT) == 2


def test_restarts(ray: Any) -> None:
    counter = ray.remote(max_restarts=1)(Counter).remote()
    first = ray.get(counter.pid.remote(), timeout=LIMIT)
    with pytest.raises(ActorUnavailableError):
        ray.get(counter.die.remote(), timeout=LIMIT)
    assert ray.get(counter.pid.remote(), timeout=LIMIT) != first
    with pytest.raises(ActorDiedError):
        ray.get(counter.die.remote(), timeout=LIMIT)


def test_retries_are_sent_to_the_next_incarnation(ray: Any, tmp_path: Any) -> None:
    class Once:
        def fail_once(self, path: str) -> str:
            if not os.path.exists(path):
                open(path, "w").close()
                os._exit(1)
            return "done"

        def after(self) -> str:
            return "after"

    actor = ray.remote(max_restarts=2, max_task_retries=1)(Once).remote()
    refs = [actor.fail_once.remote(str(tmp_path / "once")), actor.after.remote()]
    assert ray.get(refs, timeout=LIMIT) == ["done", "after"]


def test_async_actors_run_side_by_side(ray: Any) -> None:
    class Meeting:
        def __init__(self) -> None:
            asyncio.get_running_loop()
            self.event = asyncio.Event()

        async def wait(self) -> str:
            await self.event.wait()
            return "met"

        async def come(self) -> None:
            self.event.set()

        def plain(self) -> int:
            return 5

        async def forever(self) -> None:
            await asyncio.sleep(1000)

        async def boom(self) -> None:
            raise KeyError("k")

    meeting = ray.remote(Meeting).remote()
    waiting = [meeting.wait.remote() for _ in range(20)]
    assert ray.get(meeting.plain.remote(), timeout=LIMIT) == 5
    assert ray.wait(waiting, timeout=0)[0] == []
    meeting.come.remote()
    assert ray.get(waiting, timeout=LIMIT) == ["met"] * 20
    forever = meeting.forever.remote()
    ray.get(meeting.plain.remote(), timeout=LIMIT)
    ray.cancel(forever)
    with pytest.raises(TaskCancelledError):
        ray.get(forever, timeout=LIMIT)
    with pytest.raises(KeyError):
        ray.get(meeting.boom.remote(), timeout=LIMIT)


def test_threaded_actors_run_side_by_side(ray: Any) -> None:
    class Meeting:
        def __init__(self) -> None:
            self.barrier = threading.Barrier(3)

        def meet(self) -> int:
            return self.barrier.wait(LIMIT)

    meeting = ray.remote(max_concurrency=3)(Meeting).remote()
    assert sorted(ray.get([meeting.meet.remote() for _ in range(3)], timeout=LIMIT)) == [0, 1, 2]


def test_await_and_futures(ray: Any) -> None:
    counter = ray.remote(Counter).remote()

    async def main() -> list[Any]:
        return await asyncio.gather(*[counter.add.remote() for _ in range(50)])

    assert asyncio.run(main()) == list(range(1, 51))
    future = counter.add.remote().future()
    assert future.result(LIMIT) == 51
    with pytest.raises(ValueError, match="bad thing"):
        counter.boom.remote().future().result(LIMIT)


def test_a_queued_call_can_be_cancelled(ray: Any) -> None:
    counter = ray.remote(Counter).remote()
    slow = counter.sleep.remote(0.3)
    queued, behind = counter.add.remote(), counter.add.remote()
    ray.cancel(queued)
    with pytest.raises(TaskCancelledError):
        ray.get(queued, timeout=LIMIT)
    assert ray.get([slow, behind], timeout=LIMIT) == [0.3, 1]


def test_many_threads_call_and_wait(ray: Any) -> None:
    counters = [ray.remote(Counter).remote() for _ in range(2)]
    stop = threading.Event()
    watched = counters[0].sleep.remote(0)
    errors: list[BaseException] = []

    def watch() -> None:
        # As vLLM's monitor: it waits beside the thread that calls.
        never = ray.remote(Counter).remote().sleep.remote(LIMIT * 3)
        while not stop.is_set():
            ray.wait([never], timeout=0.05)

    def work(counter: Any) -> None:
        try:
            got = [ray.get(counter.add.remote(), timeout=LIMIT) for _ in range(300)]
            assert got == sorted(got)
            assert len(set(got)) == 300
        except BaseException as error:
            errors.append(error)

    watcher = threading.Thread(target=watch)
    threads = [threading.Thread(target=work, args=(c,)) for c in counters for _ in range(3)]
    for thread in [watcher, *threads]:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
    stop.set()
    watcher.join(LIMIT)
    assert not errors
    assert ray.get(watched) == 0
    assert ray.get(counters[0].add.remote()) == 901


def test_a_waiting_thread_is_served_while_the_pumping_one_computes(ray: Any) -> None:
    counter = ray.remote(Counter).remote()
    ray.get(counter.add.remote(), timeout=LIMIT)
    got: list[float] = []

    def waits() -> None:
        started = time.monotonic()
        ray.get(counter.sleep.remote(0.2), timeout=LIMIT)
        got.append(time.monotonic() - started)

    thread = threading.Thread(target=waits)
    thread.start()
    ray.get(ray.remote(Counter).remote().add.remote(), timeout=LIMIT)
    thread.join(LIMIT)
    assert got
    assert got[0] < 5.0


def test_handles_go_to_other_actors(ray: Any) -> None:
    class Caller:
        def call(self, handle: Any, times: int) -> list[int]:
            import ray

            return [ray.get(handle.add.remote()) for _ in range(times)]

        def nested(self) -> int:
            import ray

            inner = ray.remote(Counter).remote(100)
            return ray.get(inner.add.remote())  # type: ignore[no-any-return]

    counter = ray.remote(Counter).remote()
    caller = ray.remote(Caller).remote()
    assert ray.get(caller.call.remote(counter, 3), timeout=LIMIT) == [1, 2, 3]
    assert ray.get(caller.nested.remote(), timeout=LIMIT) == 101
    assert ray.get(counter.add.remote(), timeout=LIMIT) == 4


def _gone(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def _eventually(condition: Any) -> bool:
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.01)
    return False


def test_an_actor_without_handles_ends_after_its_calls(ray: Any) -> None:
    counter = ray.remote(Counter).remote()
    pid = ray.get(counter.pid.remote(), timeout=LIMIT)
    last = counter.sleep.remote(0.2)
    del counter
    assert ray.get(last, timeout=LIMIT) == 0.2
    assert _eventually(lambda: _gone(pid))


def test_nothing_is_kept_of_actors_without_handles(ray: Any) -> None:
    from ray._core import client

    @ray.remote
    class Short:
        def hello(self) -> str:
            return "hello"

    session = client.session()
    for killed in (False, True):
        actor = Short.remote()
        assert ray.get(actor.hello.remote()) == "hello"
        if killed:
            ray.kill(actor)
            with pytest.raises(ray.exceptions.RayActorError):
                ray.get(actor.hello.remote())
        del actor
    deadline = time.monotonic() + 30
    while (session._links or session._created) and time.monotonic() < deadline:
        ray.get(ray.put(None))
        time.sleep(0.01)
    assert not session._links
    assert not session._created


def test_named_actors(ray: Any) -> None:
    counter = ray.remote(Counter).options(name="one").remote(5)
    assert ray.get(ray.get_actor("one").add.remote(), timeout=LIMIT) == 6
    with pytest.raises(ValueError, match="one"):
        ray.remote(Counter).options(name="one").remote()
    same = ray.remote(Counter).options(name="one", get_if_exists=True).remote()
    assert ray.get(same.add.remote(), timeout=LIMIT) == 7
    assert ray.get(counter.add.remote(), timeout=LIMIT) == 8


def test_environment_and_fresh_interpreters(ray: Any) -> None:
    class Env:
        def get(self, name: str) -> Any:
            return os.environ.get(name), os.getpid()

    made = ray.remote(Env).options(runtime_env={"env_vars": {"SOME": "thing"}}).remote()
    assert ray.get(made.get.remote("SOME"), timeout=LIMIT)[0] == "thing"
    fresh = ray.remote(Env).options(runtime_env={"env_vars": {"PYTHONHASHSEED": "7"}}).remote()
    assert ray.get(fresh.get.remote("PYTHONHASHSEED"), timeout=LIMIT)[0] == "7"
    assert ray.get(fresh.get.remote("BEAM_WORKER"), timeout=LIMIT)[0] is None


def test_tasks(ray: Any) -> None:
    @ray.remote  # type: ignore[untyped-decorator]
    def double(x: int) -> int:
        return 2 * x

    @ray.remote(max_calls=1)  # type: ignore[untyped-decorator]
    def once() -> int:
        return os.getpid()

    @ray.remote  # type: ignore[untyped-decorator]
    def boom() -> None:
        raise KeyError("k")

    assert ray.get([double.remote(n) for n in range(5)], timeout=LIMIT) == [0, 2, 4, 6, 8]
    assert ray.get(double.remote(double.remote(4)), timeout=LIMIT) == 16
    assert len(set(ray.get([once.remote() for _ in range(3)], timeout=LIMIT))) == 3
    with pytest.raises(KeyError):
        ray.get(boom.remote(), timeout=LIMIT)


def test_a_task_is_tried_again_when_its_worker_dies(ray: Any, tmp_path: Any) -> None:
    @ray.remote  # type: ignore[untyped-decorator]
    def once(path: str) -> str:
        if not os.path.exists(path):
            open(path, "w").close()
            os.kill(os.getpid(), signal.SIGKILL)
        return "done"

    assert ray.get(once.remote(str(tmp_path / "x")), timeout=LIMIT) == "done"


def test_everything_fails_when_the_daemon_dies(ray: Any, daemon: dict[str, Any]) -> None:
    counter = ray.remote(Counter).remote()
    pid = ray.get(counter.pid.remote(), timeout=LIMIT)
    slow = counter.sleep.remote(LIMIT)
    daemon["process"].kill()
    with pytest.raises(ray.exceptions.RaySystemError, match="node daemon"):
        ray.get(slow, timeout=LIMIT)
    assert _eventually(lambda: _gone(pid))


def test_grandchildren_end_with_their_worker(ray: Any) -> None:
    class Parent:
        def spawn(self) -> list[int]:
            ordinary = subprocess.Popen(["sleep", "600"])
            script = (
                "import os, subprocess as s; os.setsid(); "
                "print(s.Popen(['sleep', '600'], stdout=s.DEVNULL).pid)"
            )
            told = subprocess.run(
                [sys.executable, "-c", script], stdout=subprocess.PIPE, check=True
            ).stdout
            return [ordinary.pid, int(told)]

    parent = ray.remote(Parent).remote()
    pids = ray.get(parent.spawn.remote(), timeout=LIMIT)
    assert not any(map(_gone, pids))
    ray.kill(parent)
    assert _eventually(lambda: all(map(_gone, pids)))


def test_a_class_that_cannot_be_pickled_names_the_member(ray: Any) -> None:
    lock = threading.Lock()

    class Holder:
        def f(self) -> Any:
            return lock

    with pytest.raises(TypeError, match=r"Holder.*'lock'"):
        ray.remote(Holder).remote()


def test_a_method_that_raises_stop_iteration_is_no_value_to_await(ray: Any) -> None:
    class Empty:
        def take(self) -> Any:
            return next(iter(()))

    empty = ray.remote(Empty).remote()
    with pytest.raises(StopIteration):
        ray.get(empty.take.remote(), timeout=LIMIT)

    async def main() -> Any:
        return await empty.take.remote()

    with pytest.raises(RayTaskError, match="StopIteration"):
        asyncio.run(main())


def test_an_error_that_many_calls_share_does_not_grow(ray: Any) -> None:
    counter = ray.remote(Counter).remote()

    def lines() -> int:
        try:
            ray.get(counter.leave.remote(), timeout=LIMIT)
        except ActorDiedError:
            return len(traceback.format_exc().splitlines())
        raise AssertionError

    assert [lines() for _ in range(5)][1:] == [lines()] * 4


def test_many_references_are_waited_for_at_once(ray: Any) -> None:
    counter = ray.remote(Counter).remote()
    ray.get(counter.add.remote(), timeout=LIMIT)
    slow = counter.sleep.remote(LIMIT)
    refs = [counter.add.remote() for _ in range(20_000)]
    began = time.process_time()
    assert ray.wait(refs, timeout=0.01) == ([], refs)
    # To look for each among all took seconds.
    assert time.process_time() - began < 2
    ray.kill(counter)
    with pytest.raises(RayActorError):
        ray.get(slow, timeout=LIMIT)
