"""Errors keep their class, their text and their facts across processes."""

from __future__ import annotations

import pickle
import subprocess
import sys
from typing import Any

import pytest
from ray import exceptions
from ray.exceptions import (
    ActorAlreadyExistsError,
    ActorDiedError,
    ActorUnavailableError,
    GetTimeoutError,
    NodeDiedError,
    RayActorError,
    RayError,
    RaySystemError,
    RayTaskError,
    TaskCancelledError,
    UnserializableException,
)

TRACE = (
    'Traceback (most recent call last):\n  File "/x/ray/_core/executor.py", line 1, in run\n'
    '    method()\n  File "user.py", line 2, in boom\n    raise ValueError\nValueError: bad\n'
)


def raised(cause: BaseException) -> Any:
    error = RayTaskError("A.boom", TRACE, cause, "ray::A.boom", 7, "10.0.0.1", "A()", "ff")
    return error.as_instanceof_cause()


class Picky(Exception):
    def __new__(cls, one: int, two: int) -> Picky:
        return super().__new__(cls, one, two)

    def __init__(self, one: int, two: int) -> None:
        self.one = one


class Final(Exception):
    def __init_subclass__(cls) -> None:
        raise TypeError("final")


@pytest.mark.parametrize(
    "cause",
    [
        ValueError("bad"),
        KeyError("k"),
        OSError(2, "gone", "file"),
        UnicodeDecodeError("utf8", b"x", 0, 1, "odd"),
        SystemExit(3),
        StopIteration(4),
        Picky(1, 2),
        GetTimeoutError("late"),
        RayActorError("id", "dead"),
    ],
    ids=lambda cause: type(cause).__name__,
)
def test_a_task_error_is_of_its_causes_class_also_after_a_pickle(cause: BaseException) -> None:
    error = raised(cause)
    again = pickle.loads(pickle.dumps(error))
    for each in (error, again):
        assert isinstance(each, RayTaskError)
        assert isinstance(each, type(cause))
        assert type(each).__name__ == f"RayTaskError({type(cause).__name__})"
        assert type(each.cause) is type(cause)
        assert each.args == (each.cause,)
    assert str(again) == str(error)
    assert type(again) is type(error)


def test_the_order_of_the_classes_is_rays() -> None:
    names = [cls.__name__ for cls in type(raised(ValueError("bad"))).__mro__]
    assert names[:4] == ["RayTaskError(ValueError)", "RayTaskError", "RayError", "ValueError"]


def test_attributes_of_the_cause_are_the_errors_own() -> None:
    assert raised(Picky(1, 2)).one == 1
    assert raised(OSError(2, "gone", "file")).errno == 2
    with pytest.raises(AttributeError):
        _ = raised(ValueError()).nothing


@pytest.mark.skipif(sys.version_info < (3, 11), reason="exception groups are of 3.11")
def test_a_group_of_exceptions_stays_one() -> None:
    group = eval('ExceptionGroup("several", [ValueError("bad")])')
    again = pickle.loads(pickle.dumps(raised(group)))
    assert isinstance(again, type(group))
    assert [type(each) for each in again.exceptions] == [ValueError]


def test_the_text_shows_where_and_the_users_frames_only() -> None:
    text = str(raised(ValueError("bad")))
    assert "ray::A.boom()" in text
    assert "(pid=7, ip=10.0.0.1, actor_id=ff, repr=A())" in text
    assert "user.py" in text
    assert "_core" not in text
    assert "method()" not in text


def test_a_class_that_cannot_be_derived_from_stays_a_plain_task_error() -> None:
    error = raised(Final("x"))
    assert type(error) is RayTaskError
    assert isinstance(error.cause, Final)


def test_a_cause_that_cannot_be_pickled_is_told_in_words() -> None:
    cause = ValueError("bad")
    cause.lock = __import__("threading").Lock()  # type: ignore[attr-defined]
    error = raised(cause)
    assert type(error.cause) is RayError
    assert "ValueError" in str(error.cause)


