"""Creating an actor: what the daemon is told, and the pickle that the worker makes it from.

It never waits, unless the actor has a name: then for the word that it is free. Where an argument is
a reference without a value yet, the daemon is told once it is there; calls queue meanwhile, and a
name that was free is only this process's until then.
"""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

from ray._private.amounts import to_units
from ray.exceptions import ActorDiedError, RayTaskError

from . import serialization
from .actor_link import ActorLink
from .calls import EMPTY_ARGUMENTS, Call, Method
from .content import as_parts
from .control import Outcome
from .creation import ActorCreation
from .entry import Entry
from .errors import RequestFailed, UnsupportedFeature
from .ids import ActorID
from .pickle_faults import explain
from .protocol import python_version
from .references import Arguments, Placeholders, join_parts, pickle_arguments
from .serialization import Parts

if TYPE_CHECKING:
    from .session import Session

_READY = Method("__ray_ready__")


def create(session: Session, creation: ActorCreation) -> ActorID:
    """Creates an actor, see `Session.create_actor`."""
    cls, arguments, waits = _pickle(creation)
    actor_id = ActorID.of(session.job_id)
    fields = _fields(session, creation, actor_id)
    with session.pump.lock:
        session.check_open()
        link = session.link(actor_id.hex())
        link.max_task_retries = creation.max_task_retries if creation.max_restarts else 0
        link.facts.update(
            class_name=creation.class_name, name=creation.name, namespace=fields["namespace"]
        )
        if not creation.detached:
            session.own(link.actor_id)
    # What is inside the arguments lives as long as the constructor may run (again).
    link.creation = arguments
    made = _Creation(session, link, fields, creation, cls, arguments, waits)
    if creation.name is not None:
        body = made.body_at_once()
        if body is not None and (fields["namespace"], creation.name) not in session.claimed:
            return _register(session, link, fields, body, creation)
        existing = _claim(session, link, fields)
        if existing is not None:
            return existing
    made.start()
    _let_go_when_made(session, link, creation)
    return actor_id


def _let_go_when_made(session: Session, link: ActorLink, creation: ActorCreation) -> None:
    """Asks an actor that is never restarted for a sign, which ends the life of its arguments."""
    if creation.max_restarts == 0 and isinstance(link.creation, Arguments):
        kept, link.creation = link.creation, None
        sign = Call(session.pump, link, _READY, Arguments(as_parts(EMPTY_ARGUMENTS), [kept]))
        with session.pump.lock:
            link.submit(sign)


def _claim(session: Session, link: ActorLink, fields: dict[str, Any]) -> ActorID | None:
    """Keeps a name for an actor whose arguments are on their way; the id of one that has it."""
    name, namespace = fields["name"], fields["namespace"]
    try:
        with session.pump.lock:
            found = session.claimed.get((namespace, name))
        if found is None:
            asked = {"name": name, "namespace": namespace}
            found = session.request("actor.by_name", asked).fields
    except RequestFailed as error:
        if error.code == "not_found":
            with session.pump.lock:
                session.claimed[namespace, name] = {
                    "actor_id": link.actor_id,
                    "meta": fields["meta"],
                }
            return None
        _forget(session, link)
        raise
    except BaseException:
        _forget(session, link)
        raise
    _forget(session, link)
    if fields["get_if_exists"]:
        return ActorID.from_hex(found["actor_id"])
    raise RequestFailed(
        "name_taken", f"Cannot create {fields['class_name']}: the name {name} is taken"
    )


def _forget(session: Session, link: ActorLink) -> None:
    with session.pump.lock:
        session.forget(link.actor_id)


def _register(
    session: Session,
    link: ActorLink,
    fields: dict[str, Any],
    body: bytes,
    creation: ActorCreation,
) -> ActorID:
    """Creates a named actor: waits until the name is this actor's, or another's."""
    try:
        existing = session.request("actor.create", fields, body).fields.get("existing")
    except BaseException:
        _forget(session, link)
        raise
    if existing:
        _forget(session, link)
        return ActorID.from_hex(existing)
    _let_go_when_made(session, link, creation)
    return ActorID.from_hex(link.actor_id)


