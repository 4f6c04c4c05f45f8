/** The table of codes in `docs/doctor.md`, made from the checks. */
import type { CheckText } from "./check.ts";
import { byCode } from "./check_texts.ts";
import { CHECKS } from "./checks.ts";
import { CLUSTER_CHECK_TEXTS } from "./cluster/cluster_checks.ts";
import { CONFIGURATION } from "./configuration.ts";
import { JOIN_TEXTS } from "./join_texts.ts";
import { UNFINISHED } from "./run_checks.ts";

/** The marks between which the table stands. */
export const TABLE_BEGIN = "<!-- checks begin (scripts/doctor_table) -->";
export const TABLE_END = "<!-- checks end -->";

/** What checks look at. */
const PARTS: readonly { title: string; checks: readonly CheckText[] }[] = [
  { title: "One node", checks: byCode([UNFINISHED, CONFIGURATION, ...CHECKS]) },
  { title: "A join", checks: JOIN_TEXTS },
  { title: "The cluster", checks: CLUSTER_CHECK_TEXTS },
];

/** One table for each kind of checks, and what is to be said of each check. */
export function checkTables(): string {
  return PARTS.map(({ title, checks }) =>
    [
      `### ${title}`,
      "",
      "| code | check | at worst | told when |",
      "|---|---|---|---|",
      ...checks.map(({ code, name, severity, tells }) =>
        `| [${code}](#${anchor(code, name)}) | ${name} | ${severity} | ${tells} |`
      ),
      ...checks.flatMap(({ code, name, explain }) => ["", `#### ${code} ${name}`, "", explain]),
    ].join("\n")
  ).join("\n\n");
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
