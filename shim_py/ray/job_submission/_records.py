"""What the job API tells of a job."""

from __future__ import annotations

import builtins
import enum
import json
from dataclasses import asdict, dataclass, fields
from typing import Any


class JobStatus(str, enum.Enum):
    """How a job goes; the last three are for good."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    STOPPED = "STOPPED"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"

    def __str__(self) -> str:
        return self.value

    def is_terminal(self) -> bool:
        """Return whether a job in this status has ended."""
        return self in (JobStatus.STOPPED, JobStatus.SUCCEEDED, JobStatus.FAILED)


class JobErrorType(str, enum.Enum):
    """Why a job failed."""

    RUNTIME_ENV_SETUP_FAILURE = "RUNTIME_ENV_SETUP_FAILURE"
    JOB_SUPERVISOR_ACTOR_START_TIMEOUT = "JOB_SUPERVISOR_ACTOR_START_TIMEOUT"
    JOB_SUPERVISOR_ACTOR_START_FAILURE = "JOB_SUPERVISOR_ACTOR_START_FAILURE"
    JOB_SUPERVISOR_ACTOR_UNSCHEDULABLE = "JOB_SUPERVISOR_ACTOR_UNSCHEDULABLE"
    JOB_SUPERVISOR_ACTOR_UNKNOWN_FAILURE = "JOB_SUPERVISOR_ACTOR_UNKNOWN_FAILURE"
    JOB_SUPERVISOR_ACTOR_DIED = "JOB_SUPERVISOR_ACTOR_DIED"
    JOB_ENTRYPOINT_COMMAND_START_ERROR = "JOB_ENTRYPOINT_COMMAND_START_ERROR"
    JOB_ENTRYPOINT_COMMAND_ERROR = "JOB_ENTRYPOINT_COMMAND_ERROR"


class JobType(str, enum.Enum):
    """Whether a job was submitted, or is a driver that somebody started."""

    SUBMISSION = "SUBMISSION"
    DRIVER = "DRIVER"


_MESSAGES = {
    JobStatus.PENDING: "Job has not started yet.",
    JobStatus.RUNNING: "Job is currently running.",
    JobStatus.STOPPED: "Job was intentionally stopped.",
    JobStatus.SUCCEEDED: "Job finished successfully.",
    JobStatus.FAILED: "Job failed.",
}


@dataclass
class JobInfo:
    """A submitted job.

    Attributes:
        start_time: milliseconds since the epoch, as is `end_time`.
        driver_exit_code: negative for a signal; None while it runs.
    """

    status: JobStatus
    entrypoint: str
    message: str | None = None
    error_type: JobErrorType | None = None
    start_time: int | None = None
    end_time: int | None = None
    metadata: dict[str, str] | None = None
    runtime_env: dict[str, Any] | None = None
    entrypoint_num_cpus: float | None = None
    entrypoint_num_gpus: float | None = None
    entrypoint_memory: int | None = None
    entrypoint_resources: dict[str, float] | None = None
    driver_agent_http_address: str | None = None
    driver_node_id: str | None = None
    driver_exit_code: int | None = None

    def __post_init__(self) -> None:
        self.status = JobStatus(self.status)
        if self.message is None:
            self.message = _MESSAGES[self.status]

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON's values; the runtime environment is a text in `runtime_env_json`."""
        values = asdict(self)
        values["status"] = self.status.value
        values["error_type"] = None if self.error_type is None else self.error_type.value
        runtime_env = values.pop("runtime_env")
        if runtime_env is not None:
            values["runtime_env_json"] = json.dumps(runtime_env)
        return values

    @classmethod
    def from_json(cls, json_dict: dict[str, Any]) -> JobInfo:
        """Return what `to_json` was called on."""
        values = dict(json_dict)
        text = values.pop("runtime_env_json", None)
        if text is not None:
            values["runtime_env"] = json.loads(text)
        if values.get("error_type"):
            values["error_type"] = JobErrorType(values["error_type"])
        return cls(**values)


@dataclass
class DriverInfo:
    """The driver that a job started last."""

    id: str
    node_ip_address: str
    pid: str


@dataclass
class JobDetails:
    """A job with its driver. Ray's is a pydantic model; this has the same fields and `dict()`.

    Attributes:
        job_id: the id that runtime contexts tell; None where no driver has started.
        submission_id: None for a driver that nobody submitted.
        start_time: milliseconds since the epoch, as is `end_time`.
    """

    type: JobType
    status: JobStatus
    entrypoint: str
    job_id: str | None = None
    submission_id: str | None = None
    driver_info: DriverInfo | None = None
    message: str | None = None
    error_type: str | None = None
    start_time: int | None = None
    end_time: int | None = None
    metadata: builtins.dict[str, str] | None = None
    runtime_env: builtins.dict[str, Any] | None = None
    driver_agent_http_address: str | None = None
    driver_node_id: str | None = None
    driver_exit_code: int | None = None

    def __post_init__(self) -> None:
        self.type = JobType(self.type)
        self.status = JobStatus(self.status)
        told: Any = self.driver_info
        if isinstance(told, builtins.dict):
            self.driver_info = DriverInfo(**told)

    def dict(self) -> builtins.dict[str, Any]:
        """Return the fields by name."""
        return asdict(self)

    def model_dump(self) -> builtins.dict[str, Any]:
        """Return the fields by name."""
        return asdict(self)

    def json(self) -> str:
        """Return the fields as JSON."""
        return json.dumps(asdict(self))


def details_of(fields_told: dict[str, Any]) -> JobDetails:
    """Return a server's answer as a record; fields that only a newer server has are left out."""
    known = {field.name for field in fields(JobDetails)}
    return JobDetails(**{name: value for name, value in fields_told.items() if name in known})
