"""Actors: the classes that `@ray.remote` makes, handles to actors, and their methods.

They are in one file, long as it is, because pickles and programs name them by this module.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeVar

from ray import _actor_options, _options
from ray._actor_methods import (
    ClassInfo,
    MethodInfo,
    check_groups,
    load_class_info,
    method,
    refuse_missing_call_options,
    refuse_missing_method_options,
)
from ray._core import client
from ray._core.ids import ActorID
from ray._placing import placing, refuse_missing_options
from ray._private import running
from ray.exceptions import ActorAlreadyExistsError, AsyncioActorExit

if TYPE_CHECKING:
    from ray.dag.class_node import ClassMethodNode, ClassNode

logger = logging.getLogger(__name__)
T = TypeVar("T")


def _session() -> Any:
    from ray._core import client

    return client.session()


class ActorMethod:
    """A method of an actor; `.remote(...)` calls it."""

    __slots__ = ("_actor", "_info", "_options")

    def __init__(
        self, actor: ActorHandle[Any], info: MethodInfo, options: dict[str, Any] | None = None
    ) -> None:
        # The handle itself, not a weak reference: `A.remote().f.remote()` works.
        self._actor = actor
        self._info = info
        self._options = info.options if options is None else options

    @property
    def _method_name(self) -> str:
        return self._info.name

    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError(
            "Actor methods cannot be called directly. Instead of running "
            f"'object.{self._info.name}()', try 'object.{self._info.name}.remote()'."
        )

    def remote(self, *args: Any, **kwargs: Any) -> Any:
        """Call the method; returns a reference to its value at once.

        With `num_returns=0` None is returned, with more than 1 a list.

        Raises:
            TypeError: the arguments do not fit, or one cannot be pickled.
            PendingCallsLimitExceeded: `max_pending_calls` of this process are without an answer.
        """
        info = self._info
        if info.shape is not None:
            info.shape.check(args, kwargs)
        return self._actor._ray_call(info, args, kwargs, self._options)

    def options(self, **options: Any) -> ActorMethod:
        """Return the method with other options for the calls made by it.

        Raises:
            ValueError: a value is out of bounds, or the option is unknown.
            UnsupportedFeature: the option is not there.
        """
        for name in options:
            if name not in (*_options.METHOD_OPTIONS, "name", "_labels"):
                raise ValueError(f"Invalid option keyword {name} for actor methods.")
        refuse_missing_call_options(
            options, f"{self._actor._ray_info.class_name}.{self._info.name}"
        )
        if "num_returns" in options:
            _options.validate_num_returns(options["num_returns"], self._info.is_generator)
        _options.validate_method_options(options)
        return ActorMethod(self._actor, self._info, {**self._options, **options})

    def _remote(
        self,
        args: Sequence[Any] | None = None,
        kwargs: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> Any:
        called = self.options(**options) if options else self
        return called.remote(*(args or ()), **(kwargs or {}))

    def bind(self, *args: Any, **kwargs: Any) -> ClassMethodNode:
        """Return the call as a node of a graph, which is made when that is executed."""
        from ray.dag.class_node import ClassMethodNode

        return ClassMethodNode(self._actor, self._info.name, self, args, kwargs)

    def __repr__(self) -> str:
        return f"ActorMethod({self._actor!r}.{self._info.name})"


class ActorHandle(Generic[T]):
    """A handle to an actor; its methods are attributes.

    Handles are equal when they stand for the same actor, can be keys of a dict, and may be
    copied, pickled, and sent to other tasks and actors. Further attributes may be set on them.
    """

    def __init__(self, actor_id: ActorID, info: ClassInfo, reference: Any = None) -> None:
        from ray._core import client

        self._ray_actor_id = actor_id
        self._ray_info = info
        self._ray_enable_tensor_transport = False
        self._ray_is_cross_language = False
        # The actor ends when no process has such a reference any more.
        self._ray_reference = reference
        if client.is_connected():
            known = client.session().handle_created(actor_id, info.any_order)
            if reference is None:
                self._ray_reference = known

    @property
    def _actor_id(self) -> ActorID:
        return self._ray_actor_id

    def _ray_call(
        self,
        info: MethodInfo,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        options: Mapping[str, Any],
    ) -> Any:
        known = self._ray_info
        if not options and not info.is_generator and known.max_pending_calls <= 0:
            return client.session().call_one(
                self._ray_actor_id, info.name, args, kwargs, known.max_task_retries
            )
        from ray._core.client import CallOptions

        num_returns = options.get("num_returns")
        if num_returns is None:
            num_returns = "streaming" if info.is_generator else 1
        retries = options.get("max_task_retries")
        pause = options.get("_generator_backpressure_num_objects")
        group = options.get("concurrency_group")
        known.check_group(group, f"{known.class_name}.{info.name}")
        references = _session().call(
            self._ray_actor_id,
            info.name,
            args,
            kwargs,
            num_returns,
            CallOptions(
                name=options.get("name"),
                max_task_retries=known.max_task_retries if retries is None else retries,
                max_pending_calls=known.max_pending_calls,
                group=group,
                retry_exceptions=options.get("retry_exceptions") or False,
                pause=known.pause if pause is None else pause,
            ),
        )
        if len(references) == 1:
            return references[0]
        return references or None

    def __getattr__(self, name: str) -> ActorMethod:
        info: ClassInfo | None = self.__dict__.get("_ray_info")
        part = None if info is None else info.methods.get(name)
        if part is None:
            raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")
        return ActorMethod(self, part)

    def __dir__(self) -> list[str]:
        return list(self._ray_info.methods)

    def __repr__(self) -> str:
        return f"Actor({self._ray_info.class_name}, {self._ray_actor_id.hex()})"

    def __hash__(self) -> int:
        return hash(self._ray_actor_id)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ActorHandle):
            return NotImplemented
        return bool(self._ray_actor_id == other._ray_actor_id)

    def __reduce__(self) -> tuple[Any, ...]:
        kept = (self._ray_actor_id.binary(), self._ray_info.pickled(), self._ray_reference)
        return (_restore_handle, kept)

    def __copy__(self) -> ActorHandle[T]:
        return ActorHandle(self._ray_actor_id, self._ray_info, self._ray_reference)

    def __deepcopy__(self, memo: dict[int, Any]) -> ActorHandle[T]:
        return self.__copy__()


def _restore_handle(
    actor_id: bytes, pickled_info: bytes, reference: Any = None
) -> ActorHandle[Any]:
    return ActorHandle(ActorID(actor_id), load_class_info(pickled_info), reference)


# The name under which Ray types handles.
ActorProxy = ActorHandle


class ActorClassInheritanceException(TypeError):
    """A class was derived from an actor class."""


class _ActorClassMetadata:
    """What programs read as `Cls.__ray_metadata__`."""

    def __init__(self, modified_class: type) -> None:
        self.modified_class = modified_class
        self.class_name = modified_class.__name__


class ActorClass(Generic[T]):
    """A class whose instances are actors; `.remote(...)` creates one.

    Attributes of the class that was decorated can be read on it.
    """

    def __init__(self, cls: Any, options: Any, attributes: Any = None) -> None:
        if attributes is not None:
            # `class B(A)` with an actor class A comes here as `type(A)("B", (A,), {...})`.
            raise ActorClassInheritanceException(
                f"Attempted to define subclass '{cls}' of an actor class. Inheriting from actor "
                "classes is not supported: inherit from the plain class and decorate the derived "
                "one with @ray.remote."
            )
        self.__ray_metadata__ = _ActorClassMetadata(cls)
        self._default_options = options
        self._ray_class_info: ClassInfo | None = None
        self.__doc__ = cls.__doc__
        self.__name__ = f"ActorClass({cls.__name__})"
        self.__module__ = cls.__module__

    @property
    def __wrapped__(self) -> type:
        return self.__ray_metadata__.modified_class

    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        name = self.__ray_metadata__.class_name
        raise TypeError(
            f"Actors cannot be instantiated directly. Instead of '{name}()', use '{name}.remote()'."
        )

    def __getattr__(self, name: str) -> Any:
        metadata = self.__dict__.get("__ray_metadata__")
        if metadata is None or (name.startswith("__") and name.endswith("__")):
            raise AttributeError(name)
        try:
            return getattr(metadata.modified_class, name)
        except AttributeError:
            raise AttributeError(
                f"'ActorClass({metadata.class_name})' object has no attribute '{name}'"
            ) from None

    def __repr__(self) -> str:
        return f"ActorClass({self.__ray_metadata__.class_name})"

    def __reduce__(self) -> tuple[Any, ...]:
        cls = self.__ray_metadata__.modified_class
        return (_restore_actor_class, (cls, self._default_options))

    def options(self, **actor_options: Any) -> ActorClass[T]:
        """Return the class with other options for the actors created by it.

        Raises:
            ValueError: an option is unknown or its value out of bounds.
            TypeError: a value has another type.
        """
        _options.validate_actor_options(actor_options, in_options=True)
        merged = {**self._default_options, **actor_options}
        other: ActorClass[T] = ActorClass(self.__ray_metadata__.modified_class, merged)
        other._ray_class_info = self._ray_class_info
        return other

    def remote(self, *args: Any, **kwargs: Any) -> Any:
        """Create an actor; returns a handle to it at once.

        Raises:
            TypeError: the arguments do not fit `__init__`, or the class cannot be pickled.
            ValueError: the resources can never fit the placement group.
            ActorAlreadyExistsError: the name is taken.
        """
        return self._create(args, kwargs, self._default_options)

    def _remote(
        self,
        args: Sequence[Any] | None = None,
        kwargs: Mapping[str, Any] | None = None,
        **actor_options: Any,
    ) -> Any:
        _options.validate_actor_options(actor_options, in_options=True)
        merged = {**self._default_options, **actor_options}
        return self._create(tuple(args or ()), dict(kwargs or {}), merged)

    def bind(self, *args: Any, **kwargs: Any) -> ClassNode:
        """Return the actor as a node of a graph, which is created when that is executed."""
        from ray.dag.class_node import ClassNode

        return ClassNode(self, args, kwargs)

    def _info(self) -> ClassInfo:
        if self._ray_class_info is None:
            self._ray_class_info = ClassInfo.of(self.__ray_metadata__.modified_class)
        return self._ray_class_info

    def _create(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], options: dict[str, Any]
    ) -> ActorHandle[T]:
        from ray._core.client import ActorCreation
        from ray._core.errors import RequestFailed

        name, namespace = options.get("name"), options.get("namespace")
        _check_names(name, namespace)
        if options.get("get_if_exists"):
            return self._get_or_create(args, kwargs, options)
        info = self._info()
        refuse_missing_options(options, info.class_name)
        refuse_missing_method_options(info)
        groups = _actor_options.groups(options)
        check_groups(info, groups)
        _actor_options.check_order(options, info)
        init = info.methods["__init__"]
        if init.shape is not None:
            init.shape.check(args, kwargs)
        session = _session()
        place, run = _actor_options.amounts(options)
        where = placing(options, place, info.class_name, session)
        pending = options.get("max_pending_calls")
        info = info.with_options(
            options.get("max_task_retries") or 0,
            -1 if pending is None else pending,
            _actor_options.any_order(options, info),
            tuple(groups),
            options.get("_actor_generator_backpressure_num_objects"),
        )
        creation = ActorCreation(
            cls=self.__ray_metadata__.modified_class,
            args=args,
            kwargs=kwargs,
            class_name=info.class_name,
            meta=info.pickled(),
            name=name,
            namespace=namespace or session.namespace,
            detached=options.get("lifetime") == "detached",
            place=place,
            run=run,
            pg_id=where.pg_id,
            bundle_index=where.bundle_index,
            capture=where.capture,
            strategy=where.strategy,
            max_restarts=options.get("max_restarts") or 0,
            max_task_retries=info.max_task_retries,
            max_concurrency=_actor_options.concurrency(options, info),
            runtime_env=where.runtime_env,
            get_if_exists=False,
            is_async=info.is_async,
            groups=groups,
        )
        try:
            actor_id = session.create_actor(creation)
        except RequestFailed as error:
            if error.code != "name_taken":
                raise
            raise ActorAlreadyExistsError(
                f"The name {name} (namespace={namespace}) is already taken. Please use a different "
                f"name or get the existing actor using ray.get_actor('{name}', "
                f"namespace='{namespace}')"
            ) from None
        return ActorHandle(actor_id, info)

    def _get_or_create(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], options: dict[str, Any]
    ) -> ActorHandle[T]:
        name, namespace = options["name"], options.get("namespace")
        try:
            return get_actor(name, namespace)
        except ValueError:
            pass
        try:
            return self._create(args, kwargs, {**options, "get_if_exists": False})
        except ActorAlreadyExistsError:
            # Somebody else was first, between the two requests.
            return get_actor(name, namespace)


def _restore_actor_class(cls: type, options: dict[str, Any]) -> ActorClass[Any]:
    return ActorClass(cls, options)


def _check_names(name: Any, namespace: Any) -> None:
    if name is not None and not isinstance(name, str):
        raise TypeError(f"name must be None or a string, got {name!r}.")
    if name == "":
        raise ValueError("Actor name cannot be an empty string.")
    if namespace is not None and not isinstance(namespace, str):
        raise TypeError(f"namespace must be None or a string, got {namespace!r}.")
    if namespace == "":
        raise ValueError('"" is not a valid namespace. Pass None to not specify a namespace.')


def make_actor_class(cls: type, options: dict[str, Any]) -> ActorClass[Any]:
    """Return the actor class for a plain class.

    Raises:
        ValueError: an option is unknown or its value out of bounds.
        TypeError: a value has another type.
    """
    _options.validate_actor_options(options, in_options=False)
    return ActorClass(cls, options)


def get_actor(name: str, namespace: str | None = None) -> ActorHandle[Any]:
    """Return a handle to the actor of this name.

    Args:
        name: its name.
        namespace: its namespace; None for the current one.

    Raises:
        ValueError: there is none.
    """
    from ray._core.errors import RequestFailed

    if not name:
        raise ValueError("Please supply a non-empty value to get_actor")
    _check_names(name, namespace)
    session = _session()
    wanted = {"name": name, "namespace": namespace or session.namespace}
    try:
        found = session.claimed.get((wanted["namespace"], name))
        if found is None:
            found = session.request("actor.by_name", wanted).fields
    except RequestFailed as error:
        if error.code != "not_found":
            raise
        raise ValueError(
            f"Failed to look up actor with name '{name}'. This could because 1. You are trying to "
            "look up a named actor you didn't create. 2. The named actor died. 3. You did not use "
            f"a namespace matching the namespace of the actor (looked in "
            f"'{wanted['namespace']}')."
        ) from None
    return ActorHandle(ActorID.from_hex(found["actor_id"]), load_class_info(found["meta"]))


def exit_actor() -> NoReturn:
    """End the actor inside whose method this is called.

    Whoever waits for the method gets `ActorDiedError`; the actor is not restarted. In a thread that
    the method started, the actor ends when what runs has its answer.

    Raises:
        TypeError: this process is no actor.
    """
    from ray._core import client

    assignment = client.session().assignment if client.is_connected() else None
    if assignment is None or assignment.is_task:
        raise TypeError(
            "exit_actor() works inside an actor's method only, and this process is no actor."
        )
    if running.in_event_loop():
        raise AsyncioActorExit("exit_actor() was called.")
    if running.current_call.get() is None:
        # In a thread of the program's own: nobody sees what is raised there.
        for leave in running.on_exit:
            leave()
    from ray._worker.executor import ActorExit

    raise ActorExit


__all__ = [
    "ActorClass",
    "ActorClassInheritanceException",
    "ActorHandle",
    "ActorMethod",
    "ActorProxy",
    "exit_actor",
    "method",
]
