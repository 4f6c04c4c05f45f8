"""Tasks: the functions that `@ray.remote` makes."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Callable, Generic, NoReturn, TypeVar

from ray import _options
from ray._placing import placing, refuse_missing_options
from ray._signature import CallShape

if TYPE_CHECKING:
    from ray.dag.function_node import FunctionNode

R = TypeVar("R")


class RemoteFunction(Generic[R]):
    """A function that `.remote(...)` runs in a worker process."""

    def __init__(
        self, function: Callable[..., R], options: dict[str, Any], pickled: Any = None
    ) -> None:
        if inspect.iscoroutinefunction(function):
            raise ValueError(
                "'async def' should not be used for remote tasks. Wrap the coroutine in "
                "`asyncio.run(...)` inside a plain function."
            )
        self._function = function
        self._default_options = options
        self._is_generator = inspect.isgeneratorfunction(function)
        self._shape = CallShape.of(function, skip_first=False)
        self._pickled = pickled
        functools.update_wrapper(self, function)

    @property
    def _function_name(self) -> str:
        return f"{self._function.__module__}.{self._function.__qualname__}"

    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError(
            f"Remote functions cannot be called directly. Instead of running "
            f"'{self._function_name}()', try '{self._function_name}.remote()'."
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return (RemoteFunction, (self._function, self._default_options))

    def options(self, **task_options: Any) -> RemoteFunction[R]:
        """Return the function with other options for the tasks made by it.

        Raises:
            ValueError: an option is unknown or its value out of bounds.
            TypeError: a value has another type.
        """
        _options.validate_task_options(task_options, in_options=True)
        _options.validate_num_returns(task_options.get("num_returns"), self._is_generator)
        options = {**self._default_options, **task_options}
        return RemoteFunction(self._function, options, self._pickle())

    def _pickle(self) -> Any:
        if self._pickled is None:
            from ray._core.tasks import PickledFunction

            self._pickled = PickledFunction()
        return self._pickled

    def remote(self, *args: Any, **kwargs: Any) -> Any:
        """Run the function in a worker; returns a reference to its value at once.

        With `num_returns=0` None is returned, with more than 1 a list.

        Raises:
            TypeError: the arguments do not fit, or something cannot be pickled.
            ValueError: the resources can never fit the placement group.
        """
        from ray._core import client

        options = self._default_options
        refuse_missing_options(options, self._function_name)
        if self._shape is not None:
            self._shape.check(args, kwargs)
        session = client.session()
        amounts = _options.required_resources(options)
        amounts.setdefault("CPU", 1)
        where = placing(options, amounts, self._function_name, session)
        num_returns = options.get("num_returns")
        if num_returns is None:
            num_returns = "streaming" if self._is_generator else 1
        retries = options.get("max_retries")
        max_calls = options.get("max_calls")
        if max_calls is None:
            # A process keeps the memory of a GPU that it has used; so its next user gets a new one.
            max_calls = 1 if amounts.get("GPU") else 0
        references = session.run_task(
            client.TaskCreation(
                function=self._function,
                args=args,
                kwargs=kwargs,
                name=options.get("name") or self._function.__name__,
                pickled=self._pickle(),
                pause=options.get("_generator_backpressure_num_objects"),
                num_returns=num_returns,
                run=amounts,
                place=amounts,
                pg_id=where.pg_id,
                bundle_index=where.bundle_index,
                capture=where.capture,
                strategy=where.strategy,
                runtime_env=where.runtime_env,
                max_retries=_options.TASK_OPTIONS["max_retries"].default
                if retries is None
                else retries,
                retry_exceptions=options.get("retry_exceptions") or False,
                max_calls=max_calls,
            )
        )
        if len(references) == 1:
            return references[0]
        return references or None

    def _remote(
        self,
        args: Sequence[Any] | None = None,
        kwargs: Mapping[str, Any] | None = None,
        **task_options: Any,
    ) -> Any:
        called = self.options(**task_options) if task_options else self
        return called.remote(*(args or ()), **(kwargs or {}))

    def bind(self, *args: Any, **kwargs: Any) -> FunctionNode:
        """Return the call as a node of a graph, which is made when that is executed."""
        from ray.dag.function_node import FunctionNode

        return FunctionNode(self, args, kwargs)


def make_remote_function(function: Callable[..., R], options: dict[str, Any]) -> RemoteFunction[R]:
    """Return the remote function for a plain one.

    Raises:
        ValueError: an option is unknown or its value out of bounds.
        TypeError: a value has another type.
    """
    yields = inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function)
    _options.validate_task_options(options, in_options=False, is_generator=yields)
    return RemoteFunction(function, options)


__all__ = ["RemoteFunction"]
