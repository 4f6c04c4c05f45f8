/** `ray start`: `beam up` behind Ray's flags, for scripts that are there already. */
import { isIP } from "node:net";
import { forgetVariables } from "../runtime/environment_trace.ts";
import { Trouble } from "../runtime/errors.ts";
import { SECRET_VARIABLES } from "../runtime/private_env.ts";
import { ensureRuntimeDir, reasonOf, runtimeDir, type RuntimePaths } from "../runtime/paths.ts";
import {
  type FoundToken,
  keptToken,
  makeToken,
  wantsToken,
  withAuthority,
} from "../runtime/token.ts";
import type { Address } from "../wire/address.ts";
import { type Command, EXIT, UsageError } from "./command.ts";
import { dashboardPlan } from "./dashboard_plan.ts";
import { holdNode, startNode } from "./foreground.ts";
import { checkHeadToken, shortTokenWarning } from "./head_token.ts";
import { nodeConfig } from "./node_config.ts";
import { listenHost, nodeAddress } from "./listen_address.ts";
import { HEAD_PORT, hostAndPort, labelMap, portNumber } from "./numbers.ts";
import { mirrorOf } from "./log_mirror.ts";
import { print, say } from "./output.ts";
import { type Called, parse, type Parsed } from "./parse.ts";
import { rayAddress } from "./ray_address.ts";
import { RAY_START_FLAGS, withoutMeaning } from "./ray_start_flags.ts";
import { openWarning, rayStartText } from "./ray_start_text.ts";
import { Service } from "./service.ts";
import { tlsPlan } from "./tls_plan.ts";
import { tokenGiven } from "./token_given.ts";
import { UP_FLAGS } from "./up_flags.ts";
import { truth } from "./value_types.ts";

const HELP = `Starts a node on this machine, as \`ray start\` does.

Usage:
  ray start --head [--port N]            start a cluster
  ray start --address HOST:PORT          join the cluster whose head is there

Options:
  --block                     stay in front; end the node when this command ends
  --node-ip-address IP        this node's address in the cluster
  --node-manager-port N       port for direct streams between nodes
  --num-cpus N  --num-gpus N  instead of what is found
  --resources JSON            further resources, such as '{"mlx": 1}'
  --labels K=V,...            labels for placement; --labels-file FILE for JSON or lines
  --memory BYTES  --object-store-memory BYTES
  --node-name NAME
  --include-dashboard BOOL    whether the head serves jobs and metrics over HTTP (true)
  --dashboard-host IP  --dashboard-port N     where (127.0.0.1, 8265)
  --dashboard-agent-listen-port PORT     answer KubeRay's probes of this node here, on loopback

The cluster is open, as Ray's is, unless there is a token: in BEAM_TOKEN or RAY_AUTH_TOKEN, or made by
RAY_AUTH_MODE=token. The head listens on the node's address and on loopback; BEAM_LISTEN=0.0.0.0: on all.
Ray's other flags are accepted; those without meaning here are named once.`;

type Arguments = Parsed<typeof RAY_START_FLAGS>;

async function run(args: string[]): Promise<number> {
  const settingsOf = { table: "up", flags: UP_FLAGS };
  const parsed = parse({ program: "ray start", flags: RAY_START_FLAGS, settingsOf }, args);
  const { values } = parsed;
  checkRole(parsed);
  const ignored = withoutMeaning(parsed.given);
  const ip = nodeIp(called(parsed, "node-ip-address"), values.head);
  const paths = ensureRuntimeDir(runtimeDir());
  const token = findToken(parsed, paths);
  if (token && values.head) checkHeadToken(token);
  forgetVariables(SECRET_VARIABLES);
  const config = nodeConfig(
    {
      nodeIp: ip,
      nodePort: called(parsed, "node-manager-port"),
      numCpus: called(parsed, "num-cpus"),
      numGpus: called(parsed, "num-gpus"),
      resources: called(parsed, "resources"),
      labels: labels(parsed),
      memory: called(parsed, "memory"),
      objectStoreMemory: called(parsed, "object-store-memory"),
      joinTimeout: parsed.setting("BEAM_JOIN_TIMEOUT"),
      suspectAfter: parsed.setting("BEAM_SUSPECT_AFTER"),
      deadAfter: parsed.setting("BEAM_DEAD_AFTER"),
      name: values["node-name"],
      healthPort: called(parsed, "dashboard-agent-listen-port"),
      logFormat: parsed.setting("BEAM_LOG_FORMAT"),
      logLevel: parsed.setting("BEAM_LOG_LEVEL"),
      logMaxBytes: parsed.setting("BEAM_LOG_MAX_BYTES"),
      socketGroup: parsed.setting("BEAM_SOCKET_GROUP")?.text,
      workerCommand: parsed.env("BEAM_WORKER_CMD"),
    },
    {
      runtimeDir: paths.dir,
      role: values.head ? "head" : "join",
      head: values.head ? listenAddress(parsed, ip) : joinAddress(parsed),
      token: token?.token,
      open: token === undefined,
      lifeline: values.block,
      standing: true,
      dashboard: values.head
        ? dashboardPlan({
          include: called(parsed, "include-dashboard"),
          host: called(parsed, "dashboard-host"),
          port: called(parsed, "dashboard-port"),
          names: parsed.env("BEAM_DASHBOARD_NAMES"),
        })
        : undefined,
    },
  );
  const lifetime = parsed.setting("BEAM_TLS_LIFETIME");
  const authority = parsed.setting("BEAM_TLS_AUTHORITY");
  const tls = tlsPlan({ wanted: false, isHead: values.head, token, lifetime, authority });
  if (tls) config.tls = tls;
  if (ignored.length > 0) {
    say(`ray: accepted, without meaning here: ${ignored.map((name) => `--${name}`).join(", ")}`);
  }
  const service = values.block ? new Service() : undefined;
  const wanted = values.block ? parsed.setting("BEAM_LOG_STDERR") : undefined;
  const mirror = wanted && truth(wanted.called, wanted.text) ? mirrorOf(paths.dir) : undefined;
  const daemon = await startNode(config, "ray", service);
  const { record } = daemon;
  // Held before it is told: whoever reads that it is ready may end it at once.
  const held = values.block
    ? holdNode(daemon, { program: "ray", service, mirror: mirror?.(record) })
    : undefined;
  if (!token && values.head) say(openWarning(record.head_address));
  const warning = token && values.head ? shortTokenWarning(token) : undefined;
  if (warning) say(`ray: ${warning}`);
  if (record.dashboard_fault) say(`ray: ${record.dashboard_fault}`);
  if (record.journal_fault) say(`ray: ${record.journal_fault}`);
  const shown = token && withAuthority(token.token, record.authority);
  print(rayStartText({ record, token: shown, block: values.block }));
  if (held) return await held;
  daemon.leave();
  return EXIT.done;
}

