"""The worker template, in a process of its own: it reaps whatever is below it."""

from __future__ import annotations

import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
SHIM = os.path.normpath(os.path.join(HERE, "..", "..", "..", "shim_py"))

#: A child that nothing ends, as one is that waits in a driver of the kernel's.
STUCK = """
import os, socket, sys, tempfile, time
from ray._worker import process, template

template._END_TIMEOUT = 0.2
process.kill_all = lambda pids: list(pids)
path = os.path.join(tempfile.mkdtemp(), "s")
listener = socket.socket(socket.AF_UNIX)
listener.bind(path)
listener.listen()
one = template.Template(path, "key")
stuck = os.fork()
if stuck == 0:
    time.sleep(60)
one._sweep()
template._END_TIMEOUT = 60
one._sweep()
os.kill(stuck, 9)
while one._stuck:
    one._reap()
print("went on")
"""


def test_what_a_worker_left_and_nothing_ends_holds_nobody_up() -> None:
    done = subprocess.run(
        [sys.executable, "-c", STUCK],
        env={**os.environ, "PYTHONPATH": f"{SHIM}:{os.environ.get('PYTHONPATH', '')}"},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.stdout == "went on\n", done.stderr
    assert "does not end" in done.stderr
