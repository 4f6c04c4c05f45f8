"""Signals, forks, garbage collection and cut connections while calls are under way."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import multiprocessing
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from typing import Any

import pytest

LIMIT = 20.0


class Echo:
    """An actor that gives back what it gets, and counts."""

    def __init__(self) -> None:
        self.calls = 0

    def echo(self, value: Any) -> Any:
        self.calls += 1
        return value

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def count(self) -> int:
        return self.calls

    def cut(self) -> int:
        """Shuts every call channel of this worker down under its feet."""
        from ray._core import client

        pump = client.session().pump
        control = client.session().control._channel._fd
        cut = 0
        for fd in list(pump._pollables):
            sock = socket.socket(fileno=os.dup(fd))
            listening = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
            if fd != control and not listening:
                sock.shutdown(socket.SHUT_RDWR)
                cut += 1
            sock.close()
        self.calls += 1
        return cut


@pytest.mark.parametrize("seed", range(3))
def test_calls_go_on_after_interrupts_at_any_time(ray: Any, seed: int) -> None:
    random_ = random.Random(seed)
    echo = ray.remote(Echo).remote()
    ray.get(echo.echo.remote(0), timeout=LIMIT)
    interrupts = 0
    inside = False

    def interrupt(*_: object) -> None:
        signal.setitimer(signal.ITIMER_REAL, random_.random() * 0.002 + 0.0001)
        if inside:
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    submitted = 0
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.001)
        number = 0
        while number < 400:
            body = (number, b"x" * random_.choice([1, 100, 100_000]))
            try:
                inside = True
                submitted += 1
                got = ray.get(echo.echo.remote(body), timeout=LIMIT)
                inside = False
            except KeyboardInterrupt:
                inside = False
                interrupts += 1
                continue
            assert got == body
            number += 1
    finally:
        signal.signal(signal.SIGALRM, signal.SIG_IGN)
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert interrupts > 0
    # Nothing ran twice; what was interrupted ran once or, before it was submitted, not at all.
    assert 400 <= ray.get(echo.count.remote(), timeout=LIMIT) - 1 <= submitted


def test_keyboard_interrupt_ends_a_get_and_nothing_else(ray: Any) -> None:
    echo = ray.remote(Echo).remote()
    ray.get(echo.echo.remote(1), timeout=LIMIT)
    slow = echo.sleep.remote(0.5)
    threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        ray.get(slow, timeout=LIMIT)
    assert ray.get(slow, timeout=LIMIT) is None
    assert ray.get(echo.echo.remote(2), timeout=LIMIT) == 2


def test_a_signal_handler_may_use_the_package(ray: Any) -> None:
    echo = ray.remote(Echo).remote()
    got: list[Any] = []
    before = signal.signal(
        signal.SIGUSR1, lambda *_: got.append(ray.get(echo.echo.remote("inside"), timeout=LIMIT))
    )
    try:
        slow = echo.sleep.remote(0.3)
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGUSR1)).start()
        # The handler takes in both results; this must not wait for more.
        assert ray.get(slow) is None
        assert got == ["inside"]
    finally:
        signal.signal(signal.SIGUSR1, before)


@pytest.mark.parametrize("seed", range(3))
def test_calls_with_arguments_to_come_go_on_after_interrupts(ray: Any, seed: int) -> None:
    random_ = random.Random(seed)
    one, other = ray.remote(Echo).remote(), ray.remote(Echo).remote()
    ray.get([one.count.remote(), other.count.remote()], timeout=LIMIT)
    inside = False

    def interrupt(*_: object) -> None:
        nonlocal inside
        if inside:
            inside = False
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        for _ in range(300):
            refs = []
            for _ in range(3):
                slow = one.sleep.remote(random_.random() * 0.002)
                refs.append(other.echo.remote(slow))
            with contextlib.suppress(KeyboardInterrupt):
                inside = True
                signal.setitimer(signal.ITIMER_REAL, random_.random() * 0.002 + 0.0001)
                ray.get(refs)
                inside = False
            assert ray.get(refs, timeout=LIMIT) == [None] * 3
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_another_thread_cancels_what_this_one_waits_for(ray: Any) -> None:
    one, other = ray.remote(Echo).remote(), ray.remote(Echo).remote()
    ray.get([one.count.remote(), other.count.remote()], timeout=LIMIT)
    ref = other.echo.remote(one.sleep.remote(LIMIT))
    threading.Timer(0.1, lambda: ray.cancel(ref)).start()
    begun = time.monotonic()
    with pytest.raises(ray.exceptions.TaskCancelledError):
        ray.get(ref, timeout=LIMIT)
    assert time.monotonic() - begun < LIMIT / 2


@pytest.mark.parametrize("what", ["call", "group"])
def test_shutdown_ends_the_waits_of_other_threads(ray: Any, what: str) -> None:
    if what == "call":
        ref = ray.remote(Echo).remote().sleep.remote(LIMIT)
    else:
        group = ray._core.ids.PlacementGroupID(bytes(ray._core.ids.PlacementGroupID.SIZE))
        ref = ray._core.client.session().group_ready_ref(group)
    errors: list[BaseException] = []

    def wait() -> None:
        try:
            ray.get(ref)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=wait, daemon=True) for _ in range(2)]
    for thread in threads:
        thread.start()
    pump = ray._core.client.session().pump
    while not (pump._pumper and pump._sleeping):
        time.sleep(0.001)
    ray.shutdown()
    for thread in threads:
        thread.join(LIMIT)
    assert [type(error) for error in errors] == [ray.exceptions.RaySystemError] * 2


def test_an_interrupted_shutdown_ends_the_job_all_the_same(
    ray: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = ray._core.client.session()

    def interrupt(*_: Any, **__: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(session.control, "request", interrupt)
    with pytest.raises(KeyboardInterrupt):
        ray.shutdown()
    assert session.control._channel.closed
    assert session.pump.closed


def test_a_cut_channel_loses_and_repeats_nothing(ray: Any) -> None:
    echo = ray.remote(Echo).remote()
    assert ray.get(echo.echo.remote(0), timeout=LIMIT) == 0
    for _ in range(5):
        before = [echo.echo.remote(n) for n in range(50)]
        cut = echo.cut.remote()
        after = [echo.echo.remote((n, b"y" * 100_000)) for n in range(20)]
        assert ray.get(cut, timeout=LIMIT) == 1
        assert ray.get(before, timeout=LIMIT) == list(range(50))
        assert [n for n, _ in ray.get(after, timeout=LIMIT)] == list(range(20))
    assert ray.get(echo.count.remote(), timeout=LIMIT) == 1 + 5 * 71


def test_finalizers_may_use_the_package_at_any_allocation(ray: Any) -> None:
    echo = ray.remote(Echo).remote()
    refs: list[Any] = []

    class Calls:
        def __init__(self) -> None:
            self.cycle = self

        def __del__(self) -> None:
            refs.append(echo.echo.remote("late"))

    threshold = gc.get_threshold()
    gc.set_threshold(3)
    try:
        for n in range(500):
            Calls()
            assert ray.get(echo.echo.remote(n), timeout=LIMIT) == n
    finally:
        gc.set_threshold(*threshold)
    gc.collect()
    assert len(refs) == 500
    assert ray.get(refs, timeout=LIMIT) == ["late"] * 500
    assert ray.get(echo.count.remote(), timeout=LIMIT) == 1000


def test_a_forked_child_has_no_cluster_and_harms_nothing(ray: Any) -> None:
    echo = ray.remote(Echo).remote()
    ray.get(echo.echo.remote(1), timeout=LIMIT)
    stop = threading.Event()

    def busy() -> None:
        while not stop.is_set():
            ray.get(echo.echo.remote(b"z" * 1000), timeout=LIMIT)

    threads = [threading.Thread(target=busy) for _ in range(3)]
    for thread in threads:
        thread.start()
    pending = ray.remote(Echo).remote().sleep.remote(600)
    try:
        for _ in range(30):
            pid = os.fork()
            if pid == 0:
                code = 1
                try:
                    signal.alarm(10)
                    assert not ray.is_initialized()
                    try:
                        pending._entry.value()
                    except ray.exceptions.RaySystemError:
                        code = 0
                    gc.collect()
                except BaseException:
                    traceback.print_exc()
                finally:
                    os._exit(code)
            assert os.waitpid(pid, 0)[1] == 0
    finally:
        stop.set()
        for thread in threads:
            thread.join(LIMIT)
    assert ray.wait([pending], timeout=0)[0] == []
    assert ray.get(echo.echo.remote(2), timeout=LIMIT) == 2


def _in_child(queue: Any) -> None:
    import ray

    try:
        assert not ray.is_initialized()
        ray.init()
        queue.put(ray.get(ray.remote(Echo).remote().echo.remote("child"), timeout=LIMIT))
    except BaseException as error:
        queue.put(repr(error))
        raise


def test_a_forked_child_is_a_driver_of_its_own(ray: Any) -> None:
    echo = ray.remote(Echo).remote()
    ray.get(echo.echo.remote(1), timeout=LIMIT)
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=_in_child, args=(queue,))
    child.start()
    assert queue.get(timeout=LIMIT) == "child"
    child.join(LIMIT)
    assert ray.get(echo.echo.remote(2), timeout=LIMIT) == 2


SPAWNS = """
import multiprocessing, os, sys

