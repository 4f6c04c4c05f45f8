"""Words for what cannot be pickled: which member of an actor, or which argument, is to blame."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from . import serialization
from .creation import ActorCreation


def explain(creation: ActorCreation, error: Exception) -> str:
    """A sentence that names the class and the offending member, or the argument."""
    culprit = next((name for name, value in _members(creation) if _fails(value)), None)
    place = f" because of {culprit}" if culprit else ""
    return (
        f"Could not serialize the actor class {creation.class_name}{place}: {error}. "
        "Everything it refers to must be picklable: create such things in its __init__ instead."
    )


def explain_call(
    name: str, args: tuple[Any, ...], kwargs: dict[str, Any], error: TypeError
) -> TypeError:
    """The same of the arguments of a call to a method or function."""
    named = [(repr(key), value) for key, value in kwargs.items()]
    each = [*((str(index), value) for index, value in enumerate(args)), *named]
    culprit = next((f"argument {place}" for place, value in each if _fails(value)), "an argument")
    return explain_value(f"{culprit} of {name}", error)


def explain_value(shown: str, error: TypeError) -> TypeError:
    """The same of one value."""
    return TypeError(
        f"Could not serialize {shown}: {str(error).rstrip('.')}. "
        "`ray.util.inspect_serializability` tells what in it is to blame."
    )


def _members(creation: ActorCreation) -> Iterator[tuple[str, Any]]:
    for index, value in enumerate(creation.args):
        yield f"argument {index} of its __init__", value
    for name, value in creation.kwargs.items():
        yield f"argument {name!r} of its __init__", value
    for name, value in vars(creation.cls).items():
        if name.startswith("__") and not callable(value):
            continue
        if callable(value) and hasattr(value, "__closure__"):
            cells = value.__closure__ or ()
            for free, cell in zip(value.__code__.co_freevars, cells):
                try:
                    yield f"{free!r}, which its method {name!r} refers to", cell.cell_contents
                except ValueError:  # an empty cell
                    continue
            for used in value.__code__.co_names:
                if used in value.__globals__:
                    yield f"{used!r}, which its method {name!r} refers to", value.__globals__[used]
        else:
            yield f"its attribute {name!r}", value


def _fails(value: Any) -> bool:
    try:
        serialization.pickle_apart(value)
    except Exception:
        return True
    return False
