/** From what `beam up` was told to the daemon's configuration; nothing is touched here. */
import type { DaemonConfig } from "../node/config.ts";
import { runtimeDir } from "../runtime/paths.ts";
import { UsageError } from "./command.ts";
import { dashboardPlan } from "./dashboard_plan.ts";
import { listenHost, nodeAddress } from "./listen_address.ts";
import { nodeConfig } from "./node_config.ts";
import { HEAD_PORT, hostAndPort, portNumber } from "./numbers.ts";
import type { Called, Parsed } from "./parse.ts";
import type { UP_FLAGS } from "./up_flags.ts";

/** What `beam up` was told. */
export type UpArguments = Parsed<typeof UP_FLAGS>;

/** What only a head is told. */
const HEADS_OWN: readonly string[] = [
  "port",
  "listen",
  "tls",
  "tls-lifetime",
  "tls-authority",
  "open",
  "suspect-after",
  "dead-after",
  "dashboard-host",
  "dashboard-port",
  "dashboard-names",
];

/** The configuration without token and TLS. @throws {UsageError} naming the flag that cannot be used */
export function upPlan(parsed: UpArguments): { config: DaemonConfig; isHead: boolean } {
  const { values } = parsed;
  const isHead = checkRole(parsed);
  const nodeIp = nodeAddress(calledBy(parsed, "node-ip"));
  const head = isHead
    ? {
      host: listenHost(calledBy(parsed, "listen"), nodeIp),
      port: portNumber(
        parsed.called("port"),
        values.port ?? (values["for-driver"] ? "0" : String(HEAD_PORT)),
      ),
    }
    : hostAndPort(parsed.called("join"), values.join!);
  const flags = {
    nodeIp,
    nodePort: calledBy(parsed, "node-port"),
    numCpus: calledBy(parsed, "num-cpus"),
    numGpus: calledBy(parsed, "num-gpus"),
    resources: calledBy(parsed, "resources"),
    labels: calledBy(parsed, "labels"),
    memory: calledBy(parsed, "memory"),
    objectStoreMemory: calledBy(parsed, "object-store-memory"),
    joinTimeout: calledBy(parsed, "join-timeout"),
    suspectAfter: calledBy(parsed, "suspect-after"),
    deadAfter: calledBy(parsed, "dead-after"),
    name: values.name,
    // Nobody probes a program's own cluster.
    healthPort: values["for-driver"] ? undefined : calledBy(parsed, "health-port"),
    logFormat: calledBy(parsed, "log-format"),
    logLevel: calledBy(parsed, "log-level"),
    logMaxBytes: calledBy(parsed, "log-max-bytes"),
    workerCommand: values["worker-cmd"],
    // A program's own cluster is its user's alone.
    socketGroup: values["for-driver"] ? undefined : values["socket-group"],
  };
  const plan = {
    runtimeDir: runtimeDir(),
    role: isHead ? "head" as const : "join" as const,
    head,
    open: values.open,
    env: parsed.env,
    lifeline: values.block || values["for-driver"],
    standing: !values["for-driver"],
    dashboard: isHead
      ? dashboardPlan({
        include: calledBy(parsed, "include-dashboard"),
        host: calledBy(parsed, "dashboard-host"),
        port: calledBy(parsed, "dashboard-port"),
        names: values["dashboard-names"],
        forDriver: values["for-driver"],
      })
      : undefined,
  };
  return { config: nodeConfig(flags, plan), isHead };
}

/** True for a head; checks that the flags say one thing. */
function checkRole({ values, given, called }: UpArguments): boolean {
  const usage = "Use `beam up --head` on one machine and `beam up --join HOST` on the others.";
  // The command line says what the file would say otherwise.
  const joins = given.includes("join") || (values.join !== undefined && !given.includes("head"));
  if (joins && values.head && given.includes("head") === given.includes("join")) {
    throw new UsageError(
      `Cannot use both ${called("head")} and ${
        called("join")
      }: a node starts a cluster or joins one`,
      usage,
    );
  }
  if (!values.head && !joins) {
    throw new UsageError("Cannot start a node: one of --head and --join HOST is needed", usage);
  }
  if (given.includes("log-stderr") && !values.block && values["log-stderr"]) {
    throw new UsageError(
      "Cannot use --log-stderr without --block: a node in the background has no standard error",
      "Add --block, or read its logs with `beam logs -f daemon`.",
    );
  }
  const ofHead = given.find((name) => joins && HEADS_OWN.includes(name));
  if (ofHead !== undefined) {
    throw new UsageError(
      `Cannot use --${ofHead} with ${called("join")}: it is the head's`,
      "Leave it out here.",
    );
  }
  if (values.open && values.tls) {
    throw new UsageError(
      `Cannot use both ${called("open")} and ${called("tls")}: ` +
        "a port that proves itself would still let everybody in",
      "Leave one of them out.",
    );
  }
  const token = (["token-file", "token"] as const).find((name) => values[name] !== undefined);
  // A token in a variable is for other commands too.
  if (values.open && token && !called(token).startsWith("BEAM_")) {
    throw new UsageError(
      `Cannot use both ${called("open")} and ${called(token)}: an open cluster has no token`,
      "Leave one of them out.",
    );
  }
  return !joins;
}

/** A flag's value and how it came in, where there is one. */
export function calledBy(parsed: UpArguments, name: keyof typeof UP_FLAGS): Called | undefined {
  const text = parsed.values[name];
  return typeof text === "string" ? { called: parsed.called(name), text } : undefined;
}
