"""What a program does about names that may be absent: `try` with handlers, `TYPE_CHECKING`."""

from __future__ import annotations

import ast
import itertools
from typing import NamedTuple

_IMPORTS = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException", ""}
_ATTRIBUTES = {"AttributeError", ""}
_numbers = itertools.count(1)


class Guard(NamedTuple):
    """One `try`: whether it lives without what is imported, or without an attribute."""

    number: int
    imports: bool
    attributes: bool


def of(node: ast.Try) -> Guard:
    """Return what the handlers of a `try` catch and do not raise again."""
    imports = attributes = False
    for handler in node.handlers:
        if any(isinstance(inner, ast.Raise) for part in handler.body for inner in ast.walk(part)):
            continue
        kinds = _kinds(handler.type)
        imports = imports or bool(kinds & _IMPORTS)
        attributes = attributes or bool(kinds & _ATTRIBUTES)
    return Guard(next(_numbers), imports, attributes)


def _kinds(node: ast.expr | None) -> set[str]:
    if node is None:
        return {""}
    if isinstance(node, ast.Tuple):
        return {kind for element in node.elts for kind in _kinds(element)}
    return {getattr(node, "id", getattr(node, "attr", "?"))}


def is_type_checking(test: ast.expr) -> bool:
    """Return whether a condition is `TYPE_CHECKING`."""
    return getattr(test, "id", getattr(test, "attr", "")) == "TYPE_CHECKING"


def has_lazy_annotations(tree: ast.Module) -> bool:
    """Return whether the file's annotations are never evaluated."""
    return any(
        isinstance(node, ast.ImportFrom)
        and node.module == "__future__"
        and any(alias.name == "annotations" for alias in node.names)
        for node in tree.body
    )
