"""Every exception of the package, under Ray's names and with Ray's bases.

    RayError
    ├── RayTaskError                 a task or method raised; also an instance of what it raised
    ├── RayActorError
    │   ├── ActorDiedError           says why, with signal, node, process and last words
    │   └── ActorUnavailableError
    ├── RaySystemError
    │   ├── RayChannelError ── RayChannelTimeoutError (also TimeoutError)
    │   ├── RayCgraphCapacityExceeded, RayDirectTransportError
    │   └── StreamingGeneratorReplayInconsistentError
    ├── ObjectLostError
    │   ├── ObjectFetchTimedOutError, ObjectFreedError, ObjectReconstructionFailedError
    │   ├── OwnerDiedError
    │   └── ReferenceCountingAssertionError (also AssertionError)
    ├── GetTimeoutError (also TimeoutError)
    ├── ActorAlreadyExistsError, ActorHandleNotFoundError (also ValueError)
    └── the others, each for one situation

All of them survive a plain pickle, however they were constructed. Pickles name the module of a
class, and programs catch these by `ray.exceptions`: so they stay in one file, long as it is.
"""

from __future__ import annotations

import logging
import os
import sys
import types
from collections.abc import Mapping
from typing import Any, cast

logger = logging.getLogger(__name__)

_CYAN = "\x1b[36m"
_PLAIN = "\x1b[39m"
# Frames between the user's code and whoever reads the error, which tell him nothing.
_OWN_FRAMES = ("ray/_core/", "ray/_worker/", "ray/_private/")


