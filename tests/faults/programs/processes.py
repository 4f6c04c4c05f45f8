"""Makes an actor, a task and a large value for each line of input, and tells what came of them."""

from __future__ import annotations

import sys
from typing import Any

import ray
from say import say, trouble


@ray.remote(num_cpus=0)
class Answerer:
    """Answers."""

    def answer(self) -> int:
        return 42


def outcome(act: Any) -> Any:
    """What ``act`` returns, or its error."""
    try:
        return act()
    except Exception as error:
        return trouble(error)


def fresh() -> int:
    answer: int = ray.get(Answerer.remote().answer.remote())
    return answer


ray.init()
former = Answerer.remote()
say(former=ray.get(former.answer.remote()))
for _ in sys.stdin:
    say(
        fresh=outcome(fresh),
        former=outcome(lambda: ray.get(former.answer.remote())),
        large=[outcome(lambda: len(ray.get(ray.put(b"x" * (3 << 20))))) for _ in range(3)],
    )
