"""The death that came first is named in the errors of those that could not go on without it."""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import threading
import time
from types import SimpleNamespace
from typing import Any

import pytest
from ray._core.errors import actor_death
from ray._core.first_cause import HeardDeaths, name_first
from ray.exceptions import ActorDiedError, RayTaskError

#: Seconds: longer than anything takes but a hang, on a busy machine too.
LIMIT = 60

KILLED = {
    "kind": "signal",
    "who": "actor rank0 (aaaaaaaa…)",
    "message": "It was ended by SIGKILL.",
    "mend": "Look at dmesg.",
    "at": 1,
}
GLOO = "Traceback …\nRuntimeError: [pair.cc:534] Connection closed by peer [127.0.0.1]:30411"


def session_of(deaths: HeardDeaths, on_wait: Any = lambda: None) -> Any:
    def wait(news: Any, deadline: float) -> bool:
        on_wait()
        return bool(news.done)

    pump = SimpleNamespace(lock=contextlib.nullcontext(), wait=wait)
    return SimpleNamespace(deaths=deaths, pump=pump)


def raised(text: str) -> RayTaskError:
    return RayTaskError("work", text, RuntimeError("lost")).as_instanceof_cause()


def test_what_a_task_raises_for_a_lost_peer_names_the_first_death() -> None:
    deaths = HeardDeaths()
    deaths.heard(KILLED)
    error = raised(GLOO)
    for _ in range(2):
        name_first(session_of(deaths), error)
    assert isinstance(error, RuntimeError)
    expected = (
        "The first to end was actor rank0 (aaaaaaaa…): It was ended by SIGKILL. Look at dmesg."
    )
    assert str(error).count(expected) == 1


def test_errors_that_no_death_explains_leave_nothing_behind() -> None:
    deaths = HeardDeaths()
    for _ in range(3):
        name_first(session_of(deaths), raised(GLOO))
    assert deaths._news == []


def test_other_errors_stay_as_they_are() -> None:
    deaths = HeardDeaths()
    deaths.heard(KILLED)
    error = raised("Traceback …\nValueError: no such thing")
    name_first(session_of(deaths), error)
    assert "first to end" not in str(error)


def test_a_death_that_is_heard_of_a_little_later_is_waited_for() -> None:
    deaths = HeardDeaths()
    error = raised(GLOO)
    name_first(session_of(deaths), error)
    assert "first to end" not in str(error)
    name_first(session_of(deaths, lambda: deaths.heard(KILLED)), error)
    assert "The first to end was actor rank0" in str(error)


def test_followers_and_what_was_asked_for_explain_nothing() -> None:
    deaths = HeardDeaths()
    deaths.heard(None)
    deaths.heard({**KILLED, "peer_lost": True})
    deaths.heard({**KILLED, "kind": "owner"})
    assert deaths.first() is None


def test_a_death_report_that_was_told_too_early_is_completed() -> None:
    deaths = HeardDeaths()
    deaths.heard(KILLED)
    lost = {"kind": "exit", "message": "It exited with code 1.", "peer_lost": True}
    early = ActorDiedError({"report": lost})
    name_first(session_of(deaths), early)
    assert "The first to end was actor rank0" in str(early)
    told = ActorDiedError(
        {"report": {**lost, "caused_by": "actor x", "cause_message": "It was killed."}}
    )
    text = str(told)
    assert "The first to end was actor x: It was killed." in text
    name_first(session_of(deaths), told)
    assert str(told) == text


def test_a_constructor_that_failed_for_a_lost_peer_names_the_first_death() -> None:
    raised_there = RayTaskError("Rank.__init__", GLOO, RuntimeError("lost"))
    pickled = pickle.dumps(raised_there)
    report = {"kind": "init", "message": "lost", "peer_lost": True}
    blamed = {**report, "caused_by": "actor x", "cause_message": "It was killed."}
    assert "The first to end was actor x: It was killed." in str(actor_death(blamed, {}, pickled))
    early = actor_death(report, {}, pickled)
    assert isinstance(early, ActorDiedError)
    deaths = HeardDeaths()
    deaths.heard(KILLED)
    name_first(session_of(deaths), early)
    assert "The first to end was actor rank0" in str(early)
    assert "Connection closed by peer" in str(early)


class Worker:
    """Works, fails, or dies."""

    def pid(self) -> int:
        return os.getpid()

    def sleep(self, seconds: float) -> float:
        time.sleep(seconds)
        return seconds


def test_get_of_many_raises_with_the_first_that_fails(ray: Any) -> None:
    first, second = (ray.remote(Worker).remote() for _ in range(2))
    pid = ray.get(second.pid.remote(), timeout=LIMIT)
    waiting = [first.sleep.remote(30), second.sleep.remote(30)]
    threading.Timer(0.1, os.kill, (pid, signal.SIGKILL)).start()
    with pytest.raises(ActorDiedError):
        ray.get(waiting, timeout=LIMIT)
    # The same from a thread beside the one that pumps.
    caught: list[BaseException] = []

    def wait() -> None:
        try:
            ray.get(waiting, timeout=LIMIT)
        except BaseException as error:
            caught.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    thread.join(LIMIT)
    assert [type(error) for error in caught] == [ActorDiedError]
    ray.kill(first)


def test_get_of_many_gives_all_that_come_late(ray: Any) -> None:
    workers = [ray.remote(Worker).remote() for _ in range(3)]
    refs = [worker.sleep.remote(0.1 * (3 - at)) for at, worker in enumerate(workers)]
    assert ray.get([*refs, refs[0]], timeout=LIMIT) == pytest.approx([0.3, 0.2, 0.1, 0.3])
    with pytest.raises(ray.exceptions.GetTimeoutError):
        ray.get([worker.sleep.remote(5) for worker in workers], timeout=0.2)


def test_an_awaited_error_names_what_is_known() -> None:
    deaths = HeardDeaths()
    session = session_of(deaths, lambda: pytest.fail("It must not wait"))
    error = raised(GLOO)
    name_first(session, error, wait=False)
    assert "first to end" not in str(error)
    deaths.heard(KILLED)
    name_first(session, error, wait=False)
    assert "The first to end was actor rank0" in str(error)
