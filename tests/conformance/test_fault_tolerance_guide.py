"""The chapter on fault tolerance of Ray's user guide: one test for each shape of its examples."""

from __future__ import annotations

import os
import pathlib
import signal
import time
from typing import Any

import pytest
import ray
from ray.exceptions import (
    ActorDiedError,
    ActorUnavailableError,
    RayActorError,
    RayError,
    RayTaskError,
    WorkerCrashedError,
)


def test_an_error_of_the_users_own() -> None:
    class Mine(Exception):
        def __init__(self, code: int) -> None:
            super().__init__(code)
            self.code = code

    @ray.remote
    def fail() -> None:
        raise Mine(7)

    @ray.remote
    def after(_value: Any) -> None:
        pass

    for ref in (fail.remote(), after.remote(fail.remote())):
        with pytest.raises(Mine) as caught:
            ray.get(ref)
        assert isinstance(caught.value, RayTaskError)
        assert caught.value.cause.code == 7
        assert "fail" in str(caught.value)


def test_an_error_that_cannot_be_a_base_class() -> None:
    class Final(Exception):
        def __init_subclass__(cls, /, *args: Any, **kwargs: Any) -> None:
            raise TypeError("may not be subclassed")

    @ray.remote
    def fail() -> None:
        raise Final("final")

    with pytest.raises(RayTaskError) as caught:
        ray.get(fail.remote())
    assert type(caught.value.cause).__name__ == "Final"


def test_an_error_that_cannot_be_pickled() -> None:
    @ray.remote
    def fail() -> None:
        import threading

        class Locked(Exception):
            def __init__(self) -> None:
                self.lock = threading.Lock()

        raise Locked

    with pytest.raises(RayError, match="Locked"):
        ray.get(fail.remote())


def test_a_chain_of_errors() -> None:
    @ray.remote
    def fail() -> None:
        try:
            raise KeyError("first")
        except KeyError as error:
            raise ValueError("second") from error

    with pytest.raises(ValueError, match="second") as caught:
        ray.get(fail.remote())
    assert "first" in str(caught.value)


def test_a_crash_is_tried_again(tmp_path: pathlib.Path) -> None:
    @ray.remote(max_retries=2)
    def crash(folder: str, last: int) -> int:
        number = len(os.listdir(folder))
        pathlib.Path(folder, str(number)).touch()
        if number < last:
            os._exit(1)
        return number

    folders = [tmp_path / name for name in "ab"]
    for folder in folders:
        folder.mkdir()
    assert ray.get(crash.remote(str(folders[0]), 2), timeout=80) == 2
    with pytest.raises(WorkerCrashedError):
        ray.get(crash.options(max_retries=0).remote(str(folders[1]), 1), timeout=80)


def test_errors_are_tried_again_where_that_is_asked_for(tmp_path: pathlib.Path) -> None:
    @ray.remote(max_retries=3)
    def flaky(folder: str) -> int:
        number = len(os.listdir(folder))
        pathlib.Path(folder, str(number)).touch()
        if number < 2:
            raise ConnectionError("for now")
        return number

    folders = [str(tmp_path / str(number)) for number in range(4)]
    for folder in folders:
        os.mkdir(folder)
    assert ray.get(flaky.options(retry_exceptions=True).remote(folders[0]), timeout=80) == 2
    listed = flaky.options(retry_exceptions=[ConnectionError])
    assert ray.get(listed.remote(folders[1]), timeout=80) == 2
    with pytest.raises(ConnectionError):
        ray.get(flaky.options(retry_exceptions=[KeyError]).remote(folders[2]))
    with pytest.raises(ConnectionError):
        ray.get(flaky.remote(folders[3]))


def test_an_actor_that_begins_again() -> None:
    @ray.remote(num_cpus=0, max_restarts=1, max_task_retries=-1)
    class Counter:
        def __init__(self) -> None:
            self.count = 0
            self.again = ray.get_runtime_context().was_current_actor_reconstructed

        def add(self) -> tuple[int, bool]:
            self.count += 1
            return self.count, self.again

        def pid(self) -> int:
            return os.getpid()

    counter = Counter.remote()
    assert ray.get([counter.add.remote() for _ in range(3)])[-1] == (3, False)
    os.kill(ray.get(counter.pid.remote()), signal.SIGKILL)
    assert ray.get(counter.add.remote(), timeout=80) == (1, True)
    os.kill(ray.get(counter.pid.remote()), signal.SIGKILL)
    with pytest.raises(RayActorError):
        ray.get(counter.add.remote(), timeout=80)


