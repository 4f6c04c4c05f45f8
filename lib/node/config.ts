/** What a node daemon is told when it starts: one JSON line on its standard input. */
import { type TlsConfig, tlsConfigOf } from "../runtime/tls_config.ts";

/** See {@link parseDaemonConfig}. The command line fills it. */
export interface DaemonConfig {
  runtime_dir: string;
  /** `head`: this machine also runs the head. */
  role: "head" | "join";
  /** Where the head is; for the role `head` where it listens (port 0: any free one). */
  head: { host: string; port: number };
  /** Absent: the address that the connection to the head uses. */
  node_ip?: string;
  /** Absent: 6380, else any free port. */
  node_port?: number;
  /** UTF-8 text whose bytes are the key; absent or empty: an open cluster. */
  token?: string;
  num_cpus?: number;
  num_gpus?: number;
  /** Custom resources as a person writes them: `{"mlx": 1}`. */
  resources: Record<string, number>;
  labels: Record<string, string>;
  /** Bytes. */
  memory?: number;
  /** Bytes. */
  object_store_memory?: number;
  node_name?: string;
  /** How long a first join is tried. */
  join_timeout_ms: number;
  /** End of file on standard input ends the node. */
  lifeline: boolean;
  /** False where a driver started the cluster for itself. */
  standing: boolean;
  /** The cluster has no token on purpose (`ray start`). */
  open: boolean;
  /** Whole command of a worker template, split as a shell does. */
  worker_cmd?: string;
  /** Absent: no TLS. */
  tls?: TlsConfig;
  /** Passed on to the head as it is. */
  dashboard?: Record<string, unknown>;
  /** The same. */
  liveness?: Record<string, unknown>;
  /** The least level that daemon and head log; absent: info. */
  log_level?: string;
  /** `json`: one object a line; absent: text. */
  log_format?: string;
  /** What all logs of the node may take, in bytes. */
  log_max_bytes?: number;
  /** Where probes are answered; absent: nowhere. */
  health?: { host: string; port: number };
  /** The join token by which the daemon came in whose place this one takes. */
  joined_by?: string;
  /** Number of the group whose members may use this daemon; absent: its user alone. */
  socket_group?: number;
}

/** How long a first join is tried when nobody said. */
export const JOIN_TIMEOUT = 5 * 60_000;

/** A configuration that cannot be used; both lines are fit for a user. */
export class ConfigError extends Error {
  override name = "ConfigError";

  constructor(
    problem: string,
    readonly mend = "`beam up` starts the daemon with a configuration of its own.",
  ) {
    super(`Cannot start the node daemon: ${problem}`);
  }
}

type Fields = Record<string, unknown>;

/**
 * Reads the line.
 * @throws {ConfigError} naming the field that is missing or wrong, and its value.
 */