class _Creation:
    """A creation on its way, until the daemon is told."""

    def __init__(
        self,
        session: Session,
        link: ActorLink,
        fields: dict[str, Any],
        creation: ActorCreation,
        cls: Parts,
        arguments: Parts,
        waits: Placeholders | None,
    ) -> None:
        self._session = session
        self._link = link
        self._fields = fields
        self._creation = creation
        self._cls = cls
        self._arguments = arguments
        self._waits = waits or []

    def body_at_once(self) -> bytes | None:
        """What the worker unpickles, where all arguments are there and none is an error."""
        with self._session.pump.lock:
            if not all(entry.done and entry.ok for entry in self._entries):
                return None
            self._fill()
        return _body(self._creation, self._cls, self._arguments)

    @property
    def _entries(self) -> list[Entry]:
        return [ref._require() for _, ref in self._waits]

    def _fill(self) -> None:
        for position, ref in self._waits:
            assert isinstance(self._arguments, list)
            self._arguments[position] = join_parts(ref._require().parts, ref)

    def start(self) -> None:
        """Tells the daemon, at once or when all arguments are there."""
        with self._session.pump.lock:
            missing = [entry for entry in self._entries if not entry.done]
            if not missing:
                self._send()
                return
            if self._link.state == "idle":
                self._link.state = "creating"
            for entry in missing:
                entry.want()
            # All are looked at again then: what is there may be lost before the last one comes.
            missing[0].when_done(self.start)

    def _send(self) -> None:
        link = self._link
        for entry in self._entries:
            if not entry.ok:
                self._unclaim()
                try:
                    entry.value()
                except BaseException as error:
                    link.fail_all(_argument_failed(link, error))
                return
        self._fill()
        body = _body(self._creation, self._cls, self._arguments)
        self._session.control.ask("actor.create", self._fields, self._registered, body)
        if link.state == "creating":
            link.resume()

    def _unclaim(self) -> None:
        self._session.claimed.pop((self._fields["namespace"], self._fields["name"]), None)

    def _registered(self, outcome: Outcome) -> None:
        self._unclaim()
        if isinstance(outcome, RequestFailed):
            mend = f". {outcome.mend}" if outcome.mend else ""
            self._link.die({"kind": "start", "message": outcome.message + mend}, b"")


def _argument_failed(link: ActorLink, error: BaseException) -> ActorDiedError:
    if isinstance(error, RayTaskError):
        died = ActorDiedError(error)
        died.actor_id = link.actor_id
        return died
    message = f"an argument of its constructor could not be computed: {error}"
    return ActorDiedError({**link.facts, "report": {"kind": "init", "message": message}})


def _fields(session: Session, creation: ActorCreation, actor_id: ActorID) -> dict[str, Any]:
    return {
        "actor_id": actor_id.hex(),
        "class_name": creation.class_name,
        "place": to_units(creation.place),
        "run": to_units(creation.run),
        "max_restarts": creation.max_restarts,
        "detached": creation.detached,
        "python": python_version(),
        "meta": creation.meta,
        "name": creation.name,
        "namespace": creation.namespace or session.namespace,
        "pg_id": creation.pg_id,
        "bundle_index": creation.bundle_index,
        "capture": creation.capture,
        "strategy": creation.strategy,
        "max_concurrency": creation.max_concurrency,
        "runtime_env": creation.runtime_env or None,
        "get_if_exists": creation.get_if_exists or None,
    }


def _pickle(creation: ActorCreation) -> tuple[Parts, Parts, Placeholders | None]:
    try:
        arguments, waits = pickle_arguments(creation.args, creation.kwargs)
        return serialization.dumps_any(creation.cls), arguments, waits
    except UnsupportedFeature:
        raise
    except Exception as error:
        raise TypeError(explain(creation, error)) from error


def _body(creation: ActorCreation, cls: Parts, arguments: Parts) -> bytes:
    """What the worker unpickles; the daemons carry it unread."""
    return pickle.dumps(
        {
            "cls": _plain(cls),
            "arguments": _plain(arguments),
            "stored": stored.location if (stored := getattr(arguments, "stored", None)) else None,
            "options": {
                "class_name": creation.class_name,
                "is_async": creation.is_async,
                "max_concurrency": creation.max_concurrency,
                "groups": creation.groups,
                "meta": creation.meta,
            },
        },
        5,
    )


def _plain(parts: Parts) -> Any:
    return [bytes(part) for part in as_parts(parts)] if isinstance(parts, list) else parts
