"""What the programs are made of: exceptions, tasks and actors, and the runner of their lines.

A block of lines runs the same way in the driver, in a task and in every kind of actor: each line
comes to a text (`outcome`), whatever it raises, and the block to the list of them.
"""

from __future__ import annotations

import ast
import asyncio
import dataclasses
import enum
import inspect
import os
import threading
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any, Callable

import outcome
import ray
from ray.exceptions import GetTimeoutError, RayActorError, RayError
from side import LATE

NEVER = 600  # seconds that nobody waits for

# ── lines ────────────────────────────────────────────────────────────────────────────────────


def namespace(env: dict[str, Any]) -> dict[str, Any]:
    """Return the names that a block starts with: this module's, and those that it was given."""
    own = {name: value for name, value in globals().items() if not name.startswith("__")}
    # A module that nobody can import, so that what lines define travels by value.
    return {**own, **env, "__name__": "program", "given": list(env)}


async def arun_lines(lines: list[str], env: dict[str, Any], begin: Any = None) -> list[Any]:
    """Run lines, one after another; a nested block's outcomes are a list in the list.

    Args:
        lines: each one statement or expression; `await` is for blocks of async actors.
        env: the names that they were given; what they assign is added.
        begin: called before each line; what it raises meanwhile is the line's outcome.
    """
    names = namespace(env)
    outcomes: list[Any] = []
    for line in lines:
        try:
            if begin is not None:
                begin()
            value = await _run_line(line, names)
            if type(value) is Block:
                outcomes.append(value.outcomes)
            else:
                known = {id(each): name for name, each in reversed(names.items())}
                outcomes.append(outcome.of_value(value, known))
        except (SystemExit, asyncio.CancelledError):
            raise
        except BaseException as error:
            if not isinstance(error, KeyboardInterrupt):
                outcomes.append(f"! {outcome.of_error(error)}")
            elif begin is None:  # the block was cancelled
                raise
            else:
                outcomes.append(LATE)
    env.update({name: names[name] for name in names.keys() - globals().keys()})
    # What lines define refers to its namespace: without this, handles would live in a cycle.
    names.clear()
    return outcomes


async def _run_line(line: str, names: dict[str, Any]) -> Any:
    tree = ast.parse(line)
    last = tree.body[-1]
    is_value = len(tree.body) == 1 and isinstance(last, ast.Expr)
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    code = compile(line, "<line>", "eval" if is_value else "exec", flags=flags)
    value = eval(code, names)
    if code.co_flags & inspect.CO_COROUTINE:
        value = await value
    if isinstance(last, ast.Assign):
        return eval(ast.unparse(last.targets[-1]), names)
    return value


class Block:
    """The outcomes of a block that ran elsewhere."""

    def __init__(self, outcomes: list[Any]) -> None:
        self.outcomes = outcomes


def run_lines(lines: list[str], env: dict[str, Any], begin: Any = None) -> Block:
    """`arun_lines` without `await` in the lines."""
    running = arun_lines(lines, env, begin)
    try:
        running.send(None)
    except StopIteration as ended:
        return Block(ended.value)
    raise AssertionError("a line awaits where nothing can be awaited")


# ── exceptions ───────────────────────────────────────────────────────────────────────────────


class Coded(Exception):
    def __init__(self, code: int) -> None:
        super().__init__(f"coded {code}")
        self.code = code

    def __reduce__(self) -> Any:
        return (Coded, (self.code,))


class CodedByArgs(Exception):
    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Unreadable(Exception):
    """Its pickle cannot be read: the constructor wants two arguments."""

    def __init__(self, first: int, second: int) -> None:
        super().__init__(f"{first} and {second}")


class Final(Exception):
    def __init_subclass__(cls) -> None:
        raise TypeError("no subclasses")


class Wordless(Exception):
    def __str__(self) -> str:
        return ""


class ManyLines(ValueError):
    def __str__(self) -> str:
        return "first\nsecond"


class Both(KeyError, AttributeError):
    pass


class Keyword(Exception):
    def __init__(self, *, code: int = 3) -> None:
        super().__init__("keyword")
        self.code = code


class Slotted(Exception):
    __slots__ = ("code",)

    def __init__(self, code: int = 4) -> None:
        self.code = code


class Rays(RayError):
    pass


class RaysValue(RayError, ValueError):
    pass


class Bottom(BaseException):
    pass


def _holding_a_lock() -> Exception:
    error = ValueError("holds a lock")
    error.lock = threading.Lock()  # type: ignore[attr-defined]
    return error


def _with_cause() -> Exception:
    error = ValueError("outer")
    error.__cause__ = KeyError("inner")
    return error


def _with_attribute() -> Exception:
    error = ValueError("with a code")
    error.code = 9  # type: ignore[attr-defined]
    return error


