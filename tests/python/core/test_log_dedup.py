"""Lines of many workers are shown once, with how often they came."""

from __future__ import annotations

import io
import sys
import threading
from types import SimpleNamespace
from typing import Any

import pytest
from ray._core.driver_logs import LogPrinter, print_log
from ray._core.log_dedup import TQDM_MARK, Deduplicator


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def batch(pid: int, *lines: str) -> dict[str, Any]:
    facts = {"ip": "10.0.0.1", "pid": pid, "name": "A", "stream": "out"}
    return {**facts, "lines": list(lines)}


def shown(batches: list[dict[str, Any]]) -> list[str]:
    return [line + one.get("repeated", "") for one in batches for line in one["lines"]]


def test_alike_lines_of_several_processes_are_counted() -> None:
    clock = Clock()
    stream = Deduplicator({}, clock)
    assert shown(stream.take(batch(1, "step 1 of rank 0"))) == ["step 1 of rank 0"]
    assert shown(stream.take(batch(2, "step 1 of rank 1", "step 2 of rank 1"))) == []
    assert stream.holds
    clock.now = 5.0
    (line,) = shown(stream.ripe())
    assert line.startswith("step 2 of rank 1 [repeated 2x across cluster] (Ray deduplicates logs")
    assert shown(stream.take(batch(3, "step 3 of rank 2"))) == []
    (line,) = shown(stream.flush())
    assert line == "step 3 of rank 2"


def test_what_comes_again_and_again_is_hinted_at_once() -> None:
    clock = Clock()
    stream = Deduplicator({"RAY_DEDUP_LOGS_AGG_WINDOW_S": "2"}, clock)
    assert stream.window == 2
    stream.take(batch(1, "tick"))
    stream.take(batch(2, "tick", "tick"))
    clock.now = 2.0
    stream.ripe()
    stream.take(batch(2, "tick", "tick", "tick"))
    clock.now = 4.0
    assert shown(stream.ripe()) == ["tick [repeated 3x across cluster]"]


def test_one_process_may_repeat_itself() -> None:
    stream = Deduplicator({}, Clock())
    assert shown(stream.take(batch(1, "a", "a", "a"))) == ["a", "a", "a"]
    assert not stream.holds


def test_lines_of_numbers_and_bars_are_shown() -> None:
    stream = Deduplicator({}, Clock())
    lines = ["17", f"{TQDM_MARK}{{}}"]
    assert [shown(stream.take(batch(pid, *lines))) for pid in (1, 2)] == [lines, lines]


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"RAY_DEDUP_LOGS": "0"}, ["keep", "drop", "other"]),
        ({"RAY_DEDUP_LOGS_ALLOW_REGEX": "^keep"}, ["keep"]),
        ({"RAY_DEDUP_LOGS_SKIP_REGEX": "^drop"}, []),
    ],
)
def test_switches(environment: dict[str, str], expected: list[str]) -> None:
    stream = Deduplicator(environment, Clock())
    first = shown(stream.take(batch(1, "keep", "drop", "other")))
    assert ("drop" in first) == ("RAY_DEDUP_LOGS_SKIP_REGEX" not in environment)
    assert shown(stream.take(batch(2, "keep", "drop", "other"))) == expected


def test_lines_are_marked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    LogPrinter("10.0.0.1").take(batch(1, "here"))
    LogPrinter("10.0.0.2").take(batch(1, "there"))
    monkeypatch.setenv("RAY_COLOR_PREFIX", "1")
    LogPrinter("10.0.0.1").take(batch(1, "cyan"))
    assert capsys.readouterr().out.split("\n")[:3] == [
        "(A pid=1) here",
        "(A pid=1, ip=10.0.0.1) there",
        "\x1b[36m(A pid=1)\x1b[0m cyan",
    ]


def test_a_workers_bar_is_shown_as_its_own_line(capsys: pytest.CaptureFixture[str]) -> None:
    state = '{"uuid": "u", "desc": "load", "unit": "it", "total": 3, "x": %d, "closed": %s}'
    printer = LogPrinter("10.0.0.1")
    printer.take(batch(1, TQDM_MARK + state % (1, "false"), "between", TQDM_MARK + "{broken"))
    printer.take(batch(1, TQDM_MARK + state % (3, "true")))
    captured = capsys.readouterr()
    assert captured.out == "(A pid=1) between\n"
    assert "load: " in captured.err
    assert "3/3" in captured.err


def test_characters_that_the_output_cannot_show_lose_no_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", out)
    LogPrinter("127.0.0.1").take({**batch(1, "na\u00efve"), "stream": "out", "name": "A"})
    written: Any = out.buffer
    assert written.getvalue().endswith(b" na\\xefve\n")


def test_lines_stay_in_their_order_where_two_threads_print(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun, go = threading.Event(), threading.Event()

    class Slow(io.StringIO):
        def write(self, text: str) -> int:
            if "first" in text:
                begun.set()
                go.wait(20)
            return super().write(text)

    out = Slow()
    monkeypatch.setattr(sys, "stdout", out)
    session = SimpleNamespace(
        log_printer=None, node_ip="", log_watched=True, pump=SimpleNamespace(closed=False)
    )
    first = threading.Thread(target=print_log, args=(batch(1, "first"), session))
    first.start()
    assert begun.wait(20)
    print_log(batch(1, "second"), session)
    go.set()
    first.join(20)
    assert [line.split()[-1] for line in out.getvalue().splitlines()] == ["first", "second"]
