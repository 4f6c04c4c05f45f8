/** `beam up`: starts a node of a cluster on this machine. */
import { dirname, join } from "node:path";
import {
  type FoundToken,
  givenToken,
  keptToken,
  makeToken,
  withAuthority,
} from "../runtime/token.ts";
import {
  ensureRuntimeDir,
  instancePaths,
  machineDir,
  realPath,
  runtimeDir,
  type RuntimePaths,
} from "../runtime/paths.ts";
import { forgetVariables } from "../runtime/environment_trace.ts";
import { Trouble } from "../runtime/errors.ts";
import { SECRET_VARIABLES } from "../runtime/private_env.ts";
import type { StartedDaemon } from "../runtime/background.ts";
import { type Command, EXIT, UsageError } from "./command.ts";
import { dashboardPlan } from "./dashboard_plan.ts";
import { holdNode, startNode } from "./foreground.ts";
import { checkHeadToken, shortTokenWarning } from "./head_token.ts";
import { type Called, nodeConfig } from "./node_config.ts";
import { listenHost } from "./listen_address.ts";
import { HEAD_PORT, hostAndPort, portNumber } from "./numbers.ts";
import { print, printJson, say } from "./output.ts";
import { type Flags, parse, type Parsed } from "./parse.ts";
import { replace } from "./replace.ts";
import { tlsPlan } from "./tls_plan.ts";
import { upText } from "./up_text.ts";

const HELP = `Starts a node on this machine and returns when it is ready.

Usage:
  beam up --head                   start a cluster: this machine runs its head
  beam up --join HOST[:PORT]       join the cluster whose head is there (port ${HEAD_PORT})
  beam up --replace [--json]       put this beam in place of the one that runs here: the head's
                                   process while all goes on, the daemon where nothing runs

Options:
  --block                          stay in front; end the node when this command ends
  --port N                         head: listen here (default ${HEAD_PORT}; 0: any free port)
  --listen IP                      head: listen on this address instead of the node's
                                   (0.0.0.0: on all); always on loopback too   BEAM_LISTEN
  --node-ip IP                     this node's address in the cluster        BEAM_NODE_IP
  --node-port N                    port for direct streams (default 6380, else a free one)
                                                                             BEAM_NODE_PORT
  --num-cpus N                     instead of what is counted                BEAM_NUM_CPUS
  --num-gpus N                     instead of what is found                  BEAM_NUM_GPUS
  --resources JSON                 further resources, such as '{"mlx": 1}'   BEAM_RESOURCES
  --labels K=V,...                 labels for placement                      BEAM_LABELS
  --memory BYTES                   memory for accounting (8GiB)              BEAM_MEMORY
  --object-store-memory BYTES      shared memory for large results           BEAM_OBJECT_STORE_MEMORY
  --join-timeout SECONDS           how long an absent head is waited for (default 300)
  --suspect-after SECONDS          head: a node that is silent so long gets nothing new (default 3)
                                                                             BEAM_SUSPECT_AFTER
  --dead-after SECONDS             head: a node that is silent so long is dead (default 5)
                                                                             BEAM_DEAD_AFTER
  --token-file FILE                the cluster's token         BEAM_TOKEN, BEAM_TOKEN_FILE
  --dashboard-host IP              head: serve jobs and metrics over HTTP here
                                   (default 127.0.0.1)                       BEAM_DASHBOARD_HOST
  --dashboard-port N               head: on this port (default 8265; 0: any free port)
                                                                             BEAM_DASHBOARD_PORT
  --include-dashboard BOOL         head: whether it does (default true)      BEAM_INCLUDE_DASHBOARD
  --tls                            head: encrypt between machines; the printed token says whom
                                   to believe                                BEAM_TLS=1
  --open                           head: no token; whoever reaches the port may join
  --name NAME                      this node's name in listings              BEAM_NODE_NAME
  --json                           print facts for programs

The head makes a token unless one is given, and prints the line that joins other machines.`;

