/** Values of flags as numbers and addresses, each with one clear error. */
import { isIP, isIPv6 } from "node:net";
import { LEAST_LOG_MAX_BYTES } from "../runtime/log_bounds.ts";
import type { Address } from "../wire/address.ts";
import { UsageError } from "./command.ts";

/** Ray's port, which is beam's. */
export const HEAD_PORT = 6379;

/** A count of whole things. `called` is the flag or variable it came by. */
export function wholeNumber(called: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isSafeInteger(value) && value >= 0) return value;
  throw new UsageError(
    `Cannot use ${called}=${text}: it must be a whole number of at least 0`,
    `Give a number such as ${called}=${called.includes("cpu") ? "8" : "1"}.`,
  );
}

/** A port; 0 means any free one. */
export function portNumber(called: string, text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= 65535) return value;
  throw new UsageError(
    `Cannot use ${called}=${text}: a port is a whole number from 0 to 65535`,
    `Give a port such as ${called}=${HEAD_PORT}.`,
  );
}

/** Seconds, as milliseconds. */
export function seconds(called: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value) && value >= 0) return Math.round(value * 1000);
  throw new UsageError(
    `Cannot use ${called}=${text}: it must be a number of seconds of at least 0`,
    `Give seconds such as ${called}=300.`,
  );
}

/** Seconds between two looks, as milliseconds: at least a tenth of one. */
export function interval(called: string, text: string): number {
  return Math.max(100, seconds(called, text));
}

const SPANS: Record<string, number> = { "": 1000, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A span of time, as milliseconds: `90`, `90s`, `30m`, `12h`, `7d`. */
export function duration(called: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(text.trim());
  const ms = match ? Number(match[1]) * SPANS[match[2] ?? ""]! : NaN;
  if (Number.isSafeInteger(Math.round(ms))) return Math.round(ms);
  throw new UsageError(
    `Cannot use ${called}=${text}: it must be a span of time`,
    `Give one such as ${called}=90s, 30m, 12h or 7d.`,
  );
}

const SUFFIXES: Record<string, number> = {
  "": 1,
  k: 1e3,
  m: 1e6,
  g: 1e9,
  t: 1e12,
  ki: 2 ** 10,
  mi: 2 ** 20,
  gi: 2 ** 30,
  ti: 2 ** 40,
};

/** Bytes: `8000000000`, `8G`, `7.5GiB`. */
export function byteCount(called: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?(?:e\d+)?)\s*([kmgt]i?)?b?$/i.exec(text.trim());
  const bytes = match ? Number(match[1]) * SUFFIXES[(match[2] ?? "").toLowerCase()]! : NaN;
  if (Number.isSafeInteger(Math.round(bytes))) return Math.round(bytes);
  throw new UsageError(
    `Cannot use ${called}=${text}: it must be a number of bytes`,
    `Give bytes such as ${called}=8000000000 or ${called}=8GiB.`,
  );
}

/** `HOST[:PORT]`, with an IPv6 address in brackets where a port follows. */
export function hostAndPort(called: string, text: string): Address {
  const match = /^(?:\[([0-9a-fA-F:.%\w]+)\]|([^\s:/[\]]+))(?::(\d+))?$/.exec(text);
  const host = match?.[1] ?? match?.[2] ?? (isIPv6(text) ? text : "");
  const port = match?.[3] === undefined ? HEAD_PORT : Number(match[3]);
  if (host !== "" && port >= 1 && port <= 65535) return { host, port };
  throw new UsageError(
    `Cannot use ${called}=${text}: it must be HOST or HOST:PORT`,
    `Give the head's address such as ${called}=10.0.0.1:${HEAD_PORT}.`,
  );
}

/** `[IP:]PORT` of a port of this machine, on loopback where no address is given; port 0: any. */
export function localPort(called: string, text: string): Address {
  const match = /^(?:(\d+(?:\.\d+){3}|\[[0-9a-fA-F:]+\]):)?(\d{1,5})$/.exec(text);
  const host = match?.[1]?.replace(/[[\]]/g, "") ?? "127.0.0.1";
  if (match && isIP(host) && Number(match[2]) <= 65535) return { host, port: Number(match[2]) };
  throw new UsageError(
    `Cannot use ${called}=${text}: it must be a port, or an IP address and a port`,
    `Give one such as ${called}=52365 or ${called}=0.0.0.0:52365.`,
  );
}

/** What all logs of a node may take: bytes. */
export function logBytes(called: string, text: string): number {
  const bytes = byteCount(called, text);
  if (bytes >= LEAST_LOG_MAX_BYTES) return bytes;
  throw new UsageError(
    `Cannot use ${called}=${text}: logs need ${LEAST_LOG_MAX_BYTES / 2 ** 20} MiB at least`,
    `Give more, such as ${called}=1GiB.`,
  );
}

/** Custom resources: a JSON object of numbers. */
export function resourceMap(called: string, text: string): Record<string, number> {
  const mend = `Give JSON such as ${called}='{"mlx": 1}'.`;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UsageError(`Cannot use ${called}=${text}: it must be a JSON object`, mend);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new UsageError(`Cannot use ${called}=${text}: it must be a JSON object`, mend);
  }
  for (const [name, amount] of Object.entries(value)) {
    if (typeof amount === "number" && amount >= 0) continue;
    throw new UsageError(
      `Cannot use ${called}: the amount of ${name} must be a number of at least 0, got ${
        JSON.stringify(amount)
      }`,
      mend,
    );
  }
  return value as Record<string, number>;
}

function labelObject(called: string, text: string): Record<string, string> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch { /* told below */ }
  const isMap = typeof value === "object" && value !== null &&
    Object.values(value).every((label) => typeof label === "string");
  if (isMap) return value as Record<string, string>;
  throw new UsageError(
    `Cannot use ${called}=${text}: labels in JSON must be one object of texts`,
    `Give labels such as ${called}=zone=a,rack=7.`,
  );
}

/** Labels: `k=v,k2=v2`, or a JSON object of texts. */
export function labelMap(called: string, text: string): Record<string, string> {
  if (text.trimStart().startsWith("{")) return labelObject(called, text);
  const labels: Record<string, string> = {};
  for (const part of text.split(",").map((part) => part.trim()).filter((part) => part !== "")) {
    const at = part.indexOf("=");
    if (at <= 0) {
      throw new UsageError(
        `Cannot use ${called}: a label must be NAME=VALUE, got \`${part}\``,
        `Give labels such as ${called}=zone=a,rack=7.`,
      );
    }
    labels[part.slice(0, at).trim()] = part.slice(at + 1).trim();
  }
  return labels;
}
