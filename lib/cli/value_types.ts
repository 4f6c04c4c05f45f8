/** What values of flags and settings may be: how they are checked, written in the file, and completed. */
import { isIP } from "node:net";
import { UsageError } from "./command.ts";
import {
  byteCount,
  duration,
  hostAndPort,
  labelMap,
  localPort,
  portNumber,
  resourceMap,
  seconds,
  wholeNumber,
} from "./numbers.ts";

/** Kinds of values in TOML. */
export type TomlKind = "text" | "number" | "truth" | "table" | "list";

/** One sort of value. */
export interface ValueType {
  /** As a sentence says it: "it must be a whole number". */
  readonly words: string;
  /** What the file may have for it. */
  readonly toml: readonly TomlKind[];
  /** As it may stand in the file, for the example. */
  readonly example: string;
  /** Throws {@link UsageError} for a text that is no such value. */
  readonly check?: (called: string, text: string) => unknown;
}

/** Sorts of values by name. */
export const VALUE_TYPES = {
  text: { words: "a text in quotes", toml: ["text"], example: '"…"' },
  count: {
    words: "a whole number",
    toml: ["number", "text"],
    example: "8",
    check: wholeNumber,
  },
  port: { words: "a port", toml: ["number", "text"], example: "6379", check: portNumber },
  seconds: {
    words: "a number of seconds",
    toml: ["number", "text"],
    example: "300",
    check: seconds,
  },
  duration: {
    words: 'a span of time such as "30m"',
    toml: ["number", "text"],
    example: '"30m"',
    check: duration,
  },
  bytes: {
    words: 'bytes such as 8000000000 or "8GiB"',
    toml: ["number", "text"],
    example: '"8GiB"',
    check: byteCount,
  },
  truth: { words: "true or false", toml: ["truth", "text"], example: "true", check: truth },
  resources: {
    words: "a table of numbers such as { mlx = 1 }",
    toml: ["table", "text"],
    example: "{ mlx = 1 }",
    check: resourceMap,
  },
  labels: {
    words: 'a table of texts such as { zone = "a" }',
    toml: ["table", "text"],
    example: '{ zone = "a", rack = "7" }',
    check: labelMap,
  },
  names: { words: "a list of texts", toml: ["list", "text"], example: '["ray-head.svc"]' },
  ip: {
    words: "an IP address in quotes",
    toml: ["text"],
    example: '"10.0.0.1"',
    check: ipAddress,
  },
  address: {
    words: 'an address such as "10.0.0.1:6379"',
    toml: ["text"],
    example: '"10.0.0.1:6379"',
    check: hostAndPort,
  },
  health: {
    words: 'a port, or an address and a port such as "0.0.0.0:52365"',
    toml: ["number", "text"],
    example: "52365",
    check: localPort,
  },
  file: { words: "the name of a file in quotes", toml: ["text"], example: '"/etc/beam/token"' },
  folder: { words: "the name of a folder in quotes", toml: ["text"], example: '"/srv/beam"' },
  /** These are completed from the cluster. */
  node: { words: "a node", toml: ["text"], example: '"…"' },
  actor: { words: "an actor", toml: ["text"], example: '"…"' },
  group: { words: "a placement group", toml: ["text"], example: '"…"' },
  job: { words: "a job", toml: ["text"], example: '"…"' },
  token: { words: "a join token", toml: ["text"], example: '"…"' },
} as const satisfies Record<string, ValueType>;

/** The name of a sort of value, or the words that it may be. */
export type ValueName = keyof typeof VALUE_TYPES | readonly string[];

/** The sort of value that a name or a list of words stands for. */
export function valueType(name: ValueName = "text"): ValueType {
  if (typeof name === "string") return VALUE_TYPES[name];
  const words = `one of ${name.join(", ")}`;
  return {
    words,
    toml: ["text"],
    example: JSON.stringify(name[0] ?? ""),
    check(called, text) {
      if (name.includes(text)) return;
      throw new UsageError(
        `Cannot use ${called}=${text}: it must be ${words}`,
        `Give one of them, such as ${called}=${name[0]}.`,
      );
    },
  };
}

/** A truth as Ray's command line reads it. @throws {UsageError} for another word */
export function truth(called: string, text: string): boolean {
  if (/^(1|true|t|yes|y|on)$/i.test(text)) return true;
  if (/^(0|false|f|no|n|off)$/i.test(text)) return false;
  throw new UsageError(`Cannot use ${called}=${text}: it must be true or false`, "Leave it out.");
}

function ipAddress(called: string, text: string): void {
  if (isIP(text)) return;
  throw new UsageError(
    `Cannot use ${called}=${text}: it must be an IP address`,
    `Give one such as ${called}=10.0.0.1.`,
  );
}