class RayError(Exception):
    """Base of all errors of this package."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuild, (type(self), self.args, dict(self.__dict__)))


def _rebuild(
    cls: type[BaseException], args: tuple[Any, ...], state: dict[str, Any]
) -> BaseException:
    # Not through the constructor: arguments given by keyword are not in `args`.
    error: BaseException = cls.__new__(cls)
    error.args = args
    error.__dict__.update(state)
    return error


class CrossLanguageError(RayError):
    """An error of a worker in another language; never raised here, for `except` clauses."""

    def __init__(self, ray_exception: Any) -> None:
        text = getattr(ray_exception, "formatted_exception_string", ray_exception)
        super().__init__(f"An exception was raised by another language:\n{text}")


class TaskCancelledError(RayError):
    """The task or method call was cancelled with `ray.cancel`."""

    def __init__(self, task_id: Any = None, error_message: str | None = None) -> None:
        self.task_id = task_id
        self.error_message = error_message

    def __str__(self) -> str:
        parts = []
        if self.task_id:
            parts.append(f"Task: {self.task_id} was cancelled.")
        if self.error_message:
            parts.append(self.error_message)
        return " ".join(parts) or "The task was cancelled."


class RayTaskError(RayError):
    """A task or an actor's method raised `cause`; its traceback is in the text.

    What `ray.get` raises is made by `as_instanceof_cause()`: an instance of this class and
    of the class of `cause`, so that `except ValueError` works across processes.

    Args:
        function_name: name of the task or method.
        traceback_str: the traceback as it was formatted where it was raised.
        cause: the exception; one that cannot be pickled is replaced by a `RayError` in words.
        proctitle: title of the process, `ray::A.method`.
        pid: process that raised.
        ip: address of its node.
        actor_repr: how the actor shows itself; None for a task.
        actor_id: id of the actor in hex; None for a task.
    """

    def __init__(
        self,
        function_name: str | None,
        traceback_str: str,
        cause: BaseException,
        proctitle: str | None = None,
        pid: int | None = None,
        ip: str | None = None,
        actor_repr: str | None = None,
        actor_id: str | None = None,
    ) -> None:
        if traceback_str is None:
            raise ValueError("RayTaskError needs the traceback as text, got None.")
        self.proctitle = proctitle or f"ray::{function_name}"
        self.pid = pid or os.getpid()
        self.ip = ip or _own_ip()
        self.function_name = function_name
        self.traceback_str = traceback_str
        self.actor_repr = actor_repr
        self._actor_id = actor_id
        self.cause = _picklable_cause(cause, traceback_str)
        self.args = (function_name, traceback_str, self.cause, proctitle, pid, ip)

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuild_task_error, self._pickled_state())

    def _pickled_state(self) -> tuple[Any, ...]:
        from ray import cloudpickle

        # The cause is a pickle of its own: where its class cannot be loaded, the rest still can.
        return (
            self.function_name,
            self.traceback_str,
            cloudpickle.dumps(self.cause),
            self.proctitle,
            self.pid,
            self.ip,
            self.actor_repr,
            self._actor_id,
        )

    def make_dual_exception_instance(self) -> RayTaskError:
        """Return an error that is a `RayTaskError` and an instance of the class of `cause`.

        Raises:
            TypeError: the class of `cause` cannot be subclassed.
        """
        return _make_dual(self)

    def as_instanceof_cause(self) -> RayTaskError:
        """Return an error that is an instance of the class of `cause` too, where that works.

        Where the class of `cause` cannot be subclassed, a warning is logged and the error
        itself is returned.
        """
        if isinstance(self, type(self.cause)):
            return self
        try:
            return self.make_dual_exception_instance()
        except Exception as error:
            logger.warning(
                "Cannot raise a remote error as %s: its class cannot be subclassed (%s). "
                "It is raised as RayTaskError; the original is its `cause`.",
                type(self.cause).__name__,
                error,
            )
            return self

    def __str__(self) -> str:
        where = f"{_CYAN}{self.proctitle}(){_PLAIN} (pid={self.pid}, ip={self.ip}"
        if self.actor_repr:
            where += f", actor_id={self._actor_id}, repr={self.actor_repr}"
        where += ")"
        out: list[str] = []
        hidden = False
        for line in self.traceback_str.strip().split("\n"):
            if line.startswith("Traceback "):
                hidden = False
                out.append(where)
            elif line.startswith("  File ") and any(own in line for own in _OWN_FRAMES):
                hidden = True
            elif hidden and line.startswith("    "):
                continue
            else:
                hidden = False
                out.append(line)
        return "\n".join(out)


def _own_ip() -> str:
    try:
        from ray._core import client

        if client.is_connected():
            return str(client.session().node_ip)
    except ImportError:
        pass
    return "127.0.0.1"


def _picklable_cause(cause: BaseException, traceback_str: str) -> BaseException:
    from ray import cloudpickle

    try:
        cloudpickle.dumps(cause)
        return cause
    except Exception as error:
        name = f"{type(cause).__module__}.{type(cause).__name__}"
        return RayError(
            f"Exception {name} cannot be sent to the caller, because it cannot be pickled: "
            f"{error}.\nThe original error was:\n{traceback_str}"
        )


def _load_cause(pickled: bytes, traceback_str: str) -> BaseException:
    from ray import cloudpickle

    try:
        cause = cloudpickle.loads(pickled)
    except Exception:
        return UnserializableException(traceback_str)
    return cause if isinstance(cause, BaseException) else UnserializableException(traceback_str)


def _rebuild_task_error(
    function_name: str | None, traceback_str: str, cause: bytes, *rest: Any
) -> RayTaskError:
    return RayTaskError(function_name, traceback_str, _load_cause(cause, traceback_str), *rest)


def _rebuild_dual(*state: Any) -> RayTaskError:
    return _rebuild_task_error(*state).as_instanceof_cause()


class _DualError(RayTaskError):
    """Behaviour of the classes that `make_dual_exception_type` makes."""

    _task_error: RayTaskError

    def __init__(self, *_args: Any, **_kwargs: Any) -> None:
        # Filled by `_make_dual`; the constructor of the cause's class must not run again.
        pass

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuild_dual, self._task_error._pickled_state())

    def __str__(self) -> str:
        return str(self._task_error)

    def __getattr__(self, name: str) -> Any:
        special = name.startswith("__") and name != "__notes__"
        if special or "cause" not in self.__dict__:
            raise AttributeError(name)
        return getattr(self.__dict__["cause"], name)


_dual_types: dict[type, type[RayTaskError]] = {}


def make_dual_exception_type(cause_class: type[BaseException]) -> type[RayTaskError]:
    """Return the class `RayTaskError(<cause_class>)`, derived from both.

    Raises:
        TypeError: `cause_class` cannot be subclassed.
    """
    made = _dual_types.get(cause_class)
    if made is None:
        name = f"RayTaskError({cause_class.__name__})"
        # The cause's class comes after ours, so that its `__init__` and `__str__` lose.
        namespace = {
            key: _DualError.__dict__[key]
            for key in ("__init__", "__reduce__", "__str__", "__getattr__")
        }
        namespace["__module__"] = __name__
        made = types.new_class(
            name, (RayTaskError, cause_class), exec_body=lambda body: body.update(namespace)
        )
        _dual_types[cause_class] = made
    return made


def _make_dual(task_error: RayTaskError) -> RayTaskError:
    cause = task_error.cause
    dual = make_dual_exception_type(type(cause))
    error = _allocate(dual, cause)
    error.__dict__.update(task_error.__dict__)
    error.__dict__["_task_error"] = task_error
    # What `repr` shows; the class of the cause may have another attribute of this name.
    BaseException.args.__set__(error, (cause,))  # type: ignore[attr-defined]
    # What C classes keep in slots (`OSError.errno`) is not found by `__getattr__`.
    for base in type(cause).__mro__:
        for name, member in vars(base).items():
            slot = isinstance(member, (types.MemberDescriptorType, types.GetSetDescriptorType))
            if slot and not name.startswith("_") and name != "args":
                try:
                    setattr(error, name, getattr(cause, name))
                except (AttributeError, TypeError):
                    continue
    return cast("RayTaskError", error)


def _allocate(dual: type[RayTaskError], cause: BaseException) -> Any:
    """Make an instance without running a `__new__` written in Python, which may want arguments."""
    # By the bases of its layout: the `__new__` of another one refuses, also where that comes first.
    base: Any = dual
    while not isinstance(new := base.__dict__.get("__new__"), types.BuiltinFunctionType):
        base = base.__base__
    if sys.version_info >= (3, 11) and isinstance(cause, BaseExceptionGroup):  # noqa: F821
        return new(dual, cause.message, cause.exceptions)
    return new(dual)


class LocalRayletDiedError(RayError):
    """The node daemon of this machine died."""

    def __str__(self) -> str:
        return "The node daemon of this machine died. Its log says why: see `beam logs`."


class WorkerCrashedError(RayError):
    """The worker process of a task died; the text says of what where that is known."""

    def __str__(self) -> str:
        return super().__str__() or "The worker died unexpectedly while executing this task."


class RayActorError(RayError):
    """The actor died or cannot be reached.

    Attributes:
        actor_id: id in hex, where known.
        error_msg: the text.
        actor_init_failed: its `__init__` raised.
        preempted: its node was taken away: it was drained.
    """

    BASE_ERROR_MSG = "The actor experienced an error before finishing this task."

    def __init__(
        self,
        actor_id: str | None = None,
        error_msg: str = BASE_ERROR_MSG,
        actor_init_failed: bool = False,
        preempted: bool = False,
    ) -> None:
        self.actor_id = actor_id
        self.error_msg = error_msg
        self._actor_init_failed = actor_init_failed
        self._preempted = preempted

    def __str__(self) -> str:
        return self.error_msg

    @property
    def preempted(self) -> bool:
        """Whether the node was taken away by who lends it."""
        return self._preempted

    @property
    def actor_init_failed(self) -> bool:
        """Whether the actor's `__init__` raised."""
        return self._actor_init_failed


