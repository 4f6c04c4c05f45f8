/** What `beam token` tells people. Times in milliseconds since the epoch. */
import { table } from "./table.ts";

/** A join token as the head lists it. */
export interface JoinToken {
  id: string;
  name: string;
  created: number;
  expires: number;
  revoked: number | null;
  uses: number;
  state: "good" | "expired" | "revoked" | "replaced";
}

/** After `beam token create`. */
export function createdText(
  made: { line: string; expires: number; id: string; name: string },
): string {
  return [
    `Join token ${called(made)} is good until ${dateText(made.expires)}.`,
    "",
    "On each machine that is to join:",
    `  ${made.line}`,
    "",
    `Take it back with: beam token revoke ${made.id}`,
  ].join("\n");
}

/** `beam token list`. */
export function listText(tokens: readonly JoinToken[], former_ms: number): string {
  const rows = tokens.map(({ id, name, created, expires, state, uses }) => [
    id,
    name || "-",
    dateText(created),
    dateText(expires),
    state,
    String(uses),
  ]);
  const listed = rows.length === 0
    ? "No join tokens. `beam token create` makes one."
    : table(["ID", "NAME", "CREATED", "EXPIRES", "STATE", "USES"], rows);
  if (former_ms === 0) return listed;
  return `${listed}\n\nThe cluster's former token is honoured for ${spanText(former_ms)} more.`;
}

/** After `beam token revoke`. */
export function revokedText(token: JoinToken): string {
  const stay = token.uses === 0
    ? "Nobody joined by it."
    : `Nodes that joined by it stay (it was used ${token.uses} times); ` +
      "`beam token rotate` gives all others a new token and these none.";
  return `Join token ${called(token)} is good no more. ${stay}`;
}

/** After `beam token rotate`. */
export function rotatedText(
  changed: {
    told: string[];
    missing: string[];
    file: string;
    grace_ms: number;
    /** Ids of the nodes that were put out. */
    without: string[];
  },
): string {
  const { told, missing, file, grace_ms, without } = changed;
  const all = told.length + missing.length;
  const out = without.length > 0;
  return [
    ...without.map((node) => `Node ${node.slice(0, 12)} was put out.`),
    `The cluster has a new token; ${told.length} of ${all} ${
      out ? "" : "connected "
    }nodes have it.`,
    ...missing.map((node) => `  not yet: node ${node.slice(0, 12)}`),
    out
      ? "The former one is honoured no more: a node that is away, or loses its connection before it has " +
        "the new one, has to be started again with that."
      : `The former one is honoured for ${
        spanText(grace_ms)
      }; nodes that are away longer have to be ` +
        "started again with the new one.",
    `It is in ${file} on the head's machine; \`beam token\` shows it there.`,
  ].join("\n");
}

function called({ id, name }: { id: string; name: string }): string {
  return name === "" ? id : `${id} (${name})`;
}

function dateText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

function spanText(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  return seconds < 120 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;
}
