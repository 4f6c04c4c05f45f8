"""What callers get when something goes wrong in a worker."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest
import ray
from ray.exceptions import (
    ActorDiedError,
    GetTimeoutError,
    RayActorError,
    RayError,
    RayTaskError,
    TaskCancelledError,
)


class Odd(Exception):
    def __init__(self, code: int) -> None:
        super().__init__(f"odd {code}")
        self.code = code

    def __reduce__(self) -> Any:
        return (Odd, (self.code,))


@ray.remote(num_cpus=0)
class Faulty:
    def __init__(self, fail: bool = False) -> None:
        if fail:
            raise RuntimeError("no model")

    def boom(self) -> None:
        raise ValueError("bad thing")

    def odd(self) -> None:
        raise Odd(7)

    def unpicklable(self) -> None:
        error = ValueError("bad thing")
        error.file = open(os.devnull)  # type: ignore[attr-defined] # noqa: SIM115
        raise error

    def die(self, number: int) -> None:
        os.kill(os.getpid(), number)

    def quit(self) -> None:
        os._exit(3)

    def lock(self) -> Any:
        return __import__("threading").Lock()

    def fine(self) -> str:
        return "fine"


def test_an_error_is_also_of_its_own_class() -> None:
    actor = Faulty.remote()
    with pytest.raises(ValueError, match="bad thing") as caught:
        ray.get(actor.boom.remote())
    error = caught.value
    assert isinstance(error, RayTaskError)
    assert [cls.__name__ for cls in type(error).__mro__[:4]] == [
        "RayTaskError(ValueError)",
        "RayTaskError",
        "RayError",
        "ValueError",
    ]
    assert type(error.cause) is ValueError
    assert isinstance(error.as_instanceof_cause(), ValueError)
    assert "ray::Faulty.boom()" in str(error)
    assert "pid=" in str(error)
    assert 'raise ValueError("bad thing")' in str(error)
    assert ray.get(actor.fine.remote()) == "fine"


def test_attributes_of_an_error_of_ones_own() -> None:
    with pytest.raises(Odd) as caught:
        ray.get(Faulty.remote().odd.remote())
    assert caught.value.code == 7


def test_an_error_that_cannot_be_pickled() -> None:
    with pytest.raises(RayTaskError, match="bad thing"):
        ray.get(Faulty.remote().unpicklable.remote())


def test_a_value_that_cannot_be_pickled() -> None:
    with pytest.raises(TypeError):
        ray.get(Faulty.remote().lock.remote())


def test_an_argument_that_cannot_be_pickled() -> None:
    actor = Faulty.remote()
    with pytest.raises(TypeError):
        actor.__ray_call__.remote(lambda self, x: x, __import__("threading").Lock())


def test_init_that_raises() -> None:
    actor = Faulty.remote(fail=True)
    with pytest.raises(RayActorError, match="no model") as caught:
        ray.get(actor.fine.remote(), timeout=60)
    assert isinstance(caught.value, ActorDiedError)
    assert "creation task" in str(caught.value)
    assert caught.value.actor_init_failed


def test_death_by_a_signal() -> None:
    actor = Faulty.remote()
    with pytest.raises(ActorDiedError) as caught:
        ray.get(actor.die.remote(signal.SIGKILL), timeout=60)
    text = str(caught.value)
    assert text.startswith("The actor died unexpectedly before finishing this task.")
    assert "class_name: Faulty" in text
    assert f"actor_id: {actor._actor_id.hex()}" in text
    assert caught.value.actor_id == actor._actor_id.hex()
    assert not caught.value.actor_init_failed


def test_death_by_an_exit() -> None:
    with pytest.raises(RayActorError):
        ray.get(Faulty.remote().quit.remote(), timeout=60)


def test_kill_is_the_cause_told() -> None:
    actor = Faulty.remote()
    ray.get(actor.fine.remote())
    ray.kill(actor)
    with pytest.raises(ActorDiedError, match=r"ray\.kill"):
        ray.get(actor.fine.remote(), timeout=60)


def test_timeouts_are_of_three_classes() -> None:
    actor = Faulty.options(name="never", resources={"mlx": 2}).remote()
    with pytest.raises(GetTimeoutError) as caught:
        ray.get(actor.fine.remote(), timeout=0.1)
    assert isinstance(caught.value, TimeoutError)
    assert isinstance(caught.value, RayError)
    ray.kill(actor)


@ray.remote(num_cpus=0)
class Sleeper:
    async def sleep(self) -> None:
        await __import__("asyncio").sleep(60)


def test_cancelling_a_coroutine() -> None:
    actor = Sleeper.remote()
    running = actor.sleep.remote()
    assert ray.wait([running], timeout=1)[0] == []
    ray.cancel(running)
    with pytest.raises((TaskCancelledError, RayTaskError)):
        ray.get(running, timeout=30)