class ActorDiedError(RayActorError):
    """The actor is dead; the text says why.

    Attributes:
        report: the death report (fields of `lib/cluster/death.ts`), {} where there is none.
    """

    BASE_ERROR_MSG = "The actor died unexpectedly before finishing this task."

    def __init__(self, cause: RayTaskError | Mapping[str, Any] | None = None) -> None:
        """Construct the error.

        Args:
            cause: the error that `__init__` raised; or the facts of the actor (`actor_id`,
                `class_name`, `name`, `namespace`, `pid`, `ip`, `repr`) with its death
                report as `report`; or None where nothing is known.
        """
        self.report: dict[str, Any] = {}
        if isinstance(cause, RayTaskError):
            message = (
                "The actor died because of an error raised in its creation task, "
                f"{RayTaskError.__str__(getattr(cause, '_task_error', cause))}"
            )
            super().__init__(cause._actor_id, message, actor_init_failed=True)
        elif cause:
            self.report = dict(cause.get("report") or {})
            super().__init__(
                cause.get("actor_id"),
                _death_text(self.BASE_ERROR_MSG, self.report, cause),
                actor_init_failed=self.report.get("kind") == "init",
                preempted=self.report.get("preempted") is True,
            )
        else:
            super().__init__(None, self.BASE_ERROR_MSG)

    @staticmethod
    def from_task_error(task_error: RayTaskError) -> ActorDiedError:
        """Return the error for an actor whose `__init__` raised `task_error`."""
        return ActorDiedError(task_error)

    @staticmethod
    def from_report(report: Mapping[str, Any], **facts: Any) -> ActorDiedError:
        """Return the error for a death report.

        Args:
            report: fields of `lib/cluster/death.ts`.
            facts: `actor_id`, `class_name`, `name`, `namespace`, `pid`, `ip`, `repr`, each
                optional.
        """
        return ActorDiedError({**facts, "report": report})


