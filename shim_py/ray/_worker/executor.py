"""Runs the calls of one actor: one after another, or in threads; see also `async_executor`."""

from __future__ import annotations

import inspect
import os
import threading
from typing import Any, Callable

from ray._core import serialization
from ray._core.calls import EMPTY_ARGUMENTS, encode_result
from ray._core.creation import Assignment
from ray._core.frames import Body, Header, encode_head
from ray._core.pump import Pump
from ray._core.serialization import Part, Parts
from ray._private.running import current_call, current_function
from ray.exceptions import AsyncioActorExit, TaskCancelledError

from . import failure
from .callers import Caller, Frame, Inbox, Task


class ActorExit(SystemExit):
    """Raised by `ray.actor.exit_actor()`."""

    def __init__(self, message: str = "it called exit_actor()") -> None:
        super().__init__(0)
        self.message = message


class Executor:
    """What all kinds of executors share.

    Args:
        instance: the actor; None for tasks.
        leave: ends the process in good order, given why and an exit code; does not return.
    """

    def __init__(
        self,
        pump: Pump,
        inbox: Inbox,
        assignment: Assignment,
        leave: Callable[..., None],
    ) -> None:
        self.pump = pump
        self.inbox = inbox
        self.assignment = assignment
        self.instance: Any = None
        self.shown = assignment.class_name
        self._leave = leave
        self._methods: dict[str, Callable[..., Any]] = {}
        self._titles: Callable[[str], None] | None = None
        self._title = ""

    def start(self, make: Callable[[], Any]) -> None:
        """Makes the actor (runs its `__init__`)."""
        self.instance = make()

    def serve(self) -> None:
        """Runs calls; does not return while the worker lives."""
        raise NotImplementedError

    def cancel(self, caller: Caller, seq: int, force: bool) -> None:
        """Cancels a call that was begun, where that can be. The lock is held."""

    def in_call(self) -> bool:
        """Whether this thread runs a call."""
        return True

    # ── methods ──────────────────────────────────────────────────────────────────────────────

    def method(self, name: str) -> Callable[..., Any]:
        """The function behind a call's method."""
        found = self._methods.get(name)
        if found is None:
            found = self._methods[name] = self._find(name)
        return found

    def _find(self, name: str) -> Callable[..., Any]:
        if name == "__ray_ready__":
            return lambda: True
        if name == "__ray_terminate__":
            return _terminate
        if name == "__ray_call__":
            return lambda function, *args, **kwargs: function(self.instance, *args, **kwargs)
        if name == "__beam_run__":
            return _run_function
        found: Callable[..., Any] = getattr(self.instance, name)
        return found

    def set_titles(self, setter: Callable[[str], None] | None) -> None:
        """Shows each call's method in the process's title, where a module for that is there."""
        self._titles = setter

    def _show(self, method: str) -> None:
        if self._titles is not None and method != self._title:
            self._title = method
            self._titles(f"ray::{self.assignment.class_name}.{method}")

    # ── arguments and results ────────────────────────────────────────────────────────────────

    @staticmethod
    def arguments(header: Header, body: Body) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments of a call."""
        if body == EMPTY_ARGUMENTS:
            return (), {}
        lengths = header.get("buffers")
        loaded: tuple[tuple[Any, ...], dict[str, Any]] = serialization.loads(
            body if lengths is None else serialization.split(body, lengths)
        )
        return loaded

    def result_frame(self, seq: int, header: Header, value: Any) -> Frame:
        """The answer that carries ``value``.

        Raises:
            Exception: it cannot be pickled, or is not as many values as were announced.
        """
        count = header.get("returns", 1)
        if count == 1:
            parts = serialization.dumps(value)
            if type(parts) is not list:
                return encode_result(seq, parts)  # type: ignore[arg-type]
            return _frame(seq, True, [parts])
        return _frame(seq, True, [serialization.dumps(each) for each in _several(value, count)])

    def error_frame(self, seq: int, error: BaseException, method: str) -> Frame:
        """The answer that carries an error."""
        if not isinstance(error, TaskCancelledError):
            shown = None if self.assignment.is_task else self.shown
            error = failure.task_error(error, method, self.assignment, shown)
        return _frame(seq, False, [failure.pickle_error(error)])

    def answer(self, task: Task, frame: Frame) -> None:
        """Sends an answer."""
        with self.pump.lock:
            task[0].answer(task[1], frame)

    def begin(self, task: Task) -> bool:
        """Whether to run the call: not twice, and not where it was cancelled."""
        caller, seq = task[0], task[1]
        if seq <= caller.started:
            return False
        caller.started = seq
        if caller.cancelled and seq in caller.cancelled:
            self.answer(task, self.error_frame(seq, TaskCancelledError(), task[2]))
            return False
        return True

    def run(self, task: Task) -> Frame:
        """Runs a call on this thread; raises only what ends the process."""
        _, seq, method, header, body = task
        shown = method
        current_call.set(task)
        try:
            if self._titles is not None:
                self._show(method)
            if body == EMPTY_ARGUMENTS:
                value = self.method(method)()
            else:
                args, kwargs = self.arguments(header, body)
                if method == "__beam_run__":
                    shown = args[1]
                value = self.method(method)(*args, **kwargs)
                del args, kwargs
            return self.result_frame(seq, header, value)
        except SystemExit:
            raise
        except AsyncioActorExit:
            raise ActorExit() from None
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt) and seq in task[0].cancelled:
                error = TaskCancelledError()
            return self.error_frame(seq, error, shown)

    def exit(self, error: SystemExit) -> None:
        """Ends the process because a method asked for it; does not return."""
        if isinstance(error, ActorExit):
            self._leave(error.message)
        code = error.code
        status = code & 0xFF if isinstance(code, int) else int(code is not None)
        self._leave(f"it called sys.exit({'' if code is None else code!r})", status)

    def drained(self) -> None:
        """Everything submitted has run and no handle is left; does not return."""
        self._leave("all its handles went out of scope")


class SerialExecutor(Executor):
    """One call after another, on the main thread, which reads the channels while it is idle."""

    _running: tuple[Caller, int] | None = None

    def serve(self) -> None:
        inbox, pump, tasks = self.inbox, self.pump, self.inbox.tasks
        while True:
            try:
                if not tasks:
                    with pump.lock:
                        inbox.done = bool(tasks)
                    pump.wait(inbox)
                task = tasks.popleft()
                if task is None:
                    self.drained()
                    return
                if not self.begin(task):
                    continue
                self._running = (task[0], task[1])
                try:
                    frame = self.run(task)
                finally:
                    self._running = None
                with pump.lock:
                    task[0].answer(task[1], frame)
                del task, frame
            except SystemExit as error:
                self.exit(error)
            except KeyboardInterrupt:
                # Meant for a call that has just ended.
                continue

    def cancel(self, caller: Caller, seq: int, force: bool) -> None:
        if self._running != (caller, seq) or not self.assignment.is_task:
            return
        if force:
            os._exit(1)
        import _thread

        _thread.interrupt_main()


class ThreadedExecutor(Executor):
    """Calls on up to ``max_concurrency`` threads, begun in the order of their arrival."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._condition = threading.Condition()
        self._ready: list[Task] = []
        self._idle = 0
        self._threads = 0
        self._busy = 0

    def serve(self) -> None:
        inbox, pump, tasks = self.inbox, self.pump, self.inbox.tasks
        while True:
            with pump.lock:
                inbox.done = bool(tasks)
            pump.wait(inbox)
            while tasks:
                task = tasks.popleft()
                if task is None:
                    with self._condition:
                        self._condition.wait_for(lambda: not self._ready and not self._busy)
                    self.drained()
                    return
                if self.begin(task):
                    self._hand_over(task)

    def _hand_over(self, task: Task) -> None:
        with self._condition:
            self._ready.append(task)
            if self._idle >= len(self._ready):
                self._condition.notify()
            elif self._threads < self.assignment.max_concurrency:
                self._threads += 1
                name = f"ray-call-{self._threads}"
                threading.Thread(target=self._work, name=name, daemon=True).start()

    def _work(self) -> None:
        while True:
            with self._condition:
                self._idle += 1
                while not self._ready:
                    self._condition.wait()
                self._idle -= 1
                task = self._ready.pop(0)
                self._busy += 1
            try:
                self.answer(task, self.run(task))
            except SystemExit as error:
                self.exit(error)
            finally:
                with self._condition:
                    self._busy -= 1
                    self._condition.notify_all()


