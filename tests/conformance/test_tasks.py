"""Tasks: values, arguments, options, errors."""

from __future__ import annotations

import os

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


def test_environment() -> None:
    assert ray.get(environment.remote("OF_THE_JOB")) == "job"
    own = environment.options(runtime_env={"env_vars": {"OF_THE_TASK": "task"}})
    assert ray.get(own.remote("OF_THE_TASK")) == "task"


def test_tasks_start_tasks() -> None:
    assert ray.get(nested.remote(2), timeout=60) == 2


def test_a_lambda_and_a_closure() -> None:
    factor = 3
    assert ray.get(ray.remote(lambda x: x * factor).remote(2)) == 6
