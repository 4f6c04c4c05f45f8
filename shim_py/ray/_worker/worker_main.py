"""One worker's life: it tells the daemon that it is there, becomes an actor, and serves calls."""

from __future__ import annotations

import atexit
import contextlib
import faulthandler
import importlib
import os
import random
import socket
import sys
import threading
import time
import traceback
from typing import Any, Callable, NoReturn

from ray._core import client, group_access, serialization
from ray._core.creation import Assignment
from ray._core.errors import DaemonLost, RequestFailed
from ray._core.frames import Body, Header
from ray._core.ids import JobID
from ray._core.lending import Lending
from ray._core.packages import cloudpickle
from ray._core.protocol import PROTOCOL_VERSION, python_version
from ray._core.references import load_arguments
from ray._core.session import Session
from ray._logging import LoggingConfig
from ray._private import running
from ray._private.amounts import to_floats

from . import failure, process, task_events
from .async_executor import AsyncExecutor
from .callers import Caller, Callers, Inbox
from .executor import Executor, SerialExecutor, is_async
from .spent import Spent
from .threaded_executor import ThreadedExecutor

#: How long answers may take to leave before the process ends all the same, in seconds.
_FLUSH = 5.0
#: How long an actor's `__ray_shutdown__` may take, in seconds; as in Ray.
_SHUT_DOWN = 30.0
_ASYNC_CONCURRENCY = 1000


def run(order: dict[str, Any]) -> NoReturn:
    """Becomes the worker that the template was ordered to start."""
    _settle(order)
    worker = _Worker(order)
    worker.run()


def _settle(order: dict[str, Any]) -> None:
    """What a new process sets right before anything else."""
    process.become_subreaper()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.reconfigure(line_buffering=True, errors="backslashreplace")  # type: ignore[union-attr]
    faulthandler.enable(file=2)  # the descriptor, which is the log file
    process.offer_stacks()
    random.seed()
    numpy: Any = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed()
    if hasattr(time, "tzset"):
        time.tzset()
    with contextlib.suppress(OSError):  # the driver's directory may not be on this machine
        os.chdir(order["cwd"])


