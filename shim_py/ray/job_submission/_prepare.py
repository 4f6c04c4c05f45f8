"""Packs for `ray job submit` what a job's runtime environment names of this machine.

Reads ``{"url", "headers", "file", "env"}`` as JSON from standard input; the last line of standard
output is the runtime environment as it is submitted, or, with exit code 1, what is wrong with it.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from ray.job_submission._client import JobSubmissionClient


def _read(path: str) -> dict[str, Any]:
    """Return the map in a file of JSON or YAML.

    Raises:
        ValueError: it holds something else.
        OSError: it cannot be read.
    """
    with open(path, encoding="utf-8") as file:
        text = file.read()
    try:
        value = json.loads(text)
    except ValueError:
        try:
            import yaml  # type: ignore[import-untyped]
        except ImportError as error:
            raise ValueError(
                f"{path} is YAML, and {sys.executable} has no PyYAML to read it. Install PyYAML, "
                "write the file as JSON, or use --runtime-env-json."
            ) from error
        value = yaml.safe_load(text)
    if not isinstance(value, dict):
        raise ValueError(f"{path} must hold a map, got {type(value).__name__}.")
    return value


def main() -> int:
    """Run it; the exit code."""
    order = json.load(sys.stdin)
    try:
        env = {**(_read(order["file"]) if order["file"] else {}), **order["env"]}
        for name in ("RAY_API_SERVER_ADDRESS", "RAY_ADDRESS"):
            os.environ.pop(name, None)  # the command line has decided
        client = JobSubmissionClient(order["url"], headers=order["headers"])
        prepared = client.prepare_runtime_env(env)
    except Exception as error:
        sys.stdout.write(" ".join(str(error).split("\n")) + "\n")
        return 1
    sys.stdout.write(json.dumps(prepared) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
