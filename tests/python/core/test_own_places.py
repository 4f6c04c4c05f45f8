"""What another user puts in the place of a daemon's socket or record is nobody's."""

from __future__ import annotations

import json
import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ray._core import discovery, own_socket, secret_env, store
from ray._core.content import ContentLost

STRANGER = 65534
as_root = pytest.mark.skipif(os.getuid() != 0, reason="needs a second user")


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder where every user may write, as /tmp is."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o1777)
        yield folder


def as_stranger(act: Any) -> int:
    """Forks a process of another user that acts and then waits to be ended; its pid."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgid(STRANGER)
            os.setuid(STRANGER)
            kept = act()
            os.write(writer, b"x")
            while kept is not None:
                kept.accept()
        finally:
            os._exit(1)
    os.close(writer)
    assert os.read(reader, 1) == b"x"
    os.close(reader)
    return child


def listen(path: str) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path)
    os.chmod(path, 0o777)
    listener.listen()
    return listener


def end(child: int) -> None:
    os.kill(child, 9)
    os.waitpid(child, 0)


def record_of(path: str) -> dict[str, Any]:
    with open("/proc/self/stat", encoding="utf-8") as file:
        ticks = int(file.read().rpartition(")")[2].split()[19])
    return {"pid": os.getpid(), "start_ticks": ticks, "socket": path, "node_id": "n"}


@as_root
def test_a_socket_of_another_user_is_not_talked_to(shared: Path) -> None:
    path = str(shared / "daemon.sock")
    child = as_stranger(lambda: listen(path))
    try:
        with pytest.raises(PermissionError, match=r"a process of user 65534 that listens there"):
            own_socket.connect(path)
    finally:
        end(child)
    os.unlink(path)
    with listen(path):
        own_socket.connect(path).close()


@as_root
def test_the_socket_of_the_environment_neither(
    shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(shared / "daemon.sock")
    monkeypatch.setenv("BEAM_SOCK", path)
    monkeypatch.setenv("XDG_RUNTIME_DIR", "")
    child = as_stranger(lambda: listen(path))
    try:
        with pytest.raises(ConnectionError, match="nothing answers at"):
            discovery.find(None)
    finally:
        end(child)


@as_root
def test_a_record_of_another_user_and_a_link_are_none(shared: Path) -> None:
    folder = shared / "0badcafe"
    folder.mkdir(mode=0o700)
    path = str(folder / "daemon.sock")
    with listen(path):
        record = folder / "daemon.json"
        record.write_text(json.dumps(record_of(path)))
        assert discovery.read_instance(str(folder)) is not None
        os.chown(record, STRANGER, STRANGER)
        assert discovery.read_instance(str(folder)) is None
        elsewhere = shared / "elsewhere.json"
        elsewhere.write_text(json.dumps(record_of(path)))
        record.unlink()
        record.symlink_to(elsewhere)
        assert discovery.read_instance(str(folder)) is None


def test_a_machine_directory_that_others_reach_into_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = Path("/tmp") / f"b{os.getpid()}"  # short enough for sockets
    base.mkdir(mode=0o700)
    try:
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(base))
        assert discovery.machine_dir() == str(base / "beam")
        (base / "beam").mkdir(mode=0o700)
        assert discovery.machine_dir() == str(base / "beam")
        (base / "beam").chmod(0o755)
        with pytest.raises(ConnectionError, match="with mode 0700"):
            discovery.machine_dir()
        (base / "beam").rmdir()
        (base / "beam").symlink_to(tmp_path)
        with pytest.raises(ConnectionError, match="must be a directory of user"):
            discovery.machine_dir()
    finally:
        (base / "beam").unlink()
        base.rmdir()


def test_a_token_is_taken_out_of_the_environment_and_still_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(secret_env, "_kept", {})
    monkeypatch.setenv("BEAM_TOKEN", "one")
    monkeypatch.setenv("RAY_AUTH_TOKEN", "two")
    secret_env.take_out()
    assert not {"BEAM_TOKEN", "RAY_AUTH_TOKEN"} & set(os.environ)
    assert [secret_env.get(name) for name in secret_env.VARIABLES] == ["one", "two"]
    monkeypatch.setenv("BEAM_TOKEN", "newer")
    assert secret_env.get("BEAM_TOKEN") == "newer"


@as_root
def test_values_in_a_folder_of_another_user_are_nobodys(
    shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shared / "beam-0-abc-1-1"
    folder.mkdir()
    path = str(folder / "value")
    store._fill(path, [b"ours"])
    assert bytes(store.read(path, [4])[0]) == b"ours"
    os.chown(folder, STRANGER, STRANGER)  # as if it had been removed, and made by that user
    with pytest.raises(ContentLost):
        store.read(path, [4])
    with pytest.raises(PermissionError, match="its folder belongs to user 65534"):
        store._fill(path, [b"told to a stranger"])
    assert Path(path).read_bytes() == b"ours"
    # Unless that is the user of a daemon that is shared with us, to which this process connected.
    monkeypatch.setattr(own_socket, "_others", {STRANGER})
    assert bytes(store.read(path, [4])[0]) == b"ours"
