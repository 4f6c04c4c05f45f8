"""Who reads the process's channels: one I/O thread, or whoever waits.

All channels are in one epoll, ``inner``; the I/O thread sleeps on another, ``outer``, which holds
``inner`` and an eventfd. A thread that waits takes the pump over: it disarms ``inner`` inside
``outer`` and polls ``inner`` itself, so that a call and its answer need no other thread. When it
is done it does not arm ``inner`` again at once, because the next wait usually follows within
microseconds; the I/O thread ticks meanwhile and takes over what nobody has pumped for a whole tick.
Where somebody depends on the I/O thread (another thread waits, a future or a coroutine does) it
is armed at once.

A signal's handler may raise in the main thread, and only there. What comes most often (plain
results, values of generators, calls) is taken in so that it can be cut off anywhere and be taken in
again; all else asks for `seclude`, which leaves it to the I/O thread, where no signal comes. So do
callbacks.

Everything that channels change is guarded by one reentrant lock: finalizers and signal handlers may
call in at any point, in a thread that already holds it. User code never runs under it: callbacks
are put off until it is released.
"""

from __future__ import annotations

import _thread
import contextlib
import os
import select
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from typing import Any, Callable, Protocol

#: How long nobody may pump before the I/O thread does, in seconds.
TICK = 0.005
#: The I/O thread's longest sleep: should a signal cut off who hands the pump on, this mends it.
_LONGEST_NAP = 1.0
#: The longest wait in one piece, in seconds: epoll takes no more than 24 days.
_LONGEST = 86_400.0
#: How often in a row serving a descriptor may fail before it is given up.
_MOST_FAILURES = 20

_get_ident = threading.get_ident
_MAIN = threading.main_thread().ident
_monotonic = time.monotonic


class Waitable(Protocol):
    """What can be waited for: ``done`` becomes true under the pump's lock."""

    done: bool
    sleepers: list[Sleeper] | None


class Sleeper(Protocol):
    """What wakes somebody: a lock, as a rule."""

    def release(self) -> None:
        """Wakes."""


class Pollable(Protocol):
    """What has a file descriptor in the pump."""

    def on_events(self, events: int) -> None:
        """Called with the lock held when the descriptor is ready."""

    def give_up(self, error: BaseException) -> None:
        """Called with the lock held when serving it fails again and again."""


class _Secluded(Exception):
    """What is being served is left to the I/O thread."""


class PumpClosed(Exception):
    """The session ended, or belongs to the process this one was forked from."""


def finish(target: Waitable) -> None:
    """Marks ``target`` as done and wakes who sleeps on it, not who pumps. The lock is held."""
    target.done = True
    sleepers = target.sleepers
    if sleepers is not None:
        for sleeper in sleepers:
            try:
                sleeper.release()
            except RuntimeError:  # released by a run of this that a signal cut off
                continue
        # Last: what a signal cuts off before is done again.
        target.sleepers = None


