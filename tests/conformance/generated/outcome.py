"""What a line of a program came to, as a short text that is the same whenever the program is run.

Values keep what a program can rely on; ids, addresses, process numbers and paths are made alike. Of
messages only those lines are kept that Ray's documentation shows and that programs look for.
"""

from __future__ import annotations

import re
import types
from typing import Any

import ray
from ray.exceptions import RayActorError, RayError, RayTaskError, UnserializableException

_SAME = (
    (re.compile(r"\x1b\[[0-9;]*m"), ""),
    (re.compile(r"\bpid=\d+"), "pid=N"),
    (re.compile(r"\bip=[\w.:]+"), "ip=A"),
    (re.compile(r"\brepr=.*\)"), "repr=R)"),
    (re.compile(r"0x[0-9a-f]+"), "0xN"),
    (re.compile(r"\bTaskID\(([0-9a-f]+)\)"), r"\1"),
    (re.compile(r"\b[0-9a-f]{8,}\b"), "ID"),
    (re.compile(r"/[^\s'\"]*/"), ""),
)


def same(text: str) -> str:
    """Return a text without what differs from run to run."""
    for pattern, instead in _SAME:
        text = pattern.sub(instead, text)
    return text[:160]


def of_value(value: Any, names: dict[int, str], depth: int = 0) -> str:
    """Return the shape of a value.

    Args:
        value: any.
        names: by the id of an object of the program its name there: which reference came back.
        depth: how deep inside others it is.
    """
    if depth > 6:
        return "…"
    if isinstance(value, (list, tuple, set, frozenset)):
        parts = [of_value(each, names, depth + 1) for each in value]
        if isinstance(value, (set, frozenset)):
            parts.sort()
        more = f" and {len(parts) - 12} more" if len(parts) > 12 else ""
        return f"{type(value).__name__}({', '.join(parts[:12])}{more})"
    if isinstance(value, dict):
        pairs = (
            f"{of_value(k, names, depth + 1)}: {of_value(v, names, depth + 1)}"
            for k, v in value.items()
        )
        return f"{type(value).__name__}({', '.join(pairs)})"
    if isinstance(value, (ray.ObjectRef, ray.actor.ActorHandle)):
        kind = "ObjectRef" if isinstance(value, ray.ObjectRef) else same(repr(value))
        return f"{kind} {names[id(value)]}" if id(value) in names else kind
    if isinstance(value, BaseException):
        return of_error(value)
    if isinstance(value, (str, bytes, bytearray)):
        return same(repr(value)) if len(value) < 200 else f"{type(value).__name__} of {len(value)}"
    if isinstance(value, type):
        return f"class {value.__name__}"
    if hasattr(value, "remote") or type(value).__module__.partition(".")[0] == "ray":
        return "an object of Ray's"
    if isinstance(value, types.FunctionType):
        return "function"
    if type(value).__module__ == "numpy":
        if not hasattr(value, "dtype") or not hasattr(value, "flags"):
            return f"numpy {type(value).__name__}"
        # Small ones are copies on beam, which may be written.
        writable = "writable " if value.flags.writeable and value.nbytes > 100_000 else ""
        return f"{value.dtype}{value.shape} {writable}{value.ravel()[:3].tolist()}"
    return same(repr(value))


def of_error(error: BaseException) -> str:
    """Return the shape of an exception: its classes, its cause, its arguments, its first line."""
    if isinstance(error, UnserializableException):
        return "UnserializableException"  # on beam it is a RayTaskError too
    classes = "<".join(cls.__name__ for cls in type(error).__mro__[:-1])
    parts = [classes]
    for name in ("cause", "__cause__"):
        cause = getattr(error, name, None)
        if cause is not None:
            parts.append(f"{name} {type(cause).__name__}")
    code = getattr(error, "code", None)
    if code is not None:
        parts.append(f"code {code!r}")
    if isinstance(error, RayTaskError):
        parts += _lines_of(error)
    elif isinstance(error, RayActorError) or not isinstance(error, RayError):
        told = str(error).partition("\n")[0] if _is_shown(error) else ""
        parts += [same(told)] if told else []
    return "; ".join(parts)


def _lines_of(error: RayTaskError) -> list[str]:
    """The first line, that of the outermost call, and the last, that of what was raised."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    if not lines:
        return ["no text"]
    return [same(lines[0])] + ([same(lines[-1].strip())] if len(lines) > 1 else [])


def _is_shown(error: BaseException) -> bool:
    """Whether the words are the program's own or Ray's promise, not each side's choice of words."""
    if isinstance(error, RayActorError):
        return True
    return type(error).__module__ in ("kit", "program")
