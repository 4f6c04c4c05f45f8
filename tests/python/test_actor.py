"""What creating and calling actors asks of the session, and what is refused at the call."""

from __future__ import annotations

import copy
import gc
import pickle
from typing import Any

import pytest
import ray
from fake_session import FakeSession
from ray._core.errors import RequestFailed
from ray.actor import ActorClass, ActorClassInheritanceException, ActorHandle
from ray.exceptions import ActorAlreadyExistsError
from ray.util.placement_group import PlacementGroup
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy


class Base:
    level = 3

    def inherited(self, x: int) -> int:
        return x


@ray.remote
class Counter(Base):
    """Counts."""

    def __init__(self, start: int = 0, *, step: int = 1) -> None:
        self.start = start

    def add(self, x: int, y: int = 0) -> int:
        return x + y

    async def later(self) -> None:
        pass

    @ray.method(num_returns=2)
    def pair(self) -> tuple[int, int]:
        return 1, 2

    def many(self) -> Any:
        yield 1

    @staticmethod
    def still(x: int) -> int:
        return x

    @classmethod
    def made(cls, x: int) -> int:
        return x


@ray.remote(num_gpus=1)
class Plain:
    pass


def test_the_default_is_one_cpu_to_place_and_none_to_run(session: FakeSession) -> None:
    Counter.remote(1, step=2)
    created = session.created[0]
    assert (created.place, created.run) == ({"CPU": 1}, {})
    assert (created.args, created.kwargs) == ((1,), {"step": 2})
    assert (created.class_name, created.namespace, created.name) == ("Counter", "space", None)
    assert (created.is_async, created.max_concurrency) == (True, 1000)


def test_asking_for_anything_makes_one_cpu_to_run_the_default(session: FakeSession) -> None:
    Plain.remote()
    Plain.options(num_cpus=0).remote()
    Plain.options(num_gpus=0, resources={"mlx": 1}, accelerator_type="H100").remote()
    runs = [created.run for created in session.created]
    assert runs[0] == {"GPU": 1, "CPU": 1}
    assert runs[1] == {"GPU": 1, "CPU": 0}
    assert runs[2] == {"GPU": 0, "mlx": 1, "accelerator_type:H100": 0.001, "CPU": 1}
    assert all(created.place == created.run for created in session.created)


def test_arguments_are_checked_at_the_call(session: FakeSession) -> None:
    with pytest.raises(TypeError, match="too many positional arguments"):
        Counter.remote(1, 2)
    handle = Counter.remote()
    with pytest.raises(TypeError, match="missing a required argument: 'x'"):
        handle.add.remote()
    with pytest.raises(TypeError, match="unexpected keyword argument 'z'"):
        handle.add.remote(1, z=2)
    handle.add.remote(1, y=2)
    handle.still.remote(1)
    handle.made.remote(1)
    handle.inherited.remote(x=1)
    assert [call[1] for call in session.calls] == ["add", "still", "made", "inherited"]


def test_a_call_returns_one_reference_or_as_many_as_said(session: FakeSession) -> None:
    handle = Counter.remote()
    assert isinstance(handle.add.remote(1), ray.ObjectRef)
    assert len(handle.pair.remote()) == 2
    assert handle.add.options(num_returns=0).remote(1) is None
    assert isinstance(handle.pair._remote(args=(), num_returns=1), ray.ObjectRef)
    with pytest.raises(ValueError, match="does not yield"):
        handle.add.options(num_returns="streaming")
    with pytest.raises(ValueError, match="nonsense"):
        handle.add.options(nonsense=1)


def test_what_every_actor_has(session: FakeSession) -> None:
    handle = Plain.remote()
    handle.__ray_ready__.remote()
    handle.__ray_call__.remote(lambda actor, x: x, 1)
    handle.__ray_terminate__.remote()
    assert [call[1] for call in session.calls] == [
        "__ray_ready__",
        "__ray_call__",
        "__ray_terminate__",
    ]