const FLAGS = {
  head: { kind: "switch" },
  join: { kind: "text" },
  block: { kind: "switch" },
  port: { kind: "text", env: "BEAM_PORT" },
  listen: { kind: "text" },
  "node-ip": { kind: "text", env: "BEAM_NODE_IP" },
  "node-port": { kind: "text", env: "BEAM_NODE_PORT" },
  "num-cpus": { kind: "text", env: "BEAM_NUM_CPUS" },
  "num-gpus": { kind: "text", env: "BEAM_NUM_GPUS" },
  resources: { kind: "text", env: "BEAM_RESOURCES" },
  labels: { kind: "text", env: "BEAM_LABELS" },
  memory: { kind: "text", env: "BEAM_MEMORY" },
  "object-store-memory": { kind: "text", env: "BEAM_OBJECT_STORE_MEMORY" },
  "join-timeout": { kind: "text", env: "BEAM_JOIN_TIMEOUT" },
  "suspect-after": { kind: "text", env: "BEAM_SUSPECT_AFTER" },
  "dead-after": { kind: "text", env: "BEAM_DEAD_AFTER" },
  "token-file": { kind: "text" },
  name: { kind: "text", env: "BEAM_NODE_NAME" },
  "include-dashboard": { kind: "text", env: "BEAM_INCLUDE_DASHBOARD" },
  "dashboard-host": { kind: "text", env: "BEAM_DASHBOARD_HOST" },
  "dashboard-port": { kind: "text", env: "BEAM_DASHBOARD_PORT" },
  tls: { kind: "switch" },
  open: { kind: "switch" },
  replace: { kind: "switch" },
  json: { kind: "switch" },
  "for-driver": { kind: "switch" },
} as const satisfies Flags;

/** How often a driver is looked at, in milliseconds. */
const LOOK_INTERVAL = 200;

type Arguments = Parsed<typeof FLAGS>;

async function run(args: string[]): Promise<number> {
  const forDriver = args.includes("--for-driver");
  try {
    return await start(parse({ program: "beam up", flags: FLAGS }, args));
  } catch (error) {
    if (!forDriver) throw error;
    const { message, mend } = error as Error & { mend?: string };
    print(JSON.stringify({ error: { message, mend: mend ?? "" } }));
    return EXIT.failed;
  }
}

async function start(parsed: Arguments): Promise<number> {
  const { values } = parsed;
  if (values.replace) {
    checkReplace(parsed);
    return await replace(values);
  }
  const isHead = checkRole(parsed);
  const begun = performance.now();
  const head = isHead
    ? {
      host: listenHost({ flag: values.listen, nodeIp: values["node-ip"] }),
      port: portNumber(
        parsed.called("port"),
        values.port ?? (values["for-driver"] ? "0" : String(HEAD_PORT)),
      ),
    }
    : hostAndPort("--join", values.join!);
  const flags = {
    nodeIp: values["node-ip"],
    nodePort: called(parsed, "node-port"),
    numCpus: called(parsed, "num-cpus"),
    numGpus: called(parsed, "num-gpus"),
    resources: called(parsed, "resources"),
    labels: called(parsed, "labels"),
    memory: called(parsed, "memory"),
    objectStoreMemory: called(parsed, "object-store-memory"),
    joinTimeout: called(parsed, "join-timeout"),
    suspectAfter: called(parsed, "suspect-after"),
    deadAfter: called(parsed, "dead-after"),
    name: values.name,
  };
  const block = values.block || values["for-driver"];
  const plan = {
    runtimeDir: runtimeDir(),
    role: isHead ? "head" as const : "join" as const,
    head,
    open: values.open,
    lifeline: block,
    standing: !values["for-driver"],
    dashboard: isHead
      ? dashboardPlan({
        include: called(parsed, "include-dashboard"),
        host: values["dashboard-host"],
        port: called(parsed, "dashboard-port"),
        forDriver: values["for-driver"],
      })
      : undefined,
  };
  const config = nodeConfig(flags, plan);
  const paths = ensureRuntimeDir(config.runtime_dir);
  config.runtime_dir = paths.dir;
  const token = findToken(parsed, paths, isHead);
  if (token && isHead) checkHeadToken(token);
  if (token) config.token = token.token;
  const wanted = values.tls || Deno.env.get("BEAM_TLS") === "1";
  const tls = values["for-driver"] ? undefined : tlsPlan({ wanted, isHead, token });
  if (tls) config.tls = tls;
  forgetVariables(SECRET_VARIABLES);
  const daemon = await startNode(config, "beam").catch((error) => {
    throw withTokenSource(error, token);
  });
  const milliseconds = Math.round(performance.now() - begun);
  if (!block) {
    tell(parsed, daemon, token, milliseconds);
    daemon.leave();
    return EXIT.done;
  }
  const released = values["for-driver"] ? endOfDriver() : undefined;
  // Who reads that the node is ready may end it at once: by then a signal must find its listener.
  const held = holdNode(daemon, { program: "beam", ...(released ? { released } : {}) });
  tell(parsed, daemon, token, milliseconds);
  const code = await held;
  if (released && code === EXIT.done) removeLocal(config.runtime_dir);
  return code;
}

