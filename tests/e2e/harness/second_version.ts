/** Another version of beam: a copy of the checkout with another version or protocol number. */
import { join } from "node:path";
import { PROTOCOL_VERSION } from "../../../lib/wire/messages.ts";
import type { Place } from "./place.ts";

const ROOT = join(import.meta.dirname!, "..", "..", "..");
/** What a checkout needs to run. */
const PARTS = [
  "deno.json",
  "deno.lock",
  "main.ts",
  "lib",
  "shim_py",
  "LICENSE",
  "scripts/licenses",
];

/** What is different about it. */
export interface Difference {
  version: string;
  /** Instead of {@link PROTOCOL_VERSION}. */
  protocol?: number;
}

/** Makes it in the place's folder. @returns the command that starts it */
export function secondVersion(place: Place, { version, protocol }: Difference): string {
  const root = join(place.dir, `beam-${version}`);
  for (const part of PARTS) {
    const to = join(root, part);
    Deno.mkdirSync(join(to, ".."), { recursive: true });
    const { success } = new Deno.Command("cp", { args: ["-r", join(ROOT, part), to] }).outputSync();
    if (!success) throw new Error(`Cannot copy ${part}`);
  }
  edit(join(root, "deno.json"), /"version": "[^"]+"/, `"version": "${version}"`);
  if (protocol !== undefined) {
    edit(
      join(root, "lib", "wire", "messages.ts"),
      `PROTOCOL_VERSION = ${PROTOCOL_VERSION};`,
      `PROTOCOL_VERSION = ${protocol};`,
    );
  }
  const launcher = join(root, "beam");
  const words = [
    Deno.execPath(),
    "run",
    "-A",
    "--quiet",
    "--no-lock",
    "--config",
    "$root/deno.json",
  ];
  const text = `#!/bin/sh\nroot='${root}'\nexec "${words.join('" "')}" "$root/main.ts" "$@"\n`;
  Deno.writeTextFileSync(launcher, text, { mode: 0o755 });
  return launcher;
}

function edit(path: string, what: string | RegExp, to: string): void {
  const text = Deno.readTextFileSync(path);
  const edited = text.replace(what, to);
  if (edited === text) throw new Error(`${path} has no ${what}`);
  Deno.writeTextFileSync(path, edited);
}
