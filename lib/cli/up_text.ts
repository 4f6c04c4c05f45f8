/** What `beam up` tells: the node's facts, the join line, and what to do next. */
import type { DaemonRecord } from "../runtime/records.ts";
import { shellWord } from "../runtime/launcher.ts";

/** See {@link upText}. */
export interface UpFacts {
  record: DaemonRecord;
  /** Absent in an open cluster. */
  token?: string | undefined;
  /** There is a token, and whoever reads this is not to see it: it goes into a service's log. */
  withheld?: boolean;
  /** How long it took. */
  milliseconds: number;
}

/** Text for the person who started a node. */
export function upText({ record, token, withheld = false, milliseconds }: UpFacts): string {
  const took = `ready in ${(milliseconds / 1000).toFixed(1)} s`;
  const page = record.dashboard === undefined ? "" : ", and `beam dashboard` for a browser";
  const node = `node ${record.node_id.slice(0, 12)}, pid ${record.pid}, ${took}`;
  const lines = record.is_head
    ? [
      `The head is up at ${record.head_address} (${node}).`,
      "",
      "On every other machine:",
      `  ${withheld ? "BEAM_TOKEN=… " : ""}${joinLine(record.head_address, token)}`,
      ...(withheld
        ? ["  (the token is not for a service's log: `beam token` shows it here)"]
        : token === undefined
        ? ["  (open: whoever reaches this address may join; without --open there is a token)"]
        : []),
    ]
    : [`Joined the cluster at ${record.head_address} as ${record.node_ip} (${node}).`];
  return [
    ...lines,
    "",
    "To run programs here:",
    `  export PYTHONPATH=${shellWord(record.shim_path)}\${PYTHONPATH:+:$PYTHONPATH}`,
    "  (or start them with: beam run -- CMD …)",
    "",
    `See \`beam status\`${page}; end this node with \`beam down\`.`,
  ].join("\n");
}

/** The line that joins another machine. */
export function joinLine(address: string, token: string | undefined): string {
  const join = `beam up --join ${address}`;
  return token === undefined ? join : `BEAM_TOKEN=${shellWord(token)} ${join}`;
}
