"""The client of the job API."""

from __future__ import annotations

import copy
import json
import logging
import os
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import quote

from ray._private.runtime_env import packaging
from ray._private.runtime_env.ignoring import heeds_gitignore
from ray._private.runtime_env.protocol import is_path
from ray._private.runtime_env.py_modules import upload_py_modules_if_needed
from ray._private.runtime_env.working_dir import upload_working_dir_if_needed
from ray.job_submission._address import server_url, token_for
from ray.job_submission._http import Answer, HttpServer
from ray.job_submission._records import JobDetails, JobStatus, details_of
from ray.job_submission._web_socket import WebSocket
from ray.runtime_env import RuntimeEnv

logger = logging.getLogger("ray")


class JobSubmissionClient:
    """Submits jobs to a cluster and asks after them.

    Args:
        address: URL of the head's HTTP server; or what `ray.init` takes, for a cluster of this
            machine. RAY_API_SERVER_ADDRESS and RAY_ADDRESS go before it.
        create_cluster_if_needed: accepted; a cluster has to be there.
        cookies: sent with each request.
        metadata: kept with each job.
        headers: sent with each request.
        verify: whether, or by which certificates, an https server is checked.

    Raises:
        TypeError: an argument has another type.
        ConnectionError: the server cannot be reached.
        AuthenticationError: it wants another token.
    """

    def __init__(
        self,
        address: str | None = None,
        create_cluster_if_needed: bool = False,
        cookies: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
        headers: dict[str, Any] | None = None,
        verify: str | bool | None = True,
        **kwargs: Any,
    ) -> None:
        _check_types(address, create_cluster_if_needed, cookies, metadata, headers, verify)
        if kwargs:
            raise TypeError(f"Unknown keyword argument(s): {', '.join(kwargs)}")
        url = server_url(address)
        sent = {str(name): str(value) for name, value in (headers or {}).items()}
        token = token_for(url)
        if token is not None and "authorization" not in (name.lower() for name in sent):
            sent["Authorization"] = f"Bearer {token}"
        if cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        self._default_metadata = dict(metadata or {})
        self._server = HttpServer(url, sent, True if verify is None else verify)
        self.get_version()

    def get_address(self) -> str:
        """Return the server's URL."""
        return self._server.url

    def get_version(self) -> str:
        """Return the version of the job API."""
        version: str = self._ask("GET", "/api/version")["version"]
        return version

    def submit_job(
        self,
        *,
        entrypoint: str,
        job_id: str | None = None,
        runtime_env: dict[str, Any] | None = None,
        metadata: dict[str, str] | None = None,
        submission_id: str | None = None,
        entrypoint_num_cpus: float | None = None,
        entrypoint_num_gpus: float | None = None,
        entrypoint_memory: int | None = None,
        entrypoint_resources: dict[str, float] | None = None,
        entrypoint_label_selector: dict[str, str] | None = None,
    ) -> str:
        """Submit a job, which runs once.

        Args:
            entrypoint: a shell's command line.
            job_id: old name of `submission_id`.
            runtime_env: in which it and its actors and tasks run; folders of this machine travel.
            metadata: kept with it.
            submission_id: its id; one is made where none is given.
            entrypoint_num_cpus: CPUs that the command itself holds.
            entrypoint_num_gpus: GPUs that it holds.
            entrypoint_memory: bytes that it holds.
            entrypoint_resources: further resources that it holds.
            entrypoint_label_selector: labels of the node on which it runs.

        Returns:
            Its id.

        Raises:
            TypeError: an argument has another type.
            RuntimeError: the server refuses, for example an id that is taken.
            ValueError: the runtime environment cannot be used.
        """
        _check_text(entrypoint=entrypoint)
        for name, text in (("submission_id", submission_id), ("job_id", job_id)):
            if text is not None:
                _check_text(**{name: text})
        _check_map("runtime_env", runtime_env, object)
        _check_map("metadata", metadata, str)
        _check_map("entrypoint_resources", entrypoint_resources, (int, float))
        _check_map("entrypoint_label_selector", entrypoint_label_selector, str)
        for name, amount in (
            ("entrypoint_num_cpus", entrypoint_num_cpus),
            ("entrypoint_num_gpus", entrypoint_num_gpus),
            ("entrypoint_memory", entrypoint_memory),
        ):
            if amount is not None and not isinstance(amount, (int, float)):
                raise TypeError(f"{name} must be a number, got {type(amount)}")
        request = {
            "entrypoint": entrypoint,
            "submission_id": submission_id or job_id,
            "runtime_env": self.prepare_runtime_env(runtime_env or {}),
            "metadata": {**(metadata or {}), **self._default_metadata},
            "entrypoint_num_cpus": entrypoint_num_cpus,
            "entrypoint_num_gpus": entrypoint_num_gpus,
            "entrypoint_memory": entrypoint_memory,
            "entrypoint_resources": entrypoint_resources,
            "entrypoint_label_selector": entrypoint_label_selector,
        }
        given = {name: value for name, value in request.items() if value is not None}
        answer = self._ask("POST", "/api/jobs/", given)
        submitted: str = answer["submission_id"]
        return submitted

    def stop_job(self, job_id: str) -> bool:
        """Ask a job to end; return whether it was running.

        Raises:
            RuntimeError: there is no such job.
        """
        return bool(self._ask("POST", f"{_path(job_id)}/stop")["stopped"])

    def delete_job(self, job_id: str) -> bool:
        """Forget a job that has ended; its log stays on disk.

        Raises:
            RuntimeError: there is no such job, or it has not ended.
        """
        return bool(self._ask("DELETE", _path(job_id))["deleted"])

    def get_job_info(self, job_id: str) -> JobDetails:
        """Return what is known of a job, by its submission id or job id.

        Raises:
            RuntimeError: there is no such job.
        """
        return details_of(self._ask("GET", _path(job_id)))

    def list_jobs(self) -> list[JobDetails]:
        """Return all jobs, also those of drivers that nobody submitted."""
        return [details_of(one) for one in self._ask("GET", "/api/jobs/")]

    def get_job_status(self, job_id: str) -> JobStatus:
        """Return how a job goes.

        Raises:
            RuntimeError: there is no such job.
        """
        return self.get_job_info(job_id).status

    def get_job_logs(self, job_id: str) -> str:
        """Return all that a job has written.

        Raises:
            RuntimeError: there is no such job.
        """
        logs: str = self._ask("GET", f"{_path(job_id)}/logs")["logs"]
        return logs

    async def tail_job_logs(self, job_id: str) -> AsyncIterator[str]:
        """Iterate over what a job writes, until it has ended.

        Raises:
            RuntimeError: there is no such job, or the connection ended before the job.
        """
        socket = await WebSocket.connect(self._server, f"{_path(job_id)}/logs/tail")
        async for text in socket.messages():
            yield text
        if socket.close_code == 1006:
            raise RuntimeError(
                "WebSocket connection closed unexpectedly with close code "
                f"{socket.close_code}: the head of {self.get_address()} went away."
            )

    def prepare_runtime_env(self, runtime_env: dict[str, Any]) -> dict[str, Any]:
        """Return a runtime environment as it is submitted: what lies here is brought there.

        Raises:
            ValueError: a field cannot be used.
        """
        env = copy.deepcopy(dict(runtime_env))
        git = heeds_gitignore()
        upload_working_dir_if_needed(env, git, upload_fn=self._bring(include_parent_dir=False))
        upload_py_modules_if_needed(env, git, upload_fn=self._bring(include_parent_dir=True))
        hook = env.get("worker_process_setup_hook")
        if hook and not isinstance(hook, str):
            raise ValueError(
                f"Invalid type {type(hook)} for `worker_process_setup_hook`: a job is submitted "
                "with the name of a function, 'module.function'. Give a function to ray.init "
                "instead."
            )
        prepared: dict[str, Any] = RuntimeEnv(**env).to_dict()
        return prepared

    def _bring(self, include_parent_dir: bool) -> Callable[..., None]:
        def bring(path: str, excludes: list[str] | None = None, is_file: bool = False) -> None:
            if is_file:
                self._upload(packaging.get_uri_for_package(Path(path)), Path(path))
                return
            git = heeds_gitignore()
            is_folder = os.path.isdir(path)
            uri = (
                packaging.get_uri_for_directory(path, git, excludes, include_parent_dir)
                if is_folder
                else packaging.get_uri_for_file(path)
            )
            if self._has(uri):
                return
            with tempfile.TemporaryDirectory() as folder:
                package = Path(folder) / "package.zip"
                parent = include_parent_dir and is_folder
                packaging.create_package(path, package, git, parent, excludes)
                self._upload(uri, package)

        return bring

    def _has(self, uri: str) -> bool:
        answer = self._server.request("GET", _package_path(uri))
        if answer.status_code not in (200, 404):
            _raise_error(answer)
        return answer.status_code == 200

    def _upload(self, uri: str, package: Path) -> None:
        if self._has(uri):
            return
        packaging.check_size(package.stat().st_size)
        logger.info("Uploading package %s.", uri)
        answer = self._server.request(
            "PUT", _package_path(uri), package.read_bytes(), "application/octet-stream"
        )
        if answer.status_code != 200:
            _raise_error(answer)

    def _ask(self, method: str, endpoint: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        answer = self._server.request(method, endpoint, data)
        if answer.status_code != 200:
            _raise_error(answer)
        return answer.json()


def _path(job_id: str) -> str:
    return f"/api/jobs/{quote(job_id, safe='')}"


def _package_path(uri: str) -> str:
    assert not is_path(uri)
    protocol, _, name = uri.partition("://")
    return f"/api/packages/{protocol}/{quote(name, safe='')}"


def _raise_error(answer: Answer) -> NoReturn:
    raise RuntimeError(f"Request failed with status code {answer.status_code}: {answer.text}.")


def _check_text(**texts: Any) -> None:
    for name, text in texts.items():
        if not isinstance(text, str):
            raise TypeError(f"{name} must be a string, got {type(text)}")


def _check_map(name: str, given: Any, kind: type | tuple[type, ...]) -> None:
    if given is None:
        return
    if not isinstance(given, dict):
        raise TypeError(f"{name} must be a dict, got {type(given)}")
    for key, value in given.items():
        if not isinstance(key, str):
            raise TypeError(f"{name} keys must be strings, got {type(key)}")
        if not isinstance(value, kind):
            what = "strings" if kind is str else "numbers"
            raise TypeError(f"{name} values must be {what}, got {type(value)}")


def _check_types(
    address: Any, create: Any, cookies: Any, metadata: Any, headers: Any, verify: Any
) -> None:
    if address is not None and not isinstance(address, str):
        raise TypeError(f"address must be a string, got {type(address)}")
    if not isinstance(create, bool):
        raise TypeError(f"create_cluster_if_needed must be a bool, got {type(create)}")
    for name, value in (("cookies", cookies), ("metadata", metadata), ("headers", headers)):
        if value is not None and not isinstance(value, dict):
            raise TypeError(f"{name} must be a dict, got {type(value)}")
    if not isinstance(verify, (str, bool, type(None))):
        raise TypeError(f"verify must be a str or bool, got {type(verify)}")
