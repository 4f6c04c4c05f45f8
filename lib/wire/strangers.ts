/**
 * How many peers may be in their opening at a listener: so many of one address, and so many of all.
 * Where there are too many, the one that is there longest of the address with the most has to go, so
 * that who opens connections and says nothing is in its own way and in nobody else's.
 */

/** How many at once. */
export interface StrangerBounds {
  each: number;
  all: number;
}

/** What listeners use. */
export const STRANGER_BOUNDS: Readonly<StrangerBounds> = { each: 128, all: 1024 };

interface Stranger {
  close(): void;
}

/** See the top of this file. */
export class Strangers {
  /** By source; of each the oldest first. */
  #sources = new Map<string, Set<Stranger>>();
  #size = 0;

  constructor(readonly bounds: Readonly<StrangerBounds> = STRANGER_BOUNDS) {}

  get size(): number {
    return this.#size;
  }

  /** One more, from this address; another may be closed for it. */
  add(address: string, stranger: Stranger): void {
    const source = sourceOf(address);
    const group = this.#sources.get(source) ?? new Set();
    if (group.size >= this.bounds.each) this.#dropOldest(source, group);
    else if (this.#size >= this.bounds.all) this.#dropOldest(...this.#largest());
    this.#sources.set(source, group.add(stranger));
    this.#size++;
  }

  /** It is none any more. */
  delete(address: string, stranger: Stranger): void {
    const source = sourceOf(address);
    const group = this.#sources.get(source);
    if (!group?.delete(stranger)) return;
    this.#size--;
    if (group.size === 0) this.#sources.delete(source);
  }

  /** Closes all. */
  close(): void {
    for (const group of this.#sources.values()) for (const one of group) quietly(one);
  }

  #largest(): [string, Set<Stranger>] {
    const [first, ...rest] = this.#sources;
    return rest.reduce((most, one) => one[1].size > most[1].size ? one : most, first!);
  }

  #dropOldest(source: string, group: Set<Stranger>): void {
    const [oldest] = group;
    this.delete(source, oldest!);
    quietly(oldest!);
  }
}

/** Who is at an address: whoever has one of IPv6 has its network's 2^64; one of IPv4 may be written as such. */
export function sourceOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!address.includes(":")) return address;
  const groups = expand(address).slice(0, 4);
  return groups.join(":");
}

function expand(address: string): string[] {
  const [front = "", back] = address.split("%")[0]!.split("::");
  const head = front.split(":").filter((part) => part !== "");
  if (back === undefined) return head;
  const tail = back.split(":").filter((part) => part !== "");
  const missing = Math.max(0, 8 - head.length - tail.length);
  return [...head, ...Array<string>(missing).fill("0"), ...tail];
}

function quietly(stranger: Stranger): void {
  try {
    stranger.close();
  } catch { /* its opening has closed it */ }
}
