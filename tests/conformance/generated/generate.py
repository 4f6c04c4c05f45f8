"""Random programs whose outcome no timing decides, from a seed.

A program is a list of lines. A line is Python, or a nested block: a line with `BLOCK` where the
list of the block's own lines belongs, and those lines. Each idea below adds a few lines that use a
part of Ray's API with what the program has so far. What may end in two ways is left out: nothing is
waited for with a time limit but what is there already or never comes.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any, Callable, Union

Line = Union[str, tuple[str, list[Any]]]
Program = list[Line]

VALUES = (
    "1",
    "None",
    "'text'",
    "b'bytes'",
    "[1, [2, (3, {4})]]",
    "{'a': {'b': (1.5, True)}}",
    "bytes(2_000_000)",
    "'x' * 300_000",
    "b'abc' * 2",
    "frozenset({1, 2})",
    "range(3)",
    "complex(1, 2)",
    "lambda x: x + 1",
    "ValueError('a value')",
    "Coded(3)",
    "int",
    "Coded",
    "list(range(50_000))",
    "__import__('decimal').Decimal('1.50')",
    "__import__('datetime').date(2026, 1, 2)",
    "__import__('collections').OrderedDict(a=1)",
    "__import__('collections').defaultdict(list, a=[1])",
    "__import__('numpy').arange(4)",
    "__import__('numpy').ones((300, 500))",
    "__import__('numpy').arange(300_000, dtype='uint8')[::2]",
    "{'big': __import__('numpy').zeros(200_000), 'n': 1}",
    "memoryview(b'xyz').tobytes()",
    "float('inf')",
    "2 ** 80",
    "Ellipsis",
    "''",
    "()",
    "Point(1, (2, 'three'))",
    "[Colour.RED, {Colour.BLUE: Point}]",
    "__import__('types').SimpleNamespace(a=1)",
    "slice(1, None)",
    "bytes(100_000)",
    "bytes(2**20)",
    "bytes(2**20 + 70_000)",
    "__import__('numpy').float32(1.5)",
    "__import__('numpy').zeros((0, 3))",
    "__import__('numpy').array(['a', 'bc'])",
)
ERROR_KINDS = [
    "value",
    "key",
    "coded",
    "coded_by_args",
    "unreadable",
    "final",
    "wordless",
    "lines",
    "both",
    "keyword",
    "slotted",
    "rays",
    "rays_value",
    "timeout",
    "async_timeout",
    "get_timeout",
    "stop",
    "file",
    "unicode",
    "empty",
    "not_implemented",
    "memory",
    "lock",
    "cause",
    "attribute",
    "none",
    "two",
]
#: Those whose `repr` is the program's own.
PLAIN_KINDS = ["value", "key", "coded", "both", "keyword", "file", "timeout", "memory", "two"]
#: Where the lines of a block may run, and how its values are waited for there.
KINDS = ("driver", "task", "plain", "threaded", "async")


class Writer:
    """The lines of one block, and what its names stand for."""

    def __init__(
        self, chance: random.Random, where: str, depth: int, serial: Iterator[int]
    ) -> None:
        self.chance = chance
        self.where = where
        self.depth = depth
        self.serial = serial
        self.lines: Program = []
        #: By what they are: ref, error, handle (Plain, Threaded, Async), never.
        self.names: dict[str, list[str]] = {}
        #: Names of references that have been got: they are there.
        self.there: set[str] = set()

    def add(self, line: str, block: Program | None = None) -> None:
        self.lines.append(line if block is None else (line, block))

    def name(self) -> str:
        """A name that no other block has either."""
        return f"x{next(self.serial)}"

    def let(self, kind: str, line: str, block: Program | None = None) -> str:
        """Add an assignment; its name is of a kind."""
        name = self.name()
        self.add(f"{name} = {line}", block)
        self.names.setdefault(kind, []).append(name)
        return name

    def any(self, *kinds: str) -> str | None:
        found = [name for kind in kinds for name in self.names.get(kind, ())]
        return self.chance.choice(found) if found else None

    def pick(self, *choices: Any) -> Any:
        return self.chance.choice(choices)

    def value(self) -> str:
        return self.chance.choice(VALUES)

    def ref(self, *kinds: str) -> str:
        """The name of a reference that ends, made where there is none."""
        return self.any(*(kinds or ("ref", "error"))) or self.let("ref", f"ray.put({self.value()})")

    def actor(self) -> str:
        """The name of an actor that lives; a block has few, because they are processes."""
        handle = self.any("handle")
        if handle and (len(self.names["handle"]) >= 2 or self.chance.random() < 0.8):
            return handle
        return self.let("handle", f"{self.pick('Plain', 'Threaded', 'Async')}.remote()")

    def get(self, ref: str) -> None:
        """Get a value as it is done here."""
        if self.where == "async":
            self.add(f"await {ref}")
        else:
            limit = self.pick("", "", ", timeout=60", ", timeout=-1", ", timeout=5e6")
            self.add(f"ray.get({ref}{limit})")
        self.there.add(ref)

    def options(self, call: str, *choices: str) -> str:
        """`call.options(…)` with one of the choices, or without."""
        chosen = self.pick("", *choices)
        return f"{call}.options({chosen})" if chosen else call

    def inner(self, where: str) -> Writer:
        """A block to run elsewhere that knows some of these names."""
        inner = Writer(self.chance, where, self.depth + 1, self.serial)
        for kind, names in self.names.items():
            if kind in ("ref", "error", "handle"):
                inner.names[kind] = names[-2:]
        return inner


Idea = Callable[[Writer], None]
IDEAS: list[tuple[int, tuple[str, ...], Idea]] = []


def idea(weight: int = 2, where: tuple[str, ...] = KINDS) -> Callable[[Idea], Idea]:
    """Mark an idea; where: the kinds of blocks that it is for."""

    def mark(function: Idea) -> Idea:
        IDEAS.append((weight, where, function))
        return function

    return mark


BLOCKING = ("driver", "task", "plain", "threaded")


def generate(seed: int, length: int = 7) -> Program:
    """Return the program of a seed."""
    writer = Writer(random.Random(seed), "driver", 0, iter(range(1, 10_000)))
    fill(writer, length)
    return writer.lines


def fill(writer: Writer, length: int) -> None:
    fitting = [(weight, each) for weight, where, each in IDEAS if writer.where in where]
    for _ in range(length):
        (chosen,) = writer.chance.choices(
            [each for _, each in fitting], [weight for weight, _ in fitting]
        )
        chosen(writer)


# ── values and tasks ─────────────────────────────────────────────────────────────────────────


@idea()
def put(w: Writer) -> None:
    w.get(w.let("ref", f"ray.put({w.value()})"))


@idea()
def call_a_task(w: Writer) -> None:
    call = w.options("same", "num_cpus=0", "num_cpus=2", "max_retries=0", "name='named'")
    w.get(w.let("ref", f"{call}.remote({w.pick(w.value(), w.ref('ref'))})"))


@idea()
def add_up(w: Writer) -> None:
    one = w.let("ref", "ray.put(2)")
    args = w.pick(one, f"{one}, 3", f"{one}, y={one}", f"1, 2, {one}, z={one}", f"x={one}")
    w.get(w.let("ref", f"add.remote({args})"))


@idea(3)
def raise_in_a_task(w: Writer) -> None:
    call = w.options("raising", "max_retries=0", "retry_exceptions=True, max_retries=1")
    error = w.let("error", f"{call}.remote('{w.chance.choice(ERROR_KINDS)}')")
    w.get(error)


@idea(2, BLOCKING)
def pass_an_error_on(w: Writer) -> None:
    error = w.any("error")
    if error is None:
        return
    if w.chance.random() < 0.5:
        w.get(w.let("ref", f"several.remote([{error}])"))
        return
    # Beam hands it on as it is, Ray puts one more around it; both are of the same cause.
    call = w.pick("same.remote({})", "add.remote(1, y={})", f"{w.actor()}.echo.remote({{}})")
    w.add(f"cause_of({call.format(error)})")


@idea(2, BLOCKING)
def an_error_as_a_value(w: Writer) -> None:
    kind = w.chance.choice(PLAIN_KINDS)
    given = w.let("error", f"give_back.remote('{kind}')")
    how = w.pick("get", "pass", "put", "list", "future")
    if how == "get":
        w.get(given)
    elif how == "pass":
        w.add(f"cause_of(same.remote({given}))")
    elif how == "put":
        w.get(w.let("error", f"ray.put({given}.future().exception(60))"))
    elif how == "list":
        w.get(w.let("ref", f"ray.put([{given}.future().exception(60)])"))
    else:
        w.add(f"{given}.future().exception(60)")


@idea(1, BLOCKING)
def how_an_error_shows_itself(w: Writer) -> None:
    # Of an OSError Ray shows nothing.
    kind = w.chance.choice(PLAIN_KINDS).replace("file", "value")
    call = w.pick(f"raising.remote('{kind}')", f"{w.actor()}.boom.remote('{kind}')")
    w.add(f"shown({w.let('error', call)})")


@idea()
def several_values(w: Writer) -> None:
    wanted, given = w.pick((2, 2), (3, 3), (2, 3), (3, 1), (1, 2))
    values = ", ".join(w.value() for _ in range(given))
    name = w.let("many", f"several.options(num_returns={wanted}).remote({values})")
    if w.where == "async":
        w.add(f"await {name}" if wanted == 1 else f"await {name}[0]")
    else:
        w.add(f"ray.get({name})")


@idea()
def no_value(w: Writer) -> None:
    w.add(f"same.options(num_returns=0).remote({w.value()})")


@idea()
def references_in_values(w: Writer) -> None:
    inside = w.let("ref", f"ray.put([{w.ref('ref')}, {{'r': {w.ref()}}}])")
    w.get(inside)
    if w.where == "async":
        w.add(f"await (await {inside})[0]")
    else:
        w.add(f"ray.get(ray.get({inside})[0])")
        w.add(f"ray.get(same.remote([{inside}]))")


@idea(1)
def what_a_task_makes(w: Writer) -> None:
    kind = w.pick("put", "called", "actor")
    made = w.let("ref", f"make.remote('{kind}')")
    get = f"(await {made})" if w.where == "async" else f"ray.get({made})"
    inner = f"{get}['actor'].add.remote()" if kind == "actor" else f"{get}[0]"
    w.add(f"await {inner}" if w.where == "async" else f"ray.get({inner})")


@idea()
def get_a_list(w: Writer) -> None:
    if w.where == "async":
        refs = ", ".join(w.ref() for _ in range(w.pick(1, 2, 3)))
        w.add(f"await asyncio.gather({refs}, return_exceptions=True)")
        return
    refs = ", ".join(w.ref("ref") for _ in range(w.pick(0, 1, 2, 3)))
    error = w.any("error")
    if error is not None and w.chance.random() < 0.3:
        refs = f"{refs}, {error}" if refs else error
    w.add(f"ray.get([{refs}])")


@idea(1, BLOCKING)
def retries(w: Writer) -> None:
    failures, allowed = w.pick((1, 1), (1, 2), (2, 1), (1, -1))
    how = w.pick("exit", "value", "coded")
    classes = w.pick("True", "[ValueError]", "[KeyError, Coded]", "False")
    key = w.name()
    w.get(
        w.let(
            "error",
            f"flaky.options(max_retries={allowed}, retry_exceptions={classes})"
            f".remote(gate, run + '{key}', {failures}, '{how}')",
        )
    )
    w.add(f"ray.get(gate.next.remote(run + '{key}'))")


@idea()
def nested_task(w: Writer) -> None:
    if w.depth >= 2:
        return
    _nested(
        w,
        "task",
        w.options("block", "num_cpus=0", "max_calls=1", "max_retries=0").replace(
            "max_calls=1", "num_cpus=0.5"
        ),
    )


@idea()
def nested_in_an_actor(w: Writer) -> None:
    if w.depth >= 2:
        return
    where, cls = w.pick(("plain", "Plain"), ("threaded", "Threaded"), ("async", "Async"))
    handle = w.let("handle", f"{cls}.remote()")
    # Its own handle is not among what it may call: it would wait for itself.
    w.names["handle"].remove(handle)
    _nested(w, where, f"{handle}.block")
    w.names["handle"].append(handle)


def _nested(w: Writer, where: str, call: str) -> None:
    inner = w.inner(where)
    given = sorted({name for names in inner.names.values() for name in names})
    fill(inner, w.pick(1, 2, 3))
    env = ", ".join(f"'{name}': {name}" for name in [*given, "gate", "run"])
    line = f"{call}.remote(BLOCK, {{{env}}})"
    w.add(f"await {line}" if w.where == "async" else f"ray.get({line})", inner.lines)


# ── generators ───────────────────────────────────────────────────────────────────────────────


@idea()
def stream(w: Writer) -> None:
    number, fails = w.pick((0, -1), (1, -1), (3, -1), (3, 0), (3, 1), (3, 2), (40, -1))
    kind = w.chance.choice(ERROR_KINDS)
    whose = f"{w.actor()}.count" if w.chance.random() < 0.5 else "count"
    call = w.options(whose, "_generator_backpressure_num_objects=1", "num_returns='streaming'")
    name = w.let("generator", f"{call}.remote({number}, {fails}, '{kind}')")
    if w.where == "async":
        w.add(f"[await each async for each in {name}]")
        return
    how = w.pick("all", "all", "next", "wait", "list")
    if how == "all":
        w.add(f"[ray.get(each) for each in {name}]")
    elif how == "list":
        w.add(f"list({name})")
        w.add(f"next({name})")
    elif how == "next":
        for _ in range(min(number, 3) + 1):
            w.add(f"ray.get(next({name}))")
    else:
        w.add(f"len(ray.wait([{name}], timeout=60)[0])")
        w.add(f"ray.get(next({name}))")
        # One that pauses is not completed before its values are taken.
        w.add(f"list({name})" if "backpressure" in call else f"ray.get({name}.completed())")


@idea(1, BLOCKING)
def fixed_number_of_a_generator(w: Writer) -> None:
    number, wanted, fails = w.pick((3, 3, -1), (2, 3, -1), (3, 3, 1))
    name = w.let("many", f"count.options(num_returns={wanted}).remote({number}, {fails})")
    for index in range(wanted):
        w.add(f"ray.get({name}[{index}])")


# ── waiting ──────────────────────────────────────────────────────────────────────────────────


@idea(3, BLOCKING)
def wait(w: Writer) -> None:
    refs = list(dict.fromkeys(w.ref() for _ in range(w.pick(1, 2, 3))))
    for each in refs:
        if each not in w.there:
            w.get(each)
    never = _never(w) if w.chance.random() < 0.5 else None
    listed = w.chance.sample(refs + ([never] if never else []), len(refs) + bool(never))
    wanted = len(refs) if never is None else w.pick(len(refs), len(listed))
    timeout = w.pick("", ", timeout=0.3") if wanted > len(refs) else w.pick("", ", timeout=60")
    if wanted > len(refs):
        timeout = ", timeout=0.3"
    fetch = w.pick("", ", fetch_local=False")
    w.add(f"ray.wait([{', '.join(listed)}], num_returns={wanted}{timeout}{fetch})")


@idea(1)
def never_there(w: Writer) -> None:
    never = _never(w)
    limit = w.pick("0", "0.1", "0.0")
    if w.where == "async":
        w.add(f"await asyncio.wait_for({never}, 0.1)")
        return
    w.add(w.pick(f"ray.get({never}, timeout={limit})", f"ray.get([{never}], timeout={limit})"))


def _never(w: Writer) -> str:
    """A reference whose value does not come while the program runs."""
    how = w.pick("wait", "resource")
    if how == "wait":
        return w.any("never") or w.let("never", f"gate.wait.remote(run + 'never{w.name()}')")
    return w.any("never") or w.let("never", "same.options(resources={'mlx': 2}).remote(1)")


@idea(1, BLOCKING)
def as_a_future(w: Writer) -> None:
    ref = w.ref()
    how = w.pick(f"{ref}.future().result(60)", f"{ref}.future().exception(60)")
    w.add(how)


@idea(1, ("driver", "task", "plain"))
def awaited_in_a_loop(w: Writer) -> None:
    name = w.name()
    w.add(f"async def {name}(each): return await each")
    w.add(f"asyncio.run({name}({w.ref()}))")


# ── actors ───────────────────────────────────────────────────────────────────────────────────


@idea(3)
def call_an_actor(w: Writer) -> None:
    handle = w.actor()
    arg = w.pick(w.value(), w.ref("ref"), handle)
    name = w.let("error", f"{handle}.echo.remote({arg})")
    w.get(name)


@idea()
def count_in_an_actor(w: Writer) -> None:
    handle = w.actor()
    for _ in range(w.pick(1, 2, 3)):
        w.get(
            w.let(
                "ref",
                f"{handle}.add.remote({w.pick('', '2', 'number=3', w.let('ref', 'ray.put(4)'))})",
            )
        )


@idea()
def raise_in_an_actor(w: Writer) -> None:
    w.get(w.let("error", f"{w.actor()}.boom.remote('{w.chance.choice(ERROR_KINDS)}')"))


@idea(1)
def two_values_of_a_method(w: Writer) -> None:
    call = w.options(f"{w.actor()}.pair", "num_returns=1", "num_returns=2", "num_returns=3")
    name = w.let("many", f"{call}.remote({w.value()})")
    if w.where == "async":
        w.add(f"await ({name} if isinstance({name}, ray.ObjectRef) else {name}[0])")
    else:
        w.add(f"ray.get({name})")


@idea(1)
def keep_a_reference(w: Writer) -> None:
    handle = w.actor()
    w.get(w.let("ref", f"{handle}.keep.remote([{w.ref('ref')}, {handle}])"))
    w.get(w.let("ref", f"{handle}.kept.remote()"))


@idea(1)
def an_actor_that_cannot_be_built(w: Writer) -> None:
    cls = w.pick("Plain", "Threaded", "Async")
    # What cannot be read hides on Ray that the actor died.
    kind = w.chance.choice([kind for kind in ERROR_KINDS if kind != "unreadable"])
    handle = w.let("dead", f"{cls}.remote(fails='{kind}')")
    w.get(w.let("error", f"{handle}.add.remote()"))
    w.get(w.let("error", f"{handle}.__ray_ready__.remote()"))


@idea(1)
def an_actor_of_a_failed_argument(w: Writer) -> None:
    error = w.let("error", f"raising.remote('{w.chance.choice(ERROR_KINDS)}')")
    handle = w.let("dead", f"Plain.remote({error})")
    if w.where != "async":
        w.add(f"cause_of({handle}.add.remote())")


@idea(1)
def the_end_of_an_actor(w: Writer) -> None:
    cls = w.pick("Plain", "Threaded", "Async")
    handle = w.let("dead", f"{cls}.remote()")
    w.get(w.let("ref", f"{handle}.add.remote()"))
    how = w.pick("kill", "leave", "die", "terminate")
    if how == "kill":
        w.add(f"end({handle})")
    elif how == "terminate":
        w.get(w.let("error", f"{handle}.__ray_terminate__.remote()"))
    else:
        w.get(w.let("error", f"{handle}.{how}.remote()"))
    w.get(w.let("error", f"{handle}.add.remote()"))
    if w.where != "async":
        w.add(f"len(ray.wait([{handle}.add.remote()], timeout=60)[0])")


@idea(1)
def restarts(w: Writer) -> None:
    failures, restarts, again = w.pick((1, 1, 1), (2, -1, -1), (2, 1, 1), (1, 2, 3))
    cls = w.pick("Plain", "Threaded", "Async")
    handle = w.let(
        "dead", f"{cls}.options(max_restarts={restarts}, max_task_retries={again}).remote(4)"
    )
    w.get(w.let("ref", f"{handle}.add.remote()"))
    key = w.name()
    w.get(w.let("error", f"{handle}.flaky.remote(gate, run + '{key}', {failures}, 'exit')"))
    w.get(w.let("error", f"{handle}.add.remote()"))


@idea(1, BLOCKING)
def system_exits(w: Writer) -> None:
    cls, code = w.pick("Plain", "Threaded"), w.pick("0", "3", "'words'")
    options = w.pick("max_restarts=0", "max_restarts=1, max_task_retries=-1")
    handle = w.let("dead", f"{cls}.options({options}).remote(4)")
    w.get(w.let("ref", f"{handle}.add.remote()"))
    w.add(f"died({handle}.leave_with.options(max_task_retries=0).remote({code}))")
    w.get(w.let("error", f"{handle}.add.remote()"))


@idea(1, BLOCKING)
def an_owner_that_dies(w: Writer) -> None:
    handle = w.let("dead", "Plain.remote()")
    value = w.pick("1", "bytes(2_000_000)")
    dies = w.chance.random() >= 0.5
    # On Ray a large one may outlive its owner for a while.
    lent = w.let("error", f"ray.get({handle}.lend.remote({'1' if dies else value}))[0]")
    if not dies:
        w.get(lent)
        return
    w.add(f"end({handle})")
    w.get(lent)
    w.add(f"cause_of(same.remote({lent}))")


@idea(1)
def methods_retry_exceptions(w: Writer) -> None:
    failures, again = w.pick((1, 1), (2, 1), (1, 0))
    handle = w.actor()
    key = w.name()
    classes = w.pick("True", "[ValueError]", "[KeyError]")
    call = f"{handle}.flaky.options(max_task_retries={again}, retry_exceptions={classes})"
    w.get(w.let("error", f"{call}.remote(gate, run + '{key}', {failures}, 'value')"))


@idea()
def names(w: Writer) -> None:
    name = w.name()
    options = w.pick("", ", lifetime='detached'", ", namespace=run", ", get_if_exists=True")
    space = ", run" if "namespace" in options else ""
    handle = w.let("handle", f"Plain.options(name=run + '{name}'{options}).remote(7)")
    w.add(f"ray.get_actor(run + '{name}'{space})" + w.pick("", f" == {handle}"))
    w.add(f"Plain.options(name=run + '{name}'{options}).remote(8) == {handle}")
    w.add(f"ray.get_actor(run + '{name}'{w.pick('', ', run', space)}).add.remote()")
    if w.chance.random() < 0.5:
        w.names["handle"].remove(handle)
        w.add(f"end({handle})")
        w.get(w.let("error", f"{handle}.add.remote()"))


@idea(1)
def hand_an_actor_over(w: Writer) -> None:
    handle = w.actor()
    w.get(w.let("ref", f"same.remote({handle})"))
    w.get(w.let("ref", f"same.remote([{handle}, {w.ref('ref')}])"))


@idea(1)
def ray_call(w: Writer) -> None:
    seen = "lambda self, *a, **k: (self.number, a, k)"
    w.get(w.let("ref", f"{w.actor()}.__ray_call__.remote({seen}, 1, two={w.value()})"))


@idea(1)
def equal_handles(w: Writer) -> None:
    handle = w.actor()
    again = w.let("handle", f"ray.cloudpickle.loads(ray.cloudpickle.dumps({handle}))")
    w.add(f"({again} == {handle}, hash({again}) == hash({handle}), {again} in {{{handle}: 1}})")


# ── ends ─────────────────────────────────────────────────────────────────────────────────────


@idea(2, BLOCKING)
def cancel(w: Writer) -> None:
    key = w.name()
    how = w.pick("running", "waiting", "done", "async", "queued", "never")
    force = w.pick("", "", ", force=True")
    if how == "running":
        name = w.let("error", f"stuck.remote(gate, run + '{key}')")
        w.add(f"ray.get(gate.wait.remote(run + '{key}'))")
    elif how == "waiting":
        name = w.let("error", "same.options(resources={'mlx': 2}).remote(1)")
    elif how == "never":
        name = w.let("error", f"same.remote(gate.wait.remote(run + '{key}'))")
    elif how == "done":
        name = w.let("error", "add.remote(1)")
        w.get(name)
    elif how == "async":
        force = ""
        handle = w.let("handle", "Async.remote()")
        name = w.let("error", f"{handle}.stuck.remote(gate, run + '{key}')")
        w.add(f"ray.get(gate.wait.remote(run + '{key}'))")
    else:
        force = ""
        handle = w.let("dead", "Plain.remote()")
        busy = w.let("busy", f"{handle}.stuck.remote(gate, run + '{key}')")
        w.add(f"ray.get(gate.wait.remote(run + '{key}'))")
        name = w.let("error", f"{handle}.add.remote()")
        w.add(f"ray.cancel({name})")
        w.get(name)
        w.add(f"ray.kill({handle})")
        w.get(busy)
        return
    w.add(f"ray.cancel({name}{force})")
    w.get(name)
    w.add(f"ray.cancel({name})")
    w.add(f"cause_of(same.remote({name}))")


# ── what is told ─────────────────────────────────────────────────────────────────────────────


@idea(1)
def told_of_itself(w: Writer) -> None:
    w.add("here()")


@idea(1)
def told_of_an_actor(w: Writer) -> None:
    options = w.pick(
        "num_cpus=1", "num_gpus=1", "num_gpus=0.5", "resources={'mlx': 0.5}", "num_cpus=0.5"
    )
    handle = w.let("dead", f"Plain.options({options}).remote()")
    w.get(w.let("ref", f"{handle}.here.remote()"))
    w.add(f"ray.kill({handle})")


@idea(1)
def told_of_references(w: Writer) -> None:
    ref = w.ref()
    w.add(
        w.pick(
            f"({ref} == {ref}, {ref} in {{{ref}}}, len({ref}.hex()), len({ref}.binary()))",
            f"({ref}.is_nil(), type({ref}.task_id()).__name__, type({ref}.job_id()).__name__)",
            f"repr({ref})",
            f"ray.cloudpickle.loads(ray.cloudpickle.dumps({ref})) == {ref}",
            f"__import__('copy').copy({ref}) == {ref}",
        )
    )


# ── groups ───────────────────────────────────────────────────────────────────────────────────


@idea(1, ("driver", "task", "plain"))
def placement_group(w: Writer) -> None:
    w.add("from ray.util import placement_group, remove_placement_group, placement_group_table")
    w.add("from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy as In")
    strategy = w.pick("PACK", "SPREAD", "STRICT_PACK")
    bundles = w.pick(
        "[{'CPU': 0.5}, {'CPU': 0.5}]", "[{'mlx': 0.25}]", "[{'CPU': 0.5, 'GPU': 0.5}]"
    )
    group = w.let("group", f"placement_group({bundles}, strategy='{strategy}')")
    w.add(w.pick(f"{group}.wait(60)", f"ray.get({group}.ready()) == {group}"))
    specs = f"[sorted(each.items()) for each in {group}.bundle_specs]"
    w.add(f"({specs}, {group}.bundle_count, {group}.is_empty)")
    index = w.pick("", ", 0", ", 5", ", -1")
    inside = (
        f"In({group}{index})"
        if "5" not in index
        else f"In(placement_group={group}, placement_group_bundle_index=5)"
    )
    inside = inside.replace(", 0", ", placement_group_bundle_index=0").replace(
        ", -1", ", placement_group_bundle_index=-1"
    )
    need = "num_cpus=0.5" if "CPU" in bundles else "num_cpus=0, resources={'mlx': 0.25}"
    w.get(w.let("error", f"add.options({need}, scheduling_strategy={inside}).remote(1)"))
    w.add(f"sorted(placement_group_table({group}))")
    w.add(f"remove_placement_group({group})")
    w.add(f"placement_group_table({group})['state']")


# ── helpers of Ray's ─────────────────────────────────────────────────────────────────────────


@idea(1, ("driver", "task", "plain"))
def helpers(w: Writer) -> None:
    handle = w.let("handle", "Plain.remote()")
    w.add("from ray.util import ActorPool, as_completed")
    pool = f"ActorPool([{handle}])"
    w.add(
        w.pick(
            f"list({pool}.map(lambda a, v: a.echo.remote(v), [3, 1, 2]))",
            f"sorted({pool}.map_unordered(lambda a, v: a.echo.remote(v), [3, 1, 2]))",
            f"list({pool}.map(lambda a, v: a.boom.remote(v), ['coded']))",
            "sorted(as_completed([add.remote(each) for each in range(4)]))",
            f"list(as_completed([{w.ref('error')}]))",
        )
    )
