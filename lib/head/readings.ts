/**
 * What the nodes' machines are busy with. Nodes are asked only while somebody looks: whoever shows
 * readings calls {@link Readings.want} each time, and gets what the nodes said last.
 */
import type { GpuProcess, GpuReading, NodeReadings } from "../cluster/readings.ts";
import type { Clock } from "../runtime/clock.ts";
import { ProtocolError } from "../wire/errors.ts";
import type { Link } from "../wire/link.ts";
import type { Reply } from "../wire/messages.ts";

/** How often the nodes are asked while somebody looks, in milliseconds. */
export const READING_INTERVAL = 5000;
/** How long one look counts, in milliseconds: a scraper that comes every minute keeps them fresh. */
const LOOK_LASTS = 90_000;
/** How long a node may take, in milliseconds. */
const PATIENCE = 4000;
/** Most GPUs of a node, and processes on one, that are believed. */
const MOST_GPUS = 1024;
const MOST_PROCESSES = 1024;
/** Longest name, in characters. */
const MOST_TEXT = 256;

/** What it needs of the head. */
export interface ReadingsHost {
  /** The nodes that are connected, and their links. */
  links(): Iterable<{ node_id: string; link: Pick<Link, "request"> }>;
  clock: Clock;
}

/** See the top of this file. */
export class Readings {
  #last = new Map<string, NodeReadings>();
  #rtt = new Map<string, number>();
  #heard = new Map<string, number>();
  #asked = new Set<string>();
  #wanted = -Infinity;
  #stop: (() => void) | undefined;
  #first: Promise<unknown> | undefined;

  constructor(readonly host: ReadingsHost) {}

  /** The last word of a node; undefined where it has said nothing, or is gone. */
  get(node_id: string): NodeReadings | undefined {
    return this.#last.get(node_id);
  }

  /** How long a message to that node and back took at the last reading, in milliseconds. */
  rtt(node_id: string): number | undefined {
    return this.#rtt.get(node_id);
  }

  /** When that node said it, by the head's clock, in milliseconds since the epoch. */
  heardAt(node_id: string): number | undefined {
    return this.#heard.get(node_id);
  }

  /**
   * Somebody looks: the nodes are asked every 5 s for a while.
   * @returns settles at once, or, where nobody has looked of late, when all that answer have
   */
  async want(): Promise<void> {
    const { clock } = this.host;
    this.#wanted = clock.now();
    if (!this.#stop) {
      this.#stop = clock.every(READING_INTERVAL, () => this.#beat());
      this.#first = this.#ask();
    }
    await this.#first;
  }

  /** The node is dead. */
  forget(node_id: string): void {
    this.#last.delete(node_id);
    this.#rtt.delete(node_id);
    this.#heard.delete(node_id);
  }

  /** Asks no more. */
  close(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  #beat(): void {
    if (this.host.clock.now() - this.#wanted > LOOK_LASTS) return this.close();
    void this.#ask();
  }

  #ask(): Promise<unknown> {
    const asked = [...this.host.links()].filter(({ node_id }) => !this.#asked.has(node_id));
    return Promise.all(asked.map(({ node_id, link }) => this.#askOne(node_id, link)));
  }

  /** Never rejects: a node that does not answer keeps its last word until it is dead. */
  async #askOne(node_id: string, link: Pick<Link, "request">): Promise<void> {
    const { clock } = this.host;
    this.#asked.add(node_id);
    const late = new AbortController();
    const stop = clock.after(PATIENCE, () => late.abort(new Error("it did not answer")));
    const begun = performance.now();
    try {
      const { signal } = late;
      const { fields } = await link.request({ kind: "node.readings" }, { signal });
      const took = performance.now() - begun - fields.took_ms;
      this.#last.set(node_id, readingsOf(fields));
      this.#rtt.set(node_id, Math.max(0, took));
      this.#heard.set(node_id, clock.now());
    } catch {
      /* asked again at the next beat, where it is still there */
    } finally {
      stop();
      this.#asked.delete(node_id);
    }
  }
}

/**
 * Reads a node's answer.
 * @throws {ProtocolError} where it holds what cannot be: it is shown, and summed up
 */
export function readingsOf(fields: Reply<"node.readings">): NodeReadings {
  const { at, cpu_count, memory_total, memory_used, gpus } = fields;
  const readings: NodeReadings = {
    at,
    cpu_count: amount(cpu_count, "cpu_count"),
    memory_total: amount(memory_total, "memory_total"),
    memory_used: amount(memory_used, "memory_used"),
    gpus: gpus.slice(0, MOST_GPUS).map(gpuOf),
  };
  for (
    const name of [
      "cpu_busy",
      "load1",
      "shm_total",
      "shm_used",
      "disk_total",
      "disk_used",
    ] as const
  ) {
    const value = optional(fields[name], name);
    if (value !== undefined) readings[name] = value;
  }
  if (fields.daemon) {
    const { cpu_seconds, memory, open_files } = fields.daemon;
    readings.daemon = {
      cpu_seconds: amount(cpu_seconds, "cpu_seconds"),
      memory: amount(memory, "memory"),
      open_files: amount(open_files, "open_files"),
    };
  }
  return readings;
}

function gpuOf(given: unknown): GpuReading {
  const gpu = mapOf(given);
  const { name, uuid, processes } = gpu;
  const reading: GpuReading = {
    index: amount(gpu["index"], "index"),
    name: typeof name === "string" ? name.slice(0, MOST_TEXT) : "",
  };
  if (typeof uuid === "string") reading.uuid = uuid.slice(0, MOST_TEXT);
  for (
    const field of [
      "busy_percent",
      "memory_total",
      "memory_used",
      "temperature_c",
      "power_w",
    ] as const
  ) {
    const value = optional(gpu[field], field);
    if (value !== undefined) reading[field] = value;
  }
  if (Array.isArray(processes)) {
    reading.processes = processes.slice(0, MOST_PROCESSES).map((one): GpuProcess => {
      const { pid, memory_used } = mapOf(one);
      const used = optional(memory_used, "memory_used");
      return { pid: amount(pid, "pid"), ...(used !== undefined && { memory_used: used }) };
    });
  }
  return reading;
}

function mapOf(value: unknown): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new ProtocolError("Cannot take readings: a GPU and a process must each be a map");
}

function optional(value: unknown, name: string): number | undefined {
  return value === undefined || value === null ? undefined : amount(value, name);
}

function amount(value: unknown, name: string): number {
  if (typeof value === "number" && Number.isFinite(value) && value >= 0) return value;
  throw new ProtocolError(`Cannot take readings: \`${name}\` must be a number of 0 or more`);
}
