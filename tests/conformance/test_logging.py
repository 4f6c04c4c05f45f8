"""What workers print and log, as the driver shows it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import Any

import pytest
import ray

# How long lines may take to the driver; Ray's pass through a process that looks now and then.
PAUSE = 4.0 if os.environ.get("CONFORMANCE") == "ray" else 1.0

START = """
import logging, sys, time, ray
ray.init(address="local", num_cpus=2, include_dashboard=False, **{options})
"""

TOGETHER = """
@ray.remote(num_cpus=0)
class Speaker:
    def say(self, number):
        print("all of us say the same", number, flush=True)
        print("complaint of process", number, file=sys.stderr, flush=True)

speakers = [Speaker.remote() for _ in range(4)]
ray.get([one.say.remote(at) for at, one in enumerate(speakers)])
time.sleep({pause})
ray.shutdown()
"""

LOGGED = """
@ray.remote
def task():
    logging.getLogger("of.task").info("in a task", extra={"own": 5})
    logging.getLogger("of.task").debug("too little")

ray.get(task.remote())
logging.getLogger("of.driver").warning("in the driver")
time.sleep({pause})
ray.shutdown()
"""

WAITED = """
import os, signal

@ray.remote(num_cpus=0)
class Rank:
    def pid(self):
        return os.getpid()

    def run(self):
        time.sleep(1000)

rank = Rank.remote()
pid = ray.get(rank.pid.remote())
running = rank.run.remote()
os.kill(pid, signal.SIGKILL)
assert ray.wait([running], timeout=30)[0] == [running]
print("pid", pid)
time.sleep({pause})
ray.shutdown()
"""


def run(program: str, options: str = "{}", **environment: str) -> tuple[str, str]:
    """The output and errors of a program, without colours."""
    path = os.pathsep.join(each for each in sys.path if each)
    given = {**os.environ, "PYTHONPATH": path, "RAY_COLOR_PREFIX": "0", **environment}
    done = subprocess.run(
        [sys.executable, "-c", _filled(START + program, options)],
        capture_output=True,
        text=True,
        timeout=120,
        env=given,
        check=True,
    )
    return _plain(done.stdout), _plain(done.stderr)


def _filled(program: str, options: str) -> str:
    return program.replace("{options}", options).replace("{pause}", str(PAUSE))


def _plain(text: str) -> str:
    return re.sub(r"\x1b\[\d*m", "", text)


def test_alike_lines_are_shown_once_with_their_number() -> None:
    out, err = run(TOGETHER)
    for text, line in ((out, "all of us say the same"), (err, "complaint of process")):
        shown = [each for each in text.splitlines() if line in each]
        assert re.match(r"\(Speaker pid=\d+\) ", shown[0])
        assert len(shown) == 2
        assert "[repeated 3x across cluster]" in shown[1]
    assert (out + err).count("RAY_DEDUP_LOGS=0") == 1


def test_all_lines_are_shown_where_that_is_asked_for() -> None:
    out, _ = run(TOGETHER, RAY_DEDUP_LOGS="0")
    assert out.count("all of us say the same") == 4


def test_lines_that_are_skipped() -> None:
    out, err = run(TOGETHER, RAY_DEDUP_LOGS_SKIP_REGEX="same")
    assert "all of us" not in out
    assert "complaint" in err


def test_a_death_is_told_where_nobody_asks_for_its_error() -> None:
    out, err = run(WAITED)
    assert "died" in err
    assert out.split()[-1] in err


def test_records_as_json() -> None:
    options = """dict(logging_config=ray.LoggingConfig(
        encoding="JSON", additional_log_standard_attrs=["name"]))"""
    out, err = run(LOGGED, options)
    records = [json.loads(line) for line in _objects(out + err)]
    by_message: dict[str, dict[str, Any]] = {each["message"]: each for each in records}
    task, driver = by_message["in a task"], by_message["in the driver"]
    assert (task["levelname"], task["name"], task["own"]) == ("INFO", "of.task", 5)
    assert (task["task_name"], task["job_id"]) == ("task", driver["job_id"])
    assert len(task["worker_id"]) == 56
    assert task["timestamp_ns"] > 10**18
    assert (driver["levelname"], driver["name"]) == ("WARNING", "of.driver")
    assert "too little" not in by_message


def _objects(text: str) -> list[str]:
    return [line[line.index("{") :] for line in text.splitlines() if '"message"' in line]


def test_records_as_text() -> None:
    out, err = run(LOGGED, 'dict(logging_config=ray.LoggingConfig(log_level="WARNING"))')
    (line,) = [each for each in (out + err).splitlines() if "in the driver" in each]
    assert re.search(r"WARNING \S+:\d+ -- in the driver .*job_id=\w{8}", line)
    assert "in a task" not in out + err


def test_what_cannot_be_configured() -> None:
    with pytest.raises(ValueError, match="Invalid encoding type: XML"):
        ray.LoggingConfig(encoding="XML")
    with pytest.raises(ValueError, match="Unknown python logging standard attribute: colour"):
        ray.LoggingConfig(additional_log_standard_attrs=["colour"])