/** What runs goes on as it was started: there is nothing else to say. */
function checkReplace({ given }: Arguments): void {
  const other = given.find((name) => name !== "replace" && name !== "json");
  if (other === undefined) return;
  throw new UsageError(
    `Cannot use --${other} with --replace: the node goes on as it was started`,
    "Leave it out, or end the node with `beam down` and start it anew.",
  );
}

/** True for a head; checks that the flags say one thing. */
function checkRole({ values, given }: Arguments): boolean {
  const usage = "Use `beam up --head` on one machine and `beam up --join HOST` on the others.";
  if (values.head && values.join !== undefined) {
    throw new UsageError(
      "Cannot use both --head and --join: a node starts a cluster or joins one",
      usage,
    );
  }
  if (!values.head && values.join === undefined) {
    throw new UsageError("Cannot start a node: one of --head and --join HOST is needed", usage);
  }
  const ofHead = [
    "port",
    "listen",
    "tls",
    "open",
    "suspect-after",
    "dead-after",
    "dashboard-host",
    "dashboard-port",
  ] as const;
  for (const name of ofHead) {
    if (values.head || !given.includes(name)) continue;
    throw new UsageError(
      `Cannot use --${name} with --join: it is the head's`,
      "Leave it out here.",
    );
  }
  if (values.open && values.tls) {
    throw new UsageError(
      "Cannot use both --open and --tls: a port that proves itself would still let everybody in",
      "Leave one of them out.",
    );
  }
  if (values.open && values["token-file"] !== undefined) {
    throw new UsageError(
      "Cannot use both --open and --token-file: an open cluster has no token",
      "Leave one of them out.",
    );
  }
  return values.head;
}

function called(parsed: Arguments, name: keyof typeof FLAGS): Called | undefined {
  const text = parsed.values[name];
  return typeof text === "string" ? { called: parsed.called(name), text } : undefined;
}

function findToken(
  { values }: Arguments,
  paths: RuntimePaths,
  isHead: boolean,
): FoundToken | undefined {
  if (values.open) return undefined;
  const given = givenToken(values["token-file"]);
  if (given) return given;
  // A cluster of one driver has no joiners to tell a token to; it still must not be open.
  return isHead ? makeToken(paths.token) : keptToken(paths.token);
}

/** A refused join says which token it was. */
function withTokenSource(error: unknown, token: FoundToken | undefined): unknown {
  if (!(error instanceof Trouble) || !token || !/token/i.test(error.message)) return error;
  return new Trouble(
    error.message,
    `${error.mend ?? ""} The token here came from ${token.source}.`,
    {
      code: error.code,
      cause: error,
    },
  );
}

function tell(
  { values }: Arguments,
  daemon: StartedDaemon,
  token: FoundToken | undefined,
  milliseconds: number,
): void {
  const { record } = daemon;
  if (values["for-driver"]) return print(JSON.stringify({ ready: record }));
  if (record.dashboard_fault) say(`beam: ${record.dashboard_fault}`);
  const warning = token && record.is_head ? shortTokenWarning(token) : undefined;
  if (warning) say(`beam: ${warning}`);
  if (record.journal_fault) say(`beam: ${record.journal_fault}`);
  const shown = token && withAuthority(token.token, record.authority);
  const facts = { record, token: shown, milliseconds };
  if (values.json) {
    return printJson({ ...record, ...(shown && record.is_head ? { token: shown } : {}) });
  }
  print(upText(facts));
  if (values.block) {
    say("beam: This command stays in front; end the node with Ctrl-C or `beam down`.");
  }
}

/** Removes the runtime directory of a cluster that was a driver's own; what failed keeps its logs. */
function removeLocal(runtime: string): void {
  if (dirname(runtime) !== realPath(join(machineDir(), "local"))) return;
  for (const dir of [runtime, instancePaths(runtime).dir]) {
    try {
      Deno.removeSync(dir, { recursive: true });
    } catch { /* its driver removed it */ }
  }
}

/**
 * Settles when the driver that started this process is gone: at the end of standard input, or, where
 * a process that the driver had forked still holds that open, when this process has another parent.
 */
async function endOfDriver(): Promise<void> {
  const driver = Deno.ppid;
  const orphaned = new Promise<void>((resolve) => {
    const timer = setInterval(() => Deno.ppid !== driver && resolve(), LOOK_INTERVAL);
    Deno.unrefTimer(timer);
  });
  await Promise.race([endOfInput(), orphaned]);
}

async function endOfInput(): Promise<void> {
  const buffer = new Uint8Array(1024);
  while (await Deno.stdin.read(buffer).catch(() => null) !== null);
}

export const up: Command = { name: "beam up", help: HELP, run };
