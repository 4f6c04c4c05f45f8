"""`ray.init` as far as it goes without a cluster, and what is absent."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import logging
import os
import subprocess
import sys
from typing import Any

import pytest
import ray
from fake_session import FakeSession
from ray._core import client


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Record what the core is asked to connect with."""
    given: list[Any] = []
    fake = FakeSession()
    monkeypatch.setattr(client, "connect", given.append)
    monkeypatch.setattr(client, "is_connected", lambda: bool(given))
    monkeypatch.setattr(client, "session", lambda: fake)
    monkeypatch.setattr(client, "disconnect", given.clear)
    return given


def test_the_context_is_a_mapping_and_a_context_manager(connected: list[Any]) -> None:
    with ray.init("10.0.0.1:6379", namespace="n", _temp_dir="/tmp/x") as context:
        assert connected[0].address == "10.0.0.1:6379"
        assert connected[0].namespace == "n"
        assert context.address_info["address"] == context["gcs_address"] == "10.0.0.1:6379"
        assert set(context) == {
            "node_ip_address",
            "object_store_address",
            "raylet_socket_name",
            "webui_url",
            "session_dir",
            "metrics_export_port",
            "gcs_address",
            "address",
            "node_id",
        }
    assert not connected


def test_a_second_call(connected: list[Any]) -> None:
    ray.init(runtime_env=ray.runtime_env.RuntimeEnv())
    assert connected[0].bring_environment(None) == {}
    with pytest.raises(RuntimeError, match=r"Maybe you called ray.init twice by accident"):
        ray.init()
    assert ray.init(ignore_reinit_error=True).address_info["node_id"]


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"nonsense": 1}, RuntimeError, r"Unknown keyword argument.*nonsense"),
        ({"local_mode": True}, RuntimeError, "local_mode"),
        ({"address": "ray://box:10001"}, NotImplementedError, "Ray Client"),
        ({"address": 3}, TypeError, "address"),
        ({"num_gpus": -1}, ValueError, "num_gpus"),
        ({"namespace": ""}, ValueError, "namespace"),
        ({"runtime_env": {"conda": "x"}}, NotImplementedError, "conda"),
        ({"runtime_env": {"working_dir": "gs://x/y.zip"}}, NotImplementedError, "gs://"),
        ({"runtime_env": {"env_vars": {"A": 1}}}, TypeError, "env_vars"),
    ],
    ids=str,
)
def test_refused(connected: list[Any], arguments: Any, error: type, words: str) -> None:
    with pytest.raises(error, match=words):
        ray.init(**arguments)
    assert not connected


def test_the_job_config_fills_in(connected: list[Any]) -> None:
    config = ray.job_config.JobConfig({"env_vars": {"A": "1"}}, ray_namespace="n")
    ray.init(job_config=config)
    assert connected[0].bring_environment(None) == {"env_vars": {"A": "1"}}
    assert connected[0].namespace == "n"


def test_logging_goes_to_stderr(connected: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    ray.init(logging_level="info")
    ray.shutdown()
    logging.getLogger("ray").info("hello")
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "hello" in shown.err


def test_names_that_are_not_there() -> None:
    for name in ("data", "train", "tune"):
        with pytest.raises(AttributeError, match=f"'{name}'"):
            getattr(ray, name)
        with pytest.raises(ModuleNotFoundError, match=rf"No module named 'ray\.{name}'\. \w+"):
            importlib.import_module(f"ray.{name}")
        assert importlib.util.find_spec(f"ray.{name}") is None
    assert importlib.util.find_spec("ray.experimental.compiled_dag_ref") is None
    assert not hasattr(ray, "nonsense")
    with pytest.raises(ModuleNotFoundError, match="Compiled"):
        importlib.import_module("ray.experimental.channel.communicator")
    for call in (ray.client, lambda: ray.cpp_function("f")):
        with pytest.raises(NotImplementedError):
            call()
    with pytest.raises(NotImplementedError):
        ray.experimental.register_nixl_memory(None)


def test_the_stub_of_serve() -> None:
    from ray import serve

    with pytest.raises(serve.exceptions.RayServeException):
        serve.get_replica_context()
    with pytest.raises(AttributeError, match="vllm serve"):
        _ = serve.run


def test_cloudpickle_is_the_one_that_pickles_calls() -> None:
    from ray._core.packages import cloudpickle

    assert ray.cloudpickle.register_pickle_by_value is cloudpickle.register_pickle_by_value


def test_get_and_wait_check_their_arguments(session: FakeSession) -> None:
    reference = ray.ObjectRef.from_random()
    for wrong, error in ((3, ValueError), ((reference,), ValueError), ([3], TypeError)):
        with pytest.raises(error):
            ray.get(wrong)
    for wrong, arguments, error in (
        (reference, {}, TypeError),
        ((reference,), {}, TypeError),
        ([3], {}, TypeError),
        ([reference, reference], {}, ValueError),
        ([reference], {"num_returns": 0}, ValueError),
        ([reference], {"num_returns": 2}, ValueError),
        ([reference], {"timeout": -1}, ValueError),
    ):
        with pytest.raises(error):
            ray.wait(wrong, **arguments)
    assert ray.wait([]) == ([], [])
    with pytest.raises(TypeError):
        ray.put(reference)
    with pytest.raises(TypeError):
        ray.cancel(3)


def test_the_version_is_read_from_beside_the_package() -> None:
    assert importlib.metadata.version("ray") == ray.__version__ == "2.55.1"


def test_the_command_line_wants_beam(tmp_path: Any) -> None:
    shim = os.path.dirname(os.path.dirname(ray.__file__))
    env = {"PYTHONPATH": os.pathsep.join([shim, *sys.path]), "PATH": str(tmp_path)}
    ran = subprocess.run(
        [sys.executable, "-m", "ray", "status"],
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 1
    assert "BEAM_BIN" in ran.stderr
    beam = tmp_path / "beam"
    beam.write_text('#!/bin/sh\necho "$BEAM_PYTHON" "$@"\n')
    beam.chmod(0o755)
    ran = subprocess.run(
        [sys.executable, "-m", "ray", "start", "--head"],
        env={**env, "PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert ran.stdout == f"{sys.executable} ray start --head\n"


@pytest.mark.parametrize("wrong", [{"namespace": 5}, {"log_to_driver": "x"}])
def test_what_the_daemon_would_not_take_is_refused_here(
    connected: list[Any], wrong: dict[str, Any]
) -> None:
    (name,) = wrong
    with pytest.raises(TypeError, match=f"{name} must be"):
        ray.init(**wrong)
    assert connected == []
