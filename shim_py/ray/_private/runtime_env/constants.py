"""Names of environment variables that job submission uses."""

from __future__ import annotations

RAY_JOB_CONFIG_JSON_ENV_VAR = "RAY_JOB_CONFIG_JSON_ENV_VAR"