class _Worker:
    def __init__(self, order: dict[str, Any]) -> None:
        self._order = order
        self._executor: Executor | None = None
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(order["socket"])
        group_access.open_socket(order["socket"])
        listener.listen(1024)
        control = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            control.connect(order["control"])
        except OSError:
            os._exit(1)
        self._session = Session(control, self._on_daemon_lost)
        self._session.on_worker_push = self._on_push
        self._pump = self._session.pump
        self._inbox = Inbox(self._pump)
        self._session.object_socket = order["socket"]
        self._callers = Callers(self._pump, listener, self._inbox, self._on_cancel, self._session)
        self._pump.start()

    def run(self) -> NoReturn:
        """Serves until the process ends."""
        try:
            reply = self._session.request(
                "worker.hello",
                {
                    "protocol": PROTOCOL_VERSION,
                    "spawn": self._order["spawn"],
                    "pid": os.getpid(),
                    "python": python_version(),
                    "socket": self._order["socket"],
                    "process": self._session.caller_id,
                },
            )
        except (RequestFailed, DaemonLost) as error:
            sys.stderr.write(f"ray: the daemon refuses this worker: {error}\n")
            os._exit(1)
        assignment = self._session.assignment = _assignment(reply.fields["assignment"])
        self._adopt(assignment)
        self._callers.open(assignment.actor_id, assignment.incarnation)
        try:
            self._create(assignment, reply.body)
        except BaseException as error:
            self._failed(error, assignment)
        executor = self._executor
        assert executor is not None
        if assignment.is_task and assignment.resources.get("CPU"):
            self._session.lending = Lending(self._pump, self._session.control)
        shown = None if assignment.is_task else executor.shown
        self._session.control.send("worker.initialized", {"repr": shown})
        while True:
            executor.serve()

    def _adopt(self, assignment: Assignment) -> None:
        """Makes the session, the working directory and the import path the actor's."""
        session, raw = self._session, assignment.raw
        session.job_id = JobID.from_hex(assignment.job_id)
        session.node_id = assignment.node_id
        session.node_ip = assignment.node_ip
        session.namespace = assignment.namespace
        session.runtime_env = assignment.runtime_env
        session.gcs_address = str(raw.get("gcs_address") or "")
        session.cluster = str(raw.get("cluster") or "")
        session.log_dir = str(raw.get("log_dir") or "")
        session.runtime_dir = str(raw.get("runtime_dir") or "")
        session.dashboard_url = str(raw.get("dashboard_url") or "")
        session.log_to_driver = False
        if raw.get("logging"):
            LoggingConfig.from_dict(raw["logging"])._apply()
        client.adopt(session)
        cwd = raw.get("cwd")
        if cwd and os.path.isdir(cwd):
            with contextlib.suppress(OSError):
                os.chdir(cwd)
        # What a runtime environment unpacked comes before the driver's own places.
        first = [place for place in raw.get("first_paths") or [] if place in sys.path]
        at = max((sys.path.index(place) + 1 for place in first), default=0)
        for place in reversed([cwd, *(raw.get("sys_path") or [])]):
            if place and place not in sys.path and os.path.exists(place):
                sys.path.insert(at, place)

    # ── the actor ────────────────────────────────────────────────────────────────────────────

    def _create(self, assignment: Assignment, body: Body) -> None:
        if assignment.is_task:
            self._executor = self._make(SerialExecutor, assignment)
            self._set_up(assignment)
            return
        self._set_up(assignment)
        spec = serialization.loads(body)
        cls = serialization.loads(spec["cls"])
        args, kwargs = _arguments(spec)
        running.actor_class.append(cls)
        running.actor_meta.append(spec["options"]["meta"])
        kind = self._kind(cls, spec["options"], assignment)
        self._executor = executor = self._make(kind, assignment)
        executor.start(lambda: cls(*args, **kwargs))
        executor.shown = failure.actor_repr(executor.instance, assignment.class_name)
        running.on_exit.append(self._leave_soon)

    def _kind(self, cls: type, options: dict[str, Any], assignment: Assignment) -> type[Executor]:
        asked = options.get("max_concurrency") or 0
        assignment.groups = options.get("groups") or {}
        if options.get("is_async") or is_async(cls):
            assignment.max_concurrency = asked or _ASYNC_CONCURRENCY
            return AsyncExecutor
        assignment.max_concurrency = asked or 1
        return ThreadedExecutor if asked > 1 or assignment.groups else SerialExecutor

    def _make(self, kind: type[Executor], assignment: Assignment) -> Executor:
        executor = kind(self._pump, self._inbox, assignment, self._leave)
        titles: Any = sys.modules.get("setproctitle")
        if titles is not None:
            titles.setproctitle(f"ray::{assignment.class_name}")
            executor.set_titles(titles.setproctitle)
        task_events.attach(executor, self._session)
        return executor

    def _set_up(self, assignment: Assignment) -> None:
        hook: Any = assignment.runtime_env.get("worker_process_setup_hook")
        hook = assignment.raw.get("setup_hook") or hook
        if not hook:
            return
        function: Callable[[], Any]
        if isinstance(hook, (bytes, bytearray)):
            function = cloudpickle.loads(hook)
        else:
            module, _, name = str(hook).rpartition(".")
            function = getattr(importlib.import_module(module), name)
        function()

    def _failed(self, error: BaseException, assignment: Assignment) -> NoReturn:
        """`__init__` (or what comes before) raised: everybody who calls is told."""
        text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
        cause = failure.task_error(error, "__init__", assignment, assignment.class_name)
        sys.stderr.write(text)
        from ray.exceptions import ActorDiedError

        told = ActorDiedError(cause)
        pickled = failure.pickle_error(told)
        body = pickled if isinstance(pickled, bytes) else cloudpickle.dumps(told)
        with self._pump.lock:
            self._answer_all(body)
        kind = "start" if isinstance(error, (ImportError, EOFError)) else "init"
        summary = traceback.format_exception_only(type(error), error)[-1].strip()
        self._end(
            kind if kind == "init" else "init",
            {"message": f"its __init__ raised {summary}", "traceback": text},
            body,
            1,
        )

    def _answer_all(self, pickled: bytes) -> None:
        from .executor import _frame

        tasks = self._inbox.tasks
        while tasks:
            task = tasks.popleft()
            if task is not None:
                task[0].answer(task[1], _frame(task[1], False, [pickled]))

    # ── the end ──────────────────────────────────────────────────────────────────────────────

    def _leave(self, why: str, status: int = 0) -> NoReturn:
        """The actor ends itself."""
        message = f"the actor ended because {why}"
        if status == 0:
            self._shut_down(message)
        self._end("exit", {"message": message}, b"", status)

    def _shut_down(self, message: str) -> None:
        """Runs what the actor's class wants done at its end; not for long: its devices wait."""
        instance = getattr(self._executor, "instance", None)
        if not hasattr(type(instance), "__ray_shutdown__"):
            return
        late = threading.Timer(_SHUT_DOWN, self._end, ("exit", {"message": message}, b"", 0))
        late.daemon = True
        late.start()
        try:
            instance.__ray_shutdown__()  # type: ignore[union-attr]
        except Exception:
            traceback.print_exc()
        late.cancel()

    def _leave_soon(self) -> None:
        """A thread of the actor's own wants the actor to end: once what runs has its answer."""
        assert self._executor is not None
        with self._pump.lock:
            self._executor.farewell = "it called exit_actor()"
            self._inbox.end_first()

    def _end(self, kind: str, fields: dict[str, Any], body: bytes, code: int) -> NoReturn:
        try:
            self._session.control.send("worker.failed", {"cause": kind, **fields}, body)
            if kind == "exit":
                self._session.closing = True
                atexit.unregister(client.disconnect)
                atexit._run_exitfuncs()
            deadline = time.monotonic() + _FLUSH
            self._session.control.flushed(_FLUSH)
            while not self._callers.flush() and time.monotonic() < deadline:
                self._pump.poll()
                time.sleep(0.001)
            for stream in (sys.stdout, sys.stderr):
                stream.flush()
        finally:
            os._exit(code)

    def _on_daemon_lost(self, _session: Session, _error: DaemonLost) -> None:
        os._exit(1)

    def _on_push(self, header: Header, _body: Body) -> None:
        if header["kind"] == "worker.drain":
            if self._session.assignment is not None and self._session.assignment.is_task:
                Spent(self._session, self._callers, lambda: self._inbox.put(None)).begin()
            else:
                self._inbox.put(None)

    def _on_cancel(self, caller: Caller, seq: int, force: bool, recursive: bool) -> None:
        if recursive:
            self._session.cancel_children((caller.id, seq), force)
        if self._executor is not None:
            self._executor.cancel(caller, seq, force)


def _arguments(spec: dict[str, Any]) -> Any:
    stored, parts = spec.get("stored"), spec["arguments"]
    return load_arguments(stored, parts) if stored else serialization.loads(parts)


def _assignment(told: dict[str, Any]) -> Assignment:
    return Assignment(
        actor_id=told["actor_id"],
        incarnation=told["incarnation"],
        job_id=told["job_id"],
        class_name=told.get("class_name") or "",
        name=told.get("name"),
        namespace=told.get("namespace") or "",
        node_id=told.get("node_id") or "",
        node_ip=told.get("node_ip") or "",
        worker_id=told.get("worker_id") or "",
        gpu_ids=[str(each) for each in told.get("gpu_ids") or []],
        gpu_ids_masked=bool(told.get("gpu_ids_masked")),
        resources=to_floats(told.get("resources") or {}),
        pg=told.get("pg"),
        runtime_env=told.get("runtime_env") or {},
        max_concurrency=told.get("max_concurrency") or 0,
        is_task=bool(told.get("is_task")),
        raw=told,
    )
