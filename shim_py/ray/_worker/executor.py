"""Runs the calls of an actor; here one after another, in `*_executor` side by side."""

from __future__ import annotations

import inspect
import itertools
import os
import pickle
from types import GeneratorType
from typing import Any, Callable

from ray._core import client, serialization
from ray._core.calls import EMPTY_ARGUMENTS, encode_result
from ray._core.creation import Assignment
from ray._core.frames import Body, Header
from ray._core.pump import Pump
from ray._core.references import is_elsewhere, load_arguments
from ray._core.serialization import INLINE, Parts
from ray._core.values import discard, pack, result_frame
from ray._private.running import current_call, current_function, task_id
from ray.exceptions import AsyncioActorExit, TaskCancelledError

from . import failure
from .callers import PLAIN, Caller, Frame, Inbox, Task
from .sending import Sender, is_stream


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
        #: Why it ends when it is drained.
        self.farewell = "all its handles went out of scope"
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
        """Cancels a call that has no answer, where that can be. The lock is held.

        What has begun goes on, unless a kind of executor knows how to end it; its value is
        `TaskCancelledError` all the same.
        """
        if seq > caller.started:
            self.withdraw(caller, seq)

    def withdraw(self, caller: Caller, seq: int) -> None:
        """Answers a call that was cancelled before it began. The lock is held."""
        caller.answer(seq, self.cancelled_frame(caller, seq))
        caller.cancelled.add(seq)
        caller.withdrawn.add(seq)

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
        loaded: tuple[tuple[Any, ...], dict[str, Any]]
        if lengths is None:
            loaded = serialization.loads(body)
        elif "stored" in header:
            loaded = load_arguments(header["stored"], serialization.split(body, lengths))
        else:
            loaded = serialization.loads(serialization.split(body, lengths))
        return loaded

    def brings(self, header: Header, body: Body) -> bool:
        """Whether taking the arguments may wait for another node or process."""
        stored, lengths = header.get("stored"), header.get("buffers")
        if stored is not None and stored["node"] != self.assignment.node_id:
            return True
        return lengths is not None and any(map(is_elsewhere, serialization.split(body, lengths)))

    @staticmethod
    def pack(value: Any) -> Parts:
        """Pickles a value for the caller of the call that runs; a large one goes to the store.

        Raises:
            Exception: it cannot be pickled, or no room is left for it.
        """
        if serialization.is_plain(value):
            data = pickle.dumps(value, 5)
            if len(data) <= INLINE:
                return data
        call = current_call.get()
        session = client.session()
        return pack(session.objects, value, (call[0].id, call[0].node) if call else None)

    def result_frame(self, seq: int, header: Header, value: Any, shown: str) -> Frame:
        """The answer that carries ``value``, of the method or function ``shown``.

        Raises:
            Exception: it cannot be pickled, or is not as many values as were announced.
        """
        count = header.get("returns", 1)
        if count == 1:
            if type(value) is GeneratorType:
                return self._yielded(seq, value, 1, shown)
            parts = self.pack(value)
            if type(parts) is bytes:
                return encode_result(seq, parts)
            return _frame(seq, True, [parts])
        if inspect.isgenerator(value):
            return self._yielded(seq, value, count, shown)
        made: list[Parts] = []
        try:
            for each in _several(value, count):
                made.append(self.pack(each))
        except BaseException:
            discard(made)
            raise
        return _frame(seq, True, made)

    def _yielded(self, seq: int, values: Any, count: int, shown: str) -> Frame:
        """The first values of a generator, as one answer; those that it lacks are errors."""
        made: list[Parts] = []
        try:
            # No more than are wanted: there may be no end of them.
            for value in itertools.islice(values, count):
                made.append(self.pack(value))
            if len(made) == count:
                return _frame(seq, True, made)
            raise _miscounted(len(made), count)
        except Exception as error:
            failed = count - len(made)
            made += [self.pickled_error(error, shown)] * failed
            return _frame(seq, True, made, failed=failed)

    def error_frame(
        self, seq: int, error: BaseException, method: str, header: Header | None = None
    ) -> Frame:
        """The answer that carries an error."""
        parts = self.pickled_error(error, method)
        if header and self.wants_again(error, header):
            return _frame(seq, False, [parts], retry=True)
        return _frame(seq, False, [parts])

    @staticmethod
    def wants_again(error: BaseException, header: Header) -> bool:
        """Whether the caller makes the call again after this error."""
        asked = header.get("retry")
        return asked is not None and failure.is_among(error, asked)

    def pickled_error(self, error: BaseException, method: str) -> Parts:
        """What the caller gets for what a method raised."""
        shown = None if self.assignment.is_task else self.shown
        return failure.pickle_error(failure.task_error(error, method, self.assignment, shown))

    def cancelled_frame(self, caller: Caller, seq: int) -> Frame:
        """The answer to a call that was cancelled and gave no answer of its own."""
        error = TaskCancelledError(task_id(caller.id, seq, self.assignment.actor_id))
        return _frame(seq, False, [failure.pickle_error(error)])

    def interrupted(self, task: Task, error: BaseException) -> TaskCancelledError:
        """The error of a call that was cut short by `error`."""
        cancelled = TaskCancelledError(task_id(task[0].id, task[1], self.assignment.actor_id))
        cancelled.__context__ = error
        return cancelled.with_traceback(error.__traceback__)

    # ── the values of generators, one by one ─────────────────────────────────────────────────

    def item_frame(self, seq: int, index: int, value: Any) -> Frame:
        """One value of a generator, others follow.

        Raises:
            Exception: it cannot be pickled.
        """
        return _frame(seq, True, [self.pack(value)], more=True, index=index)

    def error_item_frame(self, seq: int, index: int, pickled: Parts) -> Frame:
        """The error that a generator ended with, as its last value."""
        return _frame(seq, False, [pickled], more=True, index=index)

    def end_frame(self, seq: int) -> Frame:
        """The answer after the last value of a generator."""
        return _frame(seq, True, [])

    def _stream(self, task: Task, values: Any, shown: str) -> Frame:
        sender = Sender(self, task)
        try:
            if sender.send_all(iter(values)):
                return sender.finish()
            values.close()
        except Exception as error:
            if not sender.cancelled:
                if self.wants_again(error, task[3]):
                    raise
                sender.send_error(error, shown)
                return sender.finish()
        return self.cancelled_frame(task[0], task[1])

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
        return not (caller.cancelled and seq in caller.cancelled and self._withdrawn(caller, seq))

    def _withdrawn(self, caller: Caller, seq: int) -> bool:
        with self.pump.lock:
            if seq not in caller.withdrawn:
                caller.answer(seq, self.cancelled_frame(caller, seq))
            caller.withdrawn.discard(seq)
            caller.cancelled.discard(seq)
        return True

    def run(self, task: Task) -> Frame:
        """Runs a call on this thread; raises only what ends the process."""
        _, seq, method, header, body = task
        shown = method
        current_call.set(task)
        try:
            if self._titles is not None and method != "__beam_run__":
                self._show(method)
            if body == EMPTY_ARGUMENTS:
                value = self.method(method)()
            else:
                args, kwargs = self.arguments(header, body)
                if method == "__beam_run__":
                    shown = args[1]
                    if self._titles is not None and shown != self._title:
                        self._title = shown
                        self._titles(f"ray::{shown}")
                value = self.method(method)(*args, **kwargs)
                del args, kwargs
            if header is not PLAIN and is_stream(header):
                return self._stream(task, value, shown)
            # A task is interrupted: what it gives all the same, it gives on purpose.
            if task[0].cancelled and seq in task[0].cancelled and not self.assignment.is_task:
                return self.cancelled_frame(task[0], seq)
            return self.result_frame(seq, header, value, shown)
        except SystemExit:
            raise
        except AsyncioActorExit:
            raise ActorExit() from None
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                error = self.interrupted(task, error)
            return self.error_frame(seq, error, shown, header)

    def exit(self, error: SystemExit) -> None:
        """Ends the process because a method asked for it; does not return."""
        if isinstance(error, ActorExit):
            self._leave(error.message)
        code = error.code
        status = code & 0xFF if isinstance(code, int) else int(code is not None)
        self._leave(f"it called sys.exit({'' if code is None else code!r})", status)

    def drained(self) -> None:
        """Everything submitted has run and no handle is left; does not return."""
        self._leave(self.farewell)


