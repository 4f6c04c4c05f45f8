"""What beam has of `ray`, by name: the tables of docs/api.md, asked by the scanner.

A name is written as it stands in a program (`ray.util.queue.Queue`), a member behind its class
(`ray.ObjectRef.hex`), an argument in parentheses (`ray.init(num_cpus)`, `ray.remote(num_gpus)`,
`ray.method(num_returns)`), a field of a runtime environment in brackets (`runtime_env[pip]`).
"""

from __future__ import annotations

import importlib.util
import pathlib
import re
from typing import Any, NamedTuple

from .values import canonical

WORKS, ACCEPTS, REFUSES, UNKNOWN = "works", "accepts", "refuses", "unknown"
_ARGUMENT = re.compile(r"^(.+)[(\[](\w+)[)\]]$")


class Verdict(NamedTuple):
    """The state of a name, and what to say of it."""

    state: str
    note: str


class Table:
    """The tables of `shim_py/ray`, loaded without importing the package."""

    def __init__(self, package: pathlib.Path) -> None:
        """Load them.

        Args:
            package: the folder `ray`.
        """
        api = load(package / "_api.py")
        members = load(package / "_api_members.py")
        absent = load(package / "_private" / "absent.py")
        self._modules: dict[str, dict[str, tuple[str, str]]] = {
            **api.MODULES,
            **api.PRIVATE_MODULES,
            **members.OTHER_MODULES,
        }
        for name, other in members.SAME_MODULES.items():
            self._modules[name] = self._modules[other]
        self._members: dict[str, dict[str, tuple[str, str]]] = members.MEMBERS
        self._absent: dict[str, str] = {**absent.ABSENT_MODULES, **absent.ABSENT_BELOW}
        self._packages = {
            ".".join(name.split(".")[:count])
            for name in self._modules
            for count in range(1, name.count(".") + 2)
        }
        self._arguments: dict[str, dict[str, tuple[str, str]]] = {
            "ray.init": {**api.INIT_ARGUMENTS, **members.PRIVATE_INIT_ARGUMENTS},
            "ray.remote": api.OPTIONS,
            "ray.method": api.METHOD_OPTIONS,
            "options": {**api.METHOD_OPTIONS, **api.OPTIONS},
            "runtime_env": api.RUNTIME_ENV_FIELDS,
        }
        self.classes = frozenset(self._members)

    def takes(self, function: str, argument: str) -> bool:
        """Return whether an argument, option or field is known under this name."""
        return argument in self._arguments[function]

    def shorten(self, dotted: str) -> str:
        """Return as much of a dotted name as says something: up to a member, or the first unknown.

        `ray.__version__.split` is about `ray.__version__`, `ray.exceptions.RayError.args` about the
        class; of a class whose members are listed, the member counts.
        """
        parts = dotted.split(".")
        for count in range(1, len(parts) + 1):
            name = ".".join(parts[:count])
            if name in self._packages:
                continue
            if canonical(name) in self.classes and count < len(parts):
                return f"{canonical(name)}.{parts[count]}"
            return name
        return dotted

    def verdict(self, name: str) -> Verdict:
        """Return the state of a name, `unknown` where no table has it."""
        argument = _ARGUMENT.match(name)
        if argument:
            entry = self._arguments[argument[1]].get(argument[2])
            return Verdict(*entry) if entry else Verdict(UNKNOWN, "")
        holder, _, last = name.rpartition(".")
        if holder in self.classes:
            entry = self._members[holder].get(last)
        elif name in self._packages:
            return Verdict(WORKS, "module")
        else:
            entry = self._modules.get(holder, {}).get(last)
        if entry:
            return Verdict(*entry)
        return self._below_absent(name) or Verdict(UNKNOWN, "")

    def _below_absent(self, name: str) -> Verdict | None:
        parts = name.split(".")
        for count in range(len(parts), 1, -1):
            words = self._absent.get(".".join(parts[:count]))
            if words is not None:
                return Verdict(REFUSES, words)
        return None


def load(path: pathlib.Path) -> Any:
    """Return a file of tables as a module, without the package around it."""
    spec = importlib.util.spec_from_file_location(f"beam_table_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
