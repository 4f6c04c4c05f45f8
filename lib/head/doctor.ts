/**
 * Examines the cluster: every node by itself, the connections between them, and what differs. One
 * examination at a time; who asks meanwhile is told the same one. The last is kept.
 */
import { type Finding, finding } from "../doctor/check.ts";
import { CLUSTER_CHECKS } from "../doctor/cluster/cluster_checks.ts";
import { together } from "../doctor/cluster/together.ts";
import type { ClusterPicture, NodePicture } from "../doctor/cluster/picture.ts";
import { UNFINISHED } from "../doctor/run_checks.ts";
import type { Message } from "../wire/messages.ts";
import { askNode, headPicture, nodePictures } from "./doctor_picture.ts";
import { type ProbedNode, Probing } from "./doctor_probes.ts";
import type { Answer, Asker, HeadState } from "./state.ts";

/** What an examination found; the field names go over the wire and into `--json` unchanged. */
export interface ClusterExamination {
  /** When it ended, in milliseconds since the epoch. */
  at: number;
  took_ms: number;
  cluster: string;
  nodes: { node_id: string; name: string; ip: string; answered: boolean }[];
  /** Connections between nodes: how many were tried of how many there are, one way each. */
  pairs: { tried: number; of: number };
  /** The worst first. */
  findings: Finding[];
}

/** How far it is. */
export interface Progress {
  text: string;
  done: number;
  total: number;
}

/** See the top of this file. */
export class Doctor {
  #last: ClusterExamination | undefined;
  #running: Promise<ClusterExamination> | undefined;
  /** Of the one that goes on. */
  #progress: Progress | undefined;
  #listeners = new Set<(progress: Progress) => void>();

  /** @param relays how many streams the head copies now */
  constructor(readonly state: HeadState, readonly relays: () => number) {}

  /** The last examination of this head; undefined where there was none. */
  last(): ClusterExamination | undefined {
    return this.#last;
  }

  /** Examines now, or tells what is found by the examination that goes on. */
  async examine(listener?: (progress: Progress) => void): Promise<ClusterExamination> {
    if (listener) this.#listeners.add(listener);
    if (this.#progress) listener?.(this.#progress);
    try {
      this.#running ??= this.#examine().finally(() => {
        this.#running = undefined;
        this.#progress = undefined;
      });
      return await this.#running;
    } finally {
      if (listener) this.#listeners.delete(listener);
    }
  }

  async #examine(): Promise<ClusterExamination> {
    const { state } = this;
    const began = performance.now();
    const nodes = nodePictures(state);
    const present = nodes.flatMap((node) => {
      const link = state.nodes.get(node.node_id);
      return link ? [{ node, link }] : [];
    });
    let done = 0;
    const total = 2 * present.length;
    const step = () => this.#tell({ text: "asking nodes", done: ++done, total });
    this.#tell({ text: "asking nodes", done, total });
    const probing = new Probing(present.map(({ node, link }) => probedNode(node, link)), step);
    const [probed] = await Promise.all([
      probing.run(),
      ...present.map(async ({ node, link }) => {
        await askNode(node, link);
        step();
      }),
    ]);
    for (const node of nodes) {
      const [ready, clock] = [probed.ready.get(node.node_id), probed.clocks.get(node.node_id)];
      if (ready) node.ready = ready;
      if (clock) node.clock = clock;
    }
    const picture: ClusterPicture = {
      now: Date.now(),
      nodes,
      head: headPicture(state, this.relays()),
      pairs: probed.pairs,
    };
    const findings = together([
      ...nodes.flatMap((node) => node.findings ?? []),
      ...CLUSTER_CHECKS.flatMap((check) => safely(() => check.run(picture), check.code)),
    ]);
    const tried = new Set(
      probed.pairs.filter(({ outcome, way }) => outcome !== "untried" && way !== "alias")
        .map(({ from, node_id }) => `${from} ${node_id}`),
    );
    const examination: ClusterExamination = {
      at: picture.now,
      took_ms: Math.round(performance.now() - began),
      cluster: state.cluster,
      nodes: nodes.map(({ node_id, name, ip, fault }) => ({
        node_id,
        name,
        ip,
        answered: fault === undefined,
      })),
      pairs: { tried: tried.size, of: nodes.length * (nodes.length - 1) },
      findings,
    };
    this.#tellChanges(findings);
    this.#last = examination;
    return examination;
  }

  #tell(progress: Progress): void {
    this.#progress = progress;
    for (const listener of this.#listeners) listener(progress);
  }

  /** Into the events: what was not found the last time, and what is found no more. */
  #tellChanges(findings: readonly Finding[]): void {
    const { events } = this.state;
    const worth = (all: readonly Finding[]) => all.filter(({ severity }) => severity !== "info");
    const key = ({ code, node_id = "" }: Finding) => `${code} ${node_id}`;
    const now = new Map(worth(findings).map((one) => [key(one), one]));
    const before = new Map(worth(this.#last?.findings ?? []).map((one) => [key(one), one]));
    for (const [which, { code, severity, seen, node, node_id }] of now) {
      if (before.has(which)) continue;
      const about = node_id === undefined ? {} : { node_id };
      const text = `${code}${node === undefined ? "" : ` on ${node}`}: ${seen}`;
      events.add({ kind: "doctor.found", severity, text, ...about });
    }
    for (const [which, { code, check, node, node_id }] of before) {
      if (now.has(which)) continue;
      const about = node_id === undefined ? {} : { node_id };
      const text = `${code} (${check})${node === undefined ? "" : ` of ${node}`} is found no more`;
      events.add({ kind: "doctor.mended", severity: "info", text, ...about });
    }
  }
}

/** `query.doctor`: answered when the examination has ended. */
export async function examineCluster(
  state: HeadState,
  asker: Asker,
  { progress }: Message<"query.doctor">,
  answer: Answer,
): Promise<void> {
  const push = (at: Progress) =>
    state.nodes.get(asker.node_id)?.send({
      kind: "client.push",
      client: asker.client,
      message: { kind: "doctor.progress", ...at },
    });
  try {
    const found = await state.doctor.examine(progress ? push : undefined);
    const body = new TextEncoder().encode(JSON.stringify(found));
    answer.give({ count: found.findings.length }, body);
  } catch (error) {
    state.log.write("error", `the examination failed: ${(error as Error)?.stack ?? error}`);
    answer.refuse(error);
  }
}

function probedNode(node: NodePicture, link: ProbedNode["link"]): ProbedNode {
  const { node_id, ip, port, tls_name, is_head } = node;
  return { node_id, ip, port, is_head, link, ...(tls_name !== undefined && { tls_name }) };
}

/** A node's facts may lack what an older or a lying build leaves out: that costs one check. */
function safely(run: () => Finding[], code: string): Finding[] {
  try {
    return run();
  } catch (error) {
    return [finding(UNFINISHED, "warning", {
      seen: `The check ${code} failed: ${(error as Error).message}.`,
      breaks: "What it looks at is not known; the other checks are not affected.",
      mend: "Copy the same beam file to every machine of the cluster.",
    })];
  }
}
