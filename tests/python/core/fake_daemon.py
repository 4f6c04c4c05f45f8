"""A node daemon in Python, just enough to run actors: it starts the real template and real workers.

    python fake_daemon.py RUNTIME_DIR

Prints its record as one line of JSON when it is ready, and ends with its standard input.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import signal
import sys
from typing import Any, Callable, Optional

SHIM = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", "..", "shim_py"))
# What else is there may hold the packages that the shim needs.
PATH = os.pathsep.join(filter(None, [SHIM, os.environ.get("PYTHONPATH")]))
sys.path.insert(0, SHIM)

from ray._core import discovery  # noqa: E402
from ray._core.frames import FrameDecoder, encode_head  # noqa: E402

Fields = dict[str, Any]


class Client:
    """One process at the control socket."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        self.job_id = ""
        self.driver: Fields = {}
        self.actor: Optional[Actor] = None
        self.located: set[str] = set()
        self.process = ""

    def send(self, header: Fields, body: bytes = b"") -> None:
        if not self.writer.is_closing():
            self.writer.write(encode_head(header, len(body)) + body)


class Actor:
    """What the daemon keeps of an actor."""

    def __init__(self, fields: Fields, body: bytes, job_id: str, owner: Client) -> None:
        self.fields = fields
        self.id: str = fields["actor_id"]
        self.body = body
        self.job_id = job_id
        self.owner = owner
        self.incarnation = 0
        self.state = "pending"
        self.pid = 0
        self.spawn = ""
        self.socket = ""
        self.connectable = False
        self.report: Optional[Fields] = None
        self.error = b""
        self.ended_by: Optional[Fields] = None
        self.failed: Optional[Fields] = None
        self.no_restart = False
        self.restarts_left: int = fields["max_restarts"]
        self.waiting: list[tuple[Client, Fields]] = []
        self.client: Optional[Client] = None


