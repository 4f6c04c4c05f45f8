"""A template and worker for the daemon's tests: speaks the control messages and nothing else.

What a worker does is its class name: Echo answers bytes on its call socket with the same bytes,
InitFails reports a failed __init__, Exits writes to stderr and ends with code 3, Env writes its
environment to its stdout, Quits ends itself on purpose, Mute never says hello.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import struct
import sys
import threading

sys.path.extend(sys.argv[1:])  # where the interpreter has no MessagePack of its own

import msgpack

PYTHON = os.environ.get("FAKE_PYTHON", ".".join(map(str, sys.version_info[:3])))


class Link:
    def __init__(self, path: str) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(path)
        self.next_id = 0

    def send(self, header: dict, body: bytes = b"") -> None:
        packed = msgpack.packb(header)
        self.sock.sendall(struct.pack(">IQ", len(packed), len(body)) + packed + body)

    def read(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            part = self.sock.recv(count - len(data))
            if not part:
                raise EOFError
            data += part
        return data

    def recv(self) -> tuple:
        header, body = struct.unpack(">IQ", self.read(12))
        return msgpack.unpackb(self.read(header)), self.read(body)

    def request(self, **header: object) -> tuple:
        self.next_id += 1
        self.send({"id": self.next_id, **header})
        while True:
            message, body = self.recv()
            if message.get("id") == self.next_id and message["kind"] in ("reply", "error"):
                return message, body


def template() -> None:
    told = json.loads(os.environ.pop("BEAM_TEMPLATE"))
    link = Link(told["socket"])
    link.request(
        kind="template.hello",
        protocol=1,
        key=told["key"],
        pid=os.getpid(),
        python=PYTHON,
        executable=sys.executable,
    )
    read, write = os.pipe()
    os.set_blocking(write, False)
    signal.set_wakeup_fd(write)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    while True:
        ready, _, _ = select.select([link.sock, read], [], [])
        if read in ready:
            os.read(read, 4096)
            reap(link)
        if link.sock in ready:
            try:
                message, _ = link.recv()
            except EOFError:
                return  # its workers see the same end
            if message["kind"] == "fork":
                pid = os.fork()
                if pid == 0:
                    signal.set_wakeup_fd(-1)
                    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                    try:
                        worker(told["socket"], message)
                    finally:
                        os._exit(70)
                link.send({"kind": "reply", "id": message["id"], "pid": pid, "exec": False})


def reap(link: Link) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        link.send({"kind": "exited", "pid": pid, "status": status})


def worker(control: str, fork: dict) -> None:
    os.setpgid(0, 0)
    os.environ.clear()
    os.environ.update(fork["env"])
    os.chdir(fork["cwd"])
    for fd, path in ((1, fork["out"]), (2, fork["err"])):
        opened = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.dup2(opened, fd)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(fork["socket"])
    listener.listen()
    link = Link(control)
    while os.environ.get("FAKE_MUTE"):
        signal.pause()
    answer, _ = link.request(
        kind="worker.hello",
        protocol=1,
        spawn=fork["spawn"],
        pid=os.getpid(),
        python=PYTHON,
        socket=fork["socket"],
    )
    if answer["kind"] == "error":
        os._exit(1)
    assignment = answer["assignment"]
    name = assignment["class_name"]
    print("assigned", name, flush=True)
    if name == "InitFails":
        link.send(failed("init", "ValueError: no"), b"pickled")
        os._exit(1)
    if name == "Exits":
        os.write(2, b"last words\nTraceback (most recent call last):\n  here\nKeyError: 1\n")
        os._exit(3)
    link.send({"kind": "worker.initialized", "repr": None})
    if name == "Quits":
        link.send(failed("exit", "it ended itself"))
        os._exit(0)
    if name == "Env":
        print(json.dumps(dict(os.environ)), os.getcwd(), flush=True)
    threading.Thread(target=serve, args=(listener,), daemon=True).start()
    try:
        while True:
            message, _ = link.recv()
            if message["kind"] == "worker.drain":
                os._exit(0)
    except EOFError:
        os._exit(0)


def failed(cause: str, message: str) -> dict:
    return {"kind": "worker.failed", "cause": cause, "message": message}


def serve(listener: socket.socket) -> None:
    while True:
        conn, _ = listener.accept()
        while data := conn.recv(65536):
            conn.sendall(data)
        conn.close()


template()