def _death_text(first: str, report: Mapping[str, Any], facts: Mapping[str, Any]) -> str:
    lines = [first]
    caused_by = report.get("caused_by")
    if caused_by:
        first = str(report.get("cause_message") or "").rstrip(".")
        lines.append(f"The first to end was {caused_by}{': ' if first else ''}{first}.")
    message = str(report.get("message") or "nothing is known about its end").strip()
    if message.lower().startswith("the actor"):
        lines.append(message[0].upper() + message[1:])
    else:
        lines.append(f"The actor is dead: {_lower_first(message)}")
    if not lines[-1].endswith((".", "!", "?")):
        lines[-1] += "."
    node_id = report.get("node_id")
    uptime = report.get("uptime_ms")
    shown = {
        "class_name": facts.get("class_name"),
        "actor_id": facts.get("actor_id"),
        "pid": facts.get("pid") or report.get("pid"),
        "name": facts.get("name"),
        "namespace": facts.get("namespace"),
        "repr": facts.get("repr"),
        "ip": facts.get("ip") or report.get("node_ip"),
        "node_id": node_id,
        "signal": report.get("signal"),
        "exit_code": report.get("exit_code"),
        "devices": ",".join(str(device) for device in report.get("devices") or []),
        "uptime": None if uptime is None else f"{uptime / 1000:.1f} s",
    }
    lines += [f"\t{key}: {value}" for key, value in shown.items() if value not in (None, "")]
    tail = [str(line) for line in report.get("stderr_tail") or []]
    trace = str(report.get("traceback") or "").rstrip()
    if trace and trace.strip() not in "\n".join(tail):
        lines += ["Its first traceback:", *(f"  {line}" for line in trace.split("\n"))]
    if tail:
        lines += ["The last lines of its stderr:", *(f"  {line}" for line in tail)]
    if report.get("mend"):
        lines.append(str(report["mend"]))
    return "\n".join(lines)


def _lower_first(sentence: str) -> str:
    # Not where the sentence opens with a name or an abbreviation.
    first = sentence.split(" ", 1)[0]
    return sentence[:1].lower() + sentence[1:] if first.istitle() else sentence


class ActorUnavailableError(RayActorError):
    """The actor cannot be reached now, and may be later.

    Args:
        error_message: why.
        actor_id: its id as bytes, or None.
    """

    def __init__(self, error_message: str, actor_id: bytes | None) -> None:
        shown = None if actor_id is None else actor_id.hex()
        super().__init__(
            shown,
            f"The actor {shown} is unavailable: {error_message.rstrip('.')}. The task may or may "
            "not have been executed on the actor.",
        )


