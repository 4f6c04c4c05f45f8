"""What a reference refers to: a value that is there, or will be."""

from __future__ import annotations

import contextlib
from functools import partial
from typing import Any, Callable

from ray.exceptions import RayError

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
        elif self.sleepers is not None and self.home is not None:
            self.home.finish(self)  # a signal cut off what woke them

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
        waits = _Ready(self, callback)
        self.when_done(waits)
        return waits

    def when_read(
        self, callback: Callable[[Any, BaseException | None], None]
    ) -> Callable[[], None]:
        """Calls ``callback`` with the value, or its error, once it can be read here.

        Returns:
            What :meth:`take_back` takes.
        """
        return self.when_ready(_Read(self, callback))

    def size(self) -> int:
        """Bytes of the value."""
        parts = self.parts
        return sum(map(len, parts)) if type(parts) is list else len(parts)

    def value(self) -> Any:
        """The value, made anew.

        Raises:
            BaseException: what the value is, where it is an error.
        """
        return value_of(self.error, self.ok, self.parts)


class _Ready:
    """Calls back once a value can be read on this node.

    No function that refers to itself, as those inside of functions do to wait again: it would keep
    the value until the garbage collector comes by.
    """

    __slots__ = ("_callback", "_entry")

    def __init__(self, entry: Entry, callback: Callable[[], None]) -> None:
        self._entry = entry
        self._callback = callback

    def __call__(self) -> None:
        entry = self._entry
        pump = entry.home
        if pump is not None:
            with pump.lock:
                if not entry.done:  # it was lost again meanwhile
                    entry.when_done(self)
                    return
                if getattr(entry.parts, "location", None) is not None:
                    from .object_table import current

                    # Brought or lost: look again, without the lock.
                    again = partial(entry.when_done, self)
                    if not current().bring(entry, partial(pump.callbacks.append, again)):
                        return
        self._callback()


class _Read:
    """Reads a value that can be read here, and calls back with it."""

    __slots__ = ("_callback", "_entry")

    def __init__(self, entry: Entry, callback: Callable[[Any, BaseException | None], None]) -> None:
        self._entry = entry
        self._callback = callback

    def __call__(self) -> None:
        from .content import ContentLost

        entry = self._entry
        with entry.home.lock if entry.home is not None else contextlib.nullcontext():
            there = entry.done
            error, ok, parts = entry.error, entry.ok, entry.parts
        if not there:  # it was lost just now
            entry.when_ready(self)
            return
        try:
            value = value_of(error, ok, parts)
        except ContentLost:
            from .object_table import current

            table = current()
            with table.session.pump.lock:
                table.lose(entry, parts)  # type: ignore[arg-type]
            entry.when_ready(self)
        except BaseException as raised:
            self._callback(None, raised)
        else:
            self._callback(value, None)


def value_of(error: BaseException | None, ok: bool, parts: Parts) -> Any:
    """A value, made anew.

    Raises:
        BaseException: it is an error, by which a call failed, or one of Ray's that was returned or
            put: on Ray those cannot be told apart.
    """
    if error is not None:
        # Many calls may share it: where it was raised before is not kept, nor what is there.
        raise error.with_traceback(None)
    value = serialization.loads(parts)
    if ok and not isinstance(value, RayError):
        return value
    as_cause = getattr(value, "as_instanceof_cause", None)
    raise as_cause() if as_cause is not None else value