ERRORS: dict[str, Callable[[], BaseException]] = {
    "value": lambda: ValueError("plain"),
    "key": lambda: KeyError("missing"),
    "coded": lambda: Coded(7),
    "coded_by_args": lambda: CodedByArgs(8),
    "unreadable": lambda: Unreadable(1, 2),
    "final": lambda: Final("final"),
    "wordless": lambda: Wordless("never shown"),
    "lines": lambda: ManyLines("x"),
    "both": lambda: Both("both"),
    "keyword": lambda: Keyword(code=5),
    "slotted": lambda: Slotted(6),
    "rays": lambda: Rays("mine"),
    "rays_value": lambda: RaysValue("mine"),
    "timeout": lambda: TimeoutError("late"),
    "async_timeout": lambda: asyncio.TimeoutError("late"),
    "get_timeout": lambda: GetTimeoutError("mine"),
    "stop": lambda: StopIteration("over"),
    "file": lambda: FileNotFoundError(2, "No such file", "nowhere"),
    "unicode": lambda: UnicodeDecodeError("utf-8", b"x", 0, 1, "bad"),
    "empty": AssertionError,
    "not_implemented": lambda: NotImplementedError("later"),
    "memory": lambda: MemoryError("too much"),
    "lock": _holding_a_lock,
    "cause": _with_cause,
    "attribute": _with_attribute,
    "none": lambda: ValueError(None),
    "two": lambda: ValueError("one", 2),
}


# ── values ───────────────────────────────────────────────────────────────────────────────────


@dataclasses.dataclass(frozen=True)
class Point:
    x: int
    rest: Any = ()


class Colour(enum.Enum):
    RED = 1
    BLUE = "blue"


# ── tasks ────────────────────────────────────────────────────────────────────────────────────


@ray.remote
def same(x: Any) -> Any:
    return x


@ray.remote
def add(x: int, y: int = 1, *more: int, **named: int) -> int:
    return x + y + sum(more) + sum(named.values())


@ray.remote
def several(*values: Any) -> Any:
    return values


@ray.remote
def raising(kind: str, *_: Any) -> None:
    raise ERRORS[kind]()


@ray.remote
def give_back(kind: str) -> Any:
    """Give back the error of a task of its own."""
    try:
        ray.get(raising.remote(kind))
    except Exception as error:
        return error


@ray.remote
def count(number: int, fails_at: int = -1, kind: str = "value") -> Iterator[int]:
    for index in range(number):
        if index == fails_at:
            raise ERRORS[kind]()
        yield index


@ray.remote
def block(lines: list[str], env: dict[str, Any]) -> Block:
    return run_lines(lines, env)


def fail_first(gate: Any, key: str, failures: int, how: str) -> int:
    """Fail that often: raise an exception of a kind, or `exit`."""
    number: int = ray.get(gate.next.remote(key))
    if number <= failures:
        if how == "exit":
            os._exit(1)
        raise ERRORS[how]()
    return number


@ray.remote
def flaky(gate: Any, key: str, failures: int, how: str) -> int:
    """As a task."""
    return fail_first(gate, key, failures, how)


@ray.remote(num_cpus=0, max_retries=0)
def stuck(gate: Any, key: str) -> None:
    gate.tell.remote(key)  # not waited for: Ray loses a cancellation that arrives just then
    while True:
        time.sleep(0.05)


def cause_of(ref: Any) -> str:
    """Return the class that an error is of in the end; an empty text for a value."""
    try:
        ray.get(ref)
    except Exception as error:
        while isinstance(getattr(error, "cause", None), Exception):
            error = error.cause  # type: ignore[attr-defined]
        return type(error).__name__
    return ""


def shown(ref: Any) -> Any:
    """Return how the error of a task or method shows itself."""
    try:
        ray.get(ref)
    except Exception as error:
        return repr(error), len(error.args), error.__suppress_context__


def died(ref: Any) -> bool:
    """Whether a call is told the end of its actor's process, for good or not."""
    try:
        ray.get(ref)
    except RayActorError:
        return True
    return False


def end(handle: Any) -> None:
    """Kill an actor and wait until it is dead: on Ray calls are still answered for a moment."""
    ray.kill(handle)
    while not died(handle.add.remote()):
        time.sleep(0.02)


@ray.remote
def make(kind: str) -> Any:
    """Return what belongs to the task's process: a reference, in a list, or an actor."""
    if kind == "put":
        return [ray.put("put by a task")]
    if kind == "called":
        return [add.remote(1, 2)]
    return {"actor": Plain.remote(5)}


