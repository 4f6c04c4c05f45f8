"""Fault tolerance of actors: restarts, calls that are made again, exceptions that are retried."""

from __future__ import annotations

import os
import pathlib
import time
from collections.abc import Iterator

import pytest
import ray
from ray.exceptions import ActorUnavailableError, RayActorError


@ray.remote(num_cpus=0)
class Fragile:
    def __init__(self, folder: str = "") -> None:
        self.folder = folder
        self.calls = 0

    def pid(self) -> int:
        return os.getpid()

    def restarted(self) -> bool:
        return ray.get_runtime_context().was_current_actor_reconstructed

    def count(self) -> int:
        self.calls += 1
        return self.calls

    def fail(self, times: int, what: type = ValueError) -> int:
        self.calls += 1
        if self.calls <= times:
            raise what(f"attempt {self.calls}")
        return self.calls

    @ray.method(max_task_retries=2, retry_exceptions=True)
    def marked(self, times: int) -> int:
        return self.fail(times)

    @ray.method(max_task_retries=3, retry_exceptions=[ValueError])
    def stream(self, times: int) -> Iterator[int]:
        self.calls += 1
        yield 1
        if self.calls <= times:
            raise ValueError(f"attempt {self.calls}")
        yield 2

    def die(self, times: int) -> int:
        """Ends the process as often, however many processes there are."""
        made = len(os.listdir(self.folder))
        if made < times:
            with open(os.path.join(self.folder, str(made)), "w"):
                os._exit(1)
        return made

    def die_between(self) -> Iterator[int]:
        for index in range(5):
            if index == 2 and not os.listdir(self.folder):
                with open(os.path.join(self.folder, "died"), "w"):
                    os._exit(1)
            yield index

    def leave(self) -> None:
        ray.actor.exit_actor()


def test_an_actor_is_not_restarted_by_default() -> None:
    actor = Fragile.remote()
    os.kill(ray.get(actor.pid.remote()), 9)
    with pytest.raises(RayActorError):
        ray.get(actor.pid.remote(), timeout=30)


def test_it_is_restarted_as_often_as_max_restarts_says() -> None:
    actor = Fragile.options(max_restarts=2, max_task_retries=-1).remote()
    pids = {ray.get(actor.pid.remote(), timeout=30)}
    assert ray.get(actor.count.remote()) == 1
    for _ in range(2):
        os.kill(ray.get(actor.pid.remote(), timeout=30), 9)
        pids.add(ray.get(actor.pid.remote(), timeout=30))
        assert ray.get(actor.count.remote()) == 1
        assert ray.get(actor.restarted.remote())
    assert len(pids) == 3
    os.kill(ray.get(actor.pid.remote()), 9)
    with pytest.raises(RayActorError):
        ray.get(actor.pid.remote(), timeout=30)


def test_a_call_that_runs_when_it_dies_is_made_again(tmp_path: object) -> None:
    actor = Fragile.options(max_restarts=-1, max_task_retries=3).remote(str(tmp_path))
    assert ray.get(actor.die.remote(3), timeout=60) == 3


def test_a_call_without_retries_fails_and_the_next_one_runs(tmp_path: object) -> None:
    actor = Fragile.options(max_restarts=1).remote(str(tmp_path))
    with pytest.raises(RayActorError):
        ray.get(actor.die.remote(1), timeout=30)
    deadline = time.monotonic() + 30
    while True:
        try:
            assert ray.get(actor.count.remote(), timeout=30) == 1
            break
        except ActorUnavailableError:
            assert time.monotonic() < deadline


def test_retries_of_one_call(tmp_path: object) -> None:
    actor = Fragile.options(max_restarts=-1).remote(str(tmp_path))
    assert ray.get(actor.die.options(max_task_retries=20).remote(2), timeout=60) == 2


def test_a_generator_goes_on_after_a_restart(tmp_path: object) -> None:
    actor = Fragile.options(max_restarts=1, max_task_retries=1).remote(str(tmp_path))
    values = [ray.get(each, timeout=30) for each in actor.die_between.remote()]
    assert values == [0, 1, 2, 3, 4]