def test_a_call_under_way_when_its_actor_dies() -> None:
    @ray.remote(num_cpus=0, max_restarts=1)
    class Dies:
        def die(self) -> None:
            os._exit(3)

        def ping(self) -> str:
            return "here"

    dies = Dies.remote()
    with pytest.raises((ActorDiedError, ActorUnavailableError)):
        ray.get(dies.die.remote(), timeout=80)
    end = time.monotonic() + 60
    while True:
        try:
            assert ray.get(dies.ping.remote(), timeout=60) == "here"
            break
        except ActorUnavailableError:
            assert time.monotonic() < end


def test_killing_with_and_without_a_restart() -> None:
    @ray.remote(num_cpus=0, max_restarts=-1, max_task_retries=-1)
    class Lives:
        def pid(self) -> int:
            return os.getpid()

    lives = Lives.remote()
    before = ray.get(lives.pid.remote())
    ray.kill(lives, no_restart=False)
    end = time.monotonic() + 60
    while ray.get(lives.pid.remote(), timeout=60) == before:
        assert time.monotonic() < end
    ray.kill(lives)
    with pytest.raises(ActorDiedError):
        ray.get(lives.pid.remote(), timeout=60)


def test_methods_of_an_actor_that_are_tried_again() -> None:
    @ray.remote(num_cpus=0)
    class Flaky:
        def __init__(self) -> None:
            self.tries = 0

        @ray.method(max_task_retries=3, retry_exceptions=[ConnectionError])
        def work(self) -> int:
            self.tries += 1
            if self.tries < 3:
                raise ConnectionError("for now")
            return self.tries

        @ray.method(max_task_retries=0, retry_exceptions=True)
        def once(self) -> None:
            raise ConnectionError("once")

    flaky = Flaky.remote()
    assert ray.get(flaky.work.remote(), timeout=80) == 3
    with pytest.raises(ConnectionError):
        ray.get(flaky.once.remote(), timeout=80)


def test_what_an_actor_kept_survives_through_a_file(tmp_path: pathlib.Path) -> None:
    @ray.remote(num_cpus=0, max_restarts=-1, max_task_retries=-1)
    class Saved:
        def __init__(self, file: str) -> None:
            self.file = pathlib.Path(file)
            self.state = int(self.file.read_text()) if self.file.exists() else 0

        def add(self) -> int:
            self.state += 1
            self.file.write_text(str(self.state))
            return self.state

        def pid(self) -> int:
            return os.getpid()

    saved = Saved.remote(str(tmp_path / "state"))
    assert ray.get([saved.add.remote() for _ in range(3)]) == [1, 2, 3]
    os.kill(ray.get(saved.pid.remote()), signal.SIGKILL)
    assert ray.get(saved.add.remote(), timeout=80) == 4


def test_an_object_of_a_dead_owner() -> None:
    @ray.remote(num_cpus=0)
    class Owner:
        def own(self) -> list[Any]:
            return [ray.put(b"x" * (3 << 20))]

    owner = Owner.remote()
    (ref,) = ray.get(owner.own.remote())
    ray.kill(owner)
    end = time.monotonic() + 60
    with pytest.raises((ray.exceptions.OwnerDiedError, ray.exceptions.ObjectLostError)):  # noqa: PT012
        while time.monotonic() < end:
            ray.get(ref, timeout=60)
            time.sleep(0.1)


def test_a_value_of_an_actor_outlives_it() -> None:
    @ray.remote(num_cpus=0)
    class Maker:
        def make(self, size: int) -> bytes:
            return b"x" * size

    maker = Maker.remote()
    small, large = maker.make.remote(10), maker.make.remote(3 << 20)
    ray.wait([small, large], num_returns=2)
    ray.kill(maker)
    assert [len(value) for value in ray.get([small, large], timeout=60)] == [10, 3 << 20]


def test_system_exit_and_interrupts() -> None:
    @ray.remote(max_retries=0)
    def leave() -> None:
        raise SystemExit(2)

    with pytest.raises(WorkerCrashedError):
        ray.get(leave.remote(), timeout=80)


def test_get_of_a_list_raises_as_soon_as_one_has_failed() -> None:
    @ray.remote(num_cpus=0)
    class Worker:
        def stuck(self) -> None:
            time.sleep(600)

        def pid(self) -> int:
            return os.getpid()

        def fail(self) -> None:
            raise ValueError("now")

    first, second = Worker.remote(), Worker.remote()
    pid = ray.get([first.pid.remote(), second.pid.remote()])[1]
    stuck = first.stuck.remote()
    # Whoever waits for a list must not wait for its first before it hears of its second.
    with pytest.raises(ValueError, match="now"):
        ray.get([stuck, second.fail.remote()], timeout=80)
    waiting = [stuck, second.stuck.remote()]
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(ActorDiedError):
        ray.get(waiting, timeout=80)
    ray.kill(first)