class FakeDaemon:
    """See the top of this file."""

    def __init__(self, runtime_dir: str) -> None:
        self.runtime_dir = runtime_dir
        self.folder = discovery.instance_folder(runtime_dir)
        self.node_id = secrets.token_hex(28)
        self.clients: set[Client] = set()
        self.actors: dict[str, Actor] = {}
        self.names: dict[tuple[str, str], str] = {}
        self.jobs = 0
        self.template: Optional[Client] = None
        self.template_ready = asyncio.Event()
        self.pending: dict[int, Callable[[Fields], None]] = {}
        self.next_id = 1
        self.reports: set[asyncio.Future[None]] = set()
        #: Sockets of processes that serve objects, by process id.
        self.sockets: dict[str, str] = {}
        self.locating: dict[str, list[tuple[Client, Fields]]] = {}
        self.files: dict[str, Fields] = {}
        #: Bytes that the store in memory takes; set by tests through `FAKE_STORE_BYTES`.
        self.quota = int(os.environ.get("FAKE_STORE_BYTES", "1099511627776"))

    async def run(self) -> None:
        for part in ("workers", "s", "store", "spill"):
            os.makedirs(os.path.join(self.folder, part), exist_ok=True)
        os.chmod(os.path.dirname(self.folder), 0o700)
        os.makedirs(os.path.join(self.runtime_dir, "logs"), exist_ok=True)
        self.path = os.path.join(self.folder, "daemon.sock")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)
        server = await asyncio.start_unix_server(self.serve, self.path)
        told = json.dumps({"socket": self.path, "key": secrets.token_hex(8)})
        environment = {**os.environ, "PYTHONPATH": PATH, "BEAM_TEMPLATE": told}
        template = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "ray._worker", env=environment
        )
        ready = asyncio.ensure_future(self.template_ready.wait())
        ended = asyncio.ensure_future(template.wait())
        await asyncio.wait({ready, ended}, return_when=asyncio.FIRST_COMPLETED)
        if not ready.done():
            raise RuntimeError(f"the template ended with {ended.result()} before it was ready")
        ended.cancel()
        record: Fields = {
            "pid": os.getpid(),
            "start_ticks": discovery._start_ticks(os.getpid()),
            "node_id": self.node_id,
            "node_ip": "127.0.0.1",
            "cluster": "c" * 56,
            "head_address": "127.0.0.1:6379",
            "head_aliases": [],
            "is_head": True,
            "runtime_dir": self.runtime_dir,
            "socket": self.path,
            "standing": True,
            "template_pid": template.pid,
        }
        with open(os.path.join(self.folder, "daemon.json"), "w") as file:
            json.dump(record, file)
        print(json.dumps({"ready": record}), flush=True)
        reader = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
        )
        await reader.read()
        server.close()
        if self.template is not None:
            self.template.writer.close()
        await template.wait()
        os.unlink(os.path.join(self.folder, "daemon.json"))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = Client(writer)
        self.clients.add(client)
        decoder = FrameDecoder(lambda header, body: self.take(client, header, bytes(body)))
        try:
            while data := await reader.read(65536):
                decoder.feed(data)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self.clients.discard(client)
            self.sockets.pop(client.process, None)
            for name, file in list(self.files.items()):
                if file["owner"] == client.process or (not file["sealed"] and file["by"] is client):
                    self.remove(name)
            writer.close()
            self.end_job(client)

    def take(self, client: Client, header: Fields, body: bytes) -> None:
        kind = header["kind"]
        if kind in ("reply", "error"):
            self.pending.pop(header["id"])(header)
            return
        reply = getattr(self, "on_" + kind.replace(".", "_"))(client, header, body)
        if reply is not None and "id" in header:
            fields, answer = reply if isinstance(reply, tuple) else (reply, b"")
            client.send({"kind": "reply", "id": header["id"], **fields}, answer)

    def refuse(self, client: Client, header: Fields, code: str, message: str) -> None:
        client.send({"kind": "error", "id": header["id"], "code": code, "message": message})

    # ── drivers ──────────────────────────────────────────────────────────────────────────────

    def on_driver_start(self, client: Client, header: Fields, body: bytes) -> Any:
        self.jobs += 1
        client.job_id = self.jobs.to_bytes(4, "little").hex()
        client.driver = header
        client.process = header["process"]
        return {
            "job_id": client.job_id,
            "namespace": header.get("namespace") or secrets.token_hex(8),
            "node_id": self.node_id,
            "node_ip": "127.0.0.1",
            "cluster": "c" * 56,
            "gcs_address": "127.0.0.1:6379",
            "runtime_dir": self.runtime_dir,
            "log_dir": os.path.join(self.runtime_dir, "logs"),
            "dashboard_url": "",
            "network_env": {},
            "object_socket": os.path.join(self.folder, "s", secrets.token_hex(4) + ".obj"),
        }

    def on_driver_end(self, client: Client, header: Fields, body: bytes) -> Any:
        self.end_job(client)
        return {}

    def end_job(self, client: Client) -> None:
        for actor in list(self.actors.values()):
            if actor.owner is client and not actor.fields["detached"]:
                self.end(actor, "owner", "its owner ended")

    def on_task_events(self, client: Client, header: Fields, body: bytes) -> None:
        """Nobody asks here what ran."""

    def on_metrics_report(self, client: Client, header: Fields, body: bytes) -> None:
        """Nor what was counted."""

    # ── objects ──────────────────────────────────────────────────────────────────────────────

    def on_process_listen(self, client: Client, header: Fields, body: bytes) -> Any:
        self.sockets[header["process"]] = header["socket"]
        for asker, asked in self.locating.pop(header["process"], []):
            asker.send({"kind": "reply", "id": asked["id"], "socket": header["socket"]})
        return {}

    def on_process_locate(self, client: Client, header: Fields, body: bytes) -> Any:
        process = header["process"]
        path = self.sockets.get(process)
        if path is None and any(each.process == process for each in self.clients):
            # It will listen in a moment: its word is on another channel than the reference.
            self.locating.setdefault(process, []).append((client, header))
            return None
        if path is None:
            return self.refuse(client, header, "process_gone", "That process has ended")
        return {"socket": path}

    def on_object_create(self, client: Client, header: Fields, body: bytes) -> Any:
        used = sum(file["size"] for file in self.files.values() if not file["spilled"])
        spilled = bool(header.get("spill")) or used + header["size"] > self.quota
        name = secrets.token_hex(8)
        path = os.path.join(self.folder, "spill" if spilled else "store", name)
        self.files[name] = {
            "path": path,
            "size": header["size"],
            "owner": header["owner"],
            "spilled": spilled,
            "sealed": False,
            "by": client,
        }
        return {"name": name, "path": path}

    def on_object_seal(self, client: Client, header: Fields, body: bytes) -> None:
        self.files[header["name"]]["sealed"] = True

    def on_object_abort(self, client: Client, header: Fields, body: bytes) -> None:
        self.remove(header["name"])

    def on_object_fetch(self, client: Client, header: Fields, body: bytes) -> Any:
        """Here only for files that tests say are of another node: they are on this machine, too."""
        file = self.files.get(header["name"])
        if file is None:
            return self.refuse(client, header, "object_lost", "That node has no such file")
        return {"path": file["path"]}

    def on_object_free(self, client: Client, header: Fields, body: bytes) -> None:
        for object in header["objects"]:
            self.remove(object["name"])

    def remove(self, name: str) -> None:
        file = self.files.pop(name, None)
        if file is not None:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(file["path"])

    # ── actors ───────────────────────────────────────────────────────────────────────────────

    def on_actor_create(self, client: Client, header: Fields, body: bytes) -> Any:
        if header["actor_id"] in self.actors:
            return {}
        name = header.get("name")
        if name:
            taken = self.names.get((header["namespace"], name))
            if taken:
                old = self.actors[taken].fields
                if header.get("get_if_exists"):
                    return {"existing": taken, "meta": old["meta"], "class_name": old["class_name"]}
                return self.refuse(client, header, "name_taken", f"The name {name} is taken")
            self.names[header["namespace"], name] = header["actor_id"]
        if header["class_name"] == "Refused":
            return self.refuse(client, header, "bad_request", "Cannot place Refused")
        job_id = client.job_id or (client.actor.job_id if client.actor else "")
        if client.actor is not None:
            client.driver = client.actor.owner.driver
        actor = self.actors[header["actor_id"]] = Actor(header, body, job_id, client)
        if "NEVER" not in header["place"]:
            self.start(actor)
        return {}

    def start(self, actor: Actor) -> None:
        actor.connectable = False
        actor.spawn = secrets.token_hex(4)
        actor.socket = os.path.join(self.folder, "s", actor.spawn + ".sock")
        log = os.path.join(self.runtime_dir, "logs", actor.spawn)
        env_vars = (actor.fields.get("runtime_env") or {}).get("env_vars") or {}
        header = {
            "kind": "fork",
            "spawn": actor.spawn,
            "socket": actor.socket,
            "env": {**os.environ, "PYTHONPATH": PATH, **env_vars},
            "cwd": "/",
            "out": log + ".out",
            "err": log + ".err",
            "exec": "PYTHONHASHSEED" in env_vars,
        }

        def forked(reply: Fields) -> None:
            actor.pid = reply["pid"]
            with open(os.path.join(self.folder, "workers", str(actor.pid)), "w") as file:
                file.write(actor.id)
            if actor.ended_by:
                self.kill(actor.pid)

        self.ask_template(header, forked)

    def ask_template(self, header: Fields, then: Callable[[Fields], None]) -> None:
        self.next_id += 1
        self.pending[self.next_id] = then
        assert self.template is not None
        self.template.send({**header, "id": self.next_id})

    def kill(self, pid: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    def end(self, actor: Actor, kind: str, message: str) -> None:
        if actor.state == "dead":
            return
        actor.ended_by = {"kind": kind, "message": message}
        actor.no_restart = True
        if actor.pid:
            self.kill(actor.pid)
        elif not actor.spawn:
            self.died(actor, actor.ended_by)

    def on_worker_hello(self, client: Client, header: Fields, body: bytes) -> Any:
        actor = next(a for a in self.actors.values() if a.spawn == header["spawn"])
        client.actor, actor.client, actor.connectable = actor, client, True
        client.process = header["process"]
        fields = actor.fields
        assignment = {
            "actor_id": actor.id,
            "incarnation": actor.incarnation,
            "job_id": actor.job_id,
            "class_name": fields["class_name"],
            "name": fields.get("name"),
            "namespace": fields.get("namespace"),
            "node_id": self.node_id,
            "node_ip": "127.0.0.1",
            "gcs_address": "127.0.0.1:6379",
            "cluster": "c" * 56,
            "gpu_ids": [],
            "resources": fields["run"],
            "pg": None,
            "runtime_env": fields.get("runtime_env") or {},
            "cwd": actor.owner.driver.get("cwd"),
            "sys_path": actor.owner.driver.get("sys_path"),
            "is_task": bool(fields.get("is_task")),
            "worker_id": secrets.token_hex(28),
        }
        self.answer_waiting(actor)
        return {"assignment": assignment}, actor.body

    def on_worker_initialized(self, client: Client, header: Fields, body: bytes) -> None:
        assert client.actor is not None
        client.actor.state = "alive"

    def on_worker_failed(self, client: Client, header: Fields, body: bytes) -> None:
        assert client.actor is not None
        client.actor.no_restart = True
        client.actor.error = body
        client.actor.failed = header

    def on_exited(self, client: Client, header: Fields, body: bytes) -> None:
        actor = next((a for a in self.actors.values() if a.pid == header["pid"]), None)
        if actor is None:
            return
        os.unlink(os.path.join(self.folder, "workers", str(actor.pid)))
        status = header["status"]
        report: Fields = {"pid": actor.pid, "node_ip": "127.0.0.1", "node_id": self.node_id}
        if actor.ended_by:
            report.update(actor.ended_by)
        elif actor.failed is not None:
            report.update(kind=actor.failed["cause"], message=actor.failed["message"])
        elif os.WIFSIGNALED(status):
            name = signal.Signals(os.WTERMSIG(status)).name
            report.update(kind="signal", signal=name, message=f"Its process got {name}")
        else:
            code = os.WEXITSTATUS(status)
            report.update(kind="exit", exit_code=code, message=f"Its process ended with {code}")
        log = os.path.join(self.runtime_dir, "logs", actor.spawn + ".err")
        if os.path.exists(log):
            with open(log) as file:
                report["stderr_tail"] = file.read().splitlines()[-5:]
        self.died(actor, report)

    def died(self, actor: Actor, report: Fields) -> None:
        actor.report = report
        actor.pid = 0
        actor.connectable = False
        again = not actor.no_restart and actor.restarts_left != 0
        actor.state = "restarting" if again else "dead"
        header = {
            "kind": "actor.state",
            "actor_id": actor.id,
            "state": actor.state,
            "incarnation": actor.incarnation,
            "report": report,
        }
        for client in self.clients:
            if actor.id in client.located:
                client.send(header, actor.error)
        if again:
            actor.restarts_left -= 1
            actor.incarnation += 1
            self.start(actor)
            return
        name = actor.fields.get("name")
        if name:
            self.names.pop((actor.fields["namespace"], name), None)
        self.answer_waiting(actor)

    def on_actor_locate(self, client: Client, header: Fields, body: bytes) -> None:
        actor = self.actors.get(header["actor_id"])
        if actor is None:
            return self.refuse(client, header, "not_found", "No such actor")
        client.located.add(actor.id)
        actor.waiting.append((client, header))
        return self.answer_waiting(actor)

    def answer_waiting(self, actor: Actor) -> None:
        waiting, actor.waiting = actor.waiting, []
        for client, header in waiting:
            base = {
                "kind": "reply",
                "id": header["id"],
                "incarnation": actor.incarnation,
                "class_name": actor.fields["class_name"],
                "name": actor.fields.get("name"),
                "namespace": actor.fields.get("namespace"),
            }
            if actor.state == "dead":
                client.send({**base, "state": "dead", "report": actor.report}, actor.error)
            elif actor.connectable and actor.incarnation >= (header.get("incarnation") or 0):
                client.send({**base, "state": "alive", "socket": actor.socket, "pid": actor.pid})
            else:
                actor.waiting.append((client, header))

    def on_actor_report(self, client: Client, header: Fields, body: bytes) -> None:
        task = asyncio.ensure_future(self.report(client, header))
        self.reports.add(task)
        task.add_done_callback(self.reports.discard)

    async def report(self, client: Client, header: Fields) -> None:
        actor = self.actors[header["actor_id"]]
        for _ in range(30):
            if not actor.connectable or actor.incarnation != header["incarnation"]:
                break
            await asyncio.sleep(0.005)
        answer = {
            "kind": "reply",
            "id": header["id"],
            "state": "alive" if actor.connectable else actor.state,
            "incarnation": actor.incarnation,
            "report": actor.report,
        }
        client.send(answer, actor.error)

    def on_actor_kill(self, client: Client, header: Fields, body: bytes) -> Any:
        actor = self.actors[header["actor_id"]]
        if header["no_restart"]:
            self.end(actor, "killed", "it was killed by `ray.kill`.")
        elif actor.pid:
            self.kill(actor.pid)
        return {}

    def on_actor_release(self, client: Client, header: Fields, body: bytes) -> None:
        actor = self.actors.get(header["actor_id"])
        if actor is None:
            return  # it was never asked for
        if actor.client is not None and not actor.fields["detached"]:
            actor.client.send({"kind": "worker.drain"})

    def on_actor_by_name(self, client: Client, header: Fields, body: bytes) -> Any:
        actor_id = self.names.get((header["namespace"], header["name"]))
        if actor_id is None:
            return self.refuse(client, header, "not_found", "No such actor")
        fields = self.actors[actor_id].fields
        return {"actor_id": actor_id, "class_name": fields["class_name"], "meta": fields["meta"]}

    def on_group_wait(self, client: Client, header: Fields, body: bytes) -> Any:
        # The group of zeros is never there.
        return {"state": "created"} if header["pg_id"].strip("0") else None

    def on_query_nodes(self, client: Client, header: Fields, body: bytes) -> Any:
        return {"nodes": []}

    def on_template_hello(self, client: Client, header: Fields, body: bytes) -> Any:
        self.template = client
        self.template_ready.set()
        return {}


if __name__ == "__main__":
    asyncio.run(FakeDaemon(sys.argv[1]).run())
