/**
 * Every message that crosses a link, declared once. The types, the check of what arrives, the
 * table in `docs/protocol.md` and the test of the Python side are all made from this declaration.
 *
 * It is long because it is a table; nothing but the table belongs here.
 *
 * A field's type ends in `?` where the field may be missing. Amounts of resources are whole numbers
 * of 1/10000. Ids are lower-case hex. Times are milliseconds since the epoch, durations milliseconds.
 */

/** Raised by one whenever a peer with another number would be misunderstood. */
export const PROTOCOL_VERSION = 1;

type Field = "str" | "int" | "float" | "bool" | "bytes" | "map" | "list" | "any";
type FieldSpec = Field | `${Field}?`;

interface MessageSpec {
  /** Which link carries it: every TCP link's start, shim and daemon, daemon and head, caller and worker. */
  link: "opening" | "control" | "node" | "call" | "any";
  /** Who sends it. */
  from: string;
  doc: string;
  fields: Record<string, FieldSpec>;
  /** Fields of the answer; none: the message is not answered. */
  reply?: Record<string, FieldSpec>;
  /** What the body holds; none: the body is empty. */
  body?: string;
  replyBody?: string;
}

export const MESSAGES = {
  // ── answers, on every link that knows requests ─────────────────────────────────────────────
  reply: {
    link: "any",
    from: "either",
    doc: "Answer to the request with this `id`; the further fields are the request's `reply`.",
    fields: { id: "int" },
  },
  error: {
    link: "any",
    from: "either",
    doc: "The request with this `id` cannot be done. `code` is for programs, the rest for people.",
    fields: { id: "int", code: "str", message: "str", mend: "str?" },
  },
  ping: {
    link: "any",
    from: "either",
    doc: "A sign of life where nothing else is said.",
    fields: {},
  },

  // ── opening of a TCP connection ────────────────────────────────────────────────────────────
  hello: {
    link: "opening",
    from: "dialer",
    doc:
      "First frame. `role` says what the link will be: node, caller, relay, answer, object or health. " +
      "`secured` tells whether the dialer has a token; `key` is the id of that token. `join`, a join token's " +
      "id, names what it proves with instead.",
    fields: {
      protocol: "int",
      build: "str",
      role: "str",
      nonce: "bytes",
      secured: "bool",
      cluster: "str?",
      key: "str?",
      join: "str?",
    },
  },
  welcome: {
    link: "opening",
    from: "listener",
    doc:
      "The listener's proof over both nonces. A dialer with a token checks it before it proves anything.",
    fields: {
      protocol: "int",
      build: "str",
      cluster: "str",
      nonce: "bytes",
      secured: "bool",
      proof: "bytes",
    },
  },
  proof: {
    link: "opening",
    from: "dialer",
    doc: "The dialer's proof over both nonces.",
    fields: { proof: "bytes" },
  },
  accepted: { link: "opening", from: "listener", doc: "The dialer is in.", fields: {} },
  refused: {
    link: "opening",
    from: "listener",
    doc:
      "Why the dialer, or the stream it asked for, is not let in, or a process for which a daemon has no room; " +
      "the connection ends.",
    fields: { code: "str", message: "str", mend: "str?" },
  },
  splice: {
    link: "opening",
    from: "dialer",
    doc:
      "Role caller or relay: join this stream to that worker, or, where `process` is given, to that process's " +
      "socket for objects (code process_gone where it is not there). Role relay needs its `node` for that; with " +
      "`files` the stream is joined to the node's daemon itself, for `file.want`. After `spliced` the bytes " +
      "belong to the two. A process of the node says it at its daemon's socket for streams to other nodes, with `node`.",
    fields: {
      actor_id: "str?",
      incarnation: "int?",
      process: "str?",
      node: "str?",
      files: "bool?",
    },
  },
  spliced: {
    link: "opening",
    from: "listener",
    doc:
      "The stream is joined. At the daemon's own socket `relayed` says why the head copies it: that node's `port` could " +
      "not be reached.",
    fields: { relayed: "str?", port: "int?" },
  },
  "file.want": {
    link: "opening",
    from: "daemon",
    doc:
      "Role object: stream that file of this node from `offset` on. `source` says what kind of file it is (object, " +
      "package). Answered by `file.found`, or `refused` with code object_lost.",
    fields: { source: "str", name: "str", offset: "int", node: "str?" },
  },
  "file.found": {
    link: "opening",
    from: "daemon",
    doc: "The file has `size` bytes; those from the wanted offset on follow, as they are, to the " +
      "end of the stream.",
    fields: { size: "int" },
  },
  answer: {
    link: "opening",
    from: "node",
    doc:
      "Role answer: this connection answers the head's `relay.dial`. Nothing is sent back: the bytes " +
      "after it belong to the caller and the worker.",
    fields: { relay: "str" },
  },

  // ── shim or command line to its daemon, over the Unix socket ───────────────────────────────
  "driver.start": {
    link: "control",
    from: "driver",
    doc: "First request of a driver: begins a job. The job ends when this link does.",
    fields: {
      protocol: "int",
      pid: "int",
      python: "str",
      executable: "str",
      cwd: "str",
      sys_path: "list",
      entrypoint: "str",
      namespace: "str?",
      runtime_env: "map?",
      log_to_driver: "bool?",
      logging: "map?",
      metadata: "map?",
      process: "str?",
    },
    reply: {
      job_id: "str",
      namespace: "str",
      node_id: "str",
      node_ip: "str",
      cluster: "str",
      gcs_address: "str",
      runtime_dir: "str",
      log_dir: "str",
      dashboard_url: "str",
      network_env: "map",
      parent_actor: "str?",
      object_socket: "str?",
    },
  },
  "package.has": {
    link: "control",
    from: "driver",
    doc:
      "Does this node have the package of a runtime environment? It is kept while the asker lives.",
    fields: { name: "str" },
    reply: { present: "bool" },
  },
  "package.put": {
    link: "control",
    from: "driver",
    doc:
      "The next part of a package of `size` bytes, from `offset` on, in order; with the last one the node " +
      "has it. Codes: too_large, bad_name, bad_request.",
    fields: { name: "str", offset: "int", size: "int" },
    reply: {},
    body: "the part",
  },
  "driver.end": {
    link: "control",
    from: "driver",
    doc: "`ray.shutdown()`: end the job now; answered when what it owned is ended.",
    fields: {},
    reply: {},
  },
  "worker.hello": {
    link: "control",
    from: "worker",
    doc:
      "First request of a started worker process; `spawn` is the one-time name it was started under.",
    fields: {
      protocol: "int",
      spawn: "str",
      pid: "int",
      python: "str",
      socket: "str",
      process: "str?",
    },
    reply: { assignment: "map" },
    replyBody: "the pickled class, arguments and options of the actor",
  },
  "worker.initialized": {
    link: "control",
    from: "worker",
    doc: "`__init__` returned; `repr` is the actor's name as its class wants it shown.",
    fields: { repr: "str?" },
  },
  "worker.failed": {
    link: "control",
    from: "worker",
    doc:
      "`__init__` raised, or the actor ends itself: the worker exits next. `cause` is init, start or exit. " +
      "`exit_code` is that of a submitted job's entrypoint, negative for a signal.",
    fields: { cause: "str", message: "str", traceback: "str?", exit_code: "int?" },
    body: "the pickled exception",
  },
  "worker.lend": {
    link: "control",
    from: "worker",
    doc:
      "What the worker's process does with what it holds: `blocked` while its task waits for others " +
      "(its CPUs may be given away), `unblocked` when it goes on, `returned` when a worker leased for tasks runs " +
      "none any more and stays only for what it owns (all but devices is free).",
    fields: { state: "str" },
  },
  "lease.wanted": {
    link: "control",
    from: "daemon",
    doc:
      "Somebody else waits for what this worker, leased for tasks, holds: release it after its task where it has been " +
      "held for long, at once where it is idle.",
    fields: { actor_id: "str" },
  },
  "process.stacks": {
    link: "control",
    from: "daemon",
    doc:
      "What every thread of this process is doing; its I/O thread answers, while a method runs too.",
    fields: {},
    reply: { text: "str" },
  },
  "worker.drain": {
    link: "control",
    from: "daemon",
    doc: "No handle is left: run what was submitted, then exit.",
    fields: {},
  },
  "template.hello": {
    link: "control",
    from: "template",
    doc: "First request of a worker template.",
    fields: { protocol: "int", key: "str", pid: "int", python: "str", executable: "str" },
    reply: {},
  },
  fork: {
    link: "control",
    from: "daemon",
    doc:
      "Fork a worker (or execute a fresh interpreter where `exec`, after the words of `prefix`). `env` is the " +
      "whole environment, or with `keep` what is set over the template's own.",
    fields: {
      spawn: "str",
      socket: "str",
      env: "map",
      cwd: "str",
      out: "str",
      err: "str",
      exec: "bool",
      title: "str?",
      keep: "bool?",
      prefix: "list?",
    },
    reply: { pid: "int", exec: "bool" },
  },
  exited: {
    link: "control",
    from: "template",
    doc:
      "A worker ended; `status` is the raw wait status. Its process group and descendants are gone too.",
    fields: { pid: "int", status: "int" },
  },
  "actor.create": {
    link: "control",
    from: "shim",
    doc:
      "Create an actor under an id that the shim made (so that it may be sent again). Answered when it is " +
      "registered, not when it runs. Codes: name_taken, bad_request, owner_dead.",
    fields: {
      actor_id: "str",
      class_name: "str",
      place: "map",
      run: "map",
      max_restarts: "int",
      detached: "bool",
      python: "str",
      meta: "bytes",
      name: "str?",
      namespace: "str?",
      pg_id: "str?",
      bundle_index: "int?",
      capture: "bool?",
      strategy: "map?",
      max_concurrency: "int?",
      runtime_env: "map?",
      get_if_exists: "bool?",
      is_task: "bool?",
      near: "str?",
    },
    reply: { existing: "str?", meta: "bytes?", class_name: "str?" },
    body: "the pickled class, arguments and options",
  },
  "actor.locate": {
    link: "control",
    from: "shim",
    doc:
      "Where is this actor? Answered when an incarnation of at least `incarnation` can be connected to, or when " +
      "it is dead. On this machine `socket`; else `via`: a socket that takes a `splice` with the `node`.",
    fields: { actor_id: "str", incarnation: "int?" },
    reply: {
      state: "str",
      incarnation: "int",
      node_id: "str?",
      node_ip: "str?",
      pid: "int?",
      socket: "str?",
      via: "str?",
      cluster: "str?",
      class_name: "str?",
      name: "str?",
      namespace: "str?",
      report: "map?",
    },
    replyBody: "where dead by its `__init__`: the pickled exception",
  },
  "actor.report": {
    link: "control",
    from: "shim",
    doc:
      "A channel to this incarnation broke: is it dead? Answered at once when known, else within 150 ms with " +
      "what is known then. `state` is alive, pending, restarting or dead.",
    fields: { actor_id: "str", incarnation: "int" },
    reply: { state: "str", incarnation: "int", report: "map?" },
    replyBody: "where dead by its `__init__`: the pickled exception",
  },
  "actor.kill": {
    link: "control",
    from: "shim",
    doc: "`ray.kill`. Answered when it is decided; the process gets SIGKILL.",
    fields: { actor_id: "str", no_restart: "bool" },
    reply: {},
  },
  "actor.release": {
    link: "control",
    from: "shim",
    doc:
      "The creator holds no handle any more and has all its answers: the actor may end when it is idle.",
    fields: { actor_id: "str" },
  },
  "actor.by_name": {
    link: "control",
    from: "shim",
    doc: "`ray.get_actor`. Code not_found.",
    fields: { name: "str", namespace: "str" },
    reply: { actor_id: "str", class_name: "str", meta: "bytes" },
  },
  "actor.names": {
    link: "control",
    from: "shim",
    doc: "`list_named_actors`.",
    fields: { namespace: "str?" },
    reply: { actors: "list" },
  },
  "process.listen": {
    link: "control",
    from: "shim",
    doc:
      "This process serves objects on that Unix socket. `process` is the id by which references name it as their " +
      "owner; `driver.start` and `worker.hello` say it too, so that what it owns goes when it ends.",
    fields: { process: "str", socket: "str" },
    reply: {},
  },
  "process.locate": {
    link: "control",
    from: "shim",
    doc:
      "Where are the objects of that process of that node served? On this machine `socket`; else `via`: a socket that " +
      "takes a `splice` with `process` and `node`. Code process_gone when the process or its node is known to be dead.",
    fields: { process: "str", node: "str" },
    reply: {
      socket: "str?",
      via: "str?",
      cluster: "str?",
    },
  },
  "object.create": {
    link: "control",
    from: "shim",
    doc:
      "Room for a large value: the maker creates the file at `path` (it is not there yet), writes `size` bytes and " +
      "seals it. On disk where the quota or shared memory is full, or `spill` is set (shared memory was full " +
      "after all). What is not sealed goes when its maker ends. Code no_space.",
    fields: {
      object_id: "str",
      owner: "str",
      owner_node: "str",
      size: "int",
      spill: "bool?",
    },
    reply: { name: "str", path: "str" },
  },
  "object.seal": {
    link: "control",
    from: "shim",
    doc: "The file is whole: it may be read, and other nodes may fetch it.",
    fields: { name: "str" },
  },
  "object.abort": {
    link: "control",
    from: "shim",
    doc: "The file will not be written to its end: it goes.",
    fields: { name: "str" },
  },
  "object.fetch": {
    link: "control",
    from: "shim",
    doc:
      "Bring a file of another node here. However many ask, it crosses once; the copy goes with the original. " +
      "Codes: object_lost (that node is dead or has no such file), no_space.",
    fields: { name: "str", node: "str", size: "int", owner: "str", owner_node: "str" },
    reply: { path: "str" },
  },
  "object.free": {
    link: "control",
    from: "shim",
    doc: "The owner needs these no more: maps of `name` and `node`. They go, with every copy.",
    fields: { objects: "list" },
  },
  "group.create": {
    link: "control",
    from: "shim",
    doc:
      "Reserve a placement group under an id that the shim made. Answered when it is registered. `selectors` are " +
      "the label selectors of the bundles.",
    fields: {
      pg_id: "str",
      strategy: "str",
      bundles: "list",
      detached: "bool",
      name: "str?",
      selectors: "list?",
    },
    reply: {},
  },
  "group.wait": {
    link: "control",
    from: "shim",
    doc: "Answered when the group is whole or gone: `state` is CREATED or REMOVED.",
    fields: { pg_id: "str" },
    reply: { state: "str" },
  },
  "group.remove": {
    link: "control",
    from: "shim",
    doc: "Removes the group and kills what runs in it.",
    fields: { pg_id: "str" },
    reply: {},
  },
  "query.nodes": {
    link: "control",
    from: "shim",
    doc: "All nodes, the dead included.",
    fields: {},
    reply: { count: "int" },
    replyBody: "JSON: a list of nodes, as the brain's `NodeView`",
  },
  "query.resources": {
    link: "control",
    from: "shim",
    doc: "Total and available amounts of each live node.",
    fields: {},
    reply: {},
    replyBody: "JSON: {total, available}, each by node id",
  },
  "query.actors": {
    link: "control",
    from: "shim",
    doc: "All actors the head remembers.",
    fields: {},
    reply: { count: "int" },
    replyBody: "JSON: a list of actors, as the brain's `ActorView`",
  },
  "query.groups": {
    link: "control",
    from: "shim",
    doc: "Placement groups: one by id, those of a name, or all.",
    fields: { pg_id: "str?", name: "str?" },
    reply: { count: "int" },
    replyBody: "JSON: a list of groups, as the brain's `GroupView`",
  },
  "query.jobs": {
    link: "control",
    from: "shim",
    doc: "All jobs the head remembers.",
    fields: {},
    reply: { count: "int" },
    replyBody: "JSON: a list of jobs, as the brain's `JobView`",
  },
  "query.workers": {
    link: "control",
    from: "shim",
    doc:
      "Worker processes and drivers that the head remembers. The head answers it in the role `health` too, and the " +
      "next one.",
    fields: {},
    reply: { count: "int" },
    replyBody: "JSON: a list of processes, as the head's `WorkerView`",
  },
  "query.tasks": {
    link: "control",
    from: "shim",
    doc: "Tasks and calls of which `task.events` told; `dropped` counts those that were not kept.",
    fields: {},
    reply: { count: "int", dropped: "int" },
    replyBody: "JSON: a list of tasks, as the head's `TaskView`",
  },
  "query.deaths": {
    link: "control",
    from: "shim",
    doc:
      "The last deaths that nobody asked for, each first one followed by those that followed from it. The head " +
      "answers it in the role `health` too.",
    fields: {},
    reply: { count: "int" },
    replyBody: "JSON: a list of deaths, as the brain's `DeathRecord`",
  },
  "query.events": {
    link: "control",
    from: "command line",
    doc:
      "What has happened, the oldest first, at most `limit`: after the event of the number `since`, or the newest " +
      "ones where that is missing. Where there is nothing yet, the answer waits up to `wait_ms`. `last` is the newest " +
      "event's number. The head answers it in the role `health` too.",
    fields: { since: "int?", limit: "int", wait_ms: "int?" },
    reply: { count: "int", last: "int", epoch: "int" },
    replyBody: "JSON: a list of events, as the head's `ClusterEvent`",
  },
  "query.logs": {
    link: "control",
    from: "command line",
    doc:
      "Log files of the nodes that are connected, or of one: those whose names contain `match`. Code node_gone.",
    fields: { node_id: "str?", match: "str?" },
    reply: { count: "int" },
    replyBody: "JSON: a list of nodes with their files, as the head's `NodeLogsView`",
  },
  "query.log": {
    link: "control",
    from: "command line",
    doc: "`node.log` of that node. Codes: node_gone, no_log.",
    fields: {
      node_id: "str",
      file: "str",
      offset: "int",
      lines: "int?",
      most: "int",
      wait_ms: "int",
    },
    reply: { size: "int", offset: "int", running: "bool" },
    replyBody: "the bytes",
  },
  "query.stacks": {
    link: "control",
    from: "command line",
    doc:
      "`node.stacks` of the nodes that are connected, or of one, and what the head itself waits for. Code node_gone.",
    fields: { node_id: "str?", pid: "int?", actor_id: "str?" },
    reply: { count: "int" },
    replyBody: "JSON: the head's `ClusterStacks`",
  },
  "query.readings": {
    link: "control",
    from: "command line",
    doc: "What the connected nodes' machines are busy with, at most a few seconds old.",
    fields: {},
    reply: { count: "int" },
    replyBody: "JSON: a list of nodes with their readings, as the head's `NodeReadingsView`",
  },
  "query.metrics": {
    link: "control",
    from: "shim",
    doc:
      "What `/metrics` serves: beam's own metrics and what processes count with `ray.util.metrics`. `format` is " +
      "prometheus (the default), openmetrics or json. The head answers it in the role `health` too.",
    fields: { format: "str?" },
    reply: {},
    replyBody: "the text",
  },
  "query.doctor": {
    link: "control",
    from: "command line",
    doc:
      "Examines every node and what is between them; who asks while that goes on is told its findings. With " +
      "`progress` the asker hears `doctor.progress` meanwhile.",
    fields: { progress: "bool?" },
    reply: { count: "int" },
    replyBody: "JSON: findings and what was tried, as the doctor's `ClusterExamination`",
  },
  "doctor.progress": {
    link: "control",
    from: "daemon",
    doc: "How far the examination is that this process has asked for.",
    fields: { text: "str", done: "int", total: "int" },
  },
  "query.status": {
    link: "control",
    from: "shim",
    doc: "Everything that `beam status` shows, in one consistent picture. The head answers it in " +
      "the role `health` too.",
    fields: {},
    reply: { cluster: "str", epoch: "int", head_address: "str" },
    replyBody:
      "JSON: nodes, actors, groups, jobs, submissions, pending, demands, warnings, recent, total, available, usage",
  },
  "task.events": {
    link: "control",
    from: "worker",
    doc:
      "What ran here, at most once a second; `dropped` counts what was not kept meanwhile. Not answered: a head " +
      "that cannot be reached misses it.",
    fields: { count: "int", dropped: "int" },
    body: "JSON: a list of [caller, number, kind, name, function, start, end, error type, error]",
  },
  "metrics.report": {
    link: "control",
    from: "shim",
    doc:
      "All that this process counts, at most once a second and only after a change. Not answered.",
    fields: {},
    body: "packed: a list of [name, kind, description, boundaries, [[tags, value], …]]",
  },
  "daemon.doctor": {
    link: "control",
    from: "command line",
    doc: "As `node.doctor`, of this machine.",
    fields: {},
    reply: {},
    replyBody: "JSON: the doctor's `NodeDiagnosis`, {findings, facts}",
  },
  "daemon.logs": {
    link: "control",
    from: "command line",
    doc: "As `node.logs`, of this machine; also while no head answers.",
    fields: { match: "str?" },
    reply: { count: "int" },
    replyBody: "JSON: a list of files, as the daemon's `LogFileView`",
  },
  "daemon.info": {
    link: "control",
    from: "command line",
    doc: "Facts of this daemon.",
    fields: {},
    reply: {
      node_id: "str",
      node_ip: "str",
      cluster: "str",
      head_address: "str",
      is_head: "bool",
      pid: "int",
      head_pid: "int?",
      runtime_dir: "str",
      log_dir: "str",
      connected: "bool",
      away: "map?",
      head_build: "str?",
      build: "str",
      network_env: "map",
      token_file: "str?",
      authority: "str?",
    },
  },
  "head.replace": {
    link: "control",
    from: "command line",
    doc:
      "Run the head's process by this `command` from now on: it takes over from the journal, on the same port. Answered " +
      "when it is ready. Codes: version, role, head.",
    fields: { command: "list", protocol: "int", build: "str" },
    reply: { pid: "int", epoch: "int", build: "str", former: "str" },
  },
  "daemon.replace": {
    link: "control",
    from: "command line",
    doc:
      "End this daemon, on which nothing may run, and start the one of `command` in its place with the same " +
      "configuration. Answered when that is ready, with its record. Codes: version, busy, held, replacing.",
    fields: { command: "list", protocol: "int", build: "str", launcher: "str?" },
    reply: { record: "map" },
  },
  "daemon.stop": {
    link: "control",
    from: "command line",
    doc: "Ends the node: workers first, then the daemon; answered before it exits.",
    fields: { force: "bool?" },
    reply: { workers: "int" },
  },
  "node.drain": {
    link: "control",
    from: "command line",
    doc:
      "That node takes no new work (or, with `undo`, takes it again). With `evict` what runs there ends: it is restarted " +
      "elsewhere where it may be, and placement groups look for other nodes. Code node_gone.",
    fields: { node: "str", undo: "bool?", evict: "bool?" },
    reply: {},
  },
  "token.create": {
    link: "control",
    from: "command line",
    doc:
      "Makes a join token of this id, which the asker made up. The head answers with the id of the cluster's token that it is made from; " +
      "the daemon adds the text, which so never crosses the network. Codes: open, name_taken, too_many, join_token.",
    fields: { token_id: "str", name: "str?", ttl_ms: "int" },
    reply: {
      name: "str",
      key: "str",
      created: "int",
      expires: "int",
      token: "str?",
    },
  },
  "token.list": {
    link: "control",
    from: "command line",
    doc:
      "Join tokens: `id`, `name`, `created`, `expires`, `revoked`, `uses`, `state`; no secret. `former_ms`: how long a " +
      "former token of the cluster is still honoured. Code join_token.",
    fields: {},
    reply: { tokens: "list", former_ms: "int" },
  },
  "token.revoke": {
    link: "control",
    from: "command line",
    doc:
      "That join token, by id or name, is good no more; nodes that joined by it stay. Codes: no_token, join_token.",
    fields: { token: "str" },
    reply: { token: "map" },
  },
  "token.rotate": {
    link: "control",
    from: "command line",
    doc:
      "Another token for the cluster. Answered when connected nodes have it: `told` and `missing` are node ids, `file` " +
      "is where the head keeps it. The asker's name for the `change` makes a repetition harmless. Codes: open, busy, " +
      "join_token.",
    fields: { change: "str", grace_ms: "int" },
    reply: { told: "list", missing: "list", file: "str" },
  },
  "token.put_out": {
    link: "control",
    from: "command line",
    doc:
      "The same, and the nodes of these ids are put out: they are dead, the former token opens nothing any more, and only " +
      "nodes that are connected get the new one. `missing` are all living nodes without it. Codes: as of `token.rotate`, " +
      "and node_gone, bad_request.",
    fields: { change: "str", nodes: "list" },
    reply: { told: "list", missing: "list", file: "str" },
  },
  "query.work": {
    link: "control",
    from: "command line",
    doc:
      "What there is on a node: `actors`, `groups` and `drivers` by name, the number of workers for tasks, and of files " +
      "with large values. Code node_gone.",
    fields: { node: "str" },
    reply: {
      state: "str",
      actors: "list",
      tasks: "int",
      groups: "list",
      drivers: "list",
      values: "int",
    },
  },
  log: {
    link: "control",
    from: "daemon",
    doc: "New lines of a worker's output, for its driver. `stream` is out or err.",
    fields: {
      job_id: "str",
      actor_id: "str",
      name: "str",
      pid: "int",
      ip: "str",
      stream: "str",
      lines: "list",
    },
  },
  warn: {
    link: "control",
    from: "daemon",
    doc: "A sentence for the person at the driver (a placement group that waits, and why).",
    fields: { code: "str", text: "str" },
  },
  "actor.state": {
    link: "control",
    from: "daemon",
    doc: "An actor that this process has located changed: `state` is alive, restarting or dead.",
    fields: { actor_id: "str", state: "str", incarnation: "int", report: "map?" },
    body: "where dead by its `__init__`: the pickled exception",
  },

  // ── daemon and head ────────────────────────────────────────────────────────────────────────
  "node.join": {
    link: "node",
    from: "daemon",
    doc:
      "First request on a node link, and again after the head's restart, then with `report`: what runs here. " +
      "Code declared_dead: end all workers and come back under a new node id. `key` are random bytes that only this " +
      "daemon and the head know: who joins again under its id must say the same. Code node_taken: it is another's.",
    fields: { node: "map", report: "map?", key: "bytes?" },
    reply: { cluster: "str", epoch: "int", node_ip: "str", head_ip: "str" },
  },
  "node.certify": {
    link: "node",
    from: "daemon",
    doc:
      "In a cluster with TLS, before `node.join`: a certificate in PEM for the key of this node's port, Ed25519, which is " +
      "good until `until` (milliseconds since the epoch), for `lifetime` milliseconds.",
    fields: { key: "bytes" },
    reply: { certificate: "str", until: "int", lifetime: "int" },
  },
  "token.fetch": {
    link: "node",
    from: "daemon",
    doc:
      "Asks for the cluster's token, where this node has a join token or a former one only. `public` is a key made " +
      "for this; the answer's `box` is sealed for it under the connection's secret. With `use` it proves with the token " +
      "at once, else from `token.use` on. The former one is taken for `former_ms` more.",
    fields: { public: "bytes" },
    reply: { public: "bytes", box: "bytes", use: "bool", former_ms: "int" },
  },
  "token.have": {
    link: "node",
    from: "daemon",
    doc: "This node takes the token with that id from now on.",
    fields: { key: "str" },
  },
  "token.changed": {
    link: "node",
    from: "head",
    doc: "The cluster has another token: `token.fetch` gets it.",
    fields: {},
  },
  "token.use": {
    link: "node",
    from: "head",
    doc:
      "All nodes have the token with that id: prove with it, and take the former one for `former_ms` more.",
    fields: { key: "str", former_ms: "int" },
  },
  "node.out": {
    link: "node",
    from: "head",
    doc:
      "This node was put out of the cluster (`token.put_out`): it ends its workers and dials no more. `message` and " +
      "`mend` are for people.",
    fields: { message: "str", mend: "str" },
    reply: {},
  },
  "node.leave": {
    link: "node",
    from: "daemon",
    doc: "The node ends by request.",
    fields: { reason: "str" },
    reply: {},
  },
  "client.request": {
    link: "node",
    from: "daemon",
    doc:
      "A request of a process on the node, passed on as it is, with who asks. The answer is the request's. " +
      "Sent again after the link was cut, it has the same `ask`.",
    fields: { client: "str", request: "map", job_id: "str?", actor_id: "str?", ask: "str?" },
    body: "the request's",
    reply: {},
    replyBody: "the answer's",
  },
  "client.push": {
    link: "node",
    from: "head",
    doc:
      "A message for a process on the node (`warn`, `log`) or, with `client` empty, for all that located the actor.",
    fields: { client: "str", message: "map" },
    body: "the message's",
  },
  "client.said": {
    link: "node",
    from: "daemon",
    doc:
      "A message of a process on the node that wants no answer (`task.events`, `metrics.report`), passed on with " +
      "who says it. A `metrics.report` without a body: the process is gone.",
    fields: { client: "str", message: "map", process: "map" },
    body: "the message's",
  },
  "client.gone": {
    link: "node",
    from: "daemon",
    doc: "A driver's control link ended: its job is over.",
    fields: { client: "str", job_id: "str", reason: "str" },
  },
  "worker.start": {
    link: "node",
    from: "head",
    doc:
      "Start a worker. `actor` holds what `actor.create` said, `job` the driver's facts, `grant` the amounts " +
      "and GPU indices, `devices` the ids of those GPUs.",
    fields: {
      actor_id: "str",
      incarnation: "int",
      actor: "map",
      job: "map",
      grant: "map",
      devices: "list",
    },
    body: "the pickled class, arguments and options",
  },
  "worker.stop": {
    link: "node",
    from: "head",
    doc: "Kill a worker; `report` tells why. With `drain` it may run what was submitted first.",
    fields: { actor_id: "str", incarnation: "int", report: "map", drain: "bool?" },
  },
  "actor.event": {
    link: "node",
    from: "daemon",
    doc:
      "What became of a worker: `event` is ready, initialized, died (with `report`; `intended` where the actor " +
      "ended itself on purpose: no restart), or blocked, unblocked, returned as in `worker.lend`. Deaths are repeated after a reconnection until `actor.noted`.",
    fields: {
      event: "str",
      actor_id: "str",
      incarnation: "int",
      pid: "int?",
      address: "map?",
      repr: "str?",
      report: "map?",
      intended: "bool?",
    },
    body: "where `__init__` raised: the pickled exception",
  },
  "actor.noted": {
    link: "node",
    from: "head",
    doc: "The head has this death in its books; the daemon may forget it.",
    fields: { actor_id: "str", incarnation: "int" },
  },
  "log.lines": {
    link: "node",
    from: "daemon",
    doc: "Output of a worker whose driver is on another node.",
    fields: { message: "map" },
  },
  "node.logs": {
    link: "node",
    from: "head",
    doc: "List this node's log files, those whose names contain `match`.",
    fields: { match: "str?" },
    reply: { count: "int" },
    replyBody: "JSON: a list of files, as the daemon's `LogFileView`",
  },
  "node.log": {
    link: "node",
    from: "head",
    doc:
      "Read a log file of this node, by a name of `node.logs`: from the byte `offset` on, or the last `lines`. Where " +
      "there is nothing yet and somebody writes it, the answer waits up to `wait_ms`. The answer's `offset` is where the " +
      "part begins: 0 where the file was begun anew. Code no_log.",
    fields: { file: "str", offset: "int", lines: "int?", most: "int", wait_ms: "int" },
    reply: { size: "int", offset: "int", running: "bool" },
    replyBody: "the bytes",
  },
  "node.stacks": {
    link: "node",
    from: "head",
    doc:
      "What the workers and drivers of this node are doing, all or the one of `pid` or `actor_id`: their Python " +
      "stacks and where their threads are in the kernel; and what the daemon itself waits for.",
    fields: { pid: "int?", actor_id: "str?" },
    reply: { count: "int" },
    replyBody: "JSON: the daemon's `NodeStacks`",
  },
  "node.doctor": {
    link: "node",
    from: "head",
    doc: "What is wrong with this node's machine? Answered within half a minute. Code doctor.",
    fields: {},
    reply: {},
    replyBody: "JSON: the doctor's `NodeDiagnosis`, {findings, facts}",
  },
  "submission.log": {
    link: "node",
    from: "head",
    doc:
      "Read the output of a job that was submitted to this node, from a byte on. Where there is nothing yet and " +
      "it runs, the answer waits up to `wait_ms`. `offset` is where the bytes begin: 0 where the log was cut meanwhile.",
    fields: { submission_id: "str", offset: "int", most: "int", wait_ms: "int" },
    reply: { size: "int", running: "bool", offset: "int?" },
    replyBody: "the bytes",
  },
  "node.readings": {
    link: "node",
    from: "head",
    doc:
      "What is the machine busy with? Asked every 5 s while somebody looks. The fields are those of `NodeReadings`; " +
      "`took_ms` is how long the reading took, so that the rest of the time is the link's.",
    fields: {},
    reply: {
      at: "int",
      took_ms: "float",
      cpu_count: "int",
      cpu_busy: "float?",
      load1: "float?",
      memory_total: "int",
      memory_used: "int",
      shm_total: "int?",
      shm_used: "int?",
      disk_total: "int?",
      disk_used: "int?",
      daemon: "map?",
      gpus: "list",
    },
  },
  "probe.open": {
    link: "node",
    from: "head",
    doc:
      "Open a port for others to try, for `ms`; where something is wrong one more under each other address of the " +
      "machine (`aliases`). Who says `ask` there is answered by `answer`. Ends the ports of a former `probe.open`.",
    fields: { ask: "bytes", answer: "bytes", ms: "int", aliases: "bool?" },
    reply: {},
    replyBody: "JSON: the doctor's `ProbeReady`",
  },
  "probe.dial": {
    link: "node",
    from: "head",
    doc: "Dial these, and tell how each went; none is begun later than after `ms`.",
    fields: { ms: "int" },
    body: "JSON: a list of the doctor's `ProbeTarget`",
    reply: { count: "int" },
    replyBody: "JSON: a list of `ProbeResult`",
  },
  "probe.close": {
    link: "node",
    from: "head",
    doc: "End the ports that `probe.open` opened.",
    fields: {},
  },
  "relay.dial": {
    link: "node",
    from: "head",
    doc:
      "Dial the head with role `answer` and this `relay`, and splice that connection to the worker, to the process, " +
      "or, with `files`, serve a `file.want` on it.",
    fields: {
      relay: "str",
      actor_id: "str?",
      incarnation: "int?",
      process: "str?",
      files: "bool?",
    },
  },
  "node.locate": {
    link: "node",
    from: "daemon",
    doc:
      "Inside a `client.request`: the address of that node's port, and its `name` in certificates. Code node_gone.",
    fields: { node: "str" },
    reply: { host: "str", port: "int", name: "str?" },
  },
  "node.usage": {
    link: "node",
    from: "daemon",
    doc:
      "What the node uses of its object store, in bytes, and how many files it holds; sent when it changes, at most " +
      "once a second.",
    fields: { object_store_used: "int", object_store_spilled: "int", objects: "int" },
  },
  "objects.free": {
    link: "node",
    from: "daemon",
    doc:
      "Inside a `client.request`: these files are to go on those nodes. The head passes them on as `objects.drop`, " +
      "to nodes that are away when they are back.",
    fields: { names: "list", nodes: "list" },
    reply: {},
  },
  "objects.drop": {
    link: "node",
    from: "head",
    doc:
      "These files go here, and from here every copy of them: as far as the node `by` owns them, or has their originals.",
    fields: { names: "list", by: "str?" },
  },
  "process.gone": {
    link: "node",
    from: "daemon",
    doc: "Inside a `client.request`: these processes of the node ended, and what they owned goes.",
    fields: { processes: "list" },
    reply: {},
  },
  "owner.gone": {
    link: "node",
    from: "head",
    doc:
      "These processes, and all of those nodes, are no more: what they owned goes. Sent to every node, and again " +
      "to one that joins anew. The processes are of the node `by`.",
    fields: { processes: "list", nodes: "list", by: "str?" },
  },

  // ── caller and worker ──────────────────────────────────────────────────────────────────────
  "call.hello": {
    link: "call",
    from: "caller",
    doc:
      "First frame of a call channel. `caller` names the process and its queue; the same after a reconnection.",
    fields: {
      protocol: "int",
      caller: "str",
      actor_id: "str",
      incarnation: "int",
      job_id: "str",
      node: "str?",
    },
  },
  "call.welcome": {
    link: "call",
    from: "worker",
    doc:
      "The worker is that incarnation. `done` is the highest call number of this caller it has seen (0: none).",
    fields: { incarnation: "int", done: "int" },
  },
  "call.refused": {
    link: "call",
    from: "worker",
    doc: "The worker is another actor or incarnation, or the protocols differ.",
    fields: { message: "str" },
  },
  call: {
    link: "call",
    from: "caller",
    doc:
      "Call number `seq` (from 1, without gaps) of this caller. All answers up to `ack` have arrived. " +
      "`buffers` lists the lengths of the body's parts: the pickle, then its out-of-band buffers. Where the arguments " +
      "are large, their parts are the file `stored`, and the body holds the parts that are empty there. `group` is the " +
      "concurrency group. With `returns` streaming each value is a `result` of its own; `pause` is how many may be " +
      "there that nobody took, `taken` how many were. `retry` (true, or pickled classes) tells after which " +
      "exceptions the caller calls again.",
    fields: {
      seq: "int",
      method: "str",
      ack: "int",
      returns: "any?",
      buffers: "list?",
      group: "str?",
      task: "str?",
      retry: "any?",
      pause: "int?",
      taken: "int?",
      stored: "map?",
    },
    body: "the pickled (args, kwargs)",
  },
  result: {
    link: "call",
    from: "worker",
    doc:
      "Answer to call `seq`. `values` counts the returned values, each a pickle; `buffers` lists, per value, the " +
      "lengths of its parts. Without `ok` the one value is the exception. `stored` tells, per value, where its file " +
      "lies (or nil), and `refs` which references are inside it: [object id, owning process, its node]. With `more` it " +
      "is value `index` of a generator, and others follow. `failed` counts the last values that are exceptions " +
      "although `ok`. With `retry` the call wants to be made again.",
    fields: {
      seq: "int",
      ok: "bool",
      values: "int?",
      buffers: "list?",
      more: "bool?",
      index: "int?",
      retry: "bool?",
      failed: "int?",
      stored: "list?",
      refs: "list?",
    },
    body: "the pickled values",
  },
  "call.ack": {
    link: "call",
    from: "caller",
    doc:
      "All answers up to `ack` have arrived: the worker may forget them. Sent where no call carries it soon.",
    fields: { ack: "int" },
  },
  "stream.took": {
    link: "call",
    from: "caller",
    doc:
      "Of the values of call `seq`, `arrived` have arrived (the worker may forget them) and `taken` were taken.",
    fields: { seq: "int", arrived: "int", taken: "int" },
  },
  cancel: {
    link: "call",
    from: "caller",
    doc: "Cancel call `seq` if it has not ended.",
    fields: { seq: "int", force: "bool?", recursive: "bool?" },
  },

  // ── between a process that has a reference and the one that owns it ────────────────────────
  "object.hello": {
    link: "call",
    from: "holder",
    doc:
      "First frame of a channel to the owner of references. `process` names the one that dials; the same after a " +
      "reconnection, which it begins by holding again what it holds.",
    fields: { protocol: "int", process: "str", node: "str", job_id: "str" },
  },
  "object.get": {
    link: "call",
    from: "holder",
    doc: "The value, please: answered by `object.reply` when it is there.",
    fields: { id: "int", object_id: "str" },
  },
  "object.hold": {
    link: "call",
    from: "holder",
    doc:
      "This process keeps references to these. Answered by `object.reply` with those that are `gone`.",
    fields: { id: "int", objects: "list" },
  },
  "object.release": {
    link: "call",
    from: "holder",
    doc:
      "This process has no reference to these any more. Sent only while none of its holds is unanswered.",
    fields: { objects: "list" },
  },
  "object.lost": {
    link: "call",
    from: "holder",
    doc:
      "The file `name` with the value cannot be read. The owner has it computed again where it can, and answers as " +
      "to `object.get`.",
    fields: { id: "int", object_id: "str", name: "str" },
  },
  "object.drop": {
    link: "call",
    from: "holder",
    doc: "`ray.internal.free`: delete these values although there are references to them.",
    fields: { objects: "list" },
  },
  "object.cancel": {
    link: "call",
    from: "holder",
    doc:
      "`ray.cancel`: cancel the call whose value this is; `force` ends the process of a task, `recursive` cancels " +
      "what it has called. Not answered: the value tells.",
    fields: { object_id: "str", force: "bool", recursive: "bool" },
  },
  "object.reply": {
    link: "call",
    from: "owner",
    doc:
      "Answer to the request with this `id`. Of a value: `ok` (or the body is the pickled exception) with `buffers`, " +
      "the lengths of the body's parts, or with `stored`, where the file lies; `gone` where it is known no more.",
    fields: { id: "int", ok: "bool?", buffers: "list?", stored: "map?", gone: "any?" },
    body: "the pickle and its out-of-band buffers",
  },
} as const satisfies Record<string, MessageSpec>;

