"""What runs and what ran: `ray.util.state`, task events, `ray.timeline`."""

from __future__ import annotations

import importlib.util
import json
import os
import pathlib
import time
from collections.abc import Iterator
from typing import Any, Callable

import pytest
import ray
from ray.exceptions import GetTimeoutError
from ray.util import state
from ray.util.state.common import ListApiOptions, StateResource, TaskState
from ray.util.state.exception import RayStateApiException

ON_RAY = os.environ.get("CONFORMANCE") == "ray"

if ON_RAY and importlib.util.find_spec("aiohttp_cors") is None:
    pytest.skip("Ray lists states with its dashboard only", allow_module_level=True)


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    """Start a cluster of four CPUs; Ray's answers need its dashboard."""
    os.environ.pop("RAY_ADDRESS", None)
    ray.init(
        address="local",
        num_cpus=4,
        namespace="states",
        include_dashboard=ON_RAY,
        log_to_driver=False,
    )
    if ON_RAY:  # which asks for states as if it were another process
        os.environ["RAY_ADDRESS"] = ray.get_runtime_context().gcs_address
    yield
    os.environ.pop("RAY_ADDRESS", None)
    ray.shutdown()


def eventually(ask: Callable[[], Any]) -> Any:
    """What `ask` returns once that is something: reports come once a second."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        found = ask()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError("it did not come within 20 s")


@ray.remote
def double(value: int) -> int:
    return 2 * value


@ray.remote(max_retries=0)
def fail() -> None:
    raise ValueError("no good")


@ray.remote(num_cpus=0)
class Worker:
    def __init__(self, fine: bool = True) -> None:
        if not fine:
            raise RuntimeError("not fine")

    def add(self, one: int, other: int) -> int:
        return one + other

    def fail(self) -> None:
        raise KeyError("none")

    def wait(self, path: str) -> None:
        while not os.path.exists(path):
            time.sleep(0.05)

    def pid(self) -> int:
        return os.getpid()


@ray.remote(num_cpus=0)
class Async:
    async def add(self, one: int, other: int) -> int:
        return one + other


def tasks_named(name: str, **filters: str) -> list[Any]:
    conditions = [("name", "=", name), *((key, "=", value) for key, value in filters.items())]
    return state.list_tasks(filters=conditions, detail=True)


def test_nodes() -> None:
    (node,) = state.list_nodes(detail=True)
    assert node.node_id == ray.get_runtime_context().get_node_id()
    assert (node.state, node["state"], node.is_head_node) == ("ALIVE", "ALIVE", True)
    assert node.resources_total["CPU"] == 4.0
    assert node.start_time_ms > 0
    assert node.get("none", 5) == 5
    assert node.asdict()["node_ip"] == node.node_ip
    assert state.get_node(node.node_id).node_id == node.node_id
    assert state.list_nodes()[0].start_time_ms is None


def test_actors() -> None:
    actor = Worker.options(name="of-states").remote()
    pid = ray.get(actor.pid.remote())
    found = state.get_actor(actor._actor_id.hex())
    assert (found.name, found.class_name, found.state) == ("of-states", "Worker", "ALIVE")
    assert (found.pid, found.ray_namespace, found.is_detached) == (pid, "states", False)
    assert (found.num_restarts, found.repr_name) == (0, "")
    (same,) = state.list_actors(filters=[("name", "=", "OF-STATES"), ("pid", "=", str(pid))])
    assert same.actor_id == found.actor_id
    assert same.is_detached is None
    assert state.list_actors(filters=[("state", "!=", "ALIVE"), ("name", "=", "of-states")]) == []
    ray.kill(actor)
    dead = eventually(lambda: state.list_actors(filters=[("state", "=", "DEAD")], detail=True))
    (cause,) = dead[0].death_cause.values()
    assert cause["error_message"]
    assert state.get_actor("0" * 32) is None
    summary = state.summarize_actors()["cluster"]
    assert summary["summary_by"] == "class"
    assert summary["summary"]["Worker"]["state_counts"]["DEAD"] >= 1


def test_placement_groups() -> None:
    group = ray.util.placement_group([{"CPU": 1}], name="of-states")
    ray.get(group.ready())
    found = state.get_placement_group(group.id.hex())
    assert (found.name, found.state, found.is_detached) == ("of-states", "CREATED", False)
    assert found.bundles[0]["unit_resources"] == {"CPU": 1.0}
    assert found.bundles[0]["node_id"] == ray.get_runtime_context().get_node_id()
    assert found.stats["scheduling_state"] == "FINISHED"
    ray.util.remove_placement_group(group)
    eventually(lambda: state.list_placement_groups(filters=[("state", "=", "REMOVED")]))


def test_jobs() -> None:
    (job,) = state.list_jobs(detail=True)
    assert job.job_id == ray.get_runtime_context().get_job_id()
    assert (job.type, job.status, job.submission_id) == ("DRIVER", "RUNNING", None)
    assert job.driver_info.pid == str(os.getpid())
    assert job.start_time > 0


def test_workers() -> None:
    actor = Worker.remote()
    pid = ray.get(actor.pid.remote())
    (driver,) = state.list_workers(filters=[("worker_type", "=", "DRIVER")])
    assert driver.worker_id == ray.get_runtime_context().get_worker_id()
    assert driver.pid == os.getpid()
    (found,) = state.list_workers(filters=[("pid", "=", pid)], detail=True)
    assert (found.is_alive, found.worker_type, found.exit_type) == (True, "WORKER", None)
    assert found.start_time_ms > 0
    assert state.get_worker(found.worker_id).pid == pid
    os.kill(pid, 9)
    dead = eventually(
        lambda: state.list_workers(
            filters=[("pid", "=", pid), ("is_alive", "=", "False")], detail=True
        )
    )
    assert dead[0].exit_type == "SYSTEM_ERROR"
    assert dead[0].exit_detail
    assert dead[0].end_time_ms > 0


def test_tasks_that_ended() -> None:
    assert ray.get([double.remote(1), double.options(name="named").remote(2)]) == [2, 4]
    with pytest.raises(ValueError, match="no good"):
        ray.get(fail.remote())
    (task,) = eventually(lambda: tasks_named("double", state="FINISHED"))
    assert (task.type, task.func_or_class_name, task.actor_id) == ("NORMAL_TASK", "double", None)
    assert (task.attempt_number, task.error_type, task.language) == (0, None, "PYTHON")
    assert task.start_time_ms <= task.end_time_ms <= time.time() * 1000 + 1000
    assert len(task.task_id) == 48
    assert [event["state"] for event in task.events][-2:] == ["RUNNING", "FINISHED"]
    (named,) = eventually(lambda: tasks_named("named", state="FINISHED"))
    assert named.func_or_class_name == "double"
    (failed,) = eventually(lambda: tasks_named("fail", state="FAILED"))
    assert failed.error_type == "TASK_EXECUTION_EXCEPTION"
    assert "no good" in failed.error_message
    same = state.get_task(failed.task_id)
    assert isinstance(same, TaskState)
    assert same.name == "fail"


def test_calls(tmp_path: pathlib.Path) -> None:
    actor = Worker.remote()
    assert ray.get(actor.add.remote(1, 2)) == 3
    with pytest.raises(KeyError):
        ray.get(actor.fail.remote())
    marker = tmp_path / "go"
    waiting = actor.wait.remote(str(marker))
    actor_id = actor._actor_id.hex()
    (call,) = eventually(lambda: tasks_named("Worker.add", state="FINISHED"))
    assert (call.type, call.actor_id) == ("ACTOR_TASK", actor_id)
    eventually(lambda: tasks_named("Worker.fail", state="FAILED"))
    (running,) = eventually(lambda: tasks_named("Worker.wait", state="RUNNING"))
    assert running.end_time_ms is None
    pid = state.get_actor(actor_id).pid
    assert running.worker_pid == pid
    assert state.get_worker(running.worker_id).pid == pid
    marker.touch()
    ray.get(waiting)
    eventually(lambda: tasks_named("Worker.wait", state="FINISHED"))
    creation = eventually(
        lambda: state.list_tasks(
            filters=[("type", "=", "ACTOR_CREATION_TASK"), ("actor_id", "=", actor_id)]
        )
    )
    assert creation[0].name == "Worker.__init__"
    assert creation[0].task_id == "f" * 16 + actor_id


def test_calls_of_coroutines() -> None:
    actor = Async.remote()
    assert ray.get(actor.add.remote(1, 2)) == 3
    eventually(lambda: tasks_named("Async.add", state="FINISHED"))


def test_a_constructor_that_fails() -> None:
    actor = Worker.options(name="unfit").remote(fine=False)
    with pytest.raises(ray.exceptions.RayActorError):
        ray.get(actor.pid.remote())
    (creation,) = eventually(lambda: tasks_named("unfit:Worker.__init__", state="FAILED"))
    assert creation.type == "ACTOR_CREATION_TASK"


def test_what_ran_in_a_process_that_died(tmp_path: pathlib.Path) -> None:
    actor = Worker.options(name="dies").remote()
    pid = ray.get(actor.pid.remote())
    call = actor.wait.remote(str(tmp_path / "never"))
    actor_id = actor._actor_id.hex()
    eventually(lambda: tasks_named("Worker.wait", state="RUNNING", actor_id=actor_id))
    os.kill(pid, 9)
    with pytest.raises(ray.exceptions.RayActorError):
        ray.get(call)
    (task,) = eventually(lambda: tasks_named("Worker.wait", state="FAILED", actor_id=actor_id))
    assert task.error_type == "ACTOR_DIED"


def test_a_task_without_a_place() -> None:
    waiting = double.options(name="homeless", resources={"nowhere": 1}).remote(1)
    (task,) = eventually(lambda: tasks_named("homeless"))
    assert task.state == "PENDING_NODE_ASSIGNMENT"
    with pytest.raises(GetTimeoutError):
        ray.get(waiting, timeout=0.1)
    ray.cancel(waiting)


def test_summaries() -> None:
    ray.get([double.options(name="counted").remote(each) for each in range(3)])
    eventually(lambda: len(tasks_named("counted", state="FINISHED")) == 3)
    summary = state.summarize_tasks()["cluster"]
    assert summary["summary"]["counted"] == {
        "func_or_class_name": "counted",
        "type": "NORMAL_TASK",
        "state_counts": {"FINISHED": 3},
    }
    assert summary["total_tasks"] >= 3
    assert summary["summary_by"] == "func_name"


def test_objects() -> None:
    reference = ray.put(b"x" * 1000)
    found = state.get_objects(reference.hex())
    assert [(one.object_id, one.type, one.pid) for one in found] == [
        (reference.hex(), "DRIVER", os.getpid())
    ]
    assert found[0].object_size >= 1000
    assert found[0].reference_type == "LOCAL_REFERENCE"
    summary = state.summarize_objects(raise_on_missing_output=False)["cluster"]
    assert summary["total_objects"] >= 1
    assert summary["summary_by"] == "callsite"


def test_runtime_environments() -> None:
    actor = Worker.options(runtime_env={"env_vars": {"OF_STATES": "1"}}).remote()
    ray.get(actor.pid.remote())
    found = state.list_runtime_envs(detail=True)
    assert [one for one in found if "OF_STATES" in str(one.runtime_env)] or ON_RAY
    assert all(one.success for one in found)


def test_events_of_the_cluster() -> None:
    assert isinstance(state.list_cluster_events(), list)


@pytest.mark.parametrize(
    ("filters", "error"),
    [
        ([("nothing", "=", "x")], RayStateApiException),
        ([("state", ">", "x")], ValueError),
        ([("pid", "=", "many")], RayStateApiException),
    ],
)
def test_filters_that_cannot_be(filters: Any, error: type[Exception]) -> None:
    if ON_RAY and filters[0][0] == "pid":
        filters = [("nothing", "=", "x")]  # Ray has no error for this one
    with pytest.raises(error):
        state.list_actors(filters=filters)


def test_limits() -> None:
    ray.get([double.options(name="limited").remote(each) for each in range(3)])
    eventually(lambda: len(tasks_named("limited", state="FINISHED")) == 3)
    limited = [("name", "=", "limited")]
    assert len(state.list_tasks(filters=limited, limit=2)) == 2
    with pytest.warns(UserWarning, match="Limit last 1 entries"):
        state.list_tasks(filters=limited, limit=1, _explain=True)
    with pytest.raises(RayStateApiException, match="exceeds the supported limit"):
        state.list_tasks(limit=1_000_000)
    with pytest.warns(UserWarning, match="Empty result set"):
        assert state.list_tasks(filters=[("name", "=", "a"), ("name", "=", "b")]) == []


def test_the_client() -> None:
    client = state.StateApiClient()
    options = ListApiOptions(filters=[("state", "=", "ALIVE")])
    (node,) = client.list(StateResource.NODES, options, raise_on_missing_output=True)
    assert client.get(StateResource.NODES, node.node_id, _options()).node_ip
    with pytest.raises(ValueError, match="by id"):
        client.get(StateResource.RUNTIME_ENVS, "x", _options())


def _options() -> Any:
    from ray.util.state.common import GetApiOptions

    return GetApiOptions()


def test_the_timeline(tmp_path: pathlib.Path) -> None:
    assert ray.get(double.options(name="drawn").remote(1)) == 2

    def execution() -> list[Any]:
        return [event for event in ray.timeline() if event["cat"] == "task:execute"]

    event = eventually(execution)[0]
    assert set(event) >= {"cat", "name", "pid", "tid", "ts", "dur", "ph", "cname", "args"}
    assert (event["ph"], event["tid"].split(":")[0]) == ("X", "worker")
    assert event["pid"] == ray.util.get_node_ip_address()
    path = tmp_path / "timeline.json"
    assert ray.timeline(filename=str(path)) is None
    assert json.loads(path.read_text())
