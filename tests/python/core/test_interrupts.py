"""`ray.get` is cut off wherever a signal's handler may raise: afterwards all goes on."""

from __future__ import annotations

import dis
import functools
import itertools
import os
import sys
import threading
import time
import traceback
from types import CodeType, FrameType
from typing import Any, Callable

import pytest
from ray import _core

pytestmark = pytest.mark.skipif(
    sys.version_info < (3, 11), reason="needs the interpreter's table of what guards what"
)

LIMIT = 20.0
_OURS = os.path.dirname(_core.__file__)


class Interrupt(KeyboardInterrupt):
    """As a signal's handler raises one."""


@functools.cache
def _interruptible(code: CodeType) -> frozenset[tuple[int, int]]:
    """Pairs of instructions between which the interpreter runs signals' handlers.

    It does so as the last part of a call, a jump back or the start of a function. What the handler
    raises counts as raised there: pairs that different handlers of exceptions guard are left out.
    """
    offsets = [one.offset for one in dis.get_instructions(code)]
    looks = {one.offset for one in dis.get_instructions(code) if one.opname in _LOOKS}
    guards = dis._parse_exception_table(code)  # type: ignore[attr-defined]

    def guard(offset: int) -> int | None:
        return next((each.target for each in guards if each.start <= offset < each.end), None)

    return frozenset(
        (before, after) for before in looks for after in offsets if guard(before) == guard(after)
    )


_LOOKS = {"CALL", "CALL_FUNCTION_EX", "JUMP_BACKWARD", "RESUME"}


class Interrupter:
    """Raises `Interrupt` in this thread where a signal could, the ``number``-th time it could.

    Args:
        within: the name of a function; only while that runs.

    Attributes:
        where: the lines that were running, the innermost first.
    """

    def __init__(self, number: int, within: str) -> None:
        self._left = number
        self._within = within
        self._inside = 0 if within else 1
        self._last: dict[FrameType, int] = {}
        self.where: list[str] = []

    @property
    def is_over(self) -> bool:
        """Whether it came to that point."""
        return self._left <= 0

    def _enter(self, frame: FrameType, event: str, arg: object) -> Any:
        if not frame.f_code.co_filename.startswith(_OURS):
            return None
        self._inside += frame.f_code.co_name == self._within
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        return self._step

    def _step(self, frame: FrameType, event: str, arg: object) -> Any:
        if event == "return":
            self._last.pop(frame, None)
            self._inside -= frame.f_code.co_name == self._within
        elif event == "opcode" and self._left > 0 and self._inside:
            step = (self._last.get(frame, -1), frame.f_lasti)
            self._last[frame] = frame.f_lasti
            if step in _interruptible(frame.f_code):
                self._left -= 1
                if self._left == 0:
                    for each, line in traceback.walk_stack(frame):
                        self.where.append(f"{os.path.basename(each.f_code.co_filename)}:{line}")
                    raise Interrupt
        return self._step

    def run(self, work: Callable[[], object]) -> None:
        """Runs ``work`` until it is cut off, or to its end."""
        before = sys.gettrace()
        sys.settrace(self._enter)
        try:
            work()
        except Interrupt:
            pass
        finally:
            sys.settrace(before)


def at_every_point(
    scene: Callable[[], Callable[[], object]], check: Callable[[], object], within: str = ""
) -> None:
    """Cuts off what ``scene`` returns, a step later each time; ``check`` looks afterwards."""
    ends = 0
    for number in itertools.count(1):
        interrupter = Interrupter(number, within)
        interrupter.run(scene())
        try:
            check()
        except Exception as error:
            raise AssertionError(f"cut off at {' '.join(interrupter.where[:9])}") from error
        # How many points there are depends on what has arrived when.
        ends += not interrupter.is_over
        if ends == 5:
            return


class Echo:
    """An actor that gives back what it gets."""

    def echo(self, value: Any, seconds: float = 0) -> Any:
        time.sleep(seconds)
        return value

    def two(self) -> tuple[int, int]:
        return 1, 2

    def many(self) -> Any:
        yield from range(3)


def test_calls_whose_arguments_are_to_come(ray: Any) -> None:
    one, other = ray.remote(Echo).remote(), ray.remote(Echo).remote()
    refs: list[Any] = []

    def scene() -> Callable[[], object]:
        refs[:] = [other.echo.remote(one.echo.remote(n, 0.001)) for n in range(2)]
        return lambda: ray.get(refs)

    def check() -> None:
        assert ray.get(refs, timeout=LIMIT) == [0, 1]

    at_every_point(scene, check)


