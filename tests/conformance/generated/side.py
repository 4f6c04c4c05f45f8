"""A process that runs programs on one side, genuine Ray or beam."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import subprocess
import sys
from typing import Any

#: What a program comes to with which its driver ends.
ENDED = ["! the driver has ended"]
#: What a line comes to that does not end.
LATE = "! it took too long"
RUN = pathlib.Path(__file__).resolve().with_name("run.py")


def is_unknown(outcomes: list[Any]) -> bool:
    """Whether a program did not come to its end."""
    return outcomes == ENDED or LATE in json.dumps(outcomes)


class Side:
    """A driver that is given programs; one that ends is followed by another.

    Args:
        env: what is set for it: its PYTHONPATH, its runtime directory.
        address: a cluster that is there; None: it starts one.
    """

    def __init__(self, env: dict[str, str], address: str | None = None) -> None:
        self._env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **env}
        self._env.pop("RAY_ADDRESS", None)
        if address:
            self._env["RAY_ADDRESS"] = address
        self._process: subprocess.Popen[str] | None = None
        self._number = 0
        self.version = ""
        #: Of how many programs the driver has ended, or was held up.
        self.failures = 0

    def outcomes(self, program: list[Any]) -> list[Any]:
        """Run a program; each run has names of its own.

        Raises:
            EOFError: the driver does not start.
        """
        self._number += 1
        process = self._started()
        assert process.stdin is not None
        try:
            ask = {"run": f"r{self._number}_", "program": program}
            process.stdin.write(json.dumps(ask) + "\n")
            process.stdin.flush()
            outcomes: list[Any] = self._told(process)["outcomes"]
            self.failures += is_unknown(outcomes)
            return outcomes
        except (EOFError, BrokenPipeError):
            self.failures += 1
            self.close()
            return ENDED

    def _started(self) -> subprocess.Popen[str]:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, str(RUN)],
                env=self._env,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            self.version = self._told(self._process)["version"]
        return self._process

    @staticmethod
    def _told(process: subprocess.Popen[str]) -> dict[str, Any]:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise EOFError
        told: dict[str, Any] = json.loads(line)
        return told

    def close(self) -> None:
        """End the driver, and with it what it has started."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        assert process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