class SerialExecutor(Executor):
    """One call after another, on the main thread, which reads the channels while it is idle."""

    #: The call under way, until its answer is sent.
    _running: Task | None = None

    def serve(self) -> None:
        inbox, pump, tasks = self.inbox, self.pump, self.inbox.tasks
        while True:
            try:
                if self._running is not None:
                    self._answer_cut_off(self._running)
                if not tasks:
                    with pump.lock:
                        inbox.done = bool(tasks)
                    pump.wait(inbox)
                task = tasks.popleft()
                if task is None:
                    self.drained()
                    return
                self._running = task
                frame = self.run(task) if self.begin(task) else None
                with pump.lock:
                    self._finish(task, frame)
                del task, frame
            except SystemExit as error:
                self.exit(error)
            except KeyboardInterrupt:
                # A cancellation that came too late for the method: there may be no answer yet.
                continue

    def _finish(self, task: Task, frame: Frame | None) -> None:
        """Answers a call. The lock is held: what `cancel` has asked for before comes up here."""
        if frame is not None:
            task[0].answer(task[1], frame)
        self._running = None

    def _answer_cut_off(self, task: Task) -> None:
        caller, seq = task[0], task[1]
        with self.pump.lock:
            frame = None
            if seq > caller.acked:
                frame = caller.done.get(seq) or self.cancelled_frame(caller, seq)
            self._finish(task, frame)

    def cancel(self, caller: Caller, seq: int, force: bool) -> None:
        super().cancel(caller, seq, force)
        task = self._running
        is_it = task is not None and task[0] is caller and task[1] == seq
        if not is_it or not self.assignment.is_task or seq in caller.withdrawn:
            return
        if force:
            os._exit(1)
        import _thread

        _thread.interrupt_main()


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


def _frame(seq: int, ok: bool, values: list[Parts], **more: Any) -> Frame:
    header = {"kind": "result", "seq": seq, "ok": ok, "values": len(values), **more}
    return result_frame(header, values)


def _several(value: Any, count: int) -> list[Any]:
    if count == 0:
        return []
    if len(value) != count:
        raise _miscounted(len(value), count)
    return list(value)


def _miscounted(made: int, count: int) -> ValueError:
    return ValueError(f"Task returned {made} objects, but num_returns={count}.")
