"""What callers get when something goes wrong in a worker."""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
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
    assert repr(error) == "RayTaskError(ValueError)(ValueError('bad thing'))"
    assert "ray::Faulty.boom()" in str(error)
    assert "pid=" in str(error)
    assert 'raise ValueError("bad thing")' in str(error)
    assert ray.get(actor.fine.remote()) == "fine"


def test_what_was_handled_when_an_error_came_is_shown() -> None:
    def handle() -> None:
        try:
            raise KeyError("first")
        except KeyError:
            ray.get(Faulty.remote().boom.remote())

    with pytest.raises(ValueError, match="bad thing") as caught:
        handle()
    shown = "".join(traceback.format_exception(caught.type, caught.value, caught.tb))
    assert "KeyError: 'first'" in shown


def test_attributes_of_an_error_of_ones_own() -> None:
    with pytest.raises(Odd) as caught:
        ray.get(Faulty.remote().odd.remote())
    assert caught.value.code == 7


def test_an_error_of_a_class_with_an_allocator_of_its_own() -> None:
    def fail(error: Exception) -> None:
        raise error

    task = ray.remote(num_cpus=0)(fail)
    for error in (MemoryError("too much"), OSError(2, "not there"), UnicodeError("bad")):
        with pytest.raises(type(error)) as caught:
            ray.get(task.remote(error))
        assert isinstance(caught.value, RayTaskError)


def test_an_error_of_rays_as_a_value_is_raised() -> None:
    """What failed cannot be told from what gave its error back."""

    def caught_in_a_task() -> Any:
        try:
            ray.get(failing.remote(0))
        except RayTaskError as error:
            return error

    task = ray.remote(num_cpus=0)(caught_in_a_task)
    same = ray.remote(num_cpus=0)(lambda value: value)
    error = task.remote().future().exception(60)
    large = RayTaskError("large", "no weights " * 300_000, ValueError("no weights"))
    refs = [task.remote(), ray.put(error), ray.put(large), same.remote(task.remote())]
    for reference in refs:
        with pytest.raises(ValueError, match="no weights") as caught:
            ray.get(reference)
        assert isinstance(caught.value, RayTaskError)
    with pytest.raises(GetTimeoutError):
        ray.get([ray.put(1), ray.put(GetTimeoutError("mine"))])
    (inside,) = ray.get(ray.put([error]))
    assert isinstance(inside, ValueError)


def test_an_error_that_cannot_be_pickled() -> None:
    with pytest.raises(RayTaskError, match="bad thing"):
        ray.get(Faulty.remote().unpicklable.remote())


def test_a_value_that_cannot_be_pickled() -> None:
    with pytest.raises(TypeError):
        ray.get(Faulty.remote().lock.remote())


def test_an_argument_that_cannot_be_pickled() -> None:
    actor = Faulty.remote()
    lock = __import__("threading").Lock()
    task = ray.remote(num_cpus=0)(lambda *values: values)
    for call in (
        lambda: actor.__ray_call__.remote(lambda self, x: x, lock),
        lambda: task.remote(ray.put(1), [lock]),
        lambda: ray.put({"lock": lock}),
    ):
        with pytest.raises(TypeError, match="Could not serialize") as caught:
            call()
        assert isinstance(caught.value.__cause__, TypeError)
        assert "lock" in str(caught.value)


def test_init_that_raises() -> None:
    actor = Faulty.remote(fail=True)
    with pytest.raises(RayActorError, match="no model") as caught:
        ray.get(actor.fine.remote(), timeout=60)
    assert isinstance(caught.value, ActorDiedError)
    assert "creation task" in str(caught.value)
    assert caught.value.actor_init_failed


@ray.remote(num_cpus=0)
def failing(wait: float) -> None:
    __import__("time").sleep(wait)
    raise ValueError("no weights")


@ray.remote(num_cpus=0)
class Given:
    def __init__(self, weights: Any) -> None:
        self.weights = weights

    def fine(self) -> str:
        return "fine"


