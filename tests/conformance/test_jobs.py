"""Ray's documentation, chapter "Ray Jobs": the Python client and the REST API."""

from __future__ import annotations

import asyncio
import json
import pathlib
import time
from collections.abc import Iterator

import pytest
import ray
from ray.job_submission import JobDetails, JobInfo, JobStatus, JobSubmissionClient, JobType

ENDED = {JobStatus.SUCCEEDED, JobStatus.STOPPED, JobStatus.FAILED}


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    """Start a cluster whose head serves HTTP."""
    ray.init(
        address="local", num_cpus=4, include_dashboard=True, log_to_driver=False, namespace="jobs"
    )
    yield
    ray.shutdown()


@pytest.fixture(scope="module")
def client(cluster: None) -> JobSubmissionClient:
    return JobSubmissionClient(f"http://{dashboard_url()}")


def dashboard_url() -> str:
    return ray.init(ignore_reinit_error=True).dashboard_url


def ended(client: JobSubmissionClient, job_id: str, patience: float = 60.0) -> JobDetails:
    until = time.monotonic() + patience
    while client.get_job_status(job_id) not in ENDED:
        assert time.monotonic() < until, client.get_job_info(job_id)
        time.sleep(0.1)
    return client.get_job_info(job_id)


def runs(client: JobSubmissionClient, job_id: str) -> None:
    until = time.monotonic() + 60.0
    while client.get_job_status(job_id) == JobStatus.PENDING:
        assert time.monotonic() < until
        time.sleep(0.1)


def test_a_job_runs_and_its_logs_are_there(client: JobSubmissionClient) -> None:
    job_id = client.submit_job(entrypoint="echo hello && echo world >&2")
    assert job_id.startswith("raysubmit_")
    details = ended(client, job_id)
    assert details.status == JobStatus.SUCCEEDED
    assert details.type == JobType.SUBMISSION
    assert details.submission_id == job_id
    assert details.entrypoint == "echo hello && echo world >&2"
    assert details.message == "Job finished successfully."
    assert details.driver_exit_code == 0
    assert details.start_time <= details.end_time
    logs = client.get_job_logs(job_id)
    assert "hello\n" in logs
    assert "world\n" in logs


def test_a_job_that_fails_tells_its_code_and_last_lines(client: JobSubmissionClient) -> None:
    job_id = client.submit_job(entrypoint="echo the reason; exit 3")
    details = ended(client, job_id)
    assert details.status == JobStatus.FAILED
    assert details.driver_exit_code == 3
    assert "failed with exit code 3" in details.message
    assert "the reason" in details.message


def test_an_id_can_be_chosen_once(client: JobSubmissionClient) -> None:
    assert client.submit_job(entrypoint="true", submission_id="chosen") == "chosen"
    with pytest.raises(RuntimeError, match="already exists"):
        client.submit_job(entrypoint="true", submission_id="chosen")
    ended(client, "chosen")


def test_a_job_is_stopped(client: JobSubmissionClient) -> None:
    job_id = client.submit_job(entrypoint="sleep 100")
    runs(client, job_id)
    assert client.stop_job(job_id) is True
    details = ended(client, job_id)
    assert details.status == JobStatus.STOPPED
    assert details.message == "Job was intentionally stopped."
    assert client.stop_job(job_id) is False


def test_a_deleted_job_is_not_known_any_more(client: JobSubmissionClient) -> None:
    job_id = client.submit_job(entrypoint="sleep 100")
    runs(client, job_id)
    with pytest.raises(RuntimeError):
        client.delete_job(job_id)
    client.stop_job(job_id)
    ended(client, job_id)
    assert client.delete_job(job_id) is True
    with pytest.raises(RuntimeError, match="does not exist"):
        client.get_job_info(job_id)


def test_a_job_that_is_not_there(client: JobSubmissionClient) -> None:
    for ask in (client.get_job_info, client.get_job_status, client.get_job_logs, client.stop_job):
        with pytest.raises(RuntimeError, match=r"404.*does not exist"):
            ask("nothing")


# What Ray's client is built on uses names that are on their way out.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_logs_are_followed_to_the_end(client: JobSubmissionClient) -> None:
    async def follow(job_id: str) -> str:
        return "".join([lines async for lines in client.tail_job_logs(job_id)])

    job_id = client.submit_job(entrypoint="for i in 1 2 3; do echo line $i; sleep 0.3; done")
    text = asyncio.run(follow(job_id))
    assert [line for line in text.splitlines() if line.startswith("line")] == [
        "line 1",
        "line 2",
        "line 3",
    ]
    assert client.get_job_status(job_id) in ENDED | {JobStatus.RUNNING}