def test_a_cause_whose_class_is_missing_here_arrives_as_text() -> None:
    made = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, types, pickle\n"
            f"sys.path.insert(0, {exceptions.__file__.rsplit('/ray/', 1)[0]!r})\n"
            "from ray.exceptions import RayTaskError\n"
            "module = types.ModuleType('elsewhere')\n"
            "sys.modules['elsewhere'] = module\n"
            "exec('class Odd(Exception): pass', module.__dict__)\n"
            "e = RayTaskError('f', 'Traceback x\\nOdd: words', module.Odd('words'), ip='1.1.1.1')\n"
            "sys.stdout.buffer.write(pickle.dumps(e.as_instanceof_cause()))\n",
        ],
        capture_output=True,
        check=True,
        timeout=60,
    )
    error = pickle.loads(made.stdout)
    assert isinstance(error, RayTaskError)
    assert isinstance(error.cause, UnserializableException)
    assert "words" in str(error)


REPORT = {
    "kind": "signal",
    "message": "Its worker process was ended by SIGKILL.",
    "mend": "Look at the kernel's log.",
    "signal": "SIGKILL",
    "pid": 31,
    "node_id": "ab" * 28,
    "node_ip": "10.0.0.2",
    "stderr_tail": ["loading", "boom"],
    "uptime_ms": 1500,
    "devices": ["0", "1"],
    "caused_by": "node 10.0.0.2 (abab)",
}


def test_a_death_names_cause_signal_node_process_and_last_words() -> None:
    error = ActorDiedError.from_report(
        REPORT, actor_id="ff", class_name="A", name="alice", namespace="space"
    )
    again = pickle.loads(pickle.dumps(error))
    lines = str(again).split("\n")
    assert lines[0] == "The actor died unexpectedly before finishing this task."
    assert lines[1] == "The first to end was node 10.0.0.2 (abab)."
    assert lines[2] == "The actor is dead: its worker process was ended by SIGKILL."
    assert lines[3:] == [
        "\tclass_name: A",
        "\tactor_id: ff",
        "\tpid: 31",
        "\tname: alice",
        "\tnamespace: space",
        "\tip: 10.0.0.2",
        f"\tnode_id: {'ab' * 28}",
        "\tsignal: SIGKILL",
        "\tdevices: 0,1",
        "\tuptime: 1.5 s",
        "The last lines of its stderr:",
        "  loading",
        "  boom",
        "Look at the kernel's log.",
    ]
    assert again.report == REPORT
    assert again.actor_id == "ff"
    assert not again.actor_init_failed


def test_a_failed_init_shows_its_traceback() -> None:
    error = ActorDiedError(raised(ValueError("bad")))
    assert error.actor_init_failed
    assert error.actor_id == "ff"
    assert "error raised in its creation task" in str(error)
    assert "ValueError: bad" in str(pickle.loads(pickle.dumps(error)))


@pytest.mark.parametrize(
    "error",
    [
        NodeDiedError(message="lost"),
        TaskCancelledError(error_message="stopped"),
        RaySystemError(client_exc="broken", traceback_str="here"),
        ActorUnavailableError("away", b"\xff"),
        ActorAlreadyExistsError("taken"),
        exceptions.ObjectReconstructionFailedError("ff", reason_message="gone"),
        exceptions.RayChannelTimeoutError("late"),
        exceptions.OwnerDiedError("ff", None, "x.py"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_made_with_named_arguments_survive_a_pickle(error: Exception) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert again.__dict__ == error.__dict__


def test_bases_are_rays() -> None:
    assert issubclass(GetTimeoutError, TimeoutError)
    assert issubclass(ActorAlreadyExistsError, ValueError)
    assert issubclass(exceptions.RayChannelError, RaySystemError)
    assert issubclass(exceptions.ReferenceCountingAssertionError, AssertionError)
    assert all(issubclass(kind, RayError) for kind in exceptions.RAY_EXCEPTION_TYPES)


def test_the_sentence_of_an_actor_that_is_unavailable_ends_once() -> None:
    error = ActorUnavailableError("The worker process exited with code 1.", b"\x01" * 16)
    assert "exited with code 1. The task" in str(error)
