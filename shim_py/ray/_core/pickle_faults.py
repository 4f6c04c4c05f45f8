"""Words for an actor that cannot be pickled: which member is to blame."""

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
        serialization.dumps_any(value)
    except Exception:
        return True
    return False
