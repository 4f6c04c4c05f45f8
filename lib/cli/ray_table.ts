/** Rows in the forms of `ray list`: table, JSON and YAML. */
import { pythonFloat, pythonText } from "./python_text.ts";
import { pythonTime } from "./ray_status_text.ts";
import type { Row } from "./ray_rows.ts";

/** A heading is never narrower than its text and this. */
const HEADING_PADDING = 2;

/** The text of `ray list KIND` for the local time `now`. */
export function listText(rows: readonly Row[], total: number, now: Date): string {
  const title = `======== List: ${pythonTime(now)} ========`;
  const stats = ["", title, "Stats:", "-".repeat(30), `Total: ${total}`, ""];
  const table = rows.length === 0 ? "" : plainTable(rows);
  return [...stats, "Table:", "-".repeat(30), table, ""].join("\n");
}

/** Columns under capitals, an index before each row (to the right, as numbers are, or to the left). */
export function plainTable(
  rows: readonly Row[],
  { numbersLeft = false }: { numbersLeft?: boolean } = {},
): string {
  const names = Object.keys(rows[0] ?? {});
  const columns = [
    { heading: "", cells: rows.map((_, at) => [String(at)]), right: !numbersLeft },
    ...names.map((name) => ({
      heading: name.toUpperCase(),
      cells: rows.map((row) => cellLines(name, row[name])),
      right: !numbersLeft && rows.every((row) => isNumber(row[name])),
    })),
  ];
  const widths = columns.map(({ heading, cells }) =>
    Math.max(heading.length + HEADING_PADDING, ...cells.flat().map((line) => line.length))
  );
  const line = (texts: string[]) =>
    texts.map((text, at) =>
      columns[at]!.right ? text.padStart(widths[at]!) : text.padEnd(widths[at]!)
    ).join("  ").trimEnd();
  const lines = [line(columns.map(({ heading }) => heading))];
  for (const [at] of rows.entries()) {
    const cells = columns.map((column) => column.cells[at]!);
    const height = Math.max(...cells.map((cell) => cell.length));
    for (let part = 0; part < height; part++) {
      lines.push(line(cells.map((cell) => cell[part] ?? "")));
    }
  }
  return lines.join("\n");
}

function isNumber(value: unknown): boolean {
  return typeof value === "number" || (typeof value === "string" && /^\d+$/.test(value));
}

function cellLines(name: string, value: unknown): string[] {
  if (value === null || value === undefined) return [""];
  if (typeof value !== "object" || Array.isArray(value)) return pythonText(value).split("\n");
  if (name === "driver_info") {
    return Object.entries(value).map(([key, one]) => `${key}: ${pythonText(one)}`);
  }
  const entries = Object.entries(value).map(([key, one]) => `${key}: ${amountText(key, one)}`);
  return entries.length > 0 ? entries : [""];
}

function amountText(name: string, value: unknown): string {
  if (typeof value !== "number") return pythonText(value);
  const isBytes = name === "memory" || name === "object_store_memory";
  return isBytes ? `${(value / 2 ** 30).toFixed(3)} GiB` : pythonFloat(value);
}

/** Rows as YAML: one document, a list of maps. */
export function yamlText(rows: readonly Row[]): string {
  if (rows.length === 0) return "[]";
  return ["---", ...yamlLines(rows), "..."].join("\n");
}

const INDENT = "    ";

function yamlLines(value: unknown): string[] {
  if (Array.isArray(value)) {
    return value.flatMap((one) =>
      yamlLines(one).map((line, at) => at === 0 ? `-   ${line}` : INDENT + line)
    );
  }
  if (!isNested(value)) return [yamlScalar(value)];
  return Object.entries(value).flatMap(([key, one]) =>
    isNested(one)
      ? [`${yamlScalar(key)}:`, ...yamlLines(one).map((line) => INDENT + line)]
      : [`${yamlScalar(key)}: ${yamlScalar(one)}`]
  );
}

function isNested(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && Object.keys(value).length > 0;
}

function yamlScalar(value: unknown): string {
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "[]" : "{}";
  if (typeof value !== "string") return String(value);
  // Plain where no reader could take it for anything but this text.
  const plain = /^[A-Za-z_/][\w ./@+-]*$/.test(value) && value.trim() === value &&
    !/^(true|false|yes|no|on|off|null|y|n)$/i.test(value);
  return plain ? value : JSON.stringify(value);
}
