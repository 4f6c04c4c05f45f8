"""References that cross processes, and values that are files, on a fake daemon and real workers."""

from __future__ import annotations

import asyncio
import errno
import gc
import os
import pickle
import threading
import time
from typing import Any, Callable

import pytest

LARGE = 2 << 20


class Block:
    """Bytes that travel beside the pickle, as arrays do."""

    def __init__(self, data: Any) -> None:
        self.data = data

    def __reduce_ex__(self, protocol: Any) -> Any:
        return Block, (pickle.PickleBuffer(self.data),)

    def facts(self) -> tuple[bool, int, int]:
        """Whether it may be written to, its length, and its first byte."""
        view = memoryview(self.data)
        return not view.readonly, view.nbytes, view[0]


def block(first: int = 1) -> Block:
    return Block(bytearray([first]) + bytearray(LARGE - 1))


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for something that other processes bring about."""
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def files(daemon: dict[str, Any]) -> list[str]:
    folder = os.path.dirname(daemon["socket"])
    return [
        os.path.join(folder, part, name)
        for part in ("store", "spill")
        for name in os.listdir(os.path.join(folder, part))
    ]


class Keeper:
    """An actor that keeps what it is given, and makes references of its own."""

    def __init__(self, given: Any = None) -> None:
        self.kept: Any = given

    def keep(self, box: Any) -> None:
        self.kept = box

    def drop(self) -> None:
        self.kept = None
        gc.collect()

    def echo_block(self, size: int) -> Any:
        return Block(bytes(size))

    def give(self) -> Any:
        return self.kept

    def read(self) -> Any:
        import ray

        return ray.get(self.kept[0])

    def read_here(self, box: Any) -> Any:
        import ray

        return ray.get(box)

    def make(self, value: Any) -> Any:
        import ray

        self.made = [ray.put(value)]
        return self.made

    def make_many(self, count: int) -> Any:
        import ray

        return [ray.put(each) for each in range(count)]

    def make_and_forget(self, value: Any) -> Any:
        import ray

        return [ray.put(value)]

    def block(self, first: int) -> Any:
        return block(first)

    def facts(self, block: Any) -> Any:
        return block.facts()

    def inodes(self, block: Any) -> Any:
        with open("/proc/self/maps") as maps:
            return sorted(line.split()[4] for line in maps if "/store/" in line)


@pytest.fixture
def keeper(ray: Any) -> Any:
    return ray.remote(Keeper)


def test_a_reference_in_a_list_is_read_by_another_process(ray: Any, keeper: Any) -> None:
    actor = keeper.remote()
    ref = ray.put({"a": 1})
    ray.get(actor.keep.remote([ref]))
    assert ray.get(actor.read.remote()) == {"a": 1}
    assert ray.get(actor.read_here.remote([ref, ref])) == [{"a": 1}, {"a": 1}]


def test_a_value_lives_while_another_process_holds_it(ray: Any, keeper: Any) -> None:
    actor = keeper.remote()
    ref = ray.put("kept")
    id = ref.binary()
    ray.get(actor.keep.remote([ref]))
    del ref
    gc.collect()
    assert ray.get(actor.read.remote()) == "kept"
    table = ray._core.client.session().objects
    assert table.find(id) is not None
    ray.get(actor.drop.remote())
    until(lambda: table.find(id) is None, "the value was not freed")


def test_a_reference_comes_back_to_its_owner(ray: Any, keeper: Any) -> None:
    actor = keeper.remote()
    ref = ray.put(7)
    ray.get(actor.keep.remote([ref]))
    (back,) = ray.get(actor.give.remote())
    assert back == ref
    assert back._entry is ref._entry
    assert ray.get(back) == 7


def test_a_reference_made_by_an_actor(ray: Any, keeper: Any) -> None:
    actor = keeper.remote()
    (kept,) = ray.get(actor.make.remote("of the actor"))
    (forgotten,) = ray.get(actor.make_and_forget.remote("held by me alone"))
    assert ray.get(kept) == "of the actor"
    time.sleep(1.2)  # the actor's own references are gone, and it has had time to say so
    assert ray.get(forgotten) == "held by me alone"
    assert ray.wait([kept, forgotten], num_returns=2, timeout=5) == ([kept, forgotten], [])
    assert forgotten.future().result(5) == "held by me alone"


def test_a_borrowed_reference_is_passed_on(ray: Any, keeper: Any) -> None:
    first, second = keeper.remote(), keeper.remote()
    (ref,) = ray.get(first.make_and_forget.remote([1, 2]))
    ray.get(second.keep.remote([ref]))
    del ref
    gc.collect()
    time.sleep(0.7)
    assert ray.get(second.read.remote()) == [1, 2]


def test_a_reference_inside_a_value_that_was_put(ray: Any, keeper: Any) -> None:
    actor = keeper.remote()
    inner = ray.put("inner")
    outer = ray.put({"inner": inner})
    del inner
    gc.collect()
    ray.get(actor.keep.remote([outer]))
    del outer
    gc.collect()
    found = ray.get(actor.read.remote())
    assert ray.get(found["inner"]) == "inner"


def test_the_owners_end_is_told(ray: Any, keeper: Any) -> None:
    from ray.exceptions import OwnerDiedError

    actor = keeper.remote()
    (ref,) = ray.get(actor.make.remote("lost"))
    ray.kill(actor)
    with pytest.raises(OwnerDiedError):
        ray.get(ref, timeout=10)
    ready, _ = ray.wait([ref], timeout=5)
    assert ready == [ref]


def test_an_owner_that_cannot_be_reached_is_named_while_it_is_tried(
    ray: Any, keeper: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ray._core import owner_link

    real = owner_link.connect
    said: list[str] = []

    def connect(path: str) -> Any:
        if said:
            return real(path)
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr(owner_link, "connect", connect)
    monkeypatch.setattr(
        owner_link.logger, "warning", lambda text, *words: said.append(text % words)
    )
    actor = keeper.remote()
    (ref,) = ray.get(actor.make.remote("there"))
    assert ray.get(ref, timeout=30) == "there"
    assert len(said) == 1
    assert "Too many open files" in said[0]


def test_a_holders_end_lets_go(ray: Any, keeper: Any) -> None:
    actor = keeper.remote()
    ref = ray.put("held")
    id = ref.binary()
    ray.get(actor.keep.remote([ref]))
    del ref
    gc.collect()
    table = ray._core.client.session().objects
    assert table.find(id) is not None
    ray.kill(actor)
    until(lambda: table.find(id) is None, "the holder's end did not free the value")


def test_a_reference_in_a_plain_pickle_stays_until_the_job_ends(ray: Any) -> None:
    ref = ray.put("pinned")
    data = pickle.dumps(ref)
    del ref
    gc.collect()
    assert ray.get(pickle.loads(data)) == "pinned"


def test_a_reference_given_to_the_constructor(ray: Any, keeper: Any) -> None:
    ref = ray.put("given")
    actor = keeper.remote([ref])
    del ref
    gc.collect()
    assert ray.get(actor.read.remote()) == "given"


def test_a_pending_reference_of_another_process(ray: Any) -> None:
    class Waiter:
        def start(self) -> Any:
            import ray as inside

            self.other = inside.remote(Slow).remote()
            return [self.other.wait.remote()]

        def finish(self) -> None:
            import ray as inside

            inside.get(self.other.go.remote())

    class Slow:
        def __init__(self) -> None:
            import asyncio

            self.event = asyncio.Event()

        async def wait(self) -> str:
            await self.event.wait()
            return "done"

        async def go(self) -> None:
            self.event.set()

    waiter = ray.remote(Waiter).remote()
    (ref,) = ray.get(waiter.start.remote())
    assert ray.wait([ref], timeout=0.1) == ([], [ref])
    with pytest.raises(ray.exceptions.GetTimeoutError):
        ray.get(ref, timeout=0.1)
    ray.get(waiter.finish.remote())
    assert ray.get(ref, timeout=10) == "done"


# ── values that are files ────────────────────────────────────────────────────────────────────


def test_a_large_value_is_one_file_read_without_a_copy(
    ray: Any, keeper: Any, daemon: dict[str, Any]
) -> None:
    made = block(5)
    ref = ray.put(made)
    made.data[0] = 9  # what was put is a copy
    assert len(files(daemon)) == 1
    actors = [keeper.remote() for _ in range(2)]
    assert ray.get([actor.facts.remote(ref) for actor in actors]) == [(False, LARGE, 5)] * 2
    inodes = ray.get([actor.inodes.remote(ref) for actor in actors])
    assert inodes[0] == inodes[1] != []
    mine = ray.get(ref)
    assert mine.facts() == (False, LARGE, 5)
    del ref
    gc.collect()
    until(lambda: not files(daemon), "the file was not freed")
    assert mine.facts() == (False, LARGE, 5)  # a view keeps its pages


def test_large_arguments_and_results(ray: Any, keeper: Any, daemon: dict[str, Any]) -> None:
    actor = keeper.remote()
    assert ray.get(actor.facts.remote(block(3))) == (False, LARGE, 3)
    result = actor.block.remote(4)
    assert ray.get(result).facts() == (False, LARGE, 4)
    passed = actor.facts.remote(actor.block.remote(6))
    assert ray.get(passed) == (False, LARGE, 6)
    assert len(ray.get(actor.read_here.remote([ray.put(b"x" * LARGE)]))[0]) == LARGE
    assert ray.get(actor.facts.options(name="x").remote(ray.put(block(7)))) == (False, LARGE, 7)
    del result, passed
    gc.collect()
    until(lambda: not files(daemon), "files were not freed")


def test_large_values_of_a_call_with_several(ray: Any, keeper: Any) -> None:
    class Several:
        def make(self) -> Any:
            return 1, block(2), [ray_put(3)]

    def ray_put(value: Any) -> Any:
        import ray

        return ray.put(value)

    actor = ray.remote(Several).remote()
    one, two, three = actor.make.options(num_returns=3).remote()
    assert ray.get(one) == 1
    assert ray.get(two).facts() == (False, LARGE, 2)
    assert ray.get(ray.get(three)[0]) == 3


def test_references_beside_large_arguments(ray: Any) -> None:
    class Mixed:
        def take(self, first: Any, large: Any, second: Any, *, box: Any) -> Any:
            import ray as inside

            return first, large.facts(), second, inside.get(box[0])

    actor = ray.remote(Mixed).remote()
    got = actor.take.remote(ray.put("a"), block(5), ray.put("b" * 10), box=[ray.put("inside")])
    assert ray.get(got) == ("a", (False, LARGE, 5), "b" * 10, "inside")


def test_a_constructors_large_arguments(ray: Any, keeper: Any, daemon: dict[str, Any]) -> None:
    actors = [keeper.remote(block(5)), keeper.remote(ray.put(block(6)))]
    assert [ray.get(actor.give.remote()).data[0] for actor in actors] == [5, 6]
    gc.collect()
    until(lambda: not files(daemon), "files were not freed though the actors are never restarted")
    restartable = keeper.options(max_restarts=1).remote(block(7))
    ray.kill(restartable, no_restart=False)
    assert ray.get(restartable.give.remote()).data[0] == 7
    del actors, restartable
    gc.collect()
    until(lambda: not files(daemon), "files were not freed")


def test_many_references_are_released_at_once(ray: Any, keeper: Any) -> None:
    actor = keeper.remote()
    made = ray.get(actor.make_many.remote(3000))
    assert sum(ray.get(made)) == sum(range(3000))
    link = made[0]._entry.owner
    assert len(link.held) == 3000
    sent = []
    link.release = lambda ids, real=link.release: (sent.append(len(ids)), real(ids))
    del made
    gc.collect()
    until(lambda: sum(sent) == 3000, "not all were released")
    assert len(sent) < 30


def test_an_actors_large_value_is_read_by_its_borrowers(
    ray: Any, keeper: Any, daemon: dict[str, Any]
) -> None:
    actor, other = keeper.remote(), keeper.remote()
    (ref,) = ray.get(actor.make.remote(block(8)))
    assert ray.get(ref).facts() == (False, LARGE, 8)
    assert ray.get(other.facts.remote(ref)) == (False, LARGE, 8)
    assert ray.wait([ref], timeout=5) == ([ref], [])


def test_arrays_are_read_only_views(ray: Any, keeper: Any) -> None:
    np = pytest.importorskip("numpy")
    array = np.arange(LARGE)
    got = ray.get(ray.put(array))
    assert not got.flags.writeable
    assert (got == array).all()


def test_a_lost_file_is_an_error_or_is_made_again(ray: Any, daemon: dict[str, Any]) -> None:
    from ray.exceptions import ObjectLostError

    ref = ray.put(block())
    ref._entry.parts.parts = None
    os.unlink(files(daemon)[0])
    with pytest.raises(ObjectLostError):
        ray.get(ref)
    again = ray.put(block())
    entry = again._entry
    os.unlink(entry.parts.path)

    def recover() -> bool:
        ray._core.client.session().pump.call_later(0.05, lambda: entry.fill(True, pickle.dumps(5)))
        return True

    entry.recover = recover
    assert ray.get(again, timeout=10) == 5


def test_a_lost_file_of_another_process(ray: Any, keeper: Any, daemon: dict[str, Any]) -> None:
    from ray.exceptions import ObjectLostError

    actor = keeper.remote()
    (ref,) = ray.get(actor.make.remote(block()))
    until(lambda: len(files(daemon)) == 1, "the argument's file was not freed")
    os.unlink(files(daemon)[0])
    with pytest.raises(ObjectLostError):
        ray.get(ref, timeout=10)


def test_a_lost_file_is_told_to_futures(ray: Any, daemon: dict[str, Any]) -> None:
    from ray.exceptions import ObjectLostError

    ref = ray.put(block())
    os.unlink(files(daemon)[0])
    with pytest.raises(ObjectLostError):
        ref.future().result(10)


@pytest.mark.parametrize("way", ["future", "argument"])
def test_who_waited_for_a_value_does_not_keep_it(
    ray: Any, keeper: Any, daemon: dict[str, Any], way: str
) -> None:
    actor = keeper.remote()
    gc.disable()
    try:
        ref = actor.echo_block.remote(LARGE)
        if way == "future":
            assert ref.future().result(10).facts()[1] == LARGE
        else:
            ray.get(actor.keep.remote(ref), timeout=10)
            actor.drop.remote()
        del ref
        until(lambda: not files(daemon), "the value's file is still there")
    finally:
        gc.enable()


def test_an_argument_that_is_lost_before_its_call_is_told(
    ray: Any, keeper: Any, daemon: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from ray._core import client

    session = client.session()
    actor = keeper.remote()
    ref = ray.put(block())
    entry, content = ref._entry, ref._entry.parts
    with session.pump.lock:
        entry.reopen()
        entry.recover = lambda: True
    told = actor.keep.remote(ref)
    with session.pump.lock:
        entry.fill(True, content)
        session.objects.lose(entry, content)
    session.pump._run_deferred()
    with session.pump.lock:
        entry.fill(True, pickle.dumps(5))
    ray.get(told, timeout=10)
    assert ray.get(actor.give.remote(), timeout=10) == 5


def test_a_constructors_argument_that_is_lost_before_the_other_has_come(
    ray: Any, daemon: dict[str, Any]
) -> None:
    from ray._core import client

    class Pair:
        def __init__(self, first: Any, second: Any) -> None:
            self.pair = first, second

        def give(self) -> Any:
            return self.pair

    session = client.session()
    refs = [ray.put(block()), ray.put(1)]
    (first, content), (second, one) = [(ref._entry, ref._entry.parts) for ref in refs]
    with session.pump.lock:
        for entry in (first, second):
            entry.reopen()
            entry.recover = lambda: True
    pair = ray.remote(Pair).remote(*refs)
    with session.pump.lock:
        first.fill(True, content)
    session.pump._run_all(session.pump.callbacks)
    with session.pump.lock:
        session.objects.lose(first, content)
        second.fill(True, one)
    session.pump._run_all(session.pump.callbacks)
    with session.pump.lock:
        first.fill(True, pickle.dumps(5))
    assert ray.get(pair.give.remote(), timeout=10) == (5, 1)


@pytest.mark.parametrize("way", ["get", "future"])
def test_a_value_that_is_lost_while_it_is_asked_for(
    ray: Any, daemon: dict[str, Any], monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """The I/O thread learns of the loss after this one saw the value, before it has the lock."""
    from ray._core import client, getting
    from ray._core import entry as entry_module

    session = client.session()
    ref = ray.put(block())
    entry = ref._entry

    def recover() -> bool:
        session.pump.call_later(0.05, lambda: entry.fill(True, pickle.dumps(5)))
        return True

    def lose() -> None:
        monkeypatch.undo()
        with session.pump.lock:
            session.objects.lose(entry, entry.parts)

    class Arrival(getting._Arrival):
        def __init__(self) -> None:
            super().__init__()
            lose()

    when_ready = entry_module.Entry.when_ready

    def ready(entry: Any, callback: Callable[[], None]) -> Any:
        def lose_first() -> None:
            lose()
            callback()

        return when_ready(entry, lose_first)

    entry.recover = recover
    monkeypatch.setattr(getting, "_Arrival", Arrival)
    monkeypatch.setattr(entry_module.Entry, "when_ready", ready)
    assert (ray.get(ref, timeout=10) if way == "get" else ref.future().result(10)) == 5


def test_a_value_that_is_lost_before_its_future_hears_of_it(
    ray: Any, daemon: dict[str, Any]
) -> None:
    from ray._core import client

    session = client.session()
    ref = ray.put(block())
    entry, content = ref._entry, ref._entry.parts
    with session.pump.lock:
        entry.reopen()
        entry.recover = lambda: True
        future = ref.future()
        entry.fill(True, content)
        session.objects.lose(entry, content)
    session.pump._run_all(session.pump.callbacks)
    with session.pump.lock:
        entry.fill(True, pickle.dumps(5))
    assert future.result(10) == 5


def test_waiting_in_vain_leaves_nothing_behind(ray: Any) -> None:
    class Slow:
        def __init__(self) -> None:
            self.go = threading.Event()

        def wait(self) -> None:
            self.go.wait(60)

        def values(self) -> Any:
            self.go.wait(60)
            yield 1

    slow = ray.remote(max_concurrency=3)(Slow).remote()
    ref, values = slow.wait.remote(), slow.values.remote()

    async def poll() -> None:
        for _ in range(20):
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(ref, 0.001)
            assert (await values._next_async(0.001)).is_nil()

    asyncio.run(poll())
    assert not ref._entry.callbacks
    assert not values._entry.callbacks


def test_values_of_another_node_are_brought(ray: Any, keeper: Any) -> None:
    class Reader:
        async def take(self, large: Any, beside: Any) -> Any:
            return large.facts(), beside

        async def read(self, box: Any) -> Any:
            return (await box[0]).facts()

    reader = ray.remote(Reader).remote()
    ref = ray.put(block(3))
    # As if it lay on another node: the daemon is asked for it, and has it.
    ref._entry.parts.location["node"] = "ab" * 28
    ref._entry.parts.path = None
    assert ray.get(reader.take.remote(ref, "b"), timeout=10) == ((False, LARGE, 3), "b")
    assert ray.get(reader.read.remote([ref]), timeout=10) == (False, LARGE, 3)
    assert ray.wait([ref]) == ([ref], [])
    assert ray.get(ref).facts() == (False, LARGE, 3)


def test_a_value_of_a_node_that_is_gone(ray: Any, daemon: dict[str, Any]) -> None:
    from ray.exceptions import ObjectLostError

    ref = ray.put(block(3))
    ref._entry.parts.location.update(node="ab" * 28, name="nowhere")
    ref._entry.parts.path = None
    with pytest.raises(ObjectLostError):
        ray.get(ref, timeout=10)


def test_free_deletes_in_spite_of_references(ray: Any, keeper: Any, daemon: dict[str, Any]) -> None:
    from ray.exceptions import ObjectFreedError

    actor = keeper.remote()
    ref = ray.put(block())
    ray.get(actor.keep.remote([ref]))
    ray.internal.free([ref])
    until(lambda: not files(daemon), "the file was not freed")
    with pytest.raises(ObjectFreedError):
        ray.get(ref)
    with pytest.raises(ObjectFreedError):
        ray.get(actor.read.remote())
    (borrowed,) = ray.get(actor.make.remote("x"))
    ray.internal.free(borrowed)
    with pytest.raises(ObjectFreedError):
        ray.get(borrowed, timeout=5)


def test_a_full_shared_memory_goes_to_disk(
    monkeypatch: pytest.MonkeyPatch, ray: Any, daemon: dict[str, Any]
) -> None:
    from ray._core import store

    filled = []

    def fill(path: str, parts: Any) -> None:
        filled.append(path)
        if len(filled) == 1:
            raise OSError(28, "No space left on device")
        real(path, parts)

    real = store._fill
    monkeypatch.setattr(store, "_fill", fill)
    ref = ray.put(block(7))
    assert len(filled) == 2
    assert "/spill/" in filled[1]
    assert ray.get(ref).data[0] == 7


def test_a_forked_child_leaves_the_parents_references_alone(
    ray: Any, keeper: Any, daemon: dict[str, Any]
) -> None:
    actor = keeper.remote()
    own, large = ray.put("own"), ray.put(block(4))
    (borrowed,) = ray.get(actor.make_and_forget.remote("borrowed"))
    ray.get(actor.keep.remote([own]))
    child = os.fork()
    if child == 0:
        code = 1
        try:
            with pytest.raises(ray.exceptions.RaySystemError):
                ray.get(borrowed, timeout=5)
            del own, large, borrowed
            gc.collect()
            code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert ray.get([borrowed, own]) == ["borrowed", "own"]
    assert ray.get(actor.read.remote()) == "own"
    assert ray.get(actor.facts.remote(large)) == (False, LARGE, 4)


def test_an_actor_ends_only_when_its_callers_hold_what_it_returned(ray: Any, keeper: Any) -> None:
    owner, giver = keeper.remote(), keeper.remote()
    made = ray.get(owner.make_and_forget.remote("passed on"))
    ray.get(giver.keep.remote(made))
    del made
    gc.collect()
    given = giver.give.remote()
    del giver
    gc.collect()
    (ref,) = ray.get(given)
    assert ray.get(ref, timeout=10) == "passed on"


def test_values_that_are_not_sent_are_freed(ray: Any, daemon: dict[str, Any]) -> None:
    class Pairs:
        def pair(self) -> Any:
            return block(), threading.Lock()

    pairs = ray.remote(Pairs).remote()
    with pytest.raises(TypeError):
        ray.get(pairs.pair.options(num_returns=2).remote(), timeout=10)
    until(lambda: not files(daemon), "the files of the values that could be made stayed")


def links(ray: Any) -> int:
    """Of how many owners something is known."""
    return len(ray._core.client.session().objects._links)


def test_nothing_is_kept_of_owners_that_ended(ray: Any, keeper: Any) -> None:
    from ray.exceptions import OwnerDiedError

    actor = keeper.remote()
    kept, lost = ray.get(actor.make_many.remote(2))
    assert ray.get(kept) == 0
    ray.kill(actor)
    with pytest.raises(OwnerDiedError):
        ray.get(lost, timeout=10)
    until(lambda: links(ray) == 0, "an owner that ended is known still")
    assert ray.get(kept) == 0
    with pytest.raises(OwnerDiedError):
        ray.get(pickle.loads(pickle.dumps(lost)), timeout=10)


def test_nothing_is_kept_of_owners_whose_references_were_only_passed_by(
    ray: Any, keeper: Any
) -> None:
    @ray.remote
    class Passing:
        def look(self, box: Any) -> int:
            return len(box)

        def known(self) -> int:
            gc.collect()
            return links(ray)

    actor = ray.remote(Keeper).remote()
    passing = Passing.remote()
    for at in range(3):
        assert ray.get(passing.look.remote([ray.put(at)])) == 1
        (ref,) = ray.get(actor.make.remote(at))
        assert ray.get(passing.look.remote([ref])) == 1
    del ref
    until(lambda: ray.get(passing.known.remote()) == 0, "owners are known of which nothing is held")
    until(lambda: links(ray) == 0, "an owner is known of which nothing is held")


def test_what_is_released_while_there_is_no_channel_is_told_over_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from types import SimpleNamespace

    from ray._core import owner_link
    from ray._core.ids import JobID

    who = {"caller_id": "c", "node_id": "n", "job_id": JobID.from_hex("01000000")}
    control = SimpleNamespace(ask=lambda *_: None)
    pump = SimpleNamespace(need=lambda _: None)
    table: Any = SimpleNamespace(session=SimpleNamespace(pump=pump, control=control, **who))
    said: list[tuple[str, Any]] = []
    monkeypatch.setattr(owner_link, "Channel", lambda *_: None)
    link = owner_link.OwnerLink(table, "p", "n")
    monkeypatch.setattr(
        link, "_send", lambda head: said.append((head["kind"], head.get("objects")))
    )
    held, released = b"h" * 28, b"r" * 28
    link._open(table, None)
    link.hold([held, released], lambda: None)
    link._requests.clear()
    link._on_close(ConnectionError())
    link.release([released])
    said.clear()
    link._open(table, None)
    assert said[:3] == [
        ("object.hello", None),
        ("object.release", [released.hex()]),
        ("object.hold", [held.hex()]),
    ]