SCRIPT = """
import json, os, ray
ray.init()

@ray.remote
def seen():
    return os.environ.get("GREETING"), ray.get_runtime_context().get_job_id()

greeting, job_id = ray.get(seen.remote())
assert job_id == ray.get_runtime_context().get_job_id()
config = json.loads(os.environ["RAY_JOB_CONFIG_JSON_ENV_VAR"])
print(json.dumps({"task": greeting, "own": os.environ.get("GREETING"), "job": job_id,
                  "metadata": config["metadata"], "file": os.path.exists("data.txt")}))
"""


def test_a_driver_in_a_job_has_its_environment(
    client: JobSubmissionClient, tmp_path: pathlib.Path
) -> None:
    (tmp_path / "script.py").write_text(SCRIPT)
    (tmp_path / "data.txt").write_text("")
    job_id = client.submit_job(
        entrypoint="python script.py",
        runtime_env={"working_dir": str(tmp_path), "env_vars": {"GREETING": "hi"}},
        metadata={"owner": "me"},
    )
    details = ended(client, job_id)
    assert details.status == JobStatus.SUCCEEDED, client.get_job_logs(job_id)
    said = json.loads(
        next(line for line in client.get_job_logs(job_id).splitlines() if line.startswith('{"task'))
    )
    assert said == {
        "task": "hi",
        "own": "hi",
        "job": details.job_id,
        "metadata": {"owner": "me", "job_submission_id": job_id, "job_name": job_id},
        "file": True,
    }
    assert details.driver_info.id == details.job_id
    assert details.metadata["owner"] == "me"
    assert details.runtime_env["env_vars"] == {"GREETING": "hi"}
    assert details.runtime_env["working_dir"].startswith("gcs://_ray_pkg_")


def test_jobs_are_listed_with_drivers_that_nobody_submitted(client: JobSubmissionClient) -> None:
    job_id = client.submit_job(entrypoint="true", submission_id="listed")
    jobs = client.list_jobs()
    assert job_id in [job.submission_id for job in jobs]
    own = ray.get_runtime_context().get_job_id()
    (driver,) = [job for job in jobs if job.job_id == own]
    assert driver.type == JobType.DRIVER
    assert driver.submission_id is None
    assert driver.status == JobStatus.RUNNING
    ended(client, job_id)


def test_an_entrypoint_holds_what_it_asks_for(client: JobSubmissionClient) -> None:
    before = ray.available_resources()["CPU"]
    job_id = client.submit_job(entrypoint="sleep 100", entrypoint_num_cpus=2)
    runs(client, job_id)
    until = time.monotonic() + 30.0
    while ray.available_resources()["CPU"] != before - 2:
        assert time.monotonic() < until
        time.sleep(0.1)
    too_much = client.submit_job(entrypoint="true", entrypoint_num_cpus=99)
    assert client.get_job_status(too_much) == JobStatus.PENDING
    assert "waiting for resources" in client.get_job_info(too_much).message
    client.stop_job(job_id)
    ended(client, job_id)
    while ray.available_resources()["CPU"] != before:
        assert time.monotonic() < until
        time.sleep(0.1)


def test_what_is_submitted_is_checked(client: JobSubmissionClient) -> None:
    with pytest.raises(TypeError, match="entrypoint must be a string"):
        client.submit_job(entrypoint=1)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="metadata values must be strings"):
        client.submit_job(entrypoint="true", metadata={"a": 1})  # type: ignore[dict-item]
    with pytest.raises(TypeError, match="entrypoint_num_cpus must be a number"):
        client.submit_job(entrypoint="true", entrypoint_num_cpus="1")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="worker_process_setup_hook"):
        client.submit_job(
            entrypoint="true", runtime_env={"worker_process_setup_hook": lambda: None}
        )
    with pytest.raises(TypeError, match="address must be a string"):
        JobSubmissionClient(8265)  # type: ignore[arg-type]
    with pytest.raises(ConnectionError):
        JobSubmissionClient("http://127.0.0.1:9")


def test_the_version_and_the_address(client: JobSubmissionClient) -> None:
    assert client.get_version() == "4"
    assert client.get_address() == f"http://{dashboard_url()}"


def test_statuses_are_texts() -> None:
    assert JobStatus.RUNNING == "RUNNING"
    assert str(JobStatus.FAILED) == "FAILED"
    assert [status for status in JobStatus if status.is_terminal()] == [
        JobStatus.STOPPED,
        JobStatus.SUCCEEDED,
        JobStatus.FAILED,
    ]
    info = JobInfo(status=JobStatus.PENDING, entrypoint="true", runtime_env={"pip": ["x"]})
    assert JobInfo.from_json(info.to_json()).runtime_env == {"pip": ["x"]}
    assert info.message.startswith("Job has not started yet.")