function checkRole({ values }: Arguments): void {
  const mend =
    "Use `ray start --head` on one machine and `ray start --address=HOST:PORT` on the others.";
  if (values.head && values.address !== undefined && rayAddress(values.address) !== undefined) {
    throw new UsageError(
      "Cannot use both --head and --address: a node starts a cluster or joins one",
      mend,
    );
  }
  if (!values.head && rayAddress(values.address) === undefined) {
    throw new UsageError("Cannot start a node: one of --head and --address is needed", mend);
  }
}

function joinAddress({ values }: Arguments): Address {
  return hostAndPort("--address", rayAddress(values.address)!);
}

function listenAddress({ values, setting }: Arguments, ip: string | undefined): Address {
  return {
    host: listenHost(setting("BEAM_LISTEN"), ip),
    port: portNumber("--port", values.port ?? String(HEAD_PORT)),
  };
}

function called(parsed: Arguments, name: keyof typeof RAY_START_FLAGS): Called | undefined {
  const text = parsed.values[name];
  if (name === "node-manager-port" && text === "0") return undefined; // Ray's word for any
  return typeof text === "string" ? { called: parsed.called(name), text } : undefined;
}

/** A head on a loopback address could not be joined; Ray takes the machine's own there, and so do we. */
function nodeIp(given: Called | undefined, isHead: boolean): string | undefined {
  if (given === undefined) return undefined;
  const { called, text } = given;
  const ip = nodeAddress({ called, text: isIP(text) || text === "" ? text : resolve(text) })!;
  return isHead && (ip.startsWith("127.") || ip === "::1") ? undefined : ip;
}

/** The address behind a name, which must be this machine's: listening there shows both. */
function resolve(host: string): string {
  try {
    using listener = Deno.listen({ hostname: host, port: 0 });
    return listener.addr.hostname;
  } catch (error) {
    throw new Trouble(
      `Cannot use --node-ip-address=${host}: it must name an address of this machine (${
        reasonOf(error)
      })`,
      "Give the address itself.",
      { cause: error },
    );
  }
}

function labels(parsed: Arguments): Called | undefined {
  const file = parsed.values["labels-file"];
  const given = called(parsed, "labels");
  if (file === undefined) return given;
  const parts = [labelsIn(file), given?.text ?? ""].filter((part) => part !== "");
  return { called: given ? "--labels" : "--labels-file", text: parts.join(",") };
}

/** A file of `name: value` lines, or of one JSON object. */
function labelsIn(file: string): string {
  let text: string;
  try {
    text = Deno.readTextFileSync(file);
  } catch (error) {
    throw new Trouble(
      `Cannot read --labels-file=${file}: ${reasonOf(error)}`,
      "Name a file with lines `name: value`.",
      { cause: error },
    );
  }
  const pairs = text.trimStart().startsWith("{")
    ? Object.entries(labelsInJson(text))
    : text.split("\n").map((line) => line.replace(/#.*/, "").trim()).filter((line) => line !== "")
      .map((line) => {
        const [name, ...rest] = line.split(":");
        return [name!.trim(), rest.join(":").trim().replace(/^["']|["']$/g, "")] as const;
      });
  return pairs.map(([name, value]) => `${name}=${value}`).join(",");
}

function labelsInJson(text: string): Record<string, string> {
  try {
    return labelMap("--labels-file", text);
  } catch {
    throw new UsageError(
      "Cannot use --labels-file: labels in JSON must be one object of texts",
      "Give a file with lines `zone: a`, or one JSON object of texts.",
    );
  }
}

/** Open like Ray's, unless a token is given or asked for. */
function findToken(parsed: Arguments, paths: RuntimePaths): FoundToken | undefined {
  const given = tokenGiven(parsed, undefined);
  if (given || !wantsToken()) return given;
  if (parsed.values.head) return makeToken(paths.token);
  const kept = keptToken(paths.token);
  if (kept) return kept;
  throw new Trouble(
    "Cannot join: RAY_AUTH_MODE=token asks for a token, and there is none",
    "Set RAY_AUTH_TOKEN or RAY_AUTH_TOKEN_PATH, or put it into ~/.ray/auth_token; `beam token` on the " +
      "head's machine shows it.",
  );
}

export const rayStart: Command = { name: "ray start", help: HELP, flags: RAY_START_FLAGS, run };
