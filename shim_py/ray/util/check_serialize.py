"""What makes a value impossible to pickle: a walk to the parts that fail."""

from __future__ import annotations

import inspect
from typing import Any, NamedTuple

from ray import cloudpickle


class FailureTuple(NamedTuple):
    """A part that cannot be pickled: the object, its name, and what it was found in."""

    obj: Any
    name: str | None
    parent: Any


def inspect_serializability(
    base_obj: Any, name: str | None = None, depth: int = 3, print_file: Any = None
) -> tuple[bool, set[FailureTuple]]:
    """Say whether a value can be pickled, and which of its parts prevents it.

    Args:
        base_obj: the value.
        name: what to call it.
        depth: how many levels of variables and attributes to go down.
        print_file: where the walk is told; None: standard output.

    Returns:
        Whether it can; and the parts that cannot, innermost as far as the depth allows.
    """
    found: set[FailureTuple] = set()
    walk = _Walk(print_file, found)
    walk.say(f"Checking whether {base_obj!r} can be pickled", 0)
    whole = walk.passes(base_obj, name, None, depth, 0)
    if not whole:
        parts = ", ".join(sorted(f"{one.name or 'it'} ({one.obj!r})" for one in found))
        walk.say(f"Cannot be pickled because of: {parts}. There may be others.", 0)
        walk.say("Create such things inside the task or actor instead of handing them over.", 0)
    return whole, found


class _Walk:
    def __init__(self, file: Any, found: set[FailureTuple]) -> None:
        self._file = file
        self._found = found

    def say(self, words: str, level: int) -> None:
        print("    " * level + words, file=self._file)

    def passes(self, value: Any, name: str | None, parent: Any, depth: int, level: int) -> bool:
        """Try one value; where it fails, go on to its parts and note the innermost culprit."""
        try:
            cloudpickle.dumps(value)
            return True
        except Exception as error:
            self.say(f"{name or 'the value'} fails: {error}", level)
        culprits_before = len(self._found)
        if depth > 0:
            for part_name, part in _parts(value):
                if not self.passes(part, part_name, value, depth - 1, level + 1):
                    break
        if len(self._found) == culprits_before:
            self._note(FailureTuple(value, name, parent))
        return False

    def _note(self, failure: FailureTuple) -> None:
        try:
            self._found.add(failure)
        except TypeError:  # what cannot be hashed is told by its text
            self._found.add(FailureTuple(repr(failure.obj), failure.name, repr(failure.parent)))


def _parts(value: Any) -> list[tuple[str, Any]]:
    """Return what a function closes over and calls, or the members of anything else."""
    if inspect.isfunction(value):
        closure = inspect.getclosurevars(value)
        return [*closure.globals.items(), *closure.nonlocals.items()]
    return [
        (name, member)
        for name, member in inspect.getmembers(value)
        if not (name.startswith("__") and name.endswith("__")) and not inspect.isbuiltin(member)
    ]


__all__ = ["FailureTuple", "inspect_serializability"]
