"""Calls: in order, many at once, from many threads, with large arguments, with exceptions."""

from __future__ import annotations

import sys
import threading
import time

import ray
from ray.exceptions import GetTimeoutError, RayTaskError
from say import say, trouble

CALLS = 10_000
LARGE = 64 * 2**20


class OwnError(Exception):
    """An error of the program's own."""


@ray.remote
class Log:
    """Keeps the order in which calls came."""

    def __init__(self) -> None:
        self.seen: list[int] = []
        self.threads: set[int] = set()

    def add(self, number: int) -> int:
        self.seen.append(number)
        self.threads.add(threading.get_ident())
        return number

    def state(self) -> tuple[bool, int, int]:
        return self.seen == sorted(self.seen), len(self.seen), len(self.threads)

    def echo(self, data: bytes) -> bytes:
        return data

    def size(self, data: bytes) -> int:
        return len(data)

    def fail(self) -> None:
        raise OwnError("its own words")

    def divide(self, number: int) -> float:
        return 1 / number

    def sleep(self, seconds: float) -> str:
        time.sleep(seconds)
        return "slept"

    @ray.method(num_returns=2)
    def pair(self) -> tuple[int, int]:
        return 1, 2


def caught(ref: ray.ObjectRef) -> dict[str, object]:
    """The error that `ref` raises."""
    try:
        ray.get(ref)
    except Exception as error:
        return {
            **trouble(error),
            "is_task_error": isinstance(error, RayTaskError),
            "is_own": isinstance(error, (OwnError, ZeroDivisionError)),
        }
    return {}


def main() -> None:
    ray.init()
    where = {f"node:{sys.argv[1]}": 0.01}
    log = Log.options(resources=where).remote()
    refs = [log.add.remote(number) for number in range(CALLS)]
    say(answers=ray.get(refs) == list(range(CALLS)), state=ray.get(log.state.remote()))

    many = Log.options(resources=where).remote()
    results: list[bool] = []

    def work(start: int) -> None:
        numbers = list(range(start, start + 200))
        results.append(ray.get([many.add.remote(number) for number in numbers]) == numbers)

    threads = [threading.Thread(target=work, args=(1000 * at,)) for at in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    say(threads=results, state=ray.get(many.state.remote()))

    data = bytes(range(256)) * (LARGE // 256)
    say(large=ray.get(log.echo.remote(data)) == data)
    put = ray.put(data)
    say(put=ray.get([log.size.remote(put), many.size.remote(put)]))
    say(chain=len(ray.get(many.echo.remote(log.echo.remote(b"x" * 1000)))))
    say(pair=ray.get(list(log.pair.remote())))

    say(own=caught(log.fail.remote()), division=caught(log.divide.remote(0)))
    say(after=ray.get(log.divide.remote(2)))
    slow = log.sleep.remote(0.4)
    try:
        ray.get(slow, timeout=0.05)
    except GetTimeoutError as error:
        say(timeout=trouble(error))
    ready, rest = ray.wait([slow], timeout=0)
    say(waited=[len(ready), len(rest)], later=ray.get(slow))


if __name__ == "__main__":
    main()
