"""Which daemon this process belongs to.

In this order: that of the nearest ancestor which is a registered worker (where the address asks for
no other cluster), the socket in ``BEAM_SOCK``, the address asked for, the one of this runtime
directory, the only one of this machine. Two that fit are an error that lists them.
"""

from __future__ import annotations

import json
import os
import stat
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from . import group_access, own_socket

_LOCAL_NAMES = ("localhost", "127.0.0.1", "::1", "0.0.0.0")


@dataclass
class Instance:
    """A daemon that runs on this machine."""

    folder: str
    record: dict[str, Any] = field(default_factory=dict)

    @property
    def socket(self) -> str:
        """Its control socket."""
        return str(self.record.get("socket") or os.path.join(self.folder, "daemon.sock"))

    @property
    def addresses(self) -> list[str]:
        """Every ``host:port`` of its head."""
        aliases = self.record.get("head_aliases") or []
        return [str(self.record.get("head_address")), *map(str, aliases)]

    def fits(self, address: str) -> bool:
        """Whether its cluster's head is at ``address``."""
        if address in self.addresses:
            return True
        host, _, port = address.rpartition(":")
        if host in _LOCAL_NAMES and self.record.get("is_head"):
            return port == str(self.record.get("head_address")).rpartition(":")[2]
        return False

    def __str__(self) -> str:
        record = self.record
        return (
            f"{record.get('head_address')} (runtime directory {record.get('runtime_dir')}, "
            f"node {record.get('node_ip')})"
        )


def runtime_dir() -> str:
    """``BEAM_RUNTIME_DIR``, else ``~/.beam``."""
    return os.environ.get("BEAM_RUNTIME_DIR") or os.path.expanduser("~/.beam")


def machine_dir() -> str:
    """Where what belongs to this machine lies; it need not exist.

    Raises:
        ConnectionError: it is not this user's alone.
    """
    base = os.environ.get("XDG_RUNTIME_DIR") or ""
    # The daemons' rule, in lib/runtime/paths.ts: a directory of ours, short enough for its sockets.
    folder = os.path.normpath(os.path.join(base, "beam"))
    if not os.path.isabs(base) or len(os.fsencode(folder)) > 56 or not _is_own_directory(base):
        folder = f"/tmp/beam-{os.getuid()}"
    try:
        status = os.lstat(folder)
    except OSError:
        return folder
    # A group may look, where a daemon serves one.
    is_open = status.st_mode & 0o077 not in (0, 0o050)
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or is_open:
        raise ConnectionError(
            f"Cannot use {folder}: it must be a directory of user {os.getuid()} with mode 0700, "
            f"and is {stat.filemode(status.st_mode)} of user {status.st_uid}. Remove it."
        )
    _check_shared(os.path.dirname(folder))
    return folder


def _check_shared(folder: str) -> None:
    """Where all may write, the sticky bit says that only owners may rename and remove."""
    status = os.stat(folder)
    all_write = status.st_mode & stat.S_IWOTH and status.st_uid != os.getuid()
    if all_write and not status.st_mode & stat.S_ISVTX:
        raise ConnectionError(
            f"Cannot use {folder} for sockets: everybody may rename what is in it (it is "
            f"{stat.filemode(status.st_mode)}, without the sticky bit). `chmod +t {folder}`, or "
            "set XDG_RUNTIME_DIR to a directory of your own."
        )


def _is_own_directory(path: str) -> bool:
    try:
        status = os.stat(path)
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid()


def instance_folder(runtime: str) -> str:
    """The folder of the instance of a runtime directory."""
    digest = sha256(os.path.realpath(runtime).encode()).hexdigest()[:8]
    return os.path.join(machine_dir(), digest)


def _start_ticks(pid: int) -> int | None:
    fields = _stat(pid)
    return int(fields[19]) if len(fields) > 19 else None


