"""Tasks: values, arguments, options, errors."""

from __future__ import annotations

import os
import pathlib
import time
from collections.abc import Iterator

import pytest
import ray


@ray.remote
def add(x: int, y: int = 1) -> int:
    return x + y


@ray.remote(num_returns=2)
def pair() -> tuple[int, int]:
    return 1, 2


@ray.remote(max_calls=1)
def pid() -> int:
    return os.getpid()


@ray.remote(num_gpus=1)
def devices() -> tuple[list[int], str | None]:
    return ray.get_gpu_ids(), os.environ.get("CUDA_VISIBLE_DEVICES")


@ray.remote
def environment(name: str) -> str | None:
    return os.environ.get(name)


@ray.remote
def nested(depth: int) -> int:
    return depth if depth == 0 else 1 + ray.get(nested.remote(depth - 1))


@ray.remote(max_retries=0)
def boom() -> None:
    raise KeyError("gone")


def test_values() -> None:
    assert ray.get(add.remote(1)) == 2
    assert ray.get(add.remote(1, y=5)) == 6
    assert ray.get([add.remote(number) for number in range(10)]) == list(range(1, 11))
    assert ray.get(pair.remote()) == [1, 2]


def test_references_as_arguments() -> None:
    assert ray.get(add.remote(add.remote(1), ray.put(3))) == 5


def test_wrong_use() -> None:
    with pytest.raises(TypeError):
        add.remote()
    with pytest.raises(TypeError):
        add(1)
    with pytest.raises(ValueError, match="nonsense"):
        add.options(nonsense=1)


def test_an_error_is_of_its_class() -> None:
    with pytest.raises(KeyError) as caught:
        ray.get(boom.remote())
    assert isinstance(caught.value, ray.exceptions.RayTaskError)
    assert caught.value.cause.args == ("gone",)


def test_an_error_of_an_argument_is_the_tasks_own() -> None:
    with pytest.raises(KeyError):
        ray.get(add.remote(boom.remote()))


def test_max_calls_gives_each_task_a_process() -> None:
    assert ray.get(pid.remote()) != ray.get(pid.remote())


def test_devices() -> None:
    ids, visible = ray.get(devices.remote())
    assert len(ids) == 1
    assert visible == str(ids[0])


def test_a_task_gives_its_devices_back() -> None:
    # More of them, one after another, than there are devices.
    seen = [ray.get(devices.remote(), timeout=60) for _ in range(4)]
    assert all(len(ids) == 1 for ids, _ in seen)


def test_environment() -> None:
    assert ray.get(environment.remote("OF_THE_JOB")) == "job"
    own = environment.options(runtime_env={"env_vars": {"OF_THE_TASK": "task"}})
    assert ray.get(own.remote("OF_THE_TASK")) == "task"


def test_tasks_start_tasks() -> None:
    assert ray.get(nested.remote(2), timeout=60) == 2


def test_a_lambda_and_a_closure() -> None:
    factor = 3
    assert ray.get(ray.remote(lambda x: x * factor).remote(2)) == 6


# ── several values, none, and generators ─────────────────────────────────────────────────────


@ray.remote
def count_to(number: int) -> Iterator[int]:
    # Not `yield from range(…)`, which Ray cannot stream.
    for index in range(number):
        yield 1 * index


def test_no_value_and_several() -> None:
    @ray.remote(num_returns=0)
    def nothing() -> None:
        return None

    assert nothing.remote() is None
    values = pair.options(num_returns=3).remote()
    assert len(values) == 3
    with pytest.raises(ValueError, match="num_returns"):
        ray.get(values)


def test_a_generator_fills_several_values() -> None:
    assert ray.get(count_to.options(num_returns=3).remote(3)) == [0, 1, 2]


def test_a_generator_streams_its_values() -> None:
    assert [ray.get(ref) for ref in count_to.remote(4)] == [0, 1, 2, 3]


def test_an_option_overrides_the_decorators() -> None:
    assert add.options(name="sum").remote(1) is not None
    assert ray.get(pair.options(num_returns=1).remote()) == (1, 2)


def test_methods_of_a_class() -> None:
    class Holder:
        @staticmethod
        def double(x: int) -> int:
            return 2 * x

        def scale(self, x: int) -> int:
            return 3 * x

    assert ray.get(ray.remote(Holder.double).remote(3)) == 6
    assert ray.get(ray.remote(Holder.scale).remote(Holder(), 3)) == 9
    with pytest.raises(TypeError):
        ray.remote(Holder().scale)


def test_a_large_function() -> None:
    table = list(range(100_000))

    @ray.remote
    def look(at: int) -> int:
        return table[at]

    assert ray.get([look.remote(number) for number in (0, 50, 99_999)]) == [0, 50, 99_999]


# ── many, and nested ─────────────────────────────────────────────────────────────────────────


def test_many_at_once_reuse_few_processes() -> None:
    @ray.remote
    def who(number: int) -> tuple[int, int]:
        return number, os.getpid()

    answers = ray.get([who.remote(number) for number in range(1000)], timeout=120)
    assert [number for number, _ in answers] == list(range(1000))
    assert len({pid for _, pid in answers}) <= 16


@ray.remote
def fibonacci(number: int) -> int:
    if number < 2:
        return number
    return sum(ray.get([fibonacci.remote(number - 1), fibonacci.remote(number - 2)]))


def test_tasks_that_wait_for_tasks_do_not_wait_for_their_own_cpu() -> None:
    assert ray.get(fibonacci.remote(6), timeout=120) == 8


