"""Runs the calls of an actor in threads, so many for each concurrency group."""

from __future__ import annotations

import threading
from collections import deque
from typing import Any

from .callers import Caller, Task
from .executor import Executor


class _Lane:
    """The threads of one concurrency group, and the calls that wait for one of them."""

    def __init__(self, name: str, limit: int) -> None:
        self.name = name
        self.limit = limit
        self.ready: deque[Task] = deque()
        self.idle = 0
        self.threads = 0
        self.condition = threading.Condition()


class ThreadedExecutor(Executor):
    """Calls of a group begin in the order of their arrival, on the group's threads."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._default = _Lane("", self.assignment.max_concurrency)
        self._lanes = {name: _Lane(name, limit) for name, limit in self.assignment.groups.items()}
        self._waiting = 0
        self._all_done = threading.Condition()

    def serve(self) -> None:
        inbox, pump, tasks = self.inbox, self.pump, self.inbox.tasks
        while True:
            with pump.lock:
                inbox.done = bool(tasks)
            pump.wait(inbox)
            while tasks:
                task = tasks.popleft()
                if task is None:
                    with self._all_done:
                        self._all_done.wait_for(lambda: not self._waiting)
                    self.drained()
                    return
                if self.begin(task):
                    self._hand_over(task)

    def _hand_over(self, task: Task) -> None:
        lane = self._lanes.get(task[3].get("group") or "", self._default)
        with self._all_done:
            self._waiting += 1
        with lane.condition:
            lane.ready.append(task)
            if lane.idle >= len(lane.ready):
                lane.condition.notify()
            elif lane.threads < lane.limit:
                lane.threads += 1
                name = "-".join(filter(None, ("ray-call", lane.name, str(lane.threads))))
                threading.Thread(target=self._work, args=(lane,), name=name, daemon=True).start()

    def _work(self, lane: _Lane) -> None:
        while True:
            with lane.condition:
                lane.idle += 1
                while not lane.ready:
                    lane.condition.wait()
                lane.idle -= 1
                task = lane.ready.popleft()
            try:
                if self._take(task):
                    self.answer(task, self.run(task))
            except SystemExit as error:
                self.exit(error)
            finally:
                del task
                with self._all_done:
                    self._waiting -= 1
                    self._all_done.notify_all()

    def _take(self, task: Task) -> bool:
        """Whether the call was not cancelled while it waited for a thread."""
        caller, seq = task[0], task[1]
        with self.pump.lock:
            if seq in caller.cancelled:
                return not self._withdrawn(caller, seq)
            caller.running[seq] = None
        return True

    def cancel(self, caller: Caller, seq: int, force: bool) -> None:
        super().cancel(caller, seq, force)
        for lane in (self._default, *self._lanes.values()):
            # Without the lane's condition: its threads take the pump's lock, which is held here.
            for task in tuple(lane.ready):
                known = seq in caller.running or seq in caller.withdrawn
                if task[0] is caller and task[1] == seq and not known:
                    self.withdraw(caller, seq)
