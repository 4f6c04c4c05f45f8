/** What the head is told when it starts: one JSON line on its standard input. */
import { buildName } from "../runtime/version.ts";
import { type TlsConfig, tlsConfigOf } from "../runtime/tls_config.ts";
import { PROTOCOL_VERSION } from "../wire/messages.ts";

/** See {@link parseHeadConfig}. */
export interface HeadConfig {
  /** Where it listens, beside loopback; port 0 takes any free one. */
  listen: { host: string; port: number };
  /** The address by which others know it; absent: the one it listens on. */
  address?: string;
  /** UTF-8 text whose bytes are the key; absent or empty: an open cluster. */
  token?: string;
  runtime_dir: string;
  /** The journal; absent: `head.db` in the runtime directory. */
  db?: string;
  /** Its HTTP server; absent: none. */
  dashboard?: DashboardConfig;
  /** After what silence a node counts for what; absent: as the brain has it. */
  liveness?: LivenessConfig;
  /** What its daemon speaks; one of another protocol does not start. */
  protocol?: number;
  /** Absent: no TLS. */
  tls?: TlsConfig;
  /** The cluster that runs here already: should the journal be lost, this head goes on as its. */
  former?: FormerHead;
  /** Where it logs once it is ready; absent: `logs/head.log` in the runtime directory. */
  log?: string;
  /** How it logs; absent: info and more, as text. */
  logging?: LoggingConfig;
}

/** How the head logs. */
export interface LoggingConfig {
  level?: string;
  format?: string;
  /** Bytes of each of the file's two generations. */
  limit?: number;
}

/** What outlives a journal: who the cluster is, and how often its head was started. */
export interface FormerHead {
  cluster: string;
  epoch: number;
}

/** Times of silence, in milliseconds. */
export interface LivenessConfig {
  suspect_ms?: number;
  dead_ms?: number;
}

/** Where the HTTP server listens. */
export interface DashboardConfig {
  host: string;
  /** 0: any that is free. */
  port: number;
  /** Somebody named this port: without it the head does not start. */
  asked?: boolean;
  /** Where the port is taken, any other will do. */
  any?: boolean;
  /** Names by which it may be called, besides its addresses. */
  names?: string[];
}

/** The first line on its standard output. */
export type HeadGreeting =
  | { ready: HeadReady }
  | { error: { message: string; mend?: string } };

/** What the head says when it is ready. */
export interface HeadReady {
  port: number;
  cluster: string;
  epoch: number;
  build: string;
  /** The id of the authority that signs the cluster's certificates. */
  authority?: string;
  /** What became of a journal that could not be read, in words. */
  journal_fault?: string;
  /** `host:port` of its HTTP server. */
  dashboard?: string;
  /** Why there is none though it was configured, in words. */
  dashboard_fault?: string;
}

/** A configuration that cannot be used; the message is fit for a user. */
export class ConfigError extends Error {
  override name = "ConfigError";

  constructor(
    message: string,
    readonly mend = "`beam up --head` starts the head with a configuration of its own.",
  ) {
    super(message);
  }
}

/** @throws ConfigError where the daemon that starts this head could not talk to it */
export function checkProtocol({ protocol = PROTOCOL_VERSION }: HeadConfig): void {
  if (protocol === PROTOCOL_VERSION) return;
  throw new ConfigError(
    `Cannot start the head: this is beam ${buildName()} (protocol ${PROTOCOL_VERSION}), and the ` +
      `node's daemon that starts it speaks protocol ${protocol}.`,
    "Put the beam that the daemon was started with back in its place, or end all nodes with " +
      "`beam down` and start them with the new one.",
  );
}

/** Reads the line. @throws ConfigError naming the field that is missing or wrong */
export function parseHeadConfig(line: string): HeadConfig {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new ConfigError("Cannot start the head: its standard input must hold one line of JSON.");
  }
  const fields = mapOf(value, "the line");
  const listen = mapOf(fields["listen"], "`listen`");
  const port = portOf(listen["port"], "its port");
  const config: HeadConfig = {
    listen: { host: textOf(listen["host"], "listen.host"), port },
    runtime_dir: textOf(fields["runtime_dir"], "runtime_dir"),
  };
  for (const name of ["address", "token", "db", "log"] as const) {
    if (fields[name] !== undefined && fields[name] !== null) {
      config[name] = textOf(fields[name], name);
    }
  }
  if (typeof fields["protocol"] === "number") config.protocol = fields["protocol"];
  if (fields["former"] !== undefined && fields["former"] !== null) {
    const { cluster, epoch } = mapOf(fields["former"], "`former`");
    config.former = { cluster: textOf(cluster, "former.cluster"), epoch: Number(epoch) };
  }
  if (fields["dashboard"] !== undefined && fields["dashboard"] !== null) {
    config.dashboard = dashboardOf(mapOf(fields["dashboard"], "`dashboard`"));
  }
  if (fields["tls"] !== undefined && fields["tls"] !== null) {
    try {
      config.tls = tlsConfigOf(mapOf(fields["tls"], "`tls`"));
    } catch (error) {
      throw new ConfigError(`Cannot start the head: ${(error as Error).message}.`);
    }
  }
  if (fields["logging"] !== undefined && fields["logging"] !== null) {
    config.logging = loggingOf(mapOf(fields["logging"], "`logging`"));
  }
  if (fields["liveness"] !== undefined && fields["liveness"] !== null) {
    config.liveness = livenessOf(mapOf(fields["liveness"], "`liveness`"));
  }
  return config;
}

function loggingOf({ level, format, limit }: Record<string, unknown>): LoggingConfig {
  const config: LoggingConfig = {};
  if (level !== undefined) config.level = textOf(level, "logging.level");
  if (format !== undefined) config.format = textOf(format, "logging.format");
  if (typeof limit === "number" && limit > 0) config.limit = limit;
  return config;
}

function livenessOf(fields: Record<string, unknown>): LivenessConfig {
  const config: LivenessConfig = {};
  for (const name of ["suspect_ms", "dead_ms"] as const) {
    const ms = fields[name];
    if (ms === undefined || ms === null) continue;
    if (typeof ms !== "number" || !(ms > 0)) {
      throw new ConfigError(`Cannot start the head: liveness.${name} must be above 0, got ${ms}.`);
    }
    config[name] = ms;
  }
  return config;
}

function dashboardOf(fields: Record<string, unknown>): DashboardConfig {
  const { host, port, asked, any, names } = fields;
  const config: DashboardConfig = {
    host: textOf(host, "dashboard.host"),
    port: portOf(port, "its HTTP port"),
  };
  if (asked === true) config.asked = true;
  if (any === true) config.any = true;
  if (Array.isArray(names)) config.names = names.map((name) => textOf(name, "dashboard.names"));
  return config;
}

function portOf(port: unknown, what: string): number {
  if (typeof port === "number" && Number.isInteger(port) && port >= 0 && port <= 65535) return port;
  throw new ConfigError(
    `Cannot start the head: ${what} must be a whole number from 0 to 65535, got ${port}.`,
  );
}

function mapOf(value: unknown, what: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new ConfigError(`Cannot start the head: ${what} must be a map, got ${text(value)}.`);
}

function textOf(value: unknown, name: string): string {
  if (typeof value === "string" && (value !== "" || name === "token")) return value;
  throw new ConfigError(`Cannot start the head: \`${name}\` must be a text, got ${text(value)}.`);
}

/** A value for a sentence, cut short: a token must not end up in one by mistake. */
function text(value: unknown): string {
  return value === undefined ? "nothing" : (JSON.stringify(value) ?? typeof value).slice(0, 40);
}