def test_another_thread_that_waits_for_the_same(ray: Any) -> None:
    echo = ray.remote(Echo).remote()
    refs: list[Any] = []
    threads: list[threading.Thread] = []
    seen: list[Any] = []

    def scene() -> Callable[[], object]:
        refs[:] = [echo.echo.remote(n, 0.001) for n in range(2)]
        seen.clear()
        threads[:] = [
            threading.Thread(target=lambda: seen.append(ray.get(refs))),
            threading.Thread(target=lambda: seen.append(ray.get(refs[1]))),
            threading.Thread(target=lambda: seen.append(ray.wait(refs, num_returns=2)[1])),
        ]
        for thread in threads:
            thread.start()
        return lambda: ray.get(refs)

    def check() -> None:
        for thread in threads:
            thread.join(LIMIT)
        assert len(seen) == 3
        assert all(one in seen for one in ([0, 1], 1, []))

    at_every_point(scene, check)


def test_several_values_and_generators(ray: Any) -> None:
    echo = ray.remote(Echo).remote()
    refs: list[Any] = []

    def scene() -> Callable[[], object]:
        refs[:] = echo.two.options(num_returns=2).remote()
        refs.append(echo.echo.remote(refs[0]))
        refs.extend(itertools.islice(echo.many.options(num_returns="streaming").remote(), 3))
        return lambda: ray.get(refs)

    def check() -> None:
        assert ray.get(refs, timeout=LIMIT) == [1, 2, 1, 0, 1, 2]

    at_every_point(scene, check)


def no_worker_is_lost() -> None:
    """Waits until all workers of tasks are idle."""
    queues = _core.client.session()._tasks._queues.values()
    deadline = time.monotonic() + LIMIT
    while any(len(queue._idle) < len(queue.leases) for queue in queues):
        assert time.monotonic() < deadline, "a worker is neither idle nor at work"
        time.sleep(0.001)


def test_tasks_give_their_workers_back(ray: Any) -> None:
    @ray.remote
    def task(value: int) -> int:
        time.sleep(0.001)
        return value

    refs: list[Any] = []

    def scene() -> Callable[[], object]:
        refs[:] = [task.remote(n) for n in range(3)]
        return lambda: ray.get(refs)

    def check() -> None:
        assert ray.get(refs, timeout=LIMIT) == [0, 1, 2]
        no_worker_is_lost()

    at_every_point(scene, check)


def test_an_actor_whose_handle_is_gone_is_released(ray: Any) -> None:
    refs: list[Any] = []

    def scene() -> Callable[[], object]:
        refs[:] = [ray.remote(Echo).remote().echo.remote(1)]
        return lambda: ray.get(refs)

    def check() -> None:
        assert ray.get(refs, timeout=LIMIT) == [1]
        deadline = time.monotonic() + LIMIT
        while _core.client.session()._links:
            assert time.monotonic() < deadline, "an actor without a handle is there still"
            time.sleep(0.001)

    at_every_point(scene, check, within="_on_fast")


def test_a_call_that_is_cut_off_while_it_is_made(ray: Any) -> None:
    echo = ray.remote(Echo).remote()
    ray.get(echo.echo.remote(0), timeout=LIMIT)

    def scene() -> Callable[[], object]:
        return lambda: echo.echo.remote(1)

    def check() -> None:
        assert ray.get(echo.echo.remote(2), timeout=LIMIT) == 2

    at_every_point(scene, check)


def test_a_task_that_is_cut_off_while_it_is_made(ray: Any) -> None:
    @ray.remote
    def task(value: int) -> int:
        return value

    ray.get(task.remote(0), timeout=LIMIT)

    def scene() -> Callable[[], object]:
        return lambda: task.remote(1)

    def check() -> None:
        assert ray.get(task.remote(2), timeout=LIMIT) == 2
        no_worker_is_lost()

    at_every_point(scene, check)


def test_waits_that_are_cut_off(ray: Any) -> None:
    echo = ray.remote(Echo).remote()
    refs: list[Any] = []

    def scene() -> Callable[[], object]:
        refs[:] = [echo.echo.remote(n, 0.001) for n in range(3)]
        return lambda: ray.wait(refs, num_returns=3, timeout=LIMIT)

    def check() -> None:
        assert ray.get(refs, timeout=LIMIT) == [0, 1, 2]

    at_every_point(scene, check)


def test_the_first_task_of_its_kind_is_cut_off_while_it_is_made(ray: Any) -> None:
    kinds = itertools.count(1)
    tasks: list[Any] = []

    def scene() -> Callable[[], object]:
        @ray.remote(num_cpus=0.0001 * next(kinds))
        def task(value: int) -> int:
            return value

        tasks[:] = [task]
        return lambda: task.remote(1)

    def check() -> None:
        assert ray.get(tasks[0].remote(2), timeout=LIMIT) == 2

    at_every_point(scene, check)