class RaySystemError(RayError):
    """The cluster itself failed."""

    def __init__(self, client_exc: Any, traceback_str: str | None = None) -> None:
        self.client_exc = client_exc
        self.traceback_str = traceback_str

    def __str__(self) -> str:
        text = f"System error: {self.client_exc}"
        return f"{text}\ntraceback: {self.traceback_str}" if self.traceback_str else text


class AuthenticationError(RayError):
    """The cluster's token is missing or another one."""

    def __init__(self, message: str) -> None:
        self.message = message
        super().__init__(message)

    def __str__(self) -> str:
        return self.message


class UserCodeException(RayError):
    """Wraps an error of user code."""


class ObjectStoreFullError(RayError):
    """No room is left for objects."""


class OutOfDiskError(RayError):
    """No room is left on the disk that takes what does not fit in memory."""


class _MessageError(RayError):
    def __init__(self, message: str) -> None:
        self.message = message

    def __str__(self) -> str:
        return self.message


# Not derived from `_MessageError` in sight of users: the bases are Ray's.
class OutOfMemoryError(RayError):
    """The node ran out of memory and the kernel ended the process."""

    __init__ = _MessageError.__init__
    __str__ = _MessageError.__str__
    message: str


class NodeDiedError(RayError):
    """The node is dead or cannot be reached."""

    __init__ = _MessageError.__init__
    __str__ = _MessageError.__str__
    message: str


class ObjectLostError(RayError):
    """The value of an `ObjectRef` is gone.

    Args:
        object_ref_hex: id of the object in hex.
        owner_address: who owned it, where known.
        call_site: where the reference was made, where known.
    """

    _WHY = "All copies of it were lost with the processes or nodes that held them."

    def __init__(self, object_ref_hex: str, owner_address: Any = None, call_site: str = "") -> None:
        self.object_ref_hex = object_ref_hex
        self.owner_address = owner_address
        self.call_site = call_site

    def _base_str(self) -> str:
        text = f"Failed to retrieve object {self.object_ref_hex}."
        return f"{text} It was created at: {self.call_site}" if self.call_site else text

    def __str__(self) -> str:
        return f"{self._base_str()}\n\n{self._WHY}"


class ObjectFetchTimedOutError(ObjectLostError):
    """No process that holds the value answered in time."""

    _WHY = "No process that holds it answered in time."


class ReferenceCountingAssertionError(ObjectLostError, AssertionError):
    """The value was deleted while a reference to it was left."""

    _WHY = "It was deleted while a reference to it was left, which should not happen."


class ObjectFreedError(ObjectLostError):
    """The value was freed by `ray.internal.free`."""

    _WHY = "The program freed it with `ray.internal.free`."


class OwnerDiedError(ObjectLostError):
    """The process that owned the value has ended."""

    _WHY = (
        "The process that owned it, which called `.remote()` or `ray.put()`, has ended, and its "
        "values ended with it."
    )


class ObjectReconstructionFailedError(ObjectLostError):
    """The lost value cannot be computed again."""

    def __init__(
        self,
        object_ref_hex: str,
        reason: Any = None,
        reason_message: str | None = None,
        owner_address: Any = None,
        call_site: str = "",
    ) -> None:
        super().__init__(object_ref_hex, owner_address, call_site)
        self.reason = reason
        self.reason_message = reason_message or "It cannot be computed again."

    def __str__(self) -> str:
        return f"{self._base_str()}\n\n[{self.reason or 'UNKNOWN'}] {self.reason_message}"


class RpcError(RayError):
    """A message between processes of the cluster failed."""

    def __init__(self, message: str, rpc_code: Any = None) -> None:
        self.message = message
        self.rpc_code = rpc_code

    def __str__(self) -> str:
        return self.message


class GetTimeoutError(RayError, TimeoutError):
    """`ray.get` ended by its timeout before the value was there."""


class PlasmaObjectNotAvailable(RayError):
    """The value was not there in time."""


class AsyncioActorExit(RayError):
    """Raised inside an async actor that ends itself with `ray.actor.exit_actor()`."""


