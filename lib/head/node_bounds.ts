/** How much a node may say of itself: what it says is kept, written to the journal and shown. */
import { isIP } from "node:net";
import { ProtocolError } from "../wire/errors.ts";

/** What is bounded. */
interface Said {
  node_id: string;
  ip: string;
  aliases: string[];
  hostname: string;
  total: Record<string, unknown>;
  gpu_ids: string[];
  labels: Record<string, unknown>;
  extra: unknown;
}

/** Most nodes of a cluster that are not dead. */
export const MOST_NODES = 4096;
/** Most resources, labels, addresses and devices of one node. */
const MOST_ITEMS = 1024;
/** Longest name of a resource or label, and longest value of a label, in characters. */
const MOST_TEXT = 256;
/** Everything together, as JSON, in characters. */
const MOST_CHARACTERS = 256 * 1024;

/** @throws {ProtocolError} naming what is too much, or is no name or address */
export function checkBounds(said: Said): void {
  const { ip, aliases, hostname, total, gpu_ids, labels } = said;
  for (const [what, items] of Object.entries({ aliases, gpu_ids })) {
    if (items.length > MOST_ITEMS) {
      throw fault(`it has ${items.length} ${what}, at most ${MOST_ITEMS} may be`);
    }
    const twice = items.find((item, at) => items.indexOf(item) !== at);
    if (twice !== undefined) throw fault(`its ${what} have ${shown(twice)} twice`);
  }
  for (const [what, map] of Object.entries({ resources: total, labels })) {
    const names = Object.keys(map);
    if (names.length > MOST_ITEMS) {
      throw fault(`it has ${names.length} ${what}, at most ${MOST_ITEMS} may be`);
    }
    const long = names.find((name) => name.length > MOST_TEXT);
    if (long !== undefined) {
      throw fault(`the name ${shown(long)} of its ${what} has more than ${MOST_TEXT} characters`);
    }
  }
  for (const [name, value] of Object.entries(labels)) {
    if (typeof value !== "string" || value.length > MOST_TEXT) {
      throw fault(`its label ${shown(name)} must be a text of at most ${MOST_TEXT} characters`);
    }
  }
  const id = labels["ray.io/node-id"];
  if (id !== undefined && id !== said.node_id) {
    throw fault(
      `its label ray.io/node-id is ${shown(String(id))}, and its id is ${shown(said.node_id)}`,
    );
  }
  for (const address of [ip, ...aliases]) {
    if (!/^[\w.:%-]{1,255}$/.test(address)) throw fault(`${shown(address)} is no address`);
  }
  if (!/^[^\p{Cc}]{0,255}$/u.test(hostname)) throw fault(`${shown(hostname)} is no host's name`);
  for (const name of Object.keys(total)) {
    const address = name.startsWith("node:") ? name.slice("node:".length) : "";
    if (isIP(address) !== 0 && address !== ip && !aliases.includes(address)) {
      throw fault(`it has the resource ${name}, which is another address than its own`);
    }
  }
  const size = JSON.stringify(said).length;
  if (size > MOST_CHARACTERS) {
    throw fault(`what it says of itself has ${size} characters, at most ${MOST_CHARACTERS} may be`);
  }
}

function fault(what: string): ProtocolError {
  return new ProtocolError(`Cannot add the node: ${what}`);
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 64));
}
