"""Options: their names, types and bounds."""

from __future__ import annotations

from typing import Any

import pytest
import ray
from fake_session import FakeSession
from ray import _options


def function() -> int:
    return 1


class Class:
    pass


@pytest.mark.parametrize("target", [function, Class])
@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"nonsense": 1}, ValueError, "Invalid option keyword nonsense"),
        ({"num_cpus": -1}, ValueError, "cannot be negative"),
        ({"num_gpus": 1.5}, ValueError, "whole above 1"),
        ({"num_gpus": 0.00001}, ValueError, "finer than 0.0001"),
        ({"num_gpus": float("nan")}, ValueError, "finite"),
        ({"num_gpus": "1"}, TypeError, "num_gpus"),
        ({"memory": -5}, ValueError, "cannot be negative"),
        ({"resources": {"GPU": 1}}, ValueError, "num_gpus"),
        ({"resources": {"CPU": 1}}, ValueError, "num_cpus"),
        ({"resources": {"mlx": -1}}, ValueError, "mlx"),
        ({"resources": {"mlx": "1"}}, ValueError, "mlx"),
        ({"resources": [1]}, TypeError, "resources"),
        ({"name": 3}, TypeError, "name"),
        ({"runtime_env": "x"}, TypeError, "runtime_env"),
        ({"scheduling_strategy": 3}, TypeError, "scheduling_strategy"),
        ({"scheduling_strategy": "CLOSE"}, ValueError, "SPREAD"),
        ({"placement_group": 3}, TypeError, "placement_group"),
        ({"fallback_strategy": [{"zone": "a"}]}, ValueError, "label_selector"),
        ({"fallback_strategy": [{"label_selector": {"zone": 1}}]}, ValueError, "zone"),
    ],
    ids=str,
)
def test_refused(target: Any, options: dict[str, Any], error: type, words: str) -> None:
    with pytest.raises(error, match=words):
        ray.remote(**options)(target)
    with pytest.raises(error, match=words):
        ray.remote(target).options(**options)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"max_restarts": -2}, "max_restarts"),
        ({"max_concurrency": -1}, "max_concurrency"),
        ({"lifetime": "long"}, "lifetime"),
        ({"max_calls": 1}, "max_calls"),
    ],
    ids=str,
)
def test_refused_of_actors(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        ray.remote(**options)(Class)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"max_retries": -2}, "max_retries"),
        ({"num_returns": -1}, "num_returns"),
        ({"num_returns": "some"}, "num_returns"),
        ({"num_returns": "streaming"}, "does not yield"),
        ({"retry_exceptions": [3]}, "retry_exceptions"),
        ({"object_store_memory": 3}, "object_store_memory"),
        ({"max_restarts": 1}, "max_restarts"),
    ],
    ids=str,
)
def test_refused_of_tasks(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        ray.remote(**options)(function)


def test_some_options_are_for_the_decorator_only() -> None:
    with pytest.raises(ValueError, match="max_calls"):
        ray.remote(function).options(max_calls=1)
    with pytest.raises(ValueError, match="concurrency_groups"):
        ray.remote(Class).options(concurrency_groups={"io": 1})


def test_ray_remote_wants_a_function_or_class() -> None:
    with pytest.raises(TypeError, match="a function or a class"):
        ray.remote(num_cpus=1)(3)
    with pytest.raises(TypeError, match="takes either nothing"):
        ray.remote()
    with pytest.raises(TypeError, match="takes either nothing"):
        ray.remote(3)
    with pytest.raises(ValueError, match="async def"):

        @ray.remote
        async def never() -> None:
            pass


def test_ray_method_wants_known_options() -> None:
    with pytest.raises(AssertionError, match="nonsense"):
        ray.method(nonsense=1)
    with pytest.raises(ValueError, match="does not yield"):
        ray.method(num_returns="streaming")(function)


def test_every_option_of_ray_is_known() -> None:
    assert set(_options.TASK_OPTIONS) - set(_options.COMMON_OPTIONS) == {
        "max_calls",
        "max_retries",
        "num_returns",
        "retry_exceptions",
        "_generator_backpressure_num_objects",
        "_num_objects_per_yield",
    }
    assert set(_options.ACTOR_OPTIONS) - set(_options.COMMON_OPTIONS) == {
        "concurrency_groups",
        "enable_tensor_transport",
        "lifetime",
        "max_concurrency",
        "max_restarts",
        "max_task_retries",
        "max_pending_calls",
        "namespace",
        "get_if_exists",
        "allow_out_of_order_execution",
        "_actor_generator_backpressure_num_objects",
    }


def test_a_task_needs_one_cpu_by_default(session: FakeSession) -> None:
    remote = ray.remote(num_gpus=0.5, max_calls=1)(function)
    assert isinstance(remote.remote(), ray.ObjectRef)
    remote.options(num_cpus=0, max_retries=0, name="job").remote()
    first, second = session.tasks
    assert (first.run, first.max_calls, first.max_retries) == ({"GPU": 0.5, "CPU": 1}, 1, 3)
    assert (second.run, second.name) == ({"GPU": 0.5, "CPU": 0}, "job")
    assert second.max_retries == 0
    with pytest.raises(TypeError, match="too many"):
        remote.remote(1)
    with pytest.raises(TypeError, match="cannot be called directly"):
        remote()
    assert remote.__name__ == "function"
