/** The table of codes in `docs/doctor.md`, made from the checks. */
import { CHECK_TEXTS } from "./check_texts.ts";

/** The marks between which the table stands. */
export const TABLE_BEGIN = "<!-- checks begin (scripts/doctor_table) -->";
export const TABLE_END = "<!-- checks end -->";

/** What checks look at, by the first code of each kind. */
const PARTS = [
  { from: "BD001", title: "One node" },
  { from: "BD040", title: "A join" },
  { from: "BD050", title: "The cluster" },
] as const;

/** One table for each kind of checks, and what is to be said of each check. */
export function checkTables(): string {
  return PARTS.map(({ from, title }, at) => {
    const checks = CHECK_TEXTS.filter(({ code }) =>
      code >= from && code < (PARTS[at + 1]?.from ?? "BE")
    );
    return [
      `### ${title}`,
      "",
      "| code | check | at worst | told when |",
      "|---|---|---|---|",
      ...checks.map(({ code, name, severity, tells }) =>
        `| [${code}](#${anchor(code, name)}) | ${name} | ${severity} | ${tells} |`
      ),
      ...checks.flatMap(({ code, name, explain }) => ["", `#### ${code} ${name}`, "", explain]),
    ].join("\n");
  }).join("\n\n");
}

/** As GitHub makes it of the heading. */
function anchor(code: string, name: string): string {
  return `${code} ${name}`.toLowerCase().replaceAll(" ", "-");
}

/** `text` with the tables between its marks renewed. */
export function renewTables(text: string): string {
  const begin = text.indexOf(TABLE_BEGIN);
  const end = text.indexOf(TABLE_END);
  if (begin < 0 || end < begin) {
    throw new Error(`Cannot renew the tables: the text must hold ${TABLE_BEGIN} and ${TABLE_END}`);
  }
  return `${text.slice(0, begin)}${TABLE_BEGIN}\n\n${checkTables()}\n\n${text.slice(end)}`;
}