def test_a_missing_method_is_an_attribute_error(session: FakeSession) -> None:
    handle = Plain.remote()
    with pytest.raises(AttributeError, match="no attribute 'absent'"):
        _ = handle.absent
    assert not hasattr(handle, "absent")
    with pytest.raises(TypeError, match=r"object\.add\.remote\(\)"):
        Counter.remote().add(1)
    handle._ray_enable_tensor_transport = True


def test_handles_are_equal_by_actor_and_can_be_copied_and_pickled(session: FakeSession) -> None:
    handle = Counter.remote()
    again = pickle.loads(pickle.dumps(handle))
    assert again == handle == copy.deepcopy(handle) == copy.copy(handle)
    assert {handle: 1}[again] == 1
    assert again != Counter.remote()
    assert again._ray_info is pickle.loads(pickle.dumps(handle))._ray_info
    again.add.remote(1)
    assert repr(handle) == f"Actor(Counter, {handle._actor_id.hex()})"
    assert "add" in dir(handle)


def test_a_copy_of_a_handle_keeps_what_the_handle_keeps(session: FakeSession) -> None:
    handle = Counter.remote()
    handle._ray_reference = ray.ObjectRef.from_random()
    assert copy.deepcopy(handle)._ray_reference is handle._ray_reference
    assert session.handles == [handle._actor_id] * 2


def test_a_method_keeps_its_actor(session: FakeSession) -> None:
    method = Counter.remote().add
    gc.collect()
    method.remote(1)


def test_names(session: FakeSession) -> None:
    session.taken.add("alice")
    with pytest.raises(ActorAlreadyExistsError, match=r"The name alice .* is already taken"):
        Plain.options(name="alice").remote()
    with pytest.raises(ValueError, match="empty string"):
        Plain.options(name="").remote()
    with pytest.raises(ValueError, match="namespace"):
        Plain.options(name="x", namespace="").remote()
    session.answers["actor.by_name"] = RequestFailed("not_found", "none")
    with pytest.raises(ValueError, match="Failed to look up actor with name 'bob'"):
        ray.get_actor("bob")
    with pytest.raises(ValueError, match="non-empty"):
        ray.get_actor("")


def test_get_if_exists_gets_and_else_creates(session: FakeSession) -> None:
    session.answers["actor.by_name"] = RequestFailed("not_found", "none")
    made = Plain.options(name="bob", get_if_exists=True).remote()
    meta = session.created[0].meta
    session.answers["actor.by_name"] = {"actor_id": made._actor_id.hex(), "meta": meta}
    assert Plain.options(name="bob", get_if_exists=True).remote() == made
    assert ray.get_actor("bob") == made
    assert len(session.created) == 1
    with pytest.raises(ValueError, match="name must be specified"):
        Plain.options(get_if_exists=True)


def test_the_actor_class_stands_for_its_class(session: FakeSession) -> None:
    assert isinstance(Counter, ActorClass)
    assert Counter.__doc__ == "Counts."
    assert Counter.level == 3
    assert Counter.__ray_metadata__.modified_class.__name__ == "Counter"
    assert repr(Counter) == "ActorClass(Counter)"
    with pytest.raises(TypeError, match=r"use 'Counter\.remote\(\)'"):
        Counter()
    with pytest.raises(ActorClassInheritanceException):

        class Derived(Counter):
            pass


def test_what_is_not_there_is_refused_at_the_call(session: FakeSession) -> None:
    for options in (
        {"enable_tensor_transport": True},
        {"runtime_env": {"conda": "x"}},
        {"runtime_env": {"working_dir": "s3://x/y.zip"}},
    ):
        with pytest.raises(NotImplementedError, match="Cannot use"):
            ray.remote(**options)(Base).remote()

    class Direct:
        @ray.method(tensor_transport="nixl")
        def send(self) -> None:
            pass

    with pytest.raises(NotImplementedError, match="tensor_transport"):
        ray.remote(Direct).remote()
    assert not session.created
    group = PlacementGroup(ray.PlacementGroupID.of(session.job_id), [{"CPU": 1}])
    inside = PlacementGroupSchedulingStrategy(group)
    options = {"scheduling_strategy": inside, "label_selector": {"zone": "a"}}
    with pytest.raises(NotImplementedError, match="label_selector"):
        Counter.options(**options).remote()


