"""What a handle knows of its actor's class, and the decorator `@ray.method`."""

from __future__ import annotations

import inspect
import pickle
from collections.abc import Mapping
from typing import Any, Callable

from ray._options import METHOD_OPTIONS, validate_method_options, validate_num_returns
from ray._private.absent import refuse
from ray._signature import CallShape

# Attribute in which `@ray.method` leaves its options on the function.
_MARK = "__ray_method_options__"


class MethodInfo:
    """One method: its name, its parameters, whether it yields, and its options."""

    __slots__ = ("is_generator", "name", "options", "shape")

    def __init__(
        self, name: str, shape: CallShape | None, is_generator: bool, options: dict[str, Any]
    ) -> None:
        self.name = name
        self.shape = shape
        self.is_generator = is_generator
        self.options = options

    def __reduce__(self) -> tuple[Any, ...]:
        return (MethodInfo, (self.name, self.shape, self.is_generator, self.options))


# Every actor has these; the worker carries them out.
_EVERY_ACTORS = {
    "__ray_ready__": CallShape([]),
    "__ray_terminate__": CallShape([]),
    "__ray_call__": CallShape(
        [
            ("fn", int(inspect.Parameter.POSITIONAL_ONLY), False),
            ("args", int(inspect.Parameter.VAR_POSITIONAL), False),
            ("kwargs", int(inspect.Parameter.VAR_KEYWORD), False),
        ]
    ),
}


class ClassInfo:
    """The class of an actor, as far as its callers need it."""

    def __init__(self, class_name: str, methods: dict[str, MethodInfo], is_async: bool) -> None:
        self.class_name = class_name
        self.methods = methods
        self.is_async = is_async
        self.max_task_retries = 0
        self.max_pending_calls = -1
        #: Calls may overtake those that wait for their arguments.
        self.any_order = False
        #: Names of its concurrency groups.
        self.groups: tuple[str, ...] = ()
        #: Values of generators that may be there untaken; None: any number.
        self.pause: int | None = None
        self._pickled: bytes | None = None

    @classmethod
    def of(cls, user_class: type) -> ClassInfo:
        """Return the facts of a class."""
        methods = {
            name: MethodInfo(name, shape, False, {}) for name, shape in _EVERY_ACTORS.items()
        }
        is_async = False
        for name, member in inspect.getmembers(user_class, inspect.isroutine):
            function = inspect.unwrap(member)
            if not (inspect.isfunction(function) or inspect.ismethod(function)):
                continue
            static = isinstance(inspect.getattr_static(user_class, name), staticmethod)
            bound = inspect.ismethod(function)
            yields_async = inspect.isasyncgenfunction(function)
            is_async = is_async or yields_async or inspect.iscoroutinefunction(function)
            methods[name] = MethodInfo(
                name,
                CallShape.of(function, skip_first=not (static or bound)),
                yields_async or inspect.isgeneratorfunction(function),
                dict(getattr(member, _MARK, getattr(function, _MARK, {}))),
            )
        if "__init__" not in methods:
            methods["__init__"] = MethodInfo("__init__", CallShape([]), False, {})
        return cls(user_class.__name__, methods, is_async)

    def with_options(
        self,
        max_task_retries: int,
        max_pending_calls: int,
        any_order: bool = False,
        groups: tuple[str, ...] = (),
        pause: int | None = None,
    ) -> ClassInfo:
        """Return the same class with those options of an actor that its callers carry out."""
        options = (max_task_retries, max_pending_calls, any_order, groups, pause)
        if options == self._options:
            return self
        other = ClassInfo(self.class_name, self.methods, self.is_async)
        other.max_task_retries = max_task_retries
        other.max_pending_calls = max_pending_calls
        other.any_order = any_order
        other.groups = groups
        other.pause = pause
        return other

    @property
    def _options(self) -> tuple[Any, ...]:
        return (
            self.max_task_retries,
            self.max_pending_calls,
            self.any_order,
            self.groups,
            self.pause,
        )

    def check_group(self, group: Any, what: str) -> None:
        """Check that the actor has a concurrency group.

        Raises:
            ValueError: it has not.
        """
        if group is not None and group not in self.groups:
            known = ", ".join(self.groups) or "none"
            raise ValueError(
                f"Cannot call {what} in the concurrency group {group!r}: the groups of the actor, "
                f"given by @ray.remote(concurrency_groups=...), are: {known}."
            )

    def pickled(self) -> bytes:
        """Return it as it travels with a handle; a plain pickle of plain values."""
        if self._pickled is None:
            state = (self.class_name, self.methods, self.is_async, self._options)
            self._pickled = pickle.dumps(state, protocol=5)
        return self._pickled


