"""An actor starts a driver of its own, as an engine process does. Tells the pids of both."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import ray
from say import say


@ray.remote
class Engine:
    """Runs a program that is a driver."""

    def __init__(self, program: str) -> None:
        self.program = program

    def begin(self) -> dict[str, object]:
        self.driver = subprocess.Popen(
            [sys.executable, self.program, "nested"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        told = json.loads(self.driver.stdout.readline())
        return {"engine": os.getpid(), "driver": self.driver.pid, **told}


ray.init()
engine = Engine.remote(os.path.join(os.path.dirname(os.path.abspath(__file__)), "family.py"))
say(**ray.get(engine.begin.remote()))
sys.stdin.read()