def test_kill_with_a_restart() -> None:
    actor = Fragile.options(max_restarts=1, max_task_retries=-1).remote()
    before = ray.get(actor.pid.remote())
    ray.kill(actor, no_restart=False)
    deadline = time.monotonic() + 30
    # Genuine Ray does not wait until the process is dead.
    while ray.get(actor.pid.remote(), timeout=30) == before:
        assert time.monotonic() < deadline
    ray.kill(actor)
    with pytest.raises(RayActorError):
        ray.get(actor.pid.remote(), timeout=30)


def test_an_actor_that_leaves_is_not_restarted() -> None:
    actor = Fragile.options(max_restarts=-1, max_task_retries=-1).remote()
    with pytest.raises(RayActorError):
        ray.get(actor.leave.remote(), timeout=30)
    with pytest.raises(RayActorError):
        ray.get(actor.pid.remote(), timeout=30)


def test_exceptions_are_retried_where_it_is_asked_for() -> None:
    actor = Fragile.remote()
    again = actor.fail.options(max_task_retries=3, retry_exceptions=True)
    assert ray.get(again.remote(2), timeout=30) == 3
    with pytest.raises(ValueError, match="attempt 1"):
        ray.get(Fragile.remote().fail.options(retry_exceptions=True).remote(1), timeout=30)
    with pytest.raises(ValueError, match="attempt 1"):
        ray.get(Fragile.remote().fail.options(max_task_retries=3).remote(1), timeout=30)


def test_as_often_as_it_is_allowed() -> None:
    actor = Fragile.options(max_task_retries=2).remote()
    again = actor.fail.options(retry_exceptions=True)
    with pytest.raises(ValueError, match="attempt 3"):
        ray.get(again.remote(5), timeout=30)
    assert ray.get(actor.count.remote()) == 4
    for ever in (Fragile.options(max_task_retries=-1).remote(),):
        again = ever.fail.options(retry_exceptions=True)
        assert ray.get(again.remote(7), timeout=30) == 8


def test_only_those_of_the_list() -> None:
    again = {"max_task_retries": 3, "retry_exceptions": [ValueError, KeyError]}
    actor = Fragile.remote()
    assert ray.get(actor.fail.options(**again).remote(1, KeyError), timeout=30) == 2
    actor = Fragile.remote()
    with pytest.raises(TypeError, match="attempt 1"):
        ray.get(actor.fail.options(**again).remote(1, TypeError), timeout=30)


def test_what_the_decorator_says() -> None:
    actor = Fragile.remote()
    assert ray.get(actor.marked.remote(2), timeout=30) == 3
    actor = Fragile.remote()
    with pytest.raises(ValueError, match="attempt 3"):
        ray.get(actor.marked.remote(5), timeout=30)
    # The last handle may be gone before the call is made again.
    assert ray.get(Fragile.remote().marked.remote(2), timeout=30) == 3


def test_generators_are_retried_too() -> None:
    actor = Fragile.remote()
    assert [ray.get(each) for each in actor.stream.remote(2)] == [1, 2]
    assert ray.get(actor.count.remote()) == 4


@ray.remote(max_restarts=2)
class Stumbler:
    """Ends its process in `__init__` as often as it is told to."""

    def __init__(self, lives: pathlib.Path, ends: int) -> None:
        (lives / f"{os.getpid()}").touch()
        if len(list(lives.iterdir())) <= ends:
            time.sleep(0.2)  # calls have been sent meanwhile
            os._exit(1)

    def echo(self, value: int) -> int:
        return value


def test_calls_wait_for_a_constructor_that_is_tried_again(tmp_path: pathlib.Path) -> None:
    actor = Stumbler.remote(tmp_path, 2)
    assert ray.get([actor.echo.remote(value) for value in range(3)], timeout=60) == [0, 1, 2]


def test_calls_fail_with_a_constructor_that_is_tried_no_more(tmp_path: pathlib.Path) -> None:
    actor = Stumbler.remote(tmp_path, 3)
    with pytest.raises(RayActorError):
        ray.get(actor.echo.remote(1), timeout=60)