class Grouped:
    @ray.method(concurrency_group="io")
    def read(self) -> None:
        pass

    def other(self) -> None:
        pass


def test_concurrency_groups(session: FakeSession) -> None:
    with pytest.raises(AssertionError, match="'io'"):
        ray.remote(Grouped).remote()
    for wrong, kind in ((["io"], TypeError), ({"io": "2"}, TypeError), ({"io": 0}, ValueError)):
        with pytest.raises(kind, match=r"concurrency.group"):
            ray.remote(concurrency_groups=wrong)(Grouped).remote()
    handle = ray.remote(concurrency_groups={"io": 2, "net": 1})(Grouped).remote()
    assert session.created[0].groups == {"io": 2, "net": 1}
    again = pickle.loads(pickle.dumps(handle))
    again.read.remote()
    again.other.options(concurrency_group="net").remote()
    again.other.options(name="x").remote()
    assert [call[5].group for call in session.calls] == ["io", "net", None]
    with pytest.raises(ValueError, match="concurrency group 'disk'"):
        again.other.options(concurrency_group="disk").remote()


def test_options_of_methods_are_checked(session: FakeSession) -> None:
    handle = Counter.remote()
    for name, value in (
        ("concurrency_group", 1),
        ("retry_exceptions", 3),
        ("max_task_retries", "x"),
        ("_generator_backpressure_num_objects", "x"),
    ):
        with pytest.raises(TypeError, match=name):
            handle.add.options(**{name: value})
        with pytest.raises(TypeError, match=name):
            ray.method(**{name: value})(Base.inherited)
    with pytest.raises(ValueError, match="retry_exceptions"):
        handle.add.options(retry_exceptions=[3])
    with pytest.raises(ValueError, match="_generator_backpressure_num_objects"):
        handle.many.options(_generator_backpressure_num_objects=0)


def test_order_and_concurrency(session: FakeSession) -> None:
    with pytest.raises(ValueError, match="allow_out_of_order_execution"):
        Counter.options(allow_out_of_order_execution=False).remote()
    with pytest.raises(ValueError, match="allow_out_of_order_execution"):
        Plain.options(max_concurrency=2, allow_out_of_order_execution=False).remote()
    Plain.options(max_concurrency=2, max_restarts=-1, max_task_retries=5).remote()
    created = session.created[0]
    assert (created.max_concurrency, created.max_restarts, created.max_task_retries) == (2, -1, 5)


def test_retries_of_the_actor_hold_for_its_calls(session: FakeSession) -> None:
    handle = Counter.options(max_task_retries=4).remote()
    pickle.loads(pickle.dumps(handle)).add.remote(1)
    handle.add.options(max_task_retries=1).remote(1)
    assert [call[5].max_task_retries for call in session.calls] == [4, 1]


def test_kill_wants_a_handle(session: FakeSession) -> None:
    handle = Plain.remote()
    ray.kill(handle, no_restart=False)
    assert session.killed == [(handle._actor_id, False)]
    with pytest.raises(ValueError, match="only supported for actors"):
        ray.kill(Plain)


def test_exit_actor_outside_of_actors(session: FakeSession) -> None:
    with pytest.raises(TypeError, match="no actor"):
        ray.actor.exit_actor()


def test_a_handle_made_before_a_session_does_not_start_one() -> None:
    info = ray._actor_methods.ClassInfo.of(Base)
    handle: ActorHandle[Any] = ActorHandle(ray.ActorID.from_random(), info)
    pickle.dumps(handle)
    del handle
    assert not ray.is_initialized()
