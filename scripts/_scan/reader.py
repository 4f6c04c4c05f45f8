"""One file's uses of `ray`, by its syntax tree.

A file is walked in the order it is written, twice: what functions use before the module or the
class gives it a value is known the second time, and only that time uses are kept. The file is long
because one visitor holds what is known of names, and every part of it asks for that.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Callable, NamedTuple, Optional

from . import guards
from .table import Table
from .values import (
    ACTOR_CLASS,
    FUNCTION,
    HANDLE,
    METHOD,
    RUNTIME_ENV,
    Decorator,
    Instance,
    Keys,
    Local,
    Member,
    Name,
    Value,
    attribute_of,
    canonical,
    made_remote,
    result_of,
)

# Where an import of a file of the same tree leads: (module, level) to the names that it exports.
Exports = Callable[[str, int], "dict[str, Value]"]

_IMPORTERS = {"import_module", "__import__", "importorskip", "LazyLoader", "LazyImport"}
_PATCHERS = {"patch", "setattr", "delattr"}
_TAKES_RUNTIME_ENV = {"ray.init", "ray.job_config.JobConfig", "ray.remote"}


class _OfClass(dict[str, Optional[Any]]):
    """The names of a class body."""


class Use(NamedTuple):
    """One use of one name.

    `how` is "" for a plain one, `guarded` where its absence is caught, `typing` where it never
    runs, `asked` where the program asks whether it is there.
    """

    name: str
    line: int
    how: str
    is_import: bool
    guard: int


class Reader(ast.NodeVisitor):
    """Walks one file."""

    def __init__(self, tree: ast.Module, table: Table, exports: Exports) -> None:
        self.uses: list[Use] = []
        self.names: dict[str, Value] = {}
        self._table = table
        self._exports = exports
        self._scopes: list[dict[str, Value]] = [self.names]
        self._fields: dict[str, dict[str, Value]] = {}
        self._classes: list[str] = []
        self._guards: list[guards.Guard] = []
        self._typing = 0
        self._lazy_annotations = guards.has_lazy_annotations(tree)
        self._tree = tree

    def walk(self) -> None:
        """Walk the file once more; `uses` and `names` are then those of this walk."""
        self.uses = []
        self.visit(self._tree)

    # What is known of names.

    def _lookup(self, name: str) -> Value:
        for scope in reversed(self._scopes):
            # What a class defines is not seen from its methods.
            if name in scope and (scope is self._scopes[-1] or not isinstance(scope, _OfClass)):
                return scope[name]
        return None

    def _bind(self, target: ast.expr, value: Value) -> None:
        if isinstance(target, ast.Name):
            scope = self._scopes[-1]
            # `ray = None` where the import failed must not hide what it is otherwise.
            if value is None and isinstance(scope.get(target.id), Name):
                return
            scope[target.id] = value
        elif isinstance(target, ast.Attribute) and self._is_self(target.value):
            fields = self._fields.setdefault(self._classes[-1], {})
            if value is not None or target.attr not in fields:
                fields[target.attr] = value
        elif isinstance(target, (ast.Tuple, ast.List)):
            for element in target.elts:
                self._bind(element, None)
        elif isinstance(target, ast.Starred):
            self._bind(target.value, None)
        elif isinstance(target, ast.Subscript):
            self._set_item(target)

    def _is_self(self, node: ast.expr) -> bool:
        return isinstance(node, ast.Name) and node.id in ("self", "cls") and bool(self._classes)

    def _set_item(self, target: ast.Subscript) -> None:
        key = target.slice
        if not (isinstance(key, ast.Constant) and isinstance(key.value, str)):
            return
        held = self._evaluate(target.value)
        if isinstance(held, Keys):
            held.lines.setdefault(key.value, target.lineno)
        elif held == Instance(RUNTIME_ENV):
            self._use(f"runtime_env[{key.value}]", target.lineno)

    # What is used.

    def _use(self, name: str, line: int, is_import: bool = False, how: str = "") -> None:
        guard = 0
        if not how and self._typing:
            how = "typing"
        if not how:
            for caught in reversed(self._guards):
                if caught.imports if is_import else caught.attributes:
                    how, guard = "guarded", caught.number
                    break
        self.uses.append(Use(name, line, how, is_import, guard))

    def _use_dotted(self, dotted: str, line: int, is_import: bool = False, how: str = "") -> None:
        self._use(self._table.shorten(dotted), line, is_import, how)

    @contextmanager
    def _only_types(self, only: bool) -> Iterator[None]:
        self._typing += only
        try:
            yield
        finally:
            self._typing -= only

    # Imports.

    def visit_Import(self, node: ast.Import) -> None:
        """`import ray.x as y`."""
        for alias in node.names:
            if alias.name.split(".")[0] != "ray":
                continue
            self._use_dotted(alias.name, node.lineno, is_import=True)
            bound = alias.name if alias.asname else "ray"
            self._scopes[-1][alias.asname or "ray"] = Name(bound)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """`from ray.x import y`, and names of `ray` that another file of the tree exports."""
        module = node.module or ""
        if node.level == 0 and module.split(".")[0] == "ray":
            for alias in node.names:
                if alias.name == "*":
                    self._use_dotted(module, node.lineno, is_import=True)
                    continue
                dotted = f"{module}.{alias.name}"
                self._use_dotted(dotted, node.lineno, is_import=True)
                self._scopes[-1][alias.asname or alias.name] = Name(dotted)
            return
        exported = self._exports(module, node.level)
        for alias in node.names:
            if alias.name == "*":
                self._scopes[-1].update(exported)
            elif exported.get(alias.name) is not None:
                self._scopes[-1][alias.asname or alias.name] = exported[alias.name]
            elif isinstance(self._lookup(alias.asname or alias.name), (Name, Instance)):
                self._scopes[-1][alias.asname or alias.name] = None

    # Definitions.

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """A class; its fields are known in all its methods."""
        made = self._decorated(node, Local(is_class=True))
        for base in [*node.bases, *(keyword.value for keyword in node.keywords)]:
            self._evaluate(base)
        self._classes.append(".".join([*self._classes[-1:], node.name]))
        self._scopes.append(_OfClass())
        self._visit_all(node.body)
        self._scopes.pop()
        self._classes.pop()
        self._scopes[-1][node.name] = made

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """A function; parameters hide names, and their annotations tell what they are."""
        self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        """The same with `async`."""
        self._function(node)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._scopes[-1][node.name] = self._decorated(node, Local(is_class=False))
        if node.returns is not None:
            self._annotation(node.returns)
        scope = self._parameters(node.args)
        self._scopes.append(scope)
        self._visit_all(node.body)
        self._scopes.pop()

    def _parameters(self, args: ast.arguments) -> dict[str, Value]:
        scope: dict[str, Value] = {}
        for argument in [*args.posonlyargs, *args.args, *args.kwonlyargs]:
            scope[argument.arg] = self._annotation(argument.annotation)
        for rest in (args.vararg, args.kwarg):
            if rest is not None:
                self._annotation(rest.annotation)
                scope[rest.arg] = None
        for default in [*args.defaults, *args.kw_defaults]:
            if default is not None:
                self._evaluate(default)
        return scope

    def visit_Lambda(self, node: ast.Lambda) -> None:
        """A lambda; parameters hide names."""
        self._scopes.append(self._parameters(node.args))
        self._evaluate(node.body)
        self._scopes.pop()

    def _decorated(
        self, node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef, plain: Value
    ) -> Value:
        made = plain
        for decorator in reversed(node.decorator_list):
            value = self._evaluate(decorator)
            if isinstance(value, Decorator) or value == Name("ray.remote"):
                made = made_remote(plain)
        return made

    # Statements that give names a value, or change whether absence counts.

    def visit_Assign(self, node: ast.Assign) -> None:
        """`x = value`."""
        value = self._evaluate(node.value)
        for target in node.targets:
            self._visit_target(target)
            self._bind(target, value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """`x: Type = value`."""
        declared = self._annotation(node.annotation)
        value = self._evaluate(node.value) if node.value is not None else None
        self._visit_target(node.target)
        self._bind(node.target, value or declared)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        """`(x := value)`."""
        self._bind(node.target, self._evaluate(node.value))

    def visit_For(self, node: ast.For) -> None:
        """The loop's variables are unknown."""
        self._bind(node.target, None)
        self.generic_visit(node)

    def visit_With(self, node: ast.With) -> None:
        """`with value as x`: what is entered is mostly itself."""
        for item in node.items:
            value = self._evaluate(item.context_expr)
            if item.optional_vars is not None:
                self._bind(item.optional_vars, value)
        self._visit_all(node.body)

    def visit_Try(self, node: ast.Try) -> None:
        """Handlers make guards of what they catch."""
        guard = guards.of(node)
        self._guards.append(guard)
        self._visit_all(node.body)
        self._guards.pop()
        self._visit_all([*node.handlers, *node.orelse, *node.finalbody])

    def visit_If(self, node: ast.If) -> None:
        """`if TYPE_CHECKING:` never runs."""
        self._evaluate(node.test)
        with self._only_types(guards.is_type_checking(node.test)):
            self._visit_all(node.body)
        self._visit_all(node.orelse)

    def _visit_target(self, target: ast.expr) -> None:
        """Note what stands inside a target; `self.x = …` and plain names say nothing."""
        if isinstance(target, (ast.Attribute, ast.Subscript)) and not self._is_self(target):
            self._evaluate(target.value)
            if isinstance(target, ast.Subscript):
                self._evaluate(target.slice)

    def _visit_all(self, nodes: Iterable[ast.AST]) -> None:
        for node in nodes:
            self.visit(node)

    # Expressions.

    def _annotation(self, node: ast.expr | None) -> Value:
        """Return the instance that an annotation speaks of."""
        if node is None:
            return None
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            try:
                node = ast.copy_location(ast.parse(node.value, mode="eval").body, node)
            except SyntaxError:
                return None
            for inner in ast.walk(node):
                ast.copy_location(inner, node)
            with self._only_types(True):
                return self._annotation(node)
        with self._only_types(self._lazy_annotations):
            return self._instance_of(node)

    def _instance_of(self, node: ast.expr) -> Value:
        if isinstance(node, ast.Subscript):
            outer = self._instance_of(node.value)
            inner = self._annotation(node.slice)
            name = getattr(node.value, "id", getattr(node.value, "attr", ""))
            return inner if name == "Optional" else outer
        if isinstance(node, ast.BinOp):
            return self._annotation(node.left) or self._annotation(node.right)
        value = self._evaluate(node)
        if isinstance(value, Name) and canonical(value.dotted) in self._table.classes:
            return Instance(canonical(value.dotted))
        return None

    def generic_visit(self, node: ast.AST) -> None:
        """Expressions are evaluated, everything else is walked."""
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self._evaluate(child)
            else:
                self.visit(child)

    def _evaluate(self, node: ast.expr) -> Value:
        if isinstance(node, ast.Name):
            return self._lookup(node.id)
        if isinstance(node, ast.Attribute):
            return self._attribute(node)
        if isinstance(node, ast.Call):
            return self._call(node)
        if isinstance(node, ast.Dict):
            return self._dict(node)
        if isinstance(node, (ast.Lambda, ast.NamedExpr)):
            self.visit(node)
            return None
        if isinstance(node, ast.Await):
            self._evaluate(node.value)
            return None
        if isinstance(node, ast.IfExp):
            self._evaluate(node.test)
            chosen = self._evaluate(node.body)
            return chosen or self._evaluate(node.orelse)
        if isinstance(node, ast.BoolOp):
            values = [self._evaluate(value) for value in node.values]
            return next((value for value in values if value is not None), None)
        self.generic_visit(node)
        return None

    def _attribute(self, node: ast.Attribute) -> Value:
        if self._is_self(node.value):
            return self._fields.get(self._classes[-1], {}).get(node.attr)
        outermost = node
        names = [node.attr]
        base = node.value
        while isinstance(base, ast.Attribute) and not self._is_self(base.value):
            names.append(base.attr)
            base = base.value
        value = self._evaluate(base)
        walked = False
        for name in reversed(names):
            if isinstance(value, Name):
                value, walked = Name(f"{value.dotted}.{name}"), True
            elif isinstance(value, Instance):
                listed = value.of in self._table.classes
                if listed and (value.of != HANDLE or name.startswith("_")):
                    self._use(f"{value.of}.{name}", outermost.lineno)
                value = attribute_of(value, name)
            else:
                return None
        if walked and isinstance(value, Name):
            self._use_dotted(value.dotted, outermost.lineno)
        return value

    def _dict(self, node: ast.Dict) -> Keys:
        keys = Keys({})
        for key, item in zip(node.keys, node.values):
            value = self._evaluate(item)
            if key is None and isinstance(value, Keys):
                keys.lines.update(value.lines)
                keys.values.update(value.values)
            elif isinstance(key, ast.Constant) and isinstance(key.value, str):
                keys.lines[key.value] = key.lineno
                keys.values[key.value] = value
            elif key is not None:
                self._evaluate(key)
        return keys

    def _call(self, node: ast.Call) -> Value:
        called = self._evaluate(node.func)
        if isinstance(node.func, ast.Attribute):
            self._change_keys(node, node.func)
        values = [self._evaluate(argument) for argument in node.args]
        given = Keys({})
        for keyword in node.keywords:
            value = self._evaluate(keyword.value)
            if keyword.arg is not None:
                given.lines[keyword.arg] = keyword.value.lineno
                given.values[keyword.arg] = value
            elif isinstance(value, Keys):
                given.lines.update(value.lines)
                given.values.update(value.values)
        self._by_string(node)
        self._arguments(node, called, given)
        if isinstance(called, Decorator) or called == Name("ray.remote"):
            if values:
                return made_remote(values[0])
        elif called is None and isinstance(node.func, ast.Name) and node.func.id == "dict":
            return given
        loaded = self._loaded(node)
        return loaded or result_of(called, self._table.classes)

    def _change_keys(self, node: ast.Call, func: ast.Attribute) -> None:
        """`options.update(…)`, `options.setdefault("x", …)`."""
        if func.attr not in ("update", "setdefault"):
            return
        held = self._evaluate(func.value)
        if not isinstance(held, Keys):
            return
        for keyword in node.keywords:
            if keyword.arg is not None:
                held.lines.setdefault(keyword.arg, keyword.value.lineno)
        first = node.args[0] if node.args else None
        if func.attr == "setdefault" and isinstance(first, ast.Constant):
            held.lines.setdefault(str(first.value), first.lineno)
        elif isinstance(first, ast.Dict):
            held.lines.update(self._dict(first).lines)

    # Arguments.

    def _arguments(self, node: ast.Call, called: Value, given: Keys) -> None:
        function = self._function_of(node, called, given)
        if function is None:
            return
        for name, line in given.lines.items():
            if function == "runtime_env":
                self._use(f"runtime_env[{name}]", line)
            elif name not in ("args", "kwargs") or not isinstance(called, Member):
                self._use(f"{function}({name})", line)
            if name == "runtime_env":
                value = given.values.get(name)
                if isinstance(value, Keys):
                    for field, where in value.lines.items():
                        self._use(f"runtime_env[{field}]", where)

    def _function_of(self, node: ast.Call, called: Value, given: Keys) -> str | None:
        """Return whose arguments these are: a function of the table, or None."""
        if isinstance(called, Name):
            dotted = canonical(called.dotted)
            if dotted in ("ray.init", "ray.remote", "ray.method"):
                return dotted
            return "runtime_env" if dotted == RUNTIME_ENV else None
        if isinstance(called, Member) and called.name in ("options", "_remote"):
            if called.of in (ACTOR_CLASS, FUNCTION):
                return "ray.remote"
            return "ray.method" if called.of == METHOD else None
        # Of something unknown: Ray's when it looks like it.
        if called is None and isinstance(node.func, ast.Attribute) and node.func.attr == "options":
            known = any(self._table.takes("options", name) for name in given.lines)
            return "options" if known else None
        return None

    # Names in strings.

    def _by_string(self, node: ast.Call) -> None:
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        first = node.args[0] if node.args else None
        text = first.value if isinstance(first, ast.Constant) else None
        if isinstance(text, str) and text.startswith("ray.") and " " not in text:
            if name in _PATCHERS:
                self._use_dotted(text, node.lineno)
            elif name == "find_spec":
                self._use_dotted(text, node.lineno, is_import=True, how="asked")
        if name in ("hasattr", "getattr") and len(node.args) > 1:
            self._asked(node, name)

    def _asked(self, node: ast.Call, function: str) -> None:
        value = self._evaluate(node.args[0])
        attribute = node.args[1]
        if not (isinstance(attribute, ast.Constant) and isinstance(attribute.value, str)):
            return
        how = "asked" if function == "hasattr" or len(node.args) > 2 else ""
        if isinstance(value, Name):
            self._use_dotted(f"{value.dotted}.{attribute.value}", node.lineno, how=how)
        elif isinstance(value, Instance) and value.of in self._table.classes - {HANDLE}:
            self._use(f"{value.of}.{attribute.value}", node.lineno, how=how)

    def _loaded(self, node: ast.Call) -> Value:
        """Return the module that a call imports by its name."""
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if name not in _IMPORTERS:
            return None
        for argument in reversed(node.args):
            text = argument.value if isinstance(argument, ast.Constant) else None
            if isinstance(text, str) and text.split(".")[0] == "ray":
                how = "asked" if name == "importorskip" else ""
                self._use_dotted(text, node.lineno, is_import=True, how=how)
                return Name("ray" if name == "__import__" else text)
        return None
