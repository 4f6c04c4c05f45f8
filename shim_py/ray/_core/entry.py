"""What a reference refers to: a value that is there, or will be."""

from __future__ import annotations

import contextlib
from typing import Any, Callable

from . import serialization
from .pump import Pump, Sleeper, finish
from .serialization import Parts


class Entry:
    """The place of one value. It is freed with the last of its references.

    Attributes:
        done: whether the value (or error) is there.
        ok: whether `parts` is a value, not an exception.
        parts: the pickle, a list of it and its buffers, or a `Content`.
        error: an error that arose in this process.
        recover: called with the lock held when the value is lost, after :meth:`reopen`: whether it
            is computed again, and will be filled.
    """

    __slots__ = (
        "__weakref__",
        "call",
        "callbacks",
        "done",
        "error",
        "home",
        "ok",
        "parts",
        "recover",
        "sleepers",
    )
    #: Whether it must be asked for (`want`): another process owns it.
    lazy = False

    def __init__(self, home: Pump | None) -> None:
        self.done = False
        self.ok = False
        self.parts: Parts = b""
        self.error: BaseException | None = None
        self.sleepers: list[Sleeper] | None = None
        self.callbacks: list[Callable[[], None]] | None = None
        # The call that will fill it, until then; for `ray.cancel`.
        self.call: Any = None
        self.recover: Callable[[], bool] | None = None
        # The pump that will: None where the value was there from the start.
        self.home = home

    def fill(self, ok: bool, parts: Parts) -> None:
        """Gives it its value (or pickled exception). The lock is held; only the first counts."""
        if not self.done:
            self.ok = ok
            self.parts = parts
            self._finish()

    def fail(self, error: BaseException) -> None:
        """Gives it an error instead. The lock is held; only the first counts."""
        if not self.done:
            self.error = error
            self._finish()

    def want(self) -> None:
        """Sees to it that the value comes."""

    def reopen(self) -> None:
        """Its value was lost and may come again. The lock is held."""
        self.done = self.ok = False
        self.parts = b""
        self.error = None

    def _finish(self) -> None:
        self.call = None
        pump = self.home
        if pump is None:
            finish(self)
        else:
            pump.finish(self)
        callbacks = self.callbacks
        if callbacks is not None:
            self.callbacks = None
            if pump is not None:
                pump.eager -= len(callbacks)
                pump.callbacks.extend(callbacks)

    def when_done(self, callback: Callable[[], None]) -> None:
        """Calls ``callback`` once it is done: now, or by whoever pumps then."""
        pump = self.home
        if pump is not None:
            with pump.lock:
                if not self.done:
                    if self.callbacks is None:
                        self.callbacks = []
                    self.callbacks.append(callback)
                    pump.need(1)
                    return
        callback()

    def take_back(self, callback: Callable[[], None]) -> None:
        """Does not call ``callback``, as it was given to :meth:`when_done`, any more."""
        pump = self.home
        if pump is not None:
            with pump.lock:
                if self.callbacks is not None and callback in self.callbacks:
                    self.callbacks.remove(callback)
                    pump.need(-1)

    def when_ready(self, callback: Callable[[], None]) -> Callable[[], None]:
        """The same once the value can be read here, too: a large one is brought to this node.

        Returns:
            What :meth:`take_back` takes.
        """

        def arrived() -> None:
            pump = self.home
            if pump is not None:
                with pump.lock:
                    if not self.done:  # it was lost again meanwhile
                        self.when_done(arrived)
                        return
                    # Brought or lost: look again, without the lock.
                    if not self._bring(lambda: pump.callbacks.append(again)):
                        return
            callback()

        def again() -> None:
            self.when_done(arrived)

        self.when_done(arrived)
        return arrived

    def _bring(self, then: Callable[[], None]) -> bool:
        if getattr(self.parts, "location", None) is None:
            return True
        from .object_table import current

        return current().bring(self, then)

    def when_read(
        self, callback: Callable[[Any, BaseException | None], None]
    ) -> Callable[[], None]:
        """Calls ``callback`` with the value, or its error, once it can be read here.

        Returns:
            What :meth:`take_back` takes.
        """

        def read() -> None:
            from .content import ContentLost

            with self.home.lock if self.home is not None else contextlib.nullcontext():
                there = self.done
                error, ok, parts = self.error, self.ok, self.parts
            if not there:  # it was lost just now
                self.when_ready(read)
                return
            try:
                value = _value_of(error, ok, parts)
            except ContentLost:
                from .object_table import current

                table = current()
                with table.session.pump.lock:
                    table.lose(self, parts)  # type: ignore[arg-type]
                self.when_ready(read)
            except BaseException as raised:
                callback(None, raised)
            else:
                callback(value, None)

        return self.when_ready(read)

    def size(self) -> int:
        """Bytes of the value."""
        parts = self.parts
        return sum(map(len, parts)) if type(parts) is list else len(parts)

    def value(self) -> Any:
        """The value, made anew.

        Raises:
            BaseException: what the value is, where it is an error.
        """
        return _value_of(self.error, self.ok, self.parts)


def _value_of(error: BaseException | None, ok: bool, parts: Parts) -> Any:
    if error is not None:
        # Many calls may share it: where it was raised before is not kept, nor what is there.
        raise error.with_traceback(None)
    value = serialization.loads(parts)
    if ok:
        return value
    as_cause = getattr(value, "as_instanceof_cause", None)
    raise as_cause() if as_cause is not None else value