def test_an_argument_of_a_constructor_that_fails() -> None:
    gone = Faulty.remote(fail=True)
    for argument in (failing.remote(0), failing.remote(0.5), gone.fine.remote()):
        actor = Given.remote(argument)
        with pytest.raises(ActorDiedError) as caught:
            ray.get(actor.fine.remote(), timeout=60)
        assert caught.value.actor_init_failed
        words = "no model" if argument.task_id().actor_id() == gone._actor_id else "no weights"
        assert words in str(caught.value)


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


class Code(Exception):
    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class TwoArguments(Exception):
    """A plain pickle of it cannot be read: its constructor wants two arguments."""

    def __init__(self, first: int, second: int) -> None:
        super().__init__(f"{first}-{second}")


class Final(Exception):
    def __init_subclass__(cls) -> None:
        raise TypeError("no subclasses")


class OwnArgs(Exception):
    @property
    def args(self) -> Any:
        return ("own",)


@ray.remote(num_cpus=0)
class Raising:
    def run(self, make: Any) -> None:
        raise make()

    def from_another(self) -> None:
        try:
            _ = 1 / 0
        except ZeroDivisionError as error:
            raise ValueError("outer") from error

    def through(self, others: list[Any]) -> None:
        first, *rest = others
        if rest:
            ray.get(first.through.remote(rest))
        else:
            ray.get(first.run.remote(lambda: ValueError("deep")))

    def wrapped(self, other: Any) -> None:
        try:
            ray.get(other.run.remote(lambda: ValueError("inner")))
        except ValueError as error:
            raise RuntimeError("outer") from error

    def returned(self) -> ValueError:
        return ValueError("a value")

    def exit(self, code: Any) -> None:
        sys.exit(code)

    def fine(self) -> str:
        return "fine"


def raised(make: Any) -> BaseException:
    """Return what the caller gets for an exception."""
    with pytest.raises(BaseException) as caught:  # noqa: PT011
        ray.get(Raising.remote().run.remote(make), timeout=60)
    return caught.value


def test_kinds_of_exceptions() -> None:
    code = raised(lambda: Code(5))
    assert isinstance(code, Code)
    assert isinstance(code, RayTaskError)
    assert code.code == 5
    assert code.args == (code.cause,)  # type: ignore[attr-defined]
    missing = raised(lambda: FileNotFoundError(2, "No such file", "/nowhere"))
    assert isinstance(missing, FileNotFoundError)
    decode = raised(lambda: UnicodeDecodeError("utf-8", b"x", 0, 1, "bad"))
    assert isinstance(decode, UnicodeDecodeError)
    assert isinstance(raised(OwnArgs), OwnArgs)
    assert isinstance(raised(lambda: TimeoutError("late")), TimeoutError)
    assert isinstance(raised(lambda: StopIteration("over")), StopIteration)
    assert isinstance(raised(lambda: GetTimeoutError("mine")), GetTimeoutError)


def test_a_class_that_cannot_be_derived_from() -> None:
    error = raised(lambda: Final("final"))
    assert type(error) is RayTaskError
    assert type(error.cause).__name__ == "Final"


def test_a_class_whose_constructor_wants_other_arguments() -> None:
    error = raised(lambda: TwoArguments(1, 2))
    assert isinstance(error, ray.exceptions.UnserializableException)
    assert "1-2" in str(error)


def test_what_is_no_exception() -> None:
    error = raised(lambda: BaseException("base"))
    assert type(error) is RayTaskError
    assert "BaseException: base" in str(error)
    assert isinstance(raised(KeyboardInterrupt), TaskCancelledError)
    assert isinstance(raised(lambda: GeneratorExit("x")), GeneratorExit)


def test_returned_exceptions_are_values() -> None:
    assert repr(ray.get(Raising.remote().returned.remote())) == "ValueError('a value')"


def test_the_cause_of_a_cause_is_in_the_text() -> None:
    with pytest.raises(ValueError, match="outer") as caught:
        ray.get(Raising.remote().from_another.remote())
    assert "ZeroDivisionError" in str(caught.value)
    assert "direct cause" in str(caught.value)