def is_async(cls: type) -> bool:
    """Whether a class has coroutine methods."""
    return any(
        inspect.iscoroutinefunction(member) or inspect.isasyncgenfunction(member)
        for _, member in inspect.getmembers(cls, inspect.isfunction)
    )


def _terminate() -> None:
    raise ActorExit("it was asked to end by __ray_terminate__")


# Functions of tasks that ran here, by their pickles.
_functions: dict[bytes, Callable[..., Any]] = {}


def _run_function(pickled: Any, name: str, *args: Any, **kwargs: Any) -> Any:
    if type(pickled) is bytes:
        function = _functions.get(pickled)
        if function is None:
            if len(_functions) >= 64:
                _functions.clear()
            function = _functions[pickled] = serialization.loads(pickled)
    else:
        function = serialization.loads(pickled)
    current_function.set((name, function))
    value = function(*args, **kwargs)
    if inspect.iscoroutine(value):
        import asyncio

        return asyncio.run(value)
    return value


def _frame(seq: int, ok: bool, values: list[Parts]) -> Frame:
    lists: list[list[Part]] = [
        value if type(value) is list else [value]  # type: ignore[list-item]
        for value in values
    ]
    flat: list[Part] = [part for parts in lists for part in parts]
    header = {
        "kind": "result",
        "seq": seq,
        "ok": ok,
        "values": len(values),
        "buffers": [[len(part) for part in parts] for parts in lists],
    }
    return [encode_head(header, sum(map(len, flat))), *flat]


def _several(value: Any, count: int) -> list[Any]:
    if count == 0:
        return []
    try:
        values = list(value)
    except TypeError:
        raise ValueError(
            f"The method must return {count} values as num_returns says, it returned {value!r}"
        ) from None
    if len(values) != count:
        raise ValueError(
            f"The method must return {count} values as num_returns says, it returned {len(values)}"
        )
    return values