class RuntimeEnvSetupError(RayError):
    """The `runtime_env` could not be set up."""

    def __init__(self, error_message: str | None = None) -> None:
        self.error_message = error_message

    def __str__(self) -> str:
        text = "Failed to set up runtime environment."
        return f"{text}\n{self.error_message}" if self.error_message else text


class TaskPlacementGroupRemoved(RayError):
    """The placement group of the task was removed."""

    def __str__(self) -> str:
        return "The placement group of this task was removed."


class ActorPlacementGroupRemoved(RayError):
    """The placement group of the actor was removed."""

    def __str__(self) -> str:
        return "The placement group of this actor was removed."


class PendingCallsLimitExceeded(RayError):
    """More calls wait for the actor than its `max_pending_calls` allows."""


class TaskUnschedulableError(RayError):
    """No node may ever run the task."""

    def __init__(self, error_message: str) -> None:
        self.error_message = error_message

    def __str__(self) -> str:
        return f"The task is not schedulable: {self.error_message}"


class ActorUnschedulableError(RayError):
    """No node may ever hold the actor."""

    def __init__(self, error_message: str) -> None:
        self.error_message = error_message

    def __str__(self) -> str:
        return f"The actor is not schedulable: {self.error_message}"


class ObjectRefStreamEndOfStreamError(RayError):
    """A generator has no more values."""


class StreamingGeneratorReplayInconsistentError(RaySystemError):
    """A generator that ran again gave another number of values."""


class OufOfBandObjectRefSerializationException(RayError):
    """A reference was pickled where that is forbidden; the name is misspelt as in Ray."""


class RayChannelError(RaySystemError):
    """A channel between actors failed."""


class RayChannelTimeoutError(RayChannelError, TimeoutError):
    """A channel between actors gave nothing in time."""


class RayCgraphCapacityExceeded(RaySystemError):
    """Too many executions of a compiled graph are under way."""


class RayDirectTransportError(RaySystemError):
    """A direct transfer between devices failed."""


class UnserializableException(RayError):
    """An error arrived whose class cannot be loaded here; the text holds the original.

    Args:
        original_stack_trace: the error and its traceback as text.
    """

    def __init__(self, original_stack_trace: str) -> None:
        self._original_stack_trace = original_stack_trace

    def __str__(self) -> str:
        return (
            "The exception of the remote process cannot be unpickled here: its class is missing "
            "or its constructor wants other arguments.\n"
            f"The original exception was:\n{self._original_stack_trace}"
        )


class ActorAlreadyExistsError(ValueError, RayError):
    """An actor of this name exists in the namespace."""

    def __init__(self, error_message: str) -> None:
        super().__init__(error_message)
        self.error_message = error_message

    def __str__(self) -> str:
        return self.error_message


class ActorHandleNotFoundError(ValueError, RayError):
    """The handle is of another cluster or an earlier `ray.init()`."""

    def __init__(self, error_message: str) -> None:
        super().__init__(error_message)
        self.error_message = error_message

    def __str__(self) -> str:
        return self.error_message


RAY_EXCEPTION_TYPES = [
    PlasmaObjectNotAvailable,
    RayError,
    RayTaskError,
    WorkerCrashedError,
    RayActorError,
    ObjectStoreFullError,
    ObjectLostError,
    ObjectFetchTimedOutError,
    ReferenceCountingAssertionError,
    ObjectReconstructionFailedError,
    OwnerDiedError,
    GetTimeoutError,
    AsyncioActorExit,
    RuntimeEnvSetupError,
    TaskPlacementGroupRemoved,
    ActorPlacementGroupRemoved,
    PendingCallsLimitExceeded,
    LocalRayletDiedError,
    TaskUnschedulableError,
    ActorDiedError,
    ActorUnschedulableError,
    ActorUnavailableError,
    RayChannelError,
    RayChannelTimeoutError,
    OufOfBandObjectRefSerializationException,
    RayCgraphCapacityExceeded,
    UnserializableException,
    ActorAlreadyExistsError,
    ActorHandleNotFoundError,
    AuthenticationError,
]