_loaded: dict[bytes, ClassInfo] = {}


def load_class_info(pickled: bytes) -> ClassInfo:
    """Return what `ClassInfo.pickled` was made of; handles of one class share it."""
    info = _loaded.get(pickled)
    if info is None:
        class_name, methods, is_async, options = pickle.loads(pickled)
        info = ClassInfo(class_name, methods, is_async).with_options(*options)
        info._pickled = pickled
        _loaded[pickled] = info
    return info


def method(*args: Any, **kwargs: Any) -> Any:
    """Decorate a method of an actor class with options of its calls.

    Args:
        num_returns: how many values a call returns, each with a reference of its own.
        concurrency_group: the group of threads, or the loop, in which it runs.
        max_task_retries: how often a call is sent again when the actor restarts.
        retry_exceptions: call again after every exception, or after those of these classes, as
            often as `max_task_retries` allows.
        _generator_backpressure_num_objects: how many values of a generator may be there that
            nobody took, before it waits.
        enable_task_events: accepted, without effect.
        tensor_transport: not there; refused when an actor is created.

    Raises:
        AssertionError: an option is unknown.
        ValueError: a value is out of bounds.
    """

    def mark(function: Callable[..., Any]) -> Callable[..., Any]:
        if "num_returns" in kwargs:
            plain = inspect.unwrap(function)
            yields = inspect.isgeneratorfunction(plain) or inspect.isasyncgenfunction(plain)
            validate_num_returns(kwargs["num_returns"], yields)
        validate_method_options(kwargs)
        setattr(function, _MARK, dict(kwargs))
        return function

    if len(args) == 1 and callable(args[0]) and not kwargs:
        return mark(args[0])
    usage = f"@ray.method takes named options: {', '.join(METHOD_OPTIONS)}."
    if args:
        raise AssertionError(usage)
    for key in kwargs:
        if key not in METHOD_OPTIONS:
            raise AssertionError(f"Unexpected keyword argument to @ray.method: '{key}'. {usage}")
    return mark


def refuse_missing_method_options(info: ClassInfo) -> None:
    """Raise for options of methods that are not there.

    Raises:
        UnsupportedFeature: a method has a `tensor_transport`, or yields several values at a time.
    """
    for part in info.methods.values():
        refuse_missing_call_options(part.options, f"{info.class_name}.{part.name}")


def check_groups(info: ClassInfo, groups: Mapping[str, Any]) -> None:
    """Check that the groups of a class's methods are groups of the actor.

    Raises:
        AssertionError: one is not, as in Ray.
    """
    for part in info.methods.values():
        group = part.options.get("concurrency_group")
        if group is not None and group not in groups:
            raise AssertionError(
                f"The method {info.class_name}.{part.name} is of the concurrency group {group!r}, "
                f"which @ray.remote(concurrency_groups=...) must name; it names {list(groups)}."
            )


def refuse_missing_call_options(options: Mapping[str, Any], what: str) -> None:
    """Raise for options of a call that are not there.

    Raises:
        UnsupportedFeature: such an option is set.
    """
    if options.get("tensor_transport") not in (None, "object_store"):
        refuse(
            f"the option tensor_transport (Ray Direct Transport) of {what}",
            "Send tensors over torch.distributed instead.",
        )
    if options.get("_num_objects_per_yield") not in (None, 1):
        refuse(f"the option _num_objects_per_yield of {what}", "Yield one value at a time.")
