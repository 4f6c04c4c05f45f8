"""The worker template: a process that has imported the package and forks workers.

It has one thread, and does nothing but fork from it, reap, and tell the daemon. It is a child
subreaper: what a worker leaves behind becomes its child, and is killed. It ends with its daemon,
and ends everything below it first.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import socket
import sys
import time
from typing import Any, Callable, NoReturn

from ray._core.frames import Body, FrameDecoder, Header, encode_head
from ray._core.protocol import PROTOCOL_VERSION, python_version

from . import process

#: Sent by the kernel when the daemon's thread that started this process ends.
_PARENT_SIGNAL = signal.SIGUSR1
#: How long killed descendants are waited for at the end, in seconds.
_END_TIMEOUT = 10.0
#: How long the resource tracker of a dead worker may clean up, in seconds.
_TRACKER_PATIENCE = 5.0


class BecomeWorker(BaseException):
    """Raised in the forked child, so that it unwinds the template's stack before it works."""

    def __init__(self, order: dict[str, Any]) -> None:
        self.order = order


class Template:
    """See the top of this file.

    Args:
        path: the daemon's socket.
        key: how the daemon knows which template this is.
    """

    def __init__(self, path: str, key: str) -> None:
        self._path = path
        self._parent = os.getppid()
        self._workers: set[int] = set()
        #: Resource trackers of dead workers, and until when each may clean up.
        self._trackers: dict[int, float] = {}
        #: What dead workers left and SIGKILL did not end.
        self._stuck: set[int] = set()
        self._frozen = False
        self._ending = False
        self._wake_read, self._wake_write = os.pipe()
        for fd in (self._wake_read, self._wake_write):
            os.set_blocking(fd, False)
        self._handlers: dict[int, Any] = {}
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, _PARENT_SIGNAL):
            self._handlers[number] = signal.signal(number, self._on_signal)
        process.become_subreaper()
        process.die_with_parent(_PARENT_SIGNAL, self._parent)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.connect(path)
        self._decoder = FrameDecoder(self._on_frame)
        self._orders: list[Header] = []
        self._send(
            {
                "kind": "template.hello",
                "id": 1,
                "protocol": PROTOCOL_VERSION,
                "key": key,
                "pid": os.getpid(),
                "python": python_version(),
                "executable": sys.executable,
            }
        )

    def run(self) -> NoReturn:
        """Serves until the daemon ends, or raises :class:`BecomeWorker` in a child."""
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        poll.register(self._wake_read, select.POLLIN)
        while True:
            for fd, _ in poll.poll(self._pause()):
                if fd == self._wake_read:
                    self._take_signals()
                else:
                    self._receive()
            while self._orders:
                self._obey(self._orders.pop(0))
            self._reap()
            if self._ending:
                self._end()

    def _pause(self) -> int | None:
        """Until the next tracker is out of time, in milliseconds."""
        if not self._trackers:
            return None
        return max(0, int(1000 * (min(self._trackers.values()) - time.monotonic()))) + 1

    # ── messages ─────────────────────────────────────────────────────────────────────────────

    def _receive(self) -> None:
        try:
            data = self._socket.recv(65536)
        except OSError:
            data = b""
        if not data:
            self._ending = True
            return
        self._decoder.feed(data)

    def _on_frame(self, header: Header, _body: Body) -> None:
        kind = header["kind"]
        if kind == "fork":
            self._orders.append(header)
        elif kind == "error":
            sys.stderr.write(f"ray: the daemon refuses this template: {header.get('message')}\n")
            self._ending = True

    def _send(self, header: Header) -> None:
        try:
            self._socket.sendall(encode_head(header))
        except OSError:
            self._ending = True

    # ── forking ──────────────────────────────────────────────────────────────────────────────

    def _obey(self, order: Header) -> None:
        fresh = bool(order["exec"]) or process.thread_count() != 1
        if not self._frozen:
            # What is there now is never collected: its pages stay shared with the workers.
            gc.collect()
            gc.freeze()
            self._frozen = True
        try:
            pid = os.fork()
        except OSError as error:
            self._send(
                {
                    "kind": "error",
                    "id": order["id"],
                    "code": "fork",
                    "message": f"Cannot fork a worker: {error}",
                    "mend": "Free memory or raise the limit of processes (`ulimit -u`).",
                }
            )
            return
        if pid == 0:
            self._in_child(order, fresh)
        self._workers.add(pid)
        self._send({"kind": "reply", "id": order["id"], "pid": pid, "exec": fresh})

    def _in_child(self, order: Header, fresh: bool) -> NoReturn:
        template = os.getppid()
        signal.set_wakeup_fd(-1)
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        self._socket.close()
        os.close(self._wake_read)
        os.close(self._wake_write)
        # A group, not a session: where the kernel groups by sessions (autogroup), it divides the
        # processors between them first, and a driver that spins yields only to its own.
        os.setpgid(0, 0)
        process.yield_to_drivers()
        process.die_with_parent(signal.SIGKILL, template)
        _redirect(order["out"], order["err"])
        spec = {
            "spawn": order["spawn"],
            "socket": order["socket"],
            "control": self._path,
            "cwd": order["cwd"],
            "title": order.get("title"),
            "parent": template,
        }
        environment = {**(os.environ if order.get("keep") else {}), **order["env"]}
        if fresh:
            prefix = order.get("prefix") or []
            if prefix:  # the worker is the child of what stands before it
                spec["parent"] = 0
            _execute(prefix, {**environment, "BEAM_WORKER": json.dumps(spec)})
        os.environ.clear()
        os.environ.update(environment)
        raise BecomeWorker(spec)

    # ── reaping ──────────────────────────────────────────────────────────────────────────────

    def _on_signal(self, number: int, _frame: object) -> None:
        if number == _PARENT_SIGNAL:
            # Also sent when only the thread that started us ended.
            self._ending = self._ending or os.getppid() != self._parent
        elif number != signal.SIGCHLD:
            self._ending = True

    def _take_signals(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self._wake_read, 4096)

    def _reap(self) -> None:
        ended = []
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                break
            if pid == 0:
                break
            self._trackers.pop(pid, None)
            self._stuck.discard(pid)
            if pid in self._workers:
                self._workers.discard(pid)
                ended.append((pid, status))
        if not ended:
            now = time.monotonic()
            process.kill_all(pid for pid, until in self._trackers.items() if until <= now)
            return
        # Of several at once the one that was killed is told of first: the others followed, mostly.
        ended.sort(key=lambda one: not _was_killed(one[1]))
        self._sweep()
        for pid, status in ended:
            self._send({"kind": "exited", "pid": pid, "status": status})

    def _orphans(self) -> list[int]:
        """What dead workers left, but for their trackers, which may clean up for a while.

        The children are read once: of a worker that ends meanwhile the tracker must not be taken
        for one that was looked at.
        """
        known = self._workers.union(self._trackers, self._stuck)
        orphans = [pid for pid in process.children_of(os.getpid()) if pid not in known]
        trackers = set(filter(process.is_tracker, orphans))
        until = time.monotonic() + _TRACKER_PATIENCE
        self._trackers.update(dict.fromkeys(trackers, until))
        return [pid for pid in orphans if pid not in trackers]

    def _sweep(self) -> None:
        """Kills what dead workers left: every child that is no worker and cleans up for none.

        One that waits in a driver of the kernel's, as for a sick GPU, does not end: it holds the
        others up once, for as long as the limit.
        """
        deadline = time.monotonic() + _END_TIMEOUT
        missing = 0
        while missing < 2:
            orphans = self._orphans()
            # The kernel's list may lack one while another leaves it.
            missing = 0 if orphans else missing + 1
            process.kill_all(orphans)
            while (orphans := [pid for pid in orphans if not _has_ended(pid)]) and (
                time.monotonic() < deadline
            ):
                time.sleep(0.001)
            self._stuck.update(orphans)
            for pid in orphans:
                sys.stderr.write(
                    f"ray: process {pid}, which a dead worker left, was killed and does not end. "
                    f"It may still hold a device: see `ps -o pid,stat,wchan,cmd {pid}`.\n"
                )

    def _end(self) -> NoReturn:
        """Ends everything below, then this process."""
        own = os.getpid()
        start = time.monotonic()
        while time.monotonic() < start + _END_TIMEOUT:
            below = process.descendants(own)
            if not below:
                break
            patient = time.monotonic() < start + _TRACKER_PATIENCE
            process.kill_all(pid for pid in below if not (patient and process.is_tracker(pid)))
            try:
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
            except ChildProcessError:
                pass
            time.sleep(0.002)
        os._exit(0)