def test_through_three_processes() -> None:
    actors = [Raising.remote() for _ in range(4)]
    with pytest.raises(ValueError, match="deep") as caught:
        ray.get(actors[0].through.remote(actors[1:]), timeout=60)
    assert type(caught.value.cause) is ValueError  # type: ignore[attr-defined]
    text = str(caught.value)
    assert text.count("ray::Raising.through()") >= 3
    assert "ray::Raising.run()" in text
    with pytest.raises(RuntimeError, match="outer") as wrapped:
        ray.get(actors[0].wrapped.remote(actors[1]), timeout=60)
    assert "ValueError: inner" in str(wrapped.value)


def test_they_survive_a_pickle() -> None:
    for make in (lambda: ValueError("plain"), lambda: Code(7)):
        error = raised(make)
        again = ray.cloudpickle.loads(ray.cloudpickle.dumps(error))
        assert isinstance(again, RayTaskError)
        assert isinstance(again, type(error.cause))  # type: ignore[attr-defined]
        assert str(again) == str(error)


@pytest.mark.skipif(sys.version_info < (3, 11), reason="exception groups are of Python 3.11")
def test_exception_groups() -> None:
    group = raised(lambda: ExceptionGroup("two", [ValueError("v"), TypeError("t")]))  # noqa: F821
    assert isinstance(group, ExceptionGroup)  # noqa: F821
    assert isinstance(group, RayTaskError)
    matched, rest = group.split(ValueError)
    assert [type(each) for each in matched.exceptions] == [ValueError]
    assert [type(each) for each in rest.exceptions] == [TypeError]
    told = []
    # `except*` is no syntax of the oldest Python this package runs on.
    program = (
        "try:\n    raise group\nexcept* ValueError:\n    told.append('value')\n"
        "except* TypeError:\n    told.append('type')\n"
    )
    exec(program, {"group": group, "told": told})
    assert told == ["value", "type"]
    single = raised(lambda: ValueError("alone"))
    program = "try:\n    raise single\nexcept* ValueError as caught:\n    told.append(caught)\n"
    exec(program, {"single": single, "told": told})
    assert told[2].exceptions == (single,)


def test_sys_exit_ends_the_actor() -> None:
    for code in (0, 3):
        actor = Raising.remote()
        with pytest.raises(RayActorError):
            ray.get(actor.exit.remote(code), timeout=60)
        with pytest.raises(RayActorError):
            ray.get(actor.fine.remote(), timeout=60)


def test_sys_exit_with_a_code_is_a_failure() -> None:
    """An actor that may be started again is; one that left on purpose is not."""
    for code, again in ((3, True), ("words", True), (0, False)):
        actor = Raising.options(max_restarts=1).remote()
        with pytest.raises(RayActorError):
            ray.get(actor.exit.remote(code), timeout=60)
        if not again:
            with pytest.raises(ActorDiedError):
                ray.get(actor.fine.remote(), timeout=60)
            continue
        for _ in range(600):
            try:
                assert ray.get(actor.fine.remote(), timeout=60) == "fine"
                break
            except ray.exceptions.ActorUnavailableError:
                time.sleep(0.1)
        else:
            pytest.fail("the actor was not started again")


@ray.remote(num_cpus=0, max_retries=0)
def task(make: Any) -> None:
    raise make()


def test_exceptions_of_tasks() -> None:
    with pytest.raises(ValueError, match="in a task") as caught:
        ray.get(task.remote(lambda: ValueError("in a task")), timeout=60)
    assert "ray::task()" in str(caught.value)
    # Genuine Ray tells now of the worker's end, now of the exception.
    with pytest.raises((ray.exceptions.WorkerCrashedError, SystemExit)):
        ray.get(task.remote(lambda: SystemExit(1)), timeout=60)
    with pytest.raises(TaskCancelledError):
        ray.get(task.remote(KeyboardInterrupt), timeout=60)