/** Name of a message. */
export type MessageKind = keyof typeof MESSAGES;

interface Types {
  str: string;
  int: number;
  float: number;
  bool: boolean;
  bytes: Uint8Array;
  map: Record<string, unknown>;
  list: unknown[];
  any: unknown;
}
type Base<F> = F extends `${infer B}?` ? B : F;
type Optional<S> = {
  -readonly [N in keyof S as S[N] extends `${string}?` ? N : never]?: Types[Base<S[N]> & Field];
};
type Required<S> = {
  -readonly [N in keyof S as S[N] extends `${string}?` ? never : N]: Types[Base<S[N]> & Field];
};
/** The TypeScript type of declared fields. */
export type Shape<S> = Required<S> & Optional<S>;

/** Fields of message `K`, without `kind` and `id`. */
export type Fields<K extends MessageKind> = Shape<(typeof MESSAGES)[K]["fields"]>;
/** Message `K` as it is sent. */
export type Message<K extends MessageKind = MessageKind> = { kind: K } & Fields<K>;
/** Kinds that are answered. */
export type RequestKind = {
  [K in MessageKind]: (typeof MESSAGES)[K] extends { reply: unknown } ? K : never;
}[MessageKind];
/** Fields of the answer to request `K`. */
export type Reply<K extends RequestKind> = (typeof MESSAGES)[K] extends { reply: infer R }
  ? Shape<R>
  : never;
