"""Who and where a process is, and what the cluster has."""

from __future__ import annotations

import os
from typing import Any

import pytest
import ray
from ray._private.state import available_resources_per_node, total_resources_per_node
from ray.runtime_env import RuntimeEnv

FAMILIES = {"GPU", "NPU", "TPU", "HPU", "neuron_cores", "RBLN", "FURIOSA", "MBLT", "TTNPU"}


class Facts:
    def all(self) -> dict[str, Any]:
        context = ray.get_runtime_context()
        return {
            "actor": context.get_actor_id(),
            "name": context.get_actor_name(),
            "job": context.get_job_id(),
            "node": context.get_node_id(),
            "worker": context.get_worker_id(),
            "gcs": context.gcs_address,
            "namespace": context.namespace,
            "resources": context.get_assigned_resources(),
            "accelerators": context.get_accelerator_ids(),
            "gpus": ray.get_gpu_ids(),
            "visible": os.environ.get("CUDA_VISIBLE_DEVICES"),
            "env": context.runtime_env.to_dict(),
            "ip": ray.util.get_node_ip_address(),
            "initialized": ray.is_initialized(),
            "restarted": context.was_current_actor_reconstructed,
        }

    def me(self) -> Any:
        return ray.get_runtime_context().current_actor

    def init(self) -> None:
        ray.init()


def test_the_driver() -> None:
    context = ray.get_runtime_context()
    assert ray.is_initialized()
    assert context.get_actor_id() is None
    assert context.get_task_id() is None
    assert len(context.get_job_id()) == 8
    assert len(context.get_node_id()) == 56
    assert context.namespace == "conformance"
    assert context.gcs_address.count(":") == 1
    assert isinstance(context.runtime_env, RuntimeEnv)
    assert context.runtime_env.env_vars()["OF_THE_JOB"] == "job"
    assert context.get_accelerator_ids() == {name: [] for name in FAMILIES}
    assert ray.get_gpu_ids() == []
    assert ray.util.get_current_placement_group() is None


def test_the_ids_as_a_dict() -> None:
    def ids() -> list[str]:
        return sorted(ray.get_runtime_context().get())

    assert ids() == ["job_id", "namespace", "node_id"]
    assert ray.get(ray.remote(ids).remote()) == ["job_id", "namespace", "node_id", "task_id"]
    call = ray.remote(num_cpus=0)(Facts).remote().__ray_call__.remote(lambda _self: ids())
    assert ray.get(call) == ["actor_id", "job_id", "namespace", "node_id", "task_id"]


def test_an_actor() -> None:
    driver = ray.get_runtime_context()
    actor = ray.remote(Facts).options(name="facts", num_gpus=2, num_cpus=1).remote()
    facts = ray.get(actor.all.remote(), timeout=60)
    assert facts["actor"] == actor._actor_id.hex()
    assert facts["name"] == "facts"
    assert facts["job"] == driver.get_job_id()
    assert facts["node"] == driver.get_node_id()
    assert len(facts["worker"]) == 56
    assert facts["gcs"] == driver.gcs_address
    assert facts["namespace"] == "conformance"
    assert facts["resources"] == {"CPU": 1.0, "GPU": 2.0}
    assert set(facts["accelerators"]) == FAMILIES
    assert sorted(facts["accelerators"]["GPU"]) == ["0", "1"]
    assert sorted(facts["gpus"]) == [0, 1]
    assert facts["visible"] == ",".join(str(gpu) for gpu in facts["gpus"])
    assert facts["env"]["env_vars"]["OF_THE_JOB"] == "job"
    assert facts["ip"] == ray.util.get_node_ip_address()
    assert facts["initialized"]
    assert not facts["restarted"]
    assert ray.get(actor.me.remote()) == actor
    with pytest.raises(RuntimeError):
        ray.get(actor.init.remote())
    ray.kill(actor)


def test_an_actor_without_gpus_sees_what_the_node_has() -> None:
    actor = ray.remote(num_cpus=0)(Facts).remote()
    facts = ray.get(actor.all.remote(), timeout=60)
    assert facts["gpus"] == []
    assert facts["visible"] is None


def test_the_variable_that_leaves_devices_alone() -> None:
    env = {"env_vars": {"RAY_EXPERIMENTAL_NOSET_CUDA_VISIBLE_DEVICES": "1"}}
    actor = ray.remote(Facts).options(num_cpus=0, num_gpus=1, runtime_env=env).remote()
    facts = ray.get(actor.all.remote(), timeout=60)
    assert facts["visible"] is None
    assert len(facts["accelerators"]["GPU"]) == 1
    ray.kill(actor)


def test_nodes() -> None:
    (node,) = ray.nodes()
    assert node["NodeID"] == ray.get_runtime_context().get_node_id()
    assert node["Alive"] is True
    assert node["NodeManagerAddress"] == ray.util.get_node_ip_address()
    assert node["Labels"]["ray.io/node-id"] == node["NodeID"]
    resources = node["Resources"]
    assert (resources["CPU"], resources["GPU"], resources["mlx"]) == (4.0, 2.0, 1.0)
    assert resources[f"node:{node['NodeManagerAddress']}"] == 1.0
    assert resources["node:__internal_head__"] == 1.0
    assert {"memory", "object_store_memory"} <= set(resources)
    assert set(node) >= {"NodeManagerHostname", "NodeManagerPort", "NodeName", "alive"}


def test_amounts() -> None:
    node_id = ray.get_runtime_context().get_node_id()
    assert ray.cluster_resources()["GPU"] == 2.0
    assert total_resources_per_node()[node_id]["GPU"] == 2.0
    assert set(available_resources_per_node()) == {node_id}
    actor = ray.remote(Facts).options(num_cpus=0, num_gpus=2).remote()
    ray.get(actor.all.remote(), timeout=60)
    assert "GPU" not in available_resources_per_node()[node_id]
    assert ray.cluster_resources()["GPU"] == 2.0
    ray.kill(actor)


def test_a_second_init() -> None:
    with pytest.raises(RuntimeError, match=r"Maybe you called ray\.init twice by accident"):
        ray.init()
    context = ray.init(ignore_reinit_error=True)
    assert context.address_info["node_id"] == ray.get_runtime_context().get_node_id()
    assert set(context.address_info) >= {"address", "gcs_address", "node_ip_address"}


def test_identifiers() -> None:
    reference = ray.put(1)
    assert len(reference.hex()) == 56
    assert len(reference.binary()) == 28
    assert reference in {reference}
    assert ray.get(reference) == 1
    assert isinstance(reference, ray.ObjectRef)


@ray.remote
def who() -> tuple[str | None, str | None, str | None]:
    context = ray.get_runtime_context()
    return context.get_task_id(), context.get_task_name(), context.get_actor_id()


class Named:
    def who(self) -> tuple[str | None, str | None]:
        context = ray.get_runtime_context()
        return context.get_task_id(), context.get_task_name()


def test_the_call_that_runs() -> None:
    task_id, name, actor_id = ray.get(who.remote())
    assert len(task_id) == 48
    assert (name, actor_id) == ("who", None)
    actor = ray.remote(num_cpus=0)(Named).remote()
    first, second = ray.get([actor.who.remote(), actor.who.remote()])
    assert first[0] != second[0]
    assert first[0][16:] == actor._actor_id.hex()
    assert first[1] == "Named.who"
