"""All files of one program: each is read with what the others export."""

from __future__ import annotations

import ast
import collections
from collections.abc import Iterable
from typing import NamedTuple

from .reader import Reader, Use
from .sources import Source
from .table import ACCEPTS, WORKS, Table, Verdict
from .values import Instance, Name, Value


class Place(NamedTuple):
    """Where a name is used, and how (see `Use`)."""

    path: str
    line: int
    how: str
    in_tests: bool


class Found(NamedTuple):
    """A name with its state and all its places."""

    name: str
    verdict: Verdict
    places: list[Place]

    def counts(self) -> bool:
        """Return whether the program, apart from its tests, needs it to run."""
        return any(not place.how and not place.in_tests for place in self.places)


class Unreadable(NamedTuple):
    """A file whose syntax this interpreter does not know."""

    path: str
    why: str
    in_tests: bool


class Findings(NamedTuple):
    """All that was found in one program."""

    names: list[Found]
    unreadable: list[Unreadable]

    def of(self, state: str) -> list[Found]:
        """Return the names in a state."""
        return [found for found in self.names if found.verdict.state == state]


def scan(sources: Iterable[Source], table: Table) -> Findings:
    """Read the files and return every name of `ray` in them."""
    readers: dict[str, Reader] = {}
    tests: set[str] = set()
    unreadable: list[Unreadable] = []
    for source in sources:
        if source.is_test:
            tests.add(source.path)
        try:
            tree = ast.parse(source.text)
        except (SyntaxError, ValueError) as error:
            unreadable.append(Unreadable(source.path, str(error), source.is_test))
            continue
        readers[source.path] = Reader(tree, table, _Exports(source.path, readers).of)
    for _ in range(2):  # the second time, all exports are known
        for reader in readers.values():
            reader.walk()
    places: dict[str, set[Place]] = collections.defaultdict(set)
    for path, reader in readers.items():
        for use in _settled(reader.uses, table):
            places[use.name].add(Place(path, use.line, use.how, path in tests))
    names = [
        Found(name, table.verdict(name), sorted(where)) for name, where in sorted(places.items())
    ]
    return Findings(names, unreadable)


def _settled(uses: list[Use], table: Table) -> list[Use]:
    """Take the guard from imports whose failure would turn off names that beam has.

    `try: import ray; from ray.x import y` without Ray means "no Ray here". An unknown name in
    such a guard switches all of Ray off, and must not pass for one that is optional.
    """
    shared = {
        use.guard
        for use in uses
        if use.is_import and use.guard and table.verdict(use.name).state in (WORKS, ACCEPTS)
    }
    return [use._replace(how="") if use.is_import and use.guard in shared else use for use in uses]


class _Exports:
    """What `from module import name` gives in one file of the program."""

    def __init__(self, path: str, readers: dict[str, Reader]) -> None:
        self._folder = path.split("/")[:-1]
        self._readers = readers

    def of(self, module: str, level: int) -> dict[str, Value]:
        """Return what a module of the program exports of `ray`; {} for one that is not in it."""
        parts = module.split(".") if module else []
        if level:
            base = self._folder[: len(self._folder) - level + 1]
            reader = self._exactly("/".join([*base, *parts]))
        else:
            reader = self._ending("/".join(parts))
        if reader is None:
            return {}
        return {
            name: value
            for name, value in reader.names.items()
            if isinstance(value, (Name, Instance))
        }

    def _exactly(self, stem: str) -> Reader | None:
        return self._readers.get(f"{stem}.py") or self._readers.get(f"{stem}/__init__.py")

    def _ending(self, stem: str) -> Reader | None:
        found = self._exactly(stem)
        if found is not None:
            return found
        for path, reader in self._readers.items():
            if path.endswith((f"/{stem}.py", f"/{stem}/__init__.py")):
                return reader
        return None