def here() -> dict[str, Any]:
    """Return what a process is told of itself, ids as their lengths."""
    context = ray.get_runtime_context()

    def of(name: str, *args: Any) -> Any:
        try:
            value = getattr(context, name)
            value = value(*args) if callable(value) else value
        except Exception as error:
            return type(error).__name__
        return f"id of {len(value)}" if isinstance(value, str) and len(value) >= 8 else value

    ids = ("get_job_id", "get_node_id", "get_worker_id", "get_task_id", "get_actor_id")
    more = ("get_actor_name", "get_assigned_resources", "get_placement_group_id", "namespace")
    flags = (
        "should_capture_child_tasks_in_placement_group",
        "get_accelerator_ids",
        "get_task_name",
        "get_task_function_name",
    )
    told = {name: of(name) for name in (*ids, *more, *flags)}
    # Which of several devices it gets is not promised.
    devices = told["get_accelerator_ids"]
    told["get_accelerator_ids"] = {family: len(ids) for family, ids in devices.items()}
    for name, value in told.items():
        if isinstance(value, dict):
            told[name] = sorted(value.items())
    return {**told, "gpus": len(ray.get_gpu_ids()), "job": os.environ.get("OF_THE_JOB")}


# ── actors ───────────────────────────────────────────────────────────────────────────────────


class _Counter:
    def __init__(self, start: int = 0, fails: str | None = None) -> None:
        if fails is not None:
            raise ERRORS[fails]()
        self.number = start
        self.value: Any = None

    def add(self, number: int = 1) -> int:
        self.number += number
        return self.number

    def echo(self, value: Any) -> Any:
        return value

    def keep(self, value: Any) -> None:
        self.value = value

    def kept(self) -> Any:
        return self.value

    def boom(self, kind: str) -> None:
        raise ERRORS[kind]()

    @ray.method(num_returns=2)
    def pair(self, first: Any = 1, second: Any = 2) -> Any:
        return first, second

    def block(self, lines: list[str], env: dict[str, Any]) -> Block:
        return run_lines(lines, env)

    def count(self, number: int, fails_at: int = -1, kind: str = "value") -> Iterator[int]:
        for index in range(number):
            if index == fails_at:
                raise ERRORS[kind]()
            yield index

    def stuck(self, gate: Any, key: str) -> None:
        gate.tell.remote(key)
        while True:
            time.sleep(0.05)

    def flaky(self, gate: Any, key: str, failures: int, how: str) -> int:
        return fail_first(gate, key, failures, how)

    def here(self) -> Any:
        return here()

    def leave(self) -> None:
        ray.actor.exit_actor()

    def leave_with(self, code: Any) -> None:
        raise SystemExit(code)

    def lend(self, value: Any) -> Any:
        self.value = ray.put(value)
        return [self.value]

    def die(self) -> None:
        os._exit(1)

    @classmethod
    def of_class(cls, number: int) -> int:
        return number + 1

    @staticmethod
    def of_nobody(number: int) -> int:
        return number + 2

    @property
    def not_a_method(self) -> int:
        return self.number


class _Loop:
    def __init__(self, start: int = 0, fails: str | None = None) -> None:
        if fails is not None:
            raise ERRORS[fails]()
        self.number = start
        self.value: Any = None

    async def add(self, number: int = 1) -> int:
        self.number += number
        return self.number

    async def echo(self, value: Any) -> Any:
        await asyncio.sleep(0)
        return value

    async def keep(self, value: Any) -> None:
        self.value = value

    async def kept(self) -> Any:
        return self.value

    async def boom(self, kind: str) -> None:
        raise ERRORS[kind]()

    @ray.method(num_returns=2)
    async def pair(self, first: Any = 1, second: Any = 2) -> Any:
        return first, second

    async def block(self, lines: list[str], env: dict[str, Any]) -> Block:
        return Block(await arun_lines(lines, env))

    async def count(
        self, number: int, fails_at: int = -1, kind: str = "value"
    ) -> AsyncIterator[int]:
        for index in range(number):
            if index == fails_at:
                raise ERRORS[kind]()
            yield index

    async def stuck(self, gate: Any, key: str) -> None:
        await gate.tell.remote(key)
        await asyncio.sleep(NEVER)

    async def flaky(self, gate: Any, key: str, failures: int, how: str) -> int:
        number: int = await gate.next.remote(key)
        if number <= failures:
            if how == "exit":
                os._exit(1)
            raise ERRORS[how]()
        return number

    async def here(self) -> Any:
        return here()

    async def leave(self) -> None:
        ray.actor.exit_actor()

    async def die(self) -> None:
        os._exit(1)

    @staticmethod
    def of_nobody(number: int) -> int:
        return number + 2


Plain = ray.remote(_Counter)
Threaded = ray.remote(max_concurrency=4)(_Counter)
Async = ray.remote(_Loop)


@ray.remote(num_cpus=0)
class Gate:
    """Where processes of a program meet."""

    def __init__(self) -> None:
        self.told: dict[str, asyncio.Event] = {}
        self.counts: dict[str, int] = {}

    async def tell(self, key: str) -> None:
        self.told.setdefault(key, asyncio.Event()).set()

    async def wait(self, key: str) -> None:
        await self.told.setdefault(key, asyncio.Event()).wait()

    async def next(self, key: str) -> int:
        self.counts[key] = self.counts.get(key, 0) + 1
        return self.counts[key]
