/**
 * The schemas of what commands print with `--json`, made from the types in `lib/cli/json_output.ts`, and the page that
 * tells of them. One schema a command, without references, so that each can be used by itself.
 */
import { join } from "node:path";
import { createGenerator, type Schema } from "ts-json-schema-generator";

/** An output, and the file of its schema. */
export interface Output {
  type: string;
  /** `status` for `status.schema.json`. */
  name: string;
}

/** All outputs, in the order of the page. */
export const OUTPUTS: readonly Output[] = [
  { type: "StatusOutput", name: "status" },
  { type: "NodesOutput", name: "nodes" },
  { type: "ActorsOutput", name: "actors" },
  { type: "DeathsOutput", name: "deaths" },
  { type: "GroupsOutput", name: "pgs" },
  { type: "JobsOutput", name: "jobs" },
  { type: "EventsOutput", name: "events" },
  { type: "LogsOutput", name: "logs" },
  { type: "TopOutput", name: "top" },
  { type: "StackOutput", name: "stack" },
  { type: "WaitOutput", name: "wait" },
  { type: "DoctorOutput", name: "doctor" },
  { type: "DoctorClusterOutput", name: "doctor-cluster" },
  { type: "DebugOutput", name: "debug" },
  { type: "ConfigOutput", name: "config" },
  { type: "ValidateOutput", name: "validate" },
  { type: "UninstallOutput", name: "uninstall" },
];

const TYPES = "lib/cli/json_output.ts";

/** The schemas by name. `root` is the checkout. */
export function schemas(root: string): Map<string, Schema> {
  // The generator reads a file for the compiler's options.
  const dir = Deno.makeTempDirSync();
  try {
    const tsconfig = join(dir, "tsconfig.json");
    Deno.writeTextFileSync(tsconfig, JSON.stringify({ compilerOptions: COMPILER }));
    const generator = createGenerator({
      path: join(root, TYPES),
      tsconfig,
      type: "*",
      expose: "none",
      topRef: false,
      jsDoc: "extended",
      skipTypeCheck: true, // Deno has checked them
      additionalProperties: true, // fields may be added
    });
    return new Map(OUTPUTS.map(({ type, name }) => [name, schemaOf(generator.createSchema(type))]));
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

const COMPILER = {
  target: "esnext",
  module: "esnext",
  moduleResolution: "bundler",
  allowImportingTsExtensions: true,
  noEmit: true,
  strict: true,
  skipLibCheck: true,
  lib: ["esnext", "dom"],
  types: [],
};

function schemaOf({ definitions: _, ...schema }: Schema): Schema {
  return withoutForeign(schema) as Schema;
}

/** What the language's own library says of its types helps nobody here. */
function withoutForeign(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutForeign);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).filter(([, one]) => !String(one).startsWith("Construct a type with"))
      .map(([key, one]) => [key, withoutForeign(one)]),
  );
}

/** The text of a schema's file. */
export function schemaText(schema: Schema): string {
  return JSON.stringify(schema, null, 2) + "\n";
}

/** `docs/json.md`. */
export function pageText(all: ReadonlyMap<string, Schema>): string {
  const parts = OUTPUTS.map(({ name }) => sectionText(name, all.get(name)!));
  return `${HEAD}\n${parts.join("\n")}`;
}

const HEAD = `# What \`--json\` prints

<!-- Made by scripts/json_schemas from the types in lib/cli/json_output.ts. -->

Each command that shows something has \`--json\`. What it prints is one JSON value, or, where it goes on
(\`beam status --watch\`, \`beam events --follow\`), one value a line. The schemas (JSON Schema, draft 7) lie
beside this page in \`docs/json/\`, and a test holds the commands to them.

- A field that is here stays, and keeps its name and meaning, within a major version. Fields may be added:
  pass over those you do not know. Words in lists of words may be added too.
- Times are milliseconds since the epoch, spans in milliseconds where their names end in \`_ms\`, sizes in
  bytes. Ids are lower-case hex.
- What is not known is left out, or null where the table says so. A table marks with \`?\` what may be left out.
- Errors go to standard error, never into the JSON; the exit code says whether it is whole.
`;

function sectionText(name: string, schema: Schema): string {
  const list = schema.type === "array";
  const row = (list ? schema.items : schema) as Schema;
  const what = (schema.description ?? "").trim();
  const lines = tableRows(row, name);
  return [
    `## ${name}`,
    "",
    `${what} ${
      list ? "A list; each of it has:" : "An object:"
    } ([schema](json/${name}.schema.json))`,
    "",
    "| field | type | meaning |",
    "|---|---|---|",
    ...lines,
    "",
  ].join("\n");
}

/** Lists that have a table of their own. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  nodes: "nodes",
  actors: "actors",
  groups: "pgs",
  recent: "events",
};

/** A row a field; one more level for objects and lists of objects. */
function tableRows(schema: Schema, name: string, prefix = "", depth = 0): string[] {
  const required = new Set(schema.required ?? []);
  return Object.entries(merged(schema)).flatMap(([field_name, given]) => {
    const field = given as Schema;
    const mark = required.has(field_name) ? "" : "?";
    const other = name === "status" && depth === 0 ? ELSEWHERE[field_name] : undefined;
    const told = (field.description ?? "").replaceAll("\n", " ").replaceAll("|", "\\|");
    if (other) return [`| \`${field_name}\` | list | as [${other}](#${other}) |`];
    const own = `| \`${prefix}${field_name}\`${mark} | ${typeText(field)} | ${told} |`;
    const inner = (field.type === "array" ? field.items : field) as Schema | undefined;
    if (depth > 0 || !inner || Object.keys(merged(inner)).length === 0) return [own];
    const below = `${prefix}${field_name}${field.type === "array" ? "[]" : ""}.`;
    return [own, ...tableRows(inner, name, below, depth + 1)];
  });
}

/** The fields of an object, or of all that it may be. */
function merged(schema: Schema): Record<string, unknown> {
  const any = (schema.anyOf ?? []) as Schema[];
  return Object.assign({}, ...any.map((one) => one.properties ?? {}), schema.properties ?? {});
}

function typeText(field: Schema): string {
  if (field.const !== undefined) return `\`${JSON.stringify(field.const)}\``;
  if (field.enum) return field.enum.map((word) => `\`${word}\``).join(", ");
  if (field.anyOf) {
    return [...new Set((field.anyOf as Schema[]).map(typeText))].join(" or ");
  }
  if (Array.isArray(field.type)) return field.type.join(" or ");
  if (field.type === "array") {
    const items = field.items as Schema | Schema[] | undefined;
    if (!items || Array.isArray(items)) return "list";
    return `list of ${typeText(items)}`;
  }
  if (field.type === "object" && !field.properties && field.additionalProperties) {
    const values = field.additionalProperties;
    return typeof values === "object" ? `map to ${typeText(values as Schema)}` : "map";
  }
  return String(field.type ?? "anything");
}
