"""What runs in this worker, told to the head at most once a second and only when there is any.

A call costs one record in a bounded ring; ids and states are made where somebody asks for them.
Records are rows as the head keeps them, see `task.events` in `lib/wire/messages.ts`:
caller, number, kind, name, function, start, end, error type, error, and whether it was told while
it ran.
"""

from __future__ import annotations

import inspect
import json
import os
import time
import traceback
from collections import deque
from typing import TYPE_CHECKING, Any, Callable

from ray._private.running import current_call, current_function
from ray.exceptions import TaskCancelledError

if TYPE_CHECKING:
    from ray._core.session import Session

    from .callers import Frame, Task
    from .executor import Executor

#: How many records are kept between two reports.
MOST = 10_000
#: The longest text of an error, in characters.
_MOST_WORDS = 4000
_NAME, _FUNCTION, _END, _ERROR_TYPE, _ERROR, _TOLD = 3, 4, 6, 7, 8, 9
#: The caller that the creation of an actor counts as; the head makes Ray's id of it.
_CREATOR = "f" * 16

_now = time.time


def interval() -> float:
    """How often a report may be sent, in seconds; 0: nothing is recorded.

    `RAY_task_events_report_interval_ms` sets it in milliseconds, as in Ray.
    """
    text = os.environ.get("RAY_task_events_report_interval_ms", "")  # noqa: SIM112
    try:
        asked = float(text) / 1000 if text else 1.0
    except ValueError:
        asked = 1.0
    return max(asked, 0.1) if asked > 0 else 0.0


def attach(executor: Executor, session: Session) -> None:
    """Records what the executor runs, unless the environment says not to."""
    every = interval()
    if every > 0:
        _Recorder(executor, session, every).attach()


