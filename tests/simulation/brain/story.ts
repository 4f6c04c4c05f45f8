/** What the brain is told, short enough for a story. */
import type { BrainEvent } from "../../../lib/cluster/events.ts";

/** One event in a line: ids by their first digits, reports by their kind. */
export function eventText(event: BrainEvent): string {
  if (event.kind === "node.join") {
    const { node, report } = event;
    const workers = report?.actors.map(({ actor_id, incarnation, initialized, pid }) =>
      `${short(actor_id)}/${incarnation}${initialized ? "" : pid > 0 ? " (ready)" : " (starting)"}`
    );
    const deaths = report?.deaths.map(({ actor_id, incarnation }) =>
      `${short(actor_id)}/${incarnation}`
    );
    return `node.join ${short(node.node_id)} (${node.ip}): workers [${
      workers?.join(", ") ?? ""
    }], ` +
      `deaths [${deaths?.join(", ") ?? ""}], jobs [${report?.jobs.map((job) => job.job_id) ?? ""}]`;
  }
  const { kind, ...fields } = event;
  return `${kind} ${shortJson(fields)}`;
}

function short(id: string): string {
  return id.slice(0, 6);
}

function shortJson(value: unknown): string {
  const text = JSON.stringify(value, (name, inner) => {
    if (name === "report") return (inner as { kind: string }).kind;
    return typeof inner === "string" && /^[0-9a-f]{28,}$/.test(inner) ? short(inner) : inner;
  });
  return text === "{}" ? "" : text;
}