export function parseDaemonConfig(line: string): DaemonConfig {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new ConfigError("its standard input must hold one line of JSON");
  }
  const fields = mapOf(value, "the line");
  const role = fields["role"];
  if (role !== "head" && role !== "join") {
    throw new ConfigError(`\`role\` must be "head" or "join", got ${shown(role)}`);
  }
  const head = mapOf(fields["head"], "`head`");
  const config: DaemonConfig = {
    runtime_dir: textOf(fields, "runtime_dir"),
    role,
    head: {
      host: textOf(head, "host", "head.host"),
      port: numberOf(head, "port", { most: 65535, least: role === "head" ? 0 : 1 }, "head.port"),
    },
    resources: resourcesOf(fields["resources"] ?? {}),
    labels: labelsOf(fields["labels"] ?? {}),
    join_timeout_ms: given(fields, "join_timeout_ms")
      ? numberOf(fields, "join_timeout_ms", {})
      : JOIN_TIMEOUT,
    lifeline: flagOf(fields, "lifeline", false),
    standing: flagOf(fields, "standing", true),
    open: flagOf(fields, "open", false),
  };
  for (
    const name of [
      "node_ip",
      "node_name",
      "worker_cmd",
      "log_level",
      "log_format",
      "joined_by",
    ] as const
  ) {
    if (given(fields, name)) config[name] = textOf(fields, name);
  }
  if (given(fields, "token") && fields["token"] !== "") config.token = textOf(fields, "token");
  for (
    const name of [
      "num_gpus",
      "memory",
      "object_store_memory",
      "socket_group",
      "log_max_bytes",
    ] as const
  ) {
    if (given(fields, name)) config[name] = numberOf(fields, name, {});
  }
  if (given(fields, "num_cpus")) {
    config.num_cpus = numberOf(fields, "num_cpus", { fraction: true });
  }
  if (given(fields, "health")) {
    const health = mapOf(fields["health"], "`health`");
    config.health = {
      host: textOf(health, "host", "health.host"),
      port: numberOf(health, "port", { most: 65535 }, "health.port"),
    };
  }
  if (given(fields, "node_port")) {
    config.node_port = numberOf(fields, "node_port", { most: 65535 });
  }
  for (const name of ["dashboard", "liveness"] as const) {
    if (given(fields, name)) config[name] = mapOf(fields[name], `\`${name}\``);
  }
  if (given(fields, "tls")) {
    try {
      config.tls = tlsConfigOf(mapOf(fields["tls"], "`tls`"));
    } catch (error) {
      throw new ConfigError((error as Error).message);
    }
  }
  if (config.open && config.token !== undefined) {
    throw new ConfigError("`open` says that the cluster has no token, and `token` is given");
  }
  return config;
}

function given(fields: Fields, name: string): boolean {
  return fields[name] !== undefined && fields[name] !== null;
}

function mapOf(value: unknown, what: string): Fields {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  throw new ConfigError(`${what} must be a map, got ${shown(value)}`);
}

function textOf(fields: Fields, name: string, called = name): string {
  const value = fields[name];
  if (typeof value === "string" && value !== "") return value;
  throw new ConfigError(
    name === "token"
      ? "`token` must be a text"
      : `\`${called}\` must be a text, got ${shown(value)}`,
  );
}

function flagOf(fields: Fields, name: string, usual: boolean): boolean {
  const value = fields[name] ?? usual;
  if (typeof value === "boolean") return value;
  throw new ConfigError(`\`${name}\` must be true or false, got ${shown(value)}`);
}

function numberOf(
  fields: Fields,
  name: string,
  limits: { most?: number; least?: number; fraction?: boolean },
  called = name,
): number {
  const value = fields[name];
  const { least = 0, most = Number.MAX_SAFE_INTEGER, fraction = false } = limits;
  const kind = fraction ? "number" : "whole number";
  if (
    typeof value === "number" && (fraction ? Number.isFinite(value) : Number.isInteger(value)) &&
    value >= least && value <= most
  ) {
    return value;
  }
  const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `${least} to ${most}`;
  throw new ConfigError(`\`${called}\` must be a ${kind} ${range}, got ${shown(value)}`);
}

/** Names that beam or Ray count themselves; the other flags set them. */
const RESERVED = ["CPU", "GPU", "memory", "object_store_memory"];

function resourcesOf(value: unknown): Record<string, number> {
  const resources = mapOf(value, "`resources`");
  for (const name of Object.keys(resources)) {
    numberOf(resources, name, { fraction: true }, `resources.${name}`);
    if (RESERVED.includes(name)) {
      throw new ConfigError(
        `\`resources\` must not hold ${name}`,
        "Use --num-cpus, --num-gpus, --memory or --object-store-memory for it.",
      );
    }
  }
  return resources as Record<string, number>;
}

function labelsOf(value: unknown): Record<string, string> {
  const labels = mapOf(value, "`labels`");
  for (const [name, label] of Object.entries(labels)) {
    if (typeof label !== "string") {
      throw new ConfigError(`label \`${name}\` must be a text, got ${shown(label)}`);
    }
  }
  return labels as Record<string, string>;
}

/** A value for a sentence, cut short. */
function shown(value: unknown): string {
  return value === undefined ? "nothing" : (JSON.stringify(value) ?? typeof value).slice(0, 60);
}
