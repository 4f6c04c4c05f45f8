"""Jobs that are submitted to a cluster over HTTP, and what becomes of them.

In scope: Ray's client of the job API. Out of scope: the commands `ray job …`, which are beam's own.
"""

from __future__ import annotations

from ray.job_submission._client import JobSubmissionClient
from ray.job_submission._records import (
    DriverInfo,
    JobDetails,
    JobErrorType,
    JobInfo,
    JobStatus,
    JobType,
)

__all__ = [
    "DriverInfo",
    "JobDetails",
    "JobErrorType",
    "JobInfo",
    "JobStatus",
    "JobSubmissionClient",
    "JobType",
]
