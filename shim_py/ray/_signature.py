"""Whether arguments fit a function: checked where the call is made, before anything is sent."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any, Callable

Kind = inspect._ParameterKind
_BY_POSITION = (Kind.POSITIONAL_ONLY, Kind.POSITIONAL_OR_KEYWORD)


class CallShape:
    """The parameters of a function, without annotations and default values.

    Small and picklable whatever the defaults are, because it travels with actor handles.
    """

    __slots__ = ("least", "most", "parameters")

    def __init__(self, parameters: Sequence[tuple[str, int, bool]]) -> None:
        # (name, kind, has a default)
        self.parameters = tuple(parameters)
        by_position = [part for part in self.parameters if part[1] in _BY_POSITION]
        without = [part for part in by_position if not part[2]]
        needs_names = any(
            kind == Kind.KEYWORD_ONLY and not default for _, kind, default in self.parameters
        )
        takes_any = any(kind == Kind.VAR_POSITIONAL for _, kind, _ in self.parameters)
        # How many arguments without names are fine when no named ones are given.
        self.least = -1 if needs_names else len(without)
        self.most: float = float("inf") if takes_any else len(by_position)

    @classmethod
    def of(cls, function: Callable[..., Any], skip_first: bool) -> CallShape | None:
        """Return the shape of a function; None where nothing is known of its parameters.

        Args:
            function: the function.
            skip_first: its first parameter is `self`.

        Raises:
            ValueError: it is a method without `self`.
        """
        try:
            parameters = list(inspect.signature(function).parameters.values())
        except (TypeError, ValueError):
            return None
        if skip_first:
            if not parameters:
                name = getattr(function, "__name__", repr(function))
                raise ValueError(
                    f"Methods must take 'self', but the method '{name}' takes nothing."
                )
            if parameters[0].kind in _BY_POSITION:
                parameters = parameters[1:]
        return cls([(p.name, int(p.kind), p.default is not p.empty) for p in parameters])

    def check(self, args: Sequence[Any], kwargs: dict[str, Any]) -> None:
        """Check arguments.

        Raises:
            TypeError: they do not fit.
        """
        if not kwargs and 0 <= self.least <= len(args) <= self.most:
            return
        # The slow way also finds the words.
        signature = inspect.Signature(
            [
                inspect.Parameter(
                    name, Kind(kind), default=None if default else inspect.Parameter.empty
                )
                for name, kind, default in self.parameters
            ]
        )
        try:
            signature.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(str(error)) from None

    def __reduce__(self) -> tuple[Any, ...]:
        return (CallShape, (self.parameters,))
