"""A cluster for this driver alone: started with it, ended with it."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import subprocess
from typing import Any

from .creation import ConnectOptions
from .discovery import Instance, machine_dir
from .executable import ExecutableMissing, find_executable


def beam_command() -> str:
    """The beam executable.

    Raises:
        ConnectionError: there is none.
    """
    try:
        return find_executable()
    except ExecutableMissing as error:
        raise ConnectionError(
            f"Cannot start a local cluster: {error} Or start one with `beam up --head` first."
        ) from None


class LocalCluster:
    """A daemon whose standard input is this process's lifeline: its end ends the cluster."""

    def __init__(self, options: ConnectOptions) -> None:
        self.runtime_dir = os.path.join(
            machine_dir(), "local", f"{os.getpid()}-{secrets.token_hex(4)}"
        )
        # One by one: the mode of `makedirs` is for the last one only.
        for folder in (machine_dir(), os.path.dirname(self.runtime_dir), self.runtime_dir):
            with contextlib.suppress(FileExistsError):
                os.mkdir(folder, 0o700)
        environment = {**os.environ, "BEAM_RUNTIME_DIR": self.runtime_dir}
        environment.pop("BEAM_SOCK", None)
        try:
            self._process = subprocess.Popen(
                [beam_command(), *_arguments(options)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=environment,
                start_new_session=True,
            )
        except BaseException:
            shutil.rmtree(self.runtime_dir, ignore_errors=True)
            raise
        try:
            self.instance = self._await_ready()
        except BaseException:
            self.stop()
            raise

    def _await_ready(self) -> Instance:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            try:
                said = json.loads(line)
            except ValueError:
                continue
            if not isinstance(said, dict):
                continue
            if "ready" in said:
                record: dict[str, Any] = said["ready"]
                return Instance(os.path.dirname(record["socket"]), record)
            if "error" in said:
                error = said["error"]
                raise ConnectionError(
                    " ".join(filter(None, (error.get("message"), error.get("mend"))))
                )
        raise ConnectionError(
            "Cannot start a local cluster: `beam up` ended without a word (exit code "
            f"{self._process.wait()}). Its log is in {self.runtime_dir}/logs."
        )

    def forget(self) -> None:
        """After a fork: the lifeline is the parent's, this copy must not keep it open."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError, ValueError):
                    os.close(pipe.fileno())

    def stop(self) -> None:
        """Ends the cluster and waits for it."""
        process = self._process
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        try:
            process.wait(10.0)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        shutil.rmtree(self.runtime_dir, ignore_errors=True)


def _arguments(options: ConnectOptions) -> list[str]:
    arguments = ["up", "--head", "--block", "--for-driver"]
    memory = options.extra.get("_memory")
    given: dict[str, object | None] = {
        "--num-cpus": options.num_cpus,
        "--num-gpus": options.num_gpus,
        "--object-store-memory": options.object_store_memory,
        "--resources": json.dumps(options.resources) if options.resources else None,
        "--labels": json.dumps(options.labels) if options.labels else None,
        "--node-ip": options.extra.get("_node_ip_address"),
        "--name": options.extra.get("_node_name"),
        "--memory": None if memory is None else int(memory),
        "--include-dashboard": options.include_dashboard,
        "--dashboard-host": options.dashboard_host,
        "--dashboard-port": options.dashboard_port,
    }
    for flag, value in given.items():
        if value is not None:
            arguments.append(f"{flag}={value}")
    return arguments
