"""Runtime context, runtime environments, and what the head is asked about the cluster."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
import ray
from fake_session import NODE, FakeSession
from ray.runtime_env import RuntimeEnv, RuntimeEnvConfig
from ray.runtime_env._submission import prepare

FAMILIES = ["GPU", "NPU", "TPU", "HPU", "neuron_cores", "RBLN", "FURIOSA", "MBLT", "TTNPU"]


def test_a_driver(session: FakeSession) -> None:
    context = ray.get_runtime_context()
    assert context.get_actor_id() is None
    assert context.get_task_id() is None
    assert context.get_actor_name() is None
    assert context.get_job_id() == "01000000"
    assert context.get_node_id() == NODE
    assert context.gcs_address == "10.0.0.1:6379"
    assert context.namespace == "space"
    assert context.runtime_env == {}
    assert isinstance(context.runtime_env, RuntimeEnv)
    assert context.get_accelerator_ids() == {name: [] for name in FAMILIES}
    assert context.get_placement_group_id() is None
    assert len(context.get_worker_id()) == 56
    assert ray.get_gpu_ids() == []
    assert ray.util.get_node_ip_address() == "10.0.0.1"
    with pytest.raises(AssertionError):
        context.get_assigned_resources()
    with pytest.raises(RuntimeError):
        _ = context.current_actor
    with pytest.raises(RuntimeError):
        context.is_canceled()


def test_an_actor(worker: FakeSession) -> None:
    context = ray.get_runtime_context()
    assert context.get_actor_id() == "12" * 12 + "01000000"
    assert context.get_actor_name() == "alice"
    assert context.get_accelerator_ids()["GPU"] == ["3", "GPU-5"]
    assert list(context.get_accelerator_ids()) == FAMILIES
    assert ray.get_gpu_ids() == [3, "GPU-5"]
    worker.assignment.gpu_ids_masked = True
    assert ray.get_gpu_ids() == ["3", "GPU-5"]
    assert context.get_assigned_resources() == {"CPU": 1.0, "GPU": 2.0}
    assert context.should_capture_child_tasks_in_placement_group
    assert not context.was_current_actor_reconstructed
    worker.assignment.incarnation = 2
    assert context.was_current_actor_reconstructed


def test_without_a_cluster() -> None:
    context = ray.runtime_context.RuntimeContext()
    assert context.get_actor_id() is None
    for ask in (context.get_node_id, context.get_job_id, context.get_worker_id):
        with pytest.raises(RuntimeError, match="has not been initialized"):
            ask()


def test_runtime_env_is_a_dict_that_checks() -> None:
    env = RuntimeEnv(env_vars={"A": "1"}, working_dir="s3://x/y.zip", _validate=True)
    assert env.env_vars() == {"A": "1"}
    assert env.to_dict() == {"env_vars": {"A": "1"}, "working_dir": "s3://x/y.zip"}
    assert env.has_working_dir()
    assert not RuntimeEnv()
    assert RuntimeEnv.deserialize(env.serialize()) == env
    assert pickle.loads(pickle.dumps(env)) == env
    env["env_vars"] = {"B": "2"}
    assert env["env_vars"] == {"B": "2"}
    for wrong in ({"A": 1}, {1: "A"}, ["A"]):
        with pytest.raises(TypeError, match="Dict\\[str, str\\]"):
            RuntimeEnv(env_vars=wrong)  # type: ignore[arg-type]
        with pytest.raises(TypeError):
            env["env_vars"] = wrong
    with pytest.raises(ValueError, match="no environment"):
        RuntimeEnv(env_vars={"A=B": ""})
    with pytest.raises(ValueError, match="cannot be specified at the same time"):
        RuntimeEnv(pip=["x"], conda="y")
    assert RuntimeEnvConfig(setup_timeout_seconds=5).to_dict()["setup_timeout_seconds"] == 5
    with pytest.raises(ValueError, match="setup_timeout_seconds"):
        RuntimeEnvConfig(setup_timeout_seconds=0)


def test_what_travels_is_merged() -> None:
    inherited = {"env_vars": {"A": "1", "B": "1"}}
    given = RuntimeEnv(env_vars={"B": "2"}, config={"eager_install": False})
    assert prepare(given, inherited) == {
        "env_vars": {"A": "1", "B": "2"},
        "config": RuntimeEnvConfig(eager_install=False),
    }
    assert inherited == {"env_vars": {"A": "1", "B": "1"}}
    assert prepare(None, inherited) == inherited
    assert prepare({}, {}) == {}
    hook = prepare({"worker_process_setup_hook": "module.function"}, {})
    assert hook == {"worker_process_setup_hook": "module.function"}
    pickled = prepare({"worker_process_setup_hook": lambda: 5}, {})["worker_process_setup_hook"]
    assert ray.cloudpickle.loads(pickled)() == 5
    with pytest.raises(NotImplementedError, match="'rocprof_sys'"):
        prepare({"rocprof_sys": {"args": {}}}, {})
    with pytest.raises(NotImplementedError, match="'conda'"):
        prepare({"conda": "x"}, {})


def node_view(node_id: str = NODE, **fields: Any) -> dict[str, Any]:
    return {
        "node_id": node_id,
        "ip": "10.0.0.1",
        "aliases": [],
        "hostname": "box",
        "is_head": True,
        "state": "alive",
        "alive": True,
        "total": {"CPU": 8, "GPU": 2, "node:10.0.0.1": 1, "node:__internal_head__": 1},
        "available": {"CPU": 8},
        "labels": {"zone": "a"},
        "joined_at": 5,
        "last_seen": 9,
        **fields,
    }


DEAD = node_view(
    "cd" * 28,
    ip="10.0.0.2",
    is_head=False,
    state="dead",
    alive=False,
    total={},
    ended_at=8,
    death={"kind": "node", "message": "its link ended"},
)


def test_nodes_have_rays_keys(session: FakeSession) -> None:
    session.answers["query.nodes"] = [node_view(), DEAD]
    alive, dead = ray.nodes()
    assert alive["NodeID"] == NODE
    assert alive["Alive"] is True
    assert alive["alive"] is True
    assert alive["NodeManagerAddress"] == alive["NodeName"] == "10.0.0.1"
    assert alive["Resources"]["GPU"] == 2.0
    assert isinstance(alive["Resources"]["GPU"], float)
    assert alive["Labels"] == {"ray.io/node-id": NODE, "zone": "a"}
    assert (dead["Alive"], dead["Resources"]) == (False, {})
    assert dead["DeathReasonMessage"] == "its link ended"
    assert ray.get_runtime_context().get_node_labels()["zone"] == "a"


def test_resources_are_floats_by_node_and_summed(session: FakeSession) -> None:
    from ray._private import state

    other = "cd" * 28
    session.answers["query.resources"] = {
        "total": {NODE: {"GPU": 2, "CPU": 0.1}, other: {"GPU": 1, "CPU": 0.2}},
        "available": {NODE: {"GPU": 1}, other: {}},
    }
    assert ray.cluster_resources() == {"GPU": 3.0, "CPU": 0.3}
    assert ray.available_resources() == {"GPU": 1.0}
    assert state.available_resources_per_node() == {NODE: {"GPU": 1.0}, other: {}}
    assert state.total_resources_per_node()[NODE]["GPU"] == 2.0
    assert state.state._available_resources_per_node()[NODE] == {"GPU": 1.0}


def test_states_are_attributes_and_keys(session: FakeSession) -> None:
    from ray.util import state

    session.answers["query.nodes"] = [node_view(), DEAD]
    first, second = state.list_nodes()
    assert first.node_id == first["node_id"] == NODE
    assert (first.state, second.state) == ("ALIVE", "DEAD")
    assert first.start_time_ms is None
    assert state.list_nodes(detail=True)[0].start_time_ms == 5
    assert [one.node_ip for one in state.list_nodes(filters=[("state", "=", "dead")])] == [
        "10.0.0.2"
    ]
    assert len(state.list_nodes(limit=1)) == 1
    assert state.get_node(NODE) is not None
    assert state.get_node("none") is None
    with pytest.raises(state.RayStateApiException, match="colour"):
        state.list_nodes(filters=[("colour", "=", "red")])
    with pytest.raises(KeyError):
        _ = first["colour"]
    with pytest.raises(AssertionError, match="node id is required"):
        state.list_logs()
    with pytest.raises(NotImplementedError):
        next(state.get_log(task_id="12" * 24))


def test_actor_states(session: FakeSession) -> None:
    from ray.experimental.state.api import get_actor
    from ray.util import state

    view = {
        "actor_id": "12" * 16,
        "class_name": "A",
        "state": "ALIVE",
        "job_id": "01000000",
        "name": "alice",
        "node_id": NODE,
        "pid": 3,
        "namespace": "space",
        "resources": {"GPU": 1},
        "detached": False,
        "restarts": 0,
        "pg": {"pg_id": "x", "bundle_index": 0},
    }
    session.answers["query.actors"] = [view]
    assert state.list_actors()[0].ray_namespace == "space"
    found = get_actor("12" * 16)
    assert found is not None
    assert found.required_resources == {"GPU": 1.0}
    assert state.summarize_actors()["cluster"]["summary"]["A"]["state_counts"] == {"ALIVE": 1}