def child(queue):
    import ray
    assert not ray.is_initialized()
    ray.init()
    actor = ray.remote(Echo).remote()
    queue.put(ray.get(actor.echo.remote("child"), timeout=20))

class Echo:
    def echo(self, value):
        return value

    def spawn(self):
        return spawn()

def spawn():
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    process = context.Process(target=child, args=(queue,))
    process.start()
    got = queue.get(timeout=20)
    process.join()
    return got

if __name__ == "__main__":
    import ray
    ray.init()
    print(spawn())
    sys.path.insert(0, os.path.dirname(__file__))
    import spawns
    print(ray.get(ray.remote(spawns.Echo).remote().spawn.remote(), timeout=20))
"""


def test_spawned_children_are_drivers_of_their_own_also_in_actors(
    daemon: Any, tmp_path: Any
) -> None:
    script = tmp_path / "spawns.py"
    script.write_text(SPAWNS)
    assert _run(str(script)) == ("child\nchild\n", "", 0)


def test_an_exception_set_from_another_thread(ray: Any) -> None:
    """As some test runners and servers stop a thread."""
    echo = ray.remote(Echo).remote()
    ray.get(echo.echo.remote(1), timeout=LIMIT)
    raised = threading.Event()

    def work() -> None:
        try:
            while True:
                ray.get(echo.echo.remote(b"x" * 100), timeout=LIMIT)
        except SystemError:
            raised.set()

    thread = threading.Thread(target=work)
    thread.start()
    time.sleep(0.05)
    assert thread.ident is not None
    ctypes.pythonapi.PyThreadState_SetAsyncExc(
        ctypes.c_ulong(thread.ident), ctypes.py_object(SystemError)
    )
    thread.join(LIMIT)
    assert raised.is_set()
    assert ray.get(echo.echo.remote(3), timeout=LIMIT) == 3


def test_the_program_ends_without_shutdown(daemon: Any) -> None:
    script = (
        "import ray\n"
        "ray.init()\n"
        "@ray.remote\n"
        "class A:\n"
        "    def f(self): return 'fine'\n"
        "a = A.remote()\n"
        "print(ray.get(a.f.remote(), timeout=20))\n"
        "r = a.f.remote()\n"
    )
    assert _run("-c", script) == ("fine\n", "", 0)


def _run(*arguments: str) -> tuple[str, str, int]:
    """A program of its own: its output and exit code."""
    import ray

    shim = os.path.dirname(os.path.dirname(ray.__file__))
    done = subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([shim, *sys.path])},
        capture_output=True,
        text=True,
        timeout=2 * LIMIT,
        check=False,
    )
    return done.stdout, done.stderr, done.returncode


@pytest.mark.parametrize("others", [0, 1])
def test_a_finalizer_may_wait_where_the_lock_is_held(ray: Any, others: int) -> None:
    """As one does that the collector runs in the middle of `.remote()`."""
    echo = ray.remote(Echo).remote()
    ray.get(echo.echo.remote(0), timeout=LIMIT)
    pump = ray._core.client.session().pump
    slow = ray.remote(Echo).remote().sleep.remote(600)

    def wait() -> None:
        with contextlib.suppress(ray.exceptions.RaySystemError):
            ray.wait([slow])

    threads = [threading.Thread(target=wait, daemon=True) for _ in range(others)]
    for thread in threads:
        thread.start()
    while others and not pump._pumper:
        time.sleep(0.001)
    with pump.lock:
        assert ray.get(echo.echo.remote(1), timeout=LIMIT) == 1
        # What is rare is left to the I/O thread.
        other = ray.remote(Echo).remote()
        assert ray.get(other.echo.remote(2), timeout=LIMIT) == 2
        ray.kill(other)
    ray.shutdown()
    for thread in threads:
        thread.join(LIMIT)
