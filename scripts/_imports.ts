/**
 * `scripts/test`'s gate for the program's shape: no circular imports, and arrows between rooms that
 * point one way. What only a type needs (`import type`) vanishes in the program and is no import.
 */
import { dirname, join, relative } from "node:path";

/** What the files of a room may import besides their own; a room not named here is free. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  "lib/cluster": [],
  "lib/wire": ["lib/runtime"],
  "lib/runtime": [],
  "lib/probe": ["lib/runtime"],
  "lib/dashboard": ["lib/wire", "lib/runtime"],
  "lib/dashboard/page": [],
  "lib/doctor/checks": ["lib/doctor", "lib/probe", "lib/runtime"],
  "lib/doctor/cluster": ["lib/doctor", "lib/probe", "lib/wire", "lib/runtime"],
  "lib/head": [
    "lib/cluster",
    "lib/wire",
    "lib/runtime",
    "lib/dashboard",
    "lib/doctor",
    "lib/doctor/cluster",
  ],
  "lib/node": ["lib/wire", "lib/runtime", "lib/probe", "lib/cluster", "lib/doctor/cluster"],
};

/** A file's imports by path from the checkout's root. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>;

/** The relative imports of a source text; the strings as they stand there. */
export function importsIn(source: string): string[] {
  const found = new Set<string>();
  const statement =
    /^\s*(?:import|export)\s+(type\s)?(?:[^"';]*?\sfrom\s+)?["'](\.[^"']*)["']|\bimport\(\s*["'](\.[^"']*)["']/gm;
  for (const [whole, type, fixed, dynamic] of source.matchAll(statement)) {
    // `import { type A, type B } from` vanishes too.
    const names = /\{([^}]*)\}/.exec(whole)?.[1]?.split(",").filter((name) => name.trim() !== "");
    const onlyTypes = names !== undefined && names.length > 0 &&
      names.every((name) => name.trim().startsWith("type "));
    if (type === undefined && !onlyTypes) found.add((fixed ?? dynamic)!);
  }
  return [...found];
}

/** The first circle found, its first file repeated at its end; undefined where there is none. */
export function findCircle(graph: ImportGraph): string[] | undefined {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return undefined;
    path.push(file);
    for (const next of graph.get(file) ?? []) {
      const circle = visit(next);
      if (circle !== undefined) return circle;
    }
    path.pop();
    done.add(file);
    return undefined;
  };
  for (const file of graph.keys()) {
    const circle = visit(file);
    if (circle !== undefined) return circle;
  }
  return undefined;
}

/** Imports into a room that the importing room must not know, as `a.ts -> b.ts`. */
export function wrongArrows(graph: ImportGraph): string[] {
  const wrong: string[] = [];
  for (const [file, imports] of graph) {
    if (file.endsWith("_test.ts")) continue;
    const allowed = MAY_IMPORT[dirname(file)];
    if (allowed === undefined) continue;
    for (const target of imports) {
      const room = dirname(target);
      if (room === dirname(file) || allowed.includes(room) || !room.startsWith("lib")) continue;
      wrong.push(`${file} -> ${target}`);
    }
  }
  return wrong;
}

async function graphOf(root: string, folders: readonly string[]): Promise<ImportGraph> {
  const graph = new Map<string, string[]>();
  const read = async (file: string) => {
    const imports = importsIn(await Deno.readTextFile(file))
      .map((target) => relative(root, join(dirname(file), target)));
    graph.set(relative(root, file), imports);
  };
  const walk = async (folder: string) => {
    for await (const entry of Deno.readDir(folder)) {
      const place = join(folder, entry.name);
      if (entry.isDirectory) await walk(place);
      else if (entry.name.endsWith(".ts")) await read(place);
    }
  };
  await read(join(root, "main.ts"));
  for (const folder of folders) await walk(join(root, folder));
  return graph;
}

if (import.meta.main) {
  const graph = await graphOf(join(import.meta.dirname!, ".."), ["lib", "scripts", "tests"]);
  const circle = findCircle(graph);
  if (circle !== undefined) console.error(`Circular imports: ${circle.join(" -> ")}`);
  const wrong = wrongArrows(graph);
  for (const arrow of wrong) console.error(`A room must not know this one: ${arrow}`);
  if (circle !== undefined || wrong.length > 0) Deno.exit(1);
  console.log(`${graph.size} files, no circle, every arrow in its direction`);
}
