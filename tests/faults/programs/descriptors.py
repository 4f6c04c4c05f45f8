"""Uses up open files: of the daemon, by many drivers; of the driver, by many actors; of a worker.

usage: descriptors.py daemon COUNT | driver COUNT | worker

Tells what came of it, waits for a line of input, and gives back what it took.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from typing import Any

import ray
from say import say, trouble


@ray.remote(num_cpus=0)
class Answerer:
    """Answers, and can use up its process's files."""

    def answer(self) -> int:
        return 42

    def use_up(self) -> str:
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
        self.files = []
        try:
            while True:
                self.files.append(os.open("/dev/null", os.O_RDONLY))
        except OSError as error:
            return str(error)

    def fail(self) -> str:
        with open("/dev/null") as file:
            return file.read()

    def give_back(self) -> None:
        for file in self.files:
            os.close(file)

    def large(self) -> bytes:
        return b"x" * (3 << 20)


def outcome(act: Any) -> Any:
    """What ``act`` returns, or its error."""
    try:
        return act()
    except Exception as error:
        return trouble(error)


def dawdle() -> None:
    """Has this process connect, and say who it is only once the daemon has given it up."""
    from ray._core import client

    start = client._start_job

    def late(made: Any, options: Any) -> None:
        deadline = time.monotonic() + 10
        while made.control.lost is None and time.monotonic() < deadline:
            time.sleep(0.01)
        start(made, options)

    client._start_job = late


def of_the_daemon(count: int) -> None:
    children = []
    for number in range(count):
        reader, writer = os.pipe()
        release, hold = os.pipe()
        pid = os.fork()
        if pid == 0:
            for _, _, other in [*children, (0, 0, hold)]:
                os.close(other)
            if number == count - 1:
                dawdle()
            found = outcome(lambda: str(ray.init(log_to_driver=False).address_info["address"]))
            text = found if isinstance(found, str) else f"{found['type']}: {found['text']}"
            os.write(writer, text.encode())
            os.read(release, 1)
            os._exit(0)
        os.close(writer)
        os.close(release)
        children.append((pid, reader, hold))
    say(found=[os.read(reader, 4096).decode() for _, reader, _ in children])
    sys.stdin.readline()
    for pid, _, hold in children:
        os.close(hold)
        os.waitpid(pid, 0)
    say(over=True)


def of_the_driver(count: int) -> None:
    ray.init()
    before = Answerer.remote()
    assert ray.get(before.answer.remote()) == 42
    actors = [Answerer.remote() for _ in range(count)]
    found = [outcome(lambda actor=actor: ray.get(actor.answer.remote())) for actor in actors]
    say(found=found, former=outcome(lambda: ray.get(before.answer.remote())))
    sys.stdin.readline()
    del actors
    say(after=outcome(lambda: ray.get(before.answer.remote())))


def of_a_worker() -> None:
    ray.init()
    actor = Answerer.remote()
    say(
        used_up=ray.get(actor.use_up.remote()),
        failed=outcome(lambda: ray.get(actor.fail.remote())),
        large=outcome(lambda: len(ray.get(actor.large.remote()))),
        answer=outcome(lambda: ray.get(actor.answer.remote())),
    )
    ray.get(actor.give_back.remote())
    say(
        large=outcome(lambda: len(ray.get(actor.large.remote()))),
        answer=outcome(lambda: ray.get(actor.answer.remote())),
    )


def main() -> None:
    kind = sys.argv[1]
    if kind == "daemon":
        of_the_daemon(int(sys.argv[2]))
    elif kind == "driver":
        of_the_driver(int(sys.argv[2]))
    else:
        of_a_worker()


if __name__ == "__main__":
    main()
