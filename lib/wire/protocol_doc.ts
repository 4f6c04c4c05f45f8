/** The table of messages in `docs/protocol.md`, made from their declaration. */
import { MESSAGES } from "./messages.ts";

/** The marks between which the table stands. */
export const TABLE_BEGIN = "<!-- messages begin (scripts/protocol_doc) -->";
export const TABLE_END = "<!-- messages end -->";

const LINKS = {
  any: "Every link",
  opening: "Opening of a TCP connection",
  control: "Control: a process and its daemon, over the Unix socket",
  node: "Node: a daemon and the head",
  call: "Call: a caller and a worker",
} as const;

interface Spec {
  link: string;
  from: string;
  doc: string;
  fields: Record<string, string>;
  reply?: Record<string, string>;
  body?: string;
  replyBody?: string;
}

function fieldList(fields: Record<string, string>): string {
  const list = Object.entries(fields).map(([name, type]) => `\`${name}\` ${type}`);
  return list.length === 0 ? "–" : list.join(", ");
}

function row(kind: string, spec: Spec): string {
  const body = spec.body ? `; body: ${spec.body}` : "";
  const replyBody = spec.replyBody ? `; body: ${spec.replyBody}` : "";
  const reply = spec.reply ? fieldList(spec.reply) + replyBody : "not answered";
  const cells = [`\`${kind}\``, spec.from, spec.doc, fieldList(spec.fields) + body, reply];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

/** All messages, a table for each kind of link. */
export function messageTables(): string {
  const specs = Object.entries(MESSAGES) as [string, Spec][];
  return Object.entries(LINKS).map(([link, title]) => {
    const rows = specs.filter(([, spec]) => spec.link === link).map(([kind, spec]) =>
      row(kind, spec)
    );
    return [
      `### ${title}`,
      "",
      "| message | from | what it says | fields | answer |",
      "|---|---|---|---|---|",
      ...rows,
    ].join("\n");
  }).join("\n\n");
}

/** `text` with the tables between its marks renewed. */
export function renewTables(text: string): string {
  const begin = text.indexOf(TABLE_BEGIN);
  const end = text.indexOf(TABLE_END);
  if (begin < 0 || end < begin) {
    throw new Error(`Cannot renew the tables: the text must hold ${TABLE_BEGIN} and ${TABLE_END}`);
  }
  return `${text.slice(0, begin)}${TABLE_BEGIN}\n\n${messageTables()}\n\n${text.slice(end)}`;
}
