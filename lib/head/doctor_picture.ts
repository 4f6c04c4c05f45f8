/** What the head knows of its nodes and of itself, and what a node says of its machine, for the doctor. */
import type { NodeRecord } from "../cluster/node.ts";
import { type Finding, SEVERITIES } from "../doctor/check.ts";
import type { HeadPicture, NodePicture } from "../doctor/cluster/picture.ts";
import { addressText } from "../wire/address.ts";
import type { Link } from "../wire/link.ts";
import { shown } from "../wire/shown.ts";
import type { HeadState } from "./state.ts";

/** How long a node may take to examine its machine, in milliseconds: as `node.doctor` promises, and some more. */
const NODE_MS = 35_000;
/** Most findings of one node, and most characters of one of their texts. */
const MOST_FINDINGS = 200;
const MOST_TEXT = 2000;

/** All nodes that are not dead, the head's first, then as they joined. */
export function nodePictures(state: HeadState): NodePicture[] {
  return [...state.brain.books.nodes.values()].filter(({ state }) => state !== "dead")
    .sort((a, b) => Number(b.is_head) - Number(a.is_head))
    .map((node) => nodePicture(state, node));
}

function nodePicture(state: HeadState, node: NodeRecord): NodePicture {
  const { node_id, ip, hostname, is_head } = node;
  const extra = (node.extra ?? {}) as Record<string, unknown>;
  const text = (name: string) => {
    const value = extra[name];
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const { port, gpus } = extra;
  const called = text("node_name");
  const tls_name = text("tls_name");
  const picture: NodePicture = {
    node_id,
    name: called === undefined ? ip : `${called} (${ip})`,
    ip,
    hostname,
    is_head,
    state: node.state,
    silent_ms: Math.max(0, state.clock.now() - node.last_seen),
    build: text("build") ?? "",
    port: typeof port === "number" ? port : 0,
    gpus: Array.isArray(gpus) ? gpus.filter((name) => typeof name === "string") : [],
    ...(tls_name !== undefined && { tls_name }),
    ...(node.link_lost_reason !== undefined && { lost_reason: node.link_lost_reason }),
  };
  if (!state.nodes.get(node_id)) picture.fault = "it is not connected to the head";
  return picture;
}

/** Has a node examine its machine; its answer, or why there is none, goes into the picture. */
export async function askNode(node: NodePicture, link: Pick<Link, "request">): Promise<void> {
  try {
    const signal = AbortSignal.timeout(NODE_MS);
    const { body } = await link.request({ kind: "node.doctor" }, { signal });
    const { findings, facts } = JSON.parse(new TextDecoder().decode(body));
    node.facts = facts;
    node.findings = (Array.isArray(findings) ? findings : []).slice(0, MOST_FINDINGS)
      .flatMap((one) => findingOf(one, node));
  } catch (error) {
    const late = (error as Error).name === "TimeoutError";
    node.fault = late
      ? `it has not answered within ${NODE_MS / 1000} s`
      : (error as Error).message.replace(/\.$/, "");
  }
}

/** As it is shown: a node says what it likes. */
function findingOf(given: unknown, { node_id, name }: NodePicture): Finding[] {
  const { code, check, severity, seen, breaks, mend } = (given ?? {}) as Record<string, unknown>;
  const text = (value: unknown) => shown(String(value ?? ""), MOST_TEXT);
  if (!SEVERITIES.includes(severity as Finding["severity"])) return [];
  return [{
    code: text(code),
    check: text(check),
    severity: severity as Finding["severity"],
    seen: text(seen),
    breaks: text(breaks),
    mend: text(mend),
    node_id,
    node: name,
  }];
}

/** The head itself. */
export function headPicture(state: HeadState, relays: number): HeadPicture {
  const { keys, tokens, clock, tls } = state;
  const { journal } = state.shell;
  const now = clock.now();
  const certificate_until = tls?.certificate.until;
  const { ring } = keys;
  return {
    address: addressText(state),
    build: state.build,
    ...(certificate_until !== undefined && Number.isFinite(certificate_until) &&
      { certificate_until }),
    ...(tls?.authority && { certificate_lifetime: tls.lifetime }),
    join_tokens: tokens.list(now).filter(({ state }) => state === "good")
      .map(({ name, id, expires }) => ({ name: name || id, expires: expires - now + Date.now() })),
    old_tokens: [...state.nodes.holders]
      .filter(({ key, node_id }) => node_id !== "" && key !== undefined && key !== ring.id)
      .map(({ node_id }) => node_id),
    former_ms: keys.graceLeft(now),
    journal_path: journal.path,
    ...(journal.failure !== undefined && { journal_fault: journal.failure }),
    relays,
  };
}
