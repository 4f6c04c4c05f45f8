"""Names of environment variables of runtime environments and of job submission."""

from __future__ import annotations

RAY_JOB_CONFIG_JSON_ENV_VAR = "RAY_JOB_CONFIG_JSON_ENV_VAR"
