"""What all states have in common: columns, of which some are for detail, and some for filters."""

from __future__ import annotations

import dataclasses
from typing import Any, Callable

_INTEGERS = ("int", "int | None")
_BOOLEANS = ("bool", "bool | None")
_FLOATS = ("float", "float | None")


def state_column(
    *,
    filterable: bool,
    detail: bool = False,
    format_fn: Callable[[Any], Any] | None = None,
    **kwargs: Any,
) -> Any:
    """Return the field of a column.

    Args:
        filterable: whether lists can be filtered by it.
        detail: whether it is filled only with `detail=True`; its default is None then.
        format_fn: makes a text for people of its value.
        **kwargs: as of `dataclasses.field`.
    """
    if detail:
        kwargs.setdefault("default", None)
    facts = {"detail": detail, "filterable": filterable, "format_fn": format_fn}
    kwargs["metadata"] = {**kwargs.get("metadata", {}), **facts}
    return dataclasses.field(**kwargs)


class StateSchema:
    """A state; its columns are attributes and keys."""

    @classmethod
    def _fields(cls) -> tuple[dataclasses.Field[Any], ...]:
        return dataclasses.fields(cls)  # type: ignore[arg-type]

    @classmethod
    def list_columns(cls, detail: bool = True) -> list[str]:
        """Return the names of the columns, in order; without `detail` the basic ones."""
        return [f.name for f in cls._fields() if detail or not f.metadata.get("detail")]

    @classmethod
    def columns(cls) -> set[str]:
        """Return the names of all columns."""
        return set(cls.list_columns(detail=True))

    @classmethod
    def base_columns(cls) -> set[str]:
        """Return the names of the columns that are filled without `detail`."""
        return set(cls.list_columns(detail=False))

    @classmethod
    def detail_columns(cls) -> set[str]:
        """Return the names of the columns that are filled with `detail`: all."""
        return set(cls.list_columns(detail=True))

    @classmethod
    def filterable_columns(cls) -> set[str]:
        """Return the names of the columns that filters may name."""
        return {f.name for f in cls._fields() if f.metadata.get("filterable")}

    @classmethod
    def humanify(cls, state: dict[str, Any]) -> dict[str, Any]:
        """Replace amounts and times in `state` by texts for people; returns it."""
        for column in cls._fields():
            format_fn = column.metadata.get("format_fn")
            if format_fn is not None and state.get(column.name) is not None:
                state[column.name] = format_fn(state[column.name])
        return state

    def asdict(self) -> dict[str, Any]:
        """Return it as a plain dict."""
        plain: dict[str, Any] = dataclasses.asdict(self)  # type: ignore[call-overload]
        return plain

    def __getitem__(self, key: str) -> Any:
        try:
            return getattr(self, key)
        except AttributeError:
            raise KeyError(key) from None

    def __setitem__(self, key: str, value: Any) -> None:
        setattr(self, key, value)

    def get(self, key: str, default: Any = None) -> Any:
        """Return a column's value, `default` for what is none."""
        return getattr(self, key, default)


def value_for(schema: type[StateSchema], column: str, value: Any) -> Any:
    """Return a filter's value as the column's type has it.

    Raises:
        ValueError: it is no such number or truth value.
    """
    types = {f.name: str(f.type) for f in schema._fields()}
    wanted = types.get(column, "")
    if not isinstance(value, str):
        return value
    if wanted in _INTEGERS:
        return _converted(column, value, int, "an integer")
    if wanted in _FLOATS:
        return _converted(column, value, float, "a number")
    if wanted in _BOOLEANS:
        if value.lower() in ("true", "1"):
            return True
        if value.lower() in ("false", "0"):
            return False
        raise ValueError(
            f"Invalid filter {column}={value}: the column holds truth values, give True or False."
        )
    return value


def _converted(column: str, text: str, make: Callable[[str], Any], what: str) -> Any:
    try:
        return make(text)
    except ValueError:
        raise ValueError(
            f"Invalid filter {column}={text}: the column holds numbers, give {what}."
        ) from None