class Pump:
    """See the top of this file."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        #: Callbacks of what is done, in order, for after the lock: they may be user code.
        self.callbacks: deque[Callable[[], None]] = deque()
        #: The same for what tells somebody something: before a wait ends, whoever pumps.
        self.deferred: deque[Callable[[], None]] = deque()
        #: Called with the lock held now and then: takes in what finalizers left.
        self.on_tick: Callable[[], None] | None = None
        #: Where finalizers leave it.
        self.left_behind: deque[Any] = deque()
        #: Wake at least this often for `on_tick`, in seconds; None: not for its sake.
        self.tick_every: float | None = None
        self.closed = False
        #: How many things depend on the I/O thread.
        self.eager = 0
        self._inner = select.epoll()
        self._outer = select.epoll()
        self._wake_read, self._wake_write = _wake_pair()
        self._outer.register(self._inner.fileno(), select.EPOLLIN)
        self._outer.register(self._wake_read, select.EPOLLIN)
        self._inner.register(self._wake_write, 0)
        self._pollables: dict[int, Pollable] = {}
        self._todo: deque[tuple[int, int]] = deque()
        self._failures = 0
        self._timers: list[tuple[float, Callable[[], None]]] = []
        self._armed = True
        self._ticking = False
        self._pumper = 0
        # Whether a signal may cut off who pumps.
        self._exposed = False
        # Who waits for the I/O thread's next turn.
        self._awaiting: list[Sleeper] = []
        self._uses = 0
        self._sleeping = 0
        self._left = 0.0
        #: Held while the I/O thread runs.
        self._running = threading.Lock()
        self._io = 0

    # ── descriptors ──────────────────────────────────────────────────────────────────────────

    def register(self, fd: int, pollable: Pollable) -> None:
        """Watches ``fd`` for input. The lock is held."""
        self._pollables[fd] = pollable
        self._inner.register(fd, select.EPOLLIN)

    def watch_output(self, fd: int, output: bool) -> None:
        """Watches ``fd`` for room to write as well, or no longer. The lock is held."""
        self._inner.modify(fd, select.EPOLLIN | (select.EPOLLOUT if output else 0))
        if output:
            self.serve_soon()

    def unregister(self, fd: int) -> None:
        """Forgets ``fd``, before it is closed. The lock is held."""
        if self._pollables.pop(fd, None) is not None:
            with contextlib.suppress(OSError, ValueError):
                self._inner.unregister(fd)

    def fileno(self) -> int:
        """Readable when a channel is: for an asyncio loop that pumps by :meth:`poll`."""
        return self._inner.fileno()

    # ── time ─────────────────────────────────────────────────────────────────────────────────

    def call_later(self, seconds: float, callback: Callable[[], None]) -> None:
        """Calls ``callback`` with the lock held, by the I/O thread, not before ``seconds``."""
        with self.lock:
            self._timers.append((_monotonic() + seconds, callback))
        self._wake()

    # ── waiting ──────────────────────────────────────────────────────────────────────────────

    def wait(self, target: Waitable, deadline: float | None = None) -> bool:
        """Waits until ``target.done``, pumping where nobody else does.

        Args:
            deadline: on the monotonic clock in seconds; one that has passed: look once.
        Returns:
            Whether it is done.
        """
        if target.done:
            return True
        me = _get_ident()
        nested, exposed = self._pumper == me, self._exposed
        try:
            if not self._take(me):
                return self._sleep(target, deadline)
            self._exposed = not nested and me == _MAIN
            poll = self._inner.poll
            while not target.done:
                timeout = -1.0
                if deadline is not None:
                    timeout = deadline - _monotonic()
                    timeout = min(max(timeout, 0.0), _LONGEST)
                if self.closed:
                    raise PumpClosed
                self._process(poll(0.0 if self._todo else timeout))
                if timeout == 0.0 and deadline is not None:
                    break
            return target.done
        except _Secluded:
            pass
        finally:
            if nested:
                self._exposed = exposed
                self._cut_short()
            elif self._pumper == me:
                # First, and without a call before it: a second signal must not leave it taken.
                self._pumper = 0
                self._exposed = False
                self._leave()
        self._await_turn()
        # Most of what follows would be left to it, too.
        return self._sleep(target, deadline)

    def poll(self) -> None:
        """Takes in what has arrived, without waiting, where nobody else pumps."""
        me = _get_ident()
        nested, exposed = self._pumper == me, self._exposed
        try:
            if self._take(me):
                self._exposed = not nested and me == _MAIN
                self._process(self._inner.poll(0))
        except _Secluded:
            pass
        finally:
            if nested:
                self._exposed = exposed
                self._cut_short()
            elif self._pumper == me:
                self._pumper = 0
                self._exposed = False
                self._leave()

    def seclude(self) -> None:
        """Leaves what is being served to the I/O thread, where a signal could cut it off here.

        Called before anything is changed: what was received is handed over again there.
        """
        if self._exposed and self._io and _get_ident() == _MAIN:
            raise _Secluded

    def _await_turn(self) -> None:
        """Waits until the I/O thread has served what was left to it."""
        sleeper = threading.Lock()
        sleeper.acquire()
        with self.lock:
            if not self._todo or self._pumper or self.closed:
                return
            self._awaiting.append(sleeper)
            self._wake()
        with self._let_go():
            sleeper.acquire(timeout=_LONGEST_NAP)

    @contextlib.contextmanager
    def _let_go(self) -> Iterator[None]:
        """Without the lock, where this thread has it: those that it waits for need it.

        That is a finalizer or a signal's handler, in the middle of what holds the lock. As when it
        pumps itself, things go on there that were under way.
        """
        lock: Any = self.lock
        held = lock._release_save() if lock._is_owned() else None
        try:
            yield
        finally:
            if held is not None:
                lock._acquire_restore(held)

    def _end_turn(self) -> None:
        while self._awaiting:
            self._awaiting.pop().release()

    def _cut_short(self) -> None:
        """Ends the wait of this thread that a signal handler's lies in.

        Python goes on with the poll that the signal interrupted, and what that waits for the
        handler may have taken in. A descriptor that can always be written to ends it, once.
        """
        with contextlib.suppress(OSError, ValueError):
            self._inner.modify(self._wake_write, select.EPOLLOUT | select.EPOLLONESHOT)

    def finish(self, target: Waitable) -> None:
        """Marks ``target`` as done and wakes who waits for it. The lock is held."""
        finish(target)
        if self._pumper not in (0, _get_ident()):
            self._cut_short()

    def _take(self, me: int) -> bool:
        with self.lock:
            if self.closed:
                raise PumpClosed
            if self._pumper and self._pumper != me:
                return False
            self._pumper = me
            self._uses += 1
            if self._armed:
                # First: what is armed and not said to be is armed again, the other way round never.
                self._armed = False
                self._outer.modify(self._inner.fileno(), 0)
            return True

    def _leave(self) -> None:
        with self.lock:
            if self.closed:
                self._end_turn()
            if self.closed or self._pumper:
                return
            now = _monotonic()
            if self._todo:
                self._wake()
            if self.eager or self._sleeping:
                self._arm()
            elif not self._ticking:
                # The second time within a tick: leave it to a tick, instead of arming each time.
                if now - self._left < TICK:
                    self._ticking = True
                    self._wake()
                else:
                    self._arm()
            self._left = now
        self._run_deferred()

    def _sleep(self, target: Waitable, deadline: float | None) -> bool:
        sleeper = threading.Lock()
        sleeper.acquire()
        with self.lock:
            if target.done:
                return True
            if self._pumper == 0:
                self.serve_soon()
            if target.sleepers is None:
                target.sleepers = []
            target.sleepers.append(sleeper)
            self._sleeping += 1
        try:
            with self._let_go():
                left = -1.0 if deadline is None else max(0.0, deadline - _monotonic())
                sleeper.acquire(timeout=min(left, threading.TIMEOUT_MAX))
            if self.closed and not target.done:
                raise PumpClosed
            return target.done
        finally:
            with self.lock:
                self._sleeping -= 1
                if target.sleepers and sleeper in target.sleepers:
                    target.sleepers.remove(sleeper)

    def serve_soon(self) -> None:
        """Lets the I/O thread serve at once where nobody pumps: somebody depends on it."""
        with self.lock:
            if self._pumper == 0 and not self._armed and not self.closed:
                self._arm()

    def need(self, count: int) -> None:
        """Changes how many things depend on the I/O thread."""
        with self.lock:
            self.eager += count
            if count > 0:
                self.serve_soon()

    def _arm(self) -> None:
        if not self._armed:
            self._outer.modify(self._inner.fileno(), select.EPOLLIN)
            self._armed = True

    def _process(self, events: list[tuple[int, int]]) -> None:
        if events or self._todo:
            with self.lock:
                self._work_off(events)
                if self.left_behind and self.on_tick is not None:
                    self.on_tick()
        self._run_deferred()

    def _work_off(self, events: list[tuple[int, int]]) -> None:
        """Serves descriptors; what a signal interrupts is served again, though nothing arrives."""
        todo = self._todo
        pollables = self._pollables
        todo.extend(events)
        while todo:
            event = todo[0]
            pollable = pollables.get(event[0])
            if pollable is not None:
                try:
                    pollable.on_events(event[1])
                except _Secluded:
                    raise
                except BaseException as error:
                    self._failures += 1
                    if self._failures > _MOST_FAILURES and todo and todo[0] is event:
                        # No signal comes so often: it is the descriptor's.
                        todo.popleft()
                        pollable.give_up(error)
                    raise
                self._failures = 0
            if todo and todo[0] is event:
                todo.popleft()

    def _run_deferred(self) -> None:
        if self.deferred:
            self._run_all(self.deferred)
        if self.callbacks:
            if self._io and _get_ident() == _MAIN:
                self._wake()  # a signal could cut them off here
            else:
                self._run_all(self.callbacks)

    def _run_all(self, work: deque[Callable[[], None]]) -> None:
        while work:
            try:
                callback = work.popleft()
            except IndexError:  # another thread took it
                return
            try:
                callback()
            except PumpClosed:
                continue
            except Exception:
                self._show_error()

    # ── the I/O thread ───────────────────────────────────────────────────────────────────────

    def start(self) -> None:
        """Starts the I/O thread.

        Not by `threading`, which would wait until it runs; nor does an interpreter that ends wait.
        """
        self._running.acquire()
        self._io = _thread.start_new_thread(self._run_thread, ())

    def _run_thread(self) -> None:
        try:
            self._run()
        finally:
            self._running.release()

    def _wake(self) -> None:
        with contextlib.suppress(BlockingIOError, OSError):
            os.write(self._wake_write, b"\1\0\0\0\0\0\0\0")

    def _run(self) -> None:
        inner = self._inner.fileno()
        seen = -1
        while not self.closed:
            try:
                events = self._outer.poll(self._nap())
            except (OSError, ValueError):  # closed under us
                return
            ready = False
            with self.lock:
                for fd, _ in events:
                    if fd == inner:
                        ready = True
                    else:
                        _drain(self._wake_read)
                self._fire_timers()
                if self.on_tick is not None:
                    self.on_tick()
                if self._pumper == 0:
                    ready = self._serve(ready, seen)
                    self._end_turn()
                else:
                    ready = False
                    if self._uses == seen:
                        # One wait has lasted a whole tick; its end arms. To tick on would take the
                        # interpreter from a busy thread (vLLM's engine loop) 200 times a second.
                        self._ticking = False
                seen = self._uses
            self._guard(self._run_deferred)

    def _serve(self, ready: bool, seen: int) -> bool:
        """One turn of the I/O thread with the lock held, while nobody pumps."""
        hurry = self.eager > 0 or self._sleeping > 0
        if self._todo:
            hurry = ready = True
        if self._armed:
            if not ready:
                self._ticking = False
                return False
            if not hurry and not self._ticking:
                # Nobody waits for this: gather what comes for a tick instead of contending
                # for the interpreter with the thread that runs.
                self._outer.modify(self._inner.fileno(), 0)
                self._armed = False
                self._ticking = True
                return False
        elif self._uses != seen and not self._todo:
            return False
        served = False
        while not self.closed:
            events = self._inner.poll(0)
            if not events and not self._todo:
                break
            served = True
            self._guard(self._work_off, events)
            if hurry:
                break
        if hurry:
            self._arm()
        elif not served:
            self._arm()
            self._ticking = False
        return served

    def _nap(self) -> float:
        nap = TICK if self._ticking else (self.tick_every or _LONGEST_NAP)
        if self._timers:
            nap = min(nap, max(0.0, min(at for at, _ in self._timers) - _monotonic()))
        return nap

    def _fire_timers(self) -> None:
        now = _monotonic()
        due = [timer for timer in self._timers if timer[0] <= now]
        for timer in due:
            self._timers.remove(timer)
            self._guard(timer[1])

    def _guard(self, work: Callable[..., Any], *args: Any) -> None:
        """Runs ``work``; the I/O thread must outlive its errors, which are shown."""
        try:
            work(*args)
        except PumpClosed:
            pass
        except BaseException:
            self._show_error()

    def _show_error(self) -> None:
        if not self.closed:
            import traceback

            traceback.print_exc()

    # ── the end ──────────────────────────────────────────────────────────────────────────────

    def stop(self) -> None:
        """Ends the I/O thread and the waits of others, and closes what the pump opened."""
        left = threading.Lock()
        with self.lock:
            if self.closed:
                return
            self.closed = True
            if self._pumper not in (0, _get_ident()):
                left.acquire()
                self._awaiting.append(left)
                self._cut_short()
        self._wake()
        left.acquire(timeout=2.0)
        if self._io != _get_ident() and self._running.acquire(timeout=2.0):
            self._running.release()
        self.abandon()

    def abandon(self) -> None:
        """Closes this process's descriptors and nothing else: after a fork that is all."""
        self.closed = True
        self._pollables = {}
        for closable in (self._inner, self._outer):
            with contextlib.suppress(OSError):
                closable.close()
        # Forgotten before they are closed: a late `_wake` must not write into what takes their
        # numbers.
        wake = {self._wake_read, self._wake_write}
        self._wake_read = self._wake_write = -1
        for fd in wake:
            with contextlib.suppress(OSError):
                os.close(fd)


def _wake_pair() -> tuple[int, int]:
    if sys.version_info >= (3, 10) and hasattr(os, "eventfd"):
        fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        return fd, fd
    read, write = os.pipe()
    os.set_blocking(read, False)
    os.set_blocking(write, False)
    return read, write


def _drain(fd: int) -> None:
    with contextlib.suppress(BlockingIOError, OSError):
        os.read(fd, 4096)