class _Recorder:
    """Stands around an executor's methods, so that these stay as they are without it."""

    def __init__(self, executor: Executor, session: Session, every: float) -> None:
        self._executor = executor
        self._session = session
        self._every = every
        assignment = executor.assignment
        self._is_task = assignment.is_task
        self._class = assignment.class_name
        self._creation = f"{assignment.name}:" if assignment.name else ""
        self._kind = "NORMAL_TASK" if self._is_task else "ACTOR_TASK"
        self._ring: deque[list[Any]] = deque(maxlen=MOST)
        self._made = 0
        self._told = 0
        self._names: dict[str, str] = {}
        # Errors of calls that are about to be answered with them.
        self._errors: dict[tuple[str, int], BaseException] = {}
        self._current: list[Any] = []

    def attach(self) -> None:
        """Takes the place of the executor's methods."""
        executor: Any = self._executor
        self._run: Callable[[Task], Frame] = executor.run
        self._start: Callable[[Callable[[], Any]], None] = executor.start
        self._error_frame: Callable[..., Frame] = executor.error_frame
        self._leave: Callable[..., None] = executor._leave
        executor.run = self.run
        executor.error_frame = self.error_frame
        executor._leave = self.leave
        if self._is_task:
            self._function: Callable[..., Any] = executor.method("__beam_run__")
            executor._methods["__beam_run__"] = self.run_function
        else:
            executor.start = self.start
        run_one = getattr(executor, "run_one", None)
        if run_one is not None:
            self._run_one = run_one
            executor.run_one = self.run_one

    # ── calls ────────────────────────────────────────────────────────────────────────────────

    def _begin(self, caller: str, seq: int, name: str) -> list[Any]:
        ring = self._ring
        record = [caller, seq, self._kind, name, name, _now(), 0.0, None, None, False]
        if not ring:
            self._session.pump.call_later(self._every, self._flush_soon)
        ring.append(record)
        self._made += 1
        return record

    def _end(self, record: list[Any]) -> None:
        if self._errors:
            error = self._errors.pop((record[0], record[1]), None)
            if error is not None:
                record[_ERROR_TYPE], record[_ERROR] = _words(error)
        record[_END] = _now()
        if record[_TOLD]:
            if not self._ring:
                self._session.pump.call_later(self._every, self._flush_soon)
            self._ring.append(record)
            self._made += 1

    def _shown(self, method: str) -> str:
        name = self._names[method] = f"{self._class}.{method}"
        return name

    def run(self, task: Task) -> Frame:
        """As `Executor.run`."""
        method = task[2]
        if self._is_task and method != "__beam_run__":
            return self._run(task)
        name = self._names.get(method) or self._shown(method)
        self._current = record = self._begin(task[0].id, task[1], name)
        try:
            return self._run(task)
        except (SystemExit, KeyboardInterrupt) as error:
            late = isinstance(error, KeyboardInterrupt)  # a cancellation, as the method ended
            self._errors[record[0], record[1]] = TaskCancelledError() if late else error
            raise
        finally:
            self._end(record)

    async def run_one(self, task: Task) -> None:
        """As `AsyncExecutor.run_one`."""
        method = task[2]
        record = self._begin(task[0].id, task[1], self._names.get(method) or self._shown(method))
        try:
            await self._run_one(task)
        finally:
            self._end(record)

    def run_function(self, pickled: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        """As the executor's `__beam_run__`: tells the name of the function that runs."""
        record = self._current
        record[_NAME] = record[_FUNCTION] = name
        try:
            return self._function(pickled, name, *args, **kwargs)
        finally:
            running = current_function.get()
            if running is not None:
                function = inspect.unwrap(running[1])
                record[_FUNCTION] = getattr(function, "__qualname__", name)

    def error_frame(self, seq: int, error: BaseException, *args: Any, **kwargs: Any) -> Frame:
        """As `Executor.error_frame`."""
        call = current_call.get()
        if call is not None and call[1] == seq:
            self._errors[call[0].id, seq] = error
        return self._error_frame(seq, error, *args, **kwargs)

    # ── the actor itself ─────────────────────────────────────────────────────────────────────

    def start(self, make: Callable[[], Any]) -> None:
        """As `Executor.start`."""
        record = self._begin(_CREATOR, 0, f"{self._creation}{self._class}.__init__")
        record[2], record[_FUNCTION] = "ACTOR_CREATION_TASK", f"{self._class}.__init__"
        try:
            self._start(make)
        except BaseException as error:
            self._errors[_CREATOR, 0] = error
            self._end(record)
            self.flush()
            raise
        self._end(record)

    def leave(self, *args: Any, **kwargs: Any) -> None:
        """As the executor's `leave`: the last report goes out before the process ends."""
        self.flush()
        self._leave(*args, **kwargs)

    # ── reports ──────────────────────────────────────────────────────────────────────────────

    def _flush_soon(self) -> None:
        # Called with the lock held: packing is for after it.
        self._session.pump.deferred.append(self.flush)

    def flush(self) -> None:
        """Sends what was recorded; what runs is told as running, and again when it has ended."""
        rows: list[list[Any]] = []
        ring = self._ring
        while ring:
            try:
                record = ring.popleft()
            except IndexError:
                break
            if not record[_END]:
                record[_TOLD] = True
            rows.append(record[:_TOLD])
        made = self._made
        dropped = max(0, made - self._told - len(rows))
        self._told = made
        if not rows and not dropped:
            return
        fields = {"count": len(rows), "dropped": dropped}
        # Not MessagePack, which may be pure Python: this is for thousands of rows.
        self._session.control.send("task.events", fields, json.dumps(rows).encode())


def _words(error: BaseException) -> tuple[str, str]:
    text = "".join(traceback.format_exception_only(type(error), error)).strip()
    if isinstance(error, TaskCancelledError):
        return "TASK_CANCELLED", text[:_MOST_WORDS]
    if isinstance(error, SystemExit):
        return "INTENDED_USER_EXIT", text[:_MOST_WORDS]
    return "TASK_EXECUTION_EXCEPTION", text[:_MOST_WORDS]