def test_a_task_that_needs_all_cpus_waits_for_another_like_it() -> None:
    @ray.remote(num_cpus=4)
    def inner() -> int:
        return 1

    @ray.remote(num_cpus=4)
    def outer() -> int:
        ready, _ = ray.wait([inner.remote()], timeout=60)
        return 1 + ray.get(ready[0])

    assert ray.get(outer.remote(), timeout=90) == 2


def test_a_task_may_end_before_what_it_began(tmp_path: pathlib.Path) -> None:
    sign = tmp_path / "done"

    @ray.remote
    def late() -> None:
        time.sleep(1.5)
        sign.write_text("done")

    @ray.remote
    def begin() -> str:
        late.remote()
        return "begun"

    assert ray.get(begin.remote()) == "begun"
    end = time.monotonic() + 60
    while not sign.exists():
        assert time.monotonic() < end
        time.sleep(0.05)


# ── again and again ──────────────────────────────────────────────────────────────────────────


# Each attempt leaves a file; a function of this module that these called could not be imported
# in Ray's workers.


@ray.remote
def crash_until(folder: str, attempts: int) -> int:
    number = len(os.listdir(folder)) + 1
    pathlib.Path(folder, str(number)).touch()
    if number < attempts:
        os._exit(1)
    return number


@ray.remote
def raise_until(folder: str, attempts: int, error: type[Exception] = ValueError) -> int:
    number = len(os.listdir(folder)) + 1
    pathlib.Path(folder, str(number)).touch()
    if number < attempts:
        raise error("again")
    return number


def test_a_lost_worker_is_replaced(tmp_path: pathlib.Path) -> None:
    assert ray.get(crash_until.remote(str(tmp_path), 3), timeout=60) == 3


def test_no_more_than_max_retries(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ray.exceptions.WorkerCrashedError):
        ray.get(crash_until.options(max_retries=1).remote(str(tmp_path), 9), timeout=60)
    assert len(list(tmp_path.iterdir())) == 2


def test_as_often_as_it_takes(tmp_path: pathlib.Path) -> None:
    again = crash_until.options(max_retries=-1)
    assert ray.get(again.remote(str(tmp_path), 6), timeout=90) == 6


def test_exceptions_are_not_retried_unless_asked_for(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ValueError, match="again"):
        ray.get(raise_until.remote(str(tmp_path), 2))
    assert len(list(tmp_path.iterdir())) == 1


def test_all_exceptions_are_retried(tmp_path: pathlib.Path) -> None:
    again = raise_until.options(retry_exceptions=True, max_retries=3)
    assert ray.get(again.remote(str(tmp_path), 3), timeout=60) == 3


def test_some_exceptions_are_retried(tmp_path: pathlib.Path) -> None:
    again = raise_until.options(retry_exceptions=[ValueError], max_retries=3)
    assert ray.get(again.remote(str(tmp_path), 2), timeout=60) == 2
    with pytest.raises(KeyError):
        ray.get(again.remote(str(tmp_path), 9, KeyError), timeout=60)
    assert len(list(tmp_path.iterdir())) == 3


def test_max_calls_of_several(tmp_path: pathlib.Path) -> None:
    @ray.remote(max_calls=2)
    def process() -> int:
        return os.getpid()

    pids = [ray.get(process.remote()) for _ in range(6)]
    assert max(map(pids.count, pids)) <= 2


# ── references ───────────────────────────────────────────────────────────────────────────────


def test_a_task_waits_for_its_arguments_without_a_worker() -> None:
    @ray.remote(num_cpus=4)
    def slow() -> int:
        time.sleep(1)
        return 1

    whole = add.options(num_cpus=4)
    assert ray.get(whole.remote(whole.remote(slow.remote())), timeout=60) == 3


def test_cancelling_what_has_not_begun() -> None:
    @ray.remote(num_cpus=4)
    def hold(seconds: float) -> None:
        time.sleep(seconds)

    running = hold.remote(2)
    waiting = hold.remote(0)
    time.sleep(0.5)
    ray.cancel(waiting)
    with pytest.raises(ray.exceptions.TaskCancelledError):
        ray.get(waiting, timeout=10)
    ray.get(running)


@ray.remote(num_cpus=0)
class Counter:
    def __init__(self) -> None:
        self.count = 0

    def add(self) -> int:
        self.count += 1
        return self.count


def test_what_a_task_owns_outlives_it() -> None:
    @ray.remote
    def make() -> tuple[list[ray.ObjectRef], ray.ObjectRef]:
        return [ray.put("kept")], add.remote(1)

    (put,), called = ray.get(make.remote())
    time.sleep(2)  # an idle worker is given up before that
    assert ray.get([put, called], timeout=30) == ["kept", 2]


def test_an_actor_of_a_task_outlives_it() -> None:
    @ray.remote
    def make() -> ray.actor.ActorHandle:
        return Counter.remote()

    counter = ray.get(make.remote())
    time.sleep(2)
    assert ray.get(counter.add.remote(), timeout=30) == 1


def test_what_outlives_a_task_holds_no_cpus() -> None:
    @ray.remote(num_cpus=4)
    def make() -> list[ray.ObjectRef]:
        return [ray.put("kept")]

    (kept,) = ray.get(make.remote())
    assert ray.get(add.options(num_cpus=4).remote(1), timeout=30) == 2
    assert ray.get(kept, timeout=30) == "kept"