def _has_ended(pid: int) -> bool:
    try:
        return os.waitpid(pid, os.WNOHANG)[0] != 0
    except ChildProcessError:
        return True


def _was_killed(status: int) -> bool:
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) != signal.SIGABRT


def _redirect(out: str, err: str) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    for path, target in ((out, 1), (err, 2)):
        fd = os.open(path, flags, 0o600)
        os.dup2(fd, target)
        os.close(fd)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)


def _execute(prefix: list[str], environment: dict[str, str]) -> NoReturn:
    command = [*prefix, sys.executable, "-m", "ray._worker"]
    try:
        os.execve(command[0], command, environment)
    except OSError as error:
        os.write(2, f"ray: cannot execute {command[0]}: {error}\n".encode())
    os._exit(127)


def warm_up() -> None:
    """Imports what every worker needs, so that each finds it loaded."""
    import asyncio
    import concurrent.futures
    import faulthandler
    import importlib
    import random
    import traceback

    import ray
    import ray.cloudpickle
    from ray._core import client, serialization, tasks

    from . import executor, worker_main

    # Shows in `ps` what a worker does, where it is installed; a broken one is not missed.
    with contextlib.suppress(Exception):
        importlib.import_module("setproctitle")
    serialization.dumps_any(_nothing)
    del asyncio, concurrent, faulthandler, random, traceback, ray
    del client, tasks, executor, worker_main


def _nothing(value: Callable[[], None] | None = None) -> None:
    """Pickled once, to warm the pickler."""