def _stat(pid: int) -> list[str]:
    """The fields of /proc/<pid>/stat behind the name (state, ppid, …); empty without it."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()
    except OSError:
        return []


def read_instance(folder: str, owner: int | None = None) -> Instance | None:
    """The instance of this user, or of ``owner``, in ``folder`` where it is alive."""
    try:
        record = _read_of(os.getuid() if owner is None else owner, folder)
    except (OSError, ValueError):
        return None
    if not isinstance(record, dict):
        return None
    ticks = _start_ticks(int(record.get("pid", -1)))
    if ticks is None or ticks != int(record.get("start_ticks", -1)):
        return None
    instance = Instance(folder, record)
    return instance if _accepts(instance.socket) else None


def _read_of(owner: int, folder: str) -> Any:
    """The record in ``folder`` where it is a file of that user's; a link is none.

    Raises:
        OSError: it cannot be read, or is no such file.
        ValueError: it holds no JSON.
    """
    path = os.path.join(folder, "daemon.json")
    opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    with open(opened, encoding="utf-8") as file:
        status = os.fstat(opened)
        if not stat.S_ISREG(status.st_mode) or status.st_uid != owner:
            raise PermissionError(f"{path} is no file of user {owner}")
        return json.load(file)


def _accepts(path: str) -> bool:
    try:
        own_socket.connect(path, timeout=2.0).close()
        return True
    except OSError:
        return False


def instances() -> list[Instance]:
    """All daemons of this machine that this user may use: its own first, then shared ones."""
    own = machine_dir()
    found = [read_instance(folder) for folder in _folders(own)]
    # The one place that is looked at for those of other users, which only root can make.
    shared = os.path.join(os.environ.get("BEAM_SHARED_DIR") or "/run/beam", "beam")
    if shared != own and group_access.shared_by(shared) is not None:
        for folder in _folders(shared):
            owner = group_access.shared_by(folder)
            if owner is not None:
                found.append(read_instance(folder, owner))
    return [instance for instance in found if instance is not None]


def _folders(place: str) -> list[str]:
    try:
        with os.scandir(place) as entries:
            return sorted(e.path for e in entries if e.is_dir() and e.name != "local")
    except OSError:
        return []


def ancestor_instance(found: list[Instance]) -> Instance | None:
    """The daemon of the nearest ancestor (or this process) that is a registered worker."""
    pid = os.getpid()
    while pid > 1:
        for instance in found:
            if os.path.exists(os.path.join(instance.folder, "workers", str(pid))):
                return instance
        fields = _stat(pid)
        if len(fields) < 2:
            return None
        pid = int(fields[1])
    return None


def find(address: str | None) -> Instance | None:
    """The daemon for ``ray.init(address)``; None where there is none and a local one may start.

    Raises:
        ConnectionError: an address (or "auto") was asked for and no daemon here is of that cluster,
            or two fit.
    """
    asked = address if address not in (None, "auto") else None
    if asked is None:
        asked = os.environ.get("RAY_ADDRESS") or None
        if asked == "auto":
            asked, address = None, "auto"
    if asked == "local":
        return None
    if asked is not None and asked.startswith("ray://"):
        raise ConnectionError(
            f"Cannot connect to {asked}: beam has no Ray Client. Run the program on a machine of "
            "the cluster, or make this one a node with `beam up --join HOST`."
        )
    found = instances()
    ancestor = ancestor_instance(found)
    if ancestor is not None and (asked is None or ancestor.fits(asked)):
        return ancestor
    path = os.environ.get("BEAM_SOCK")
    if path:
        for instance in found:
            if os.path.realpath(instance.socket) == os.path.realpath(path):
                return instance
        if _accepts(path):
            return Instance(os.path.dirname(path), {"socket": path})
        raise ConnectionError(
            f"Cannot connect to the daemon of BEAM_SOCK: nothing answers at {path}. "
            "Start it with `beam up`, or unset BEAM_SOCK."
        )
    if asked is not None:
        fitting = [instance for instance in found if instance.fits(asked)]
        if not fitting:
            raise ConnectionError(
                f"Cannot connect to the cluster at {asked}: no daemon of it runs on this machine. "
                f"Run `beam up --join {asked}` here (or `ray start --address={asked}`)."
            )
        return _only(fitting)
    own = instance_folder(runtime_dir())
    for instance in found:
        if os.path.realpath(instance.folder) == os.path.realpath(own):
            return instance
    standing = [instance for instance in found if instance.record.get("standing", True)]
    if standing:
        return _only(standing)
    if address == "auto":
        raise ConnectionError(
            "Could not find any running Ray instance. Please specify the one to connect to by "
            "setting `--address` flag or `RAY_ADDRESS` environment variable. "
            "Start one here with `beam up --head` or `ray start --head`."
        )
    return None


def _only(fitting: list[Instance]) -> Instance:
    if len(fitting) == 1:
        return fitting[0]
    own = os.path.realpath(instance_folder(runtime_dir()))
    for instance in fitting:
        if os.path.realpath(instance.folder) == own:
            return instance
    listed = "; ".join(map(str, fitting))
    raise ConnectionError(
        f"Cannot choose a daemon: {len(fitting)} on this machine fit: {listed}. "
        "Set BEAM_RUNTIME_DIR or BEAM_SOCK to the one that is meant."
    )
