/**
 * The page's own files. A binary carries them beside its script; from a checkout the same bundler that
 * builds a binary makes them when they are first asked for.
 */
import { join } from "node:path";
import { type Asset, digestOf, embeddedFiles } from "../runtime/assets.ts";

/** What is served as it stands, with its type. */
const PLAIN = ["index.html", "page.css", "icon.svg"] as const;
const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

/**
 * Nothing but this server's own files is loaded, run, asked or shown in a frame, and no text becomes
 * markup or a script, whatever the page's code does.
 */
export const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

/** All of them, by their names. */
export interface PageFiles {
  /** What changes when any of them does. */
  digest: string;
  files: ReadonlyMap<string, Asset>;
}

let made: Promise<PageFiles> | undefined;

/** The files as a build embeds them. @throws {Error} where a checkout's cannot be bundled */
export async function pageAssets(): Promise<Asset[]> {
  if (Deno.build.standalone) return await embeddedFiles("page");
  const folder = join(import.meta.dirname!, "page");
  const files = await Promise.all(PLAIN.map(async (path) => ({
    path,
    bytes: await Deno.readFile(join(folder, path)),
    mode: 0o644,
  })));
  return [...files, { path: "page.js", bytes: await bundled(folder), mode: 0o644 }];
}

/** The answer where `path` is one of the page's files. */
export async function pageFile(
  path: string,
  { method, headers }: Request,
  load: () => Promise<PageFiles>,
): Promise<Response | undefined> {
  const name = path === "/" ? "index.html" : path.slice(1);
  if (name !== "page.js" && !PLAIN.some((known) => known === name)) return undefined;
  if (method !== "GET" && method !== "HEAD") return undefined;
  const { digest, files } = await load();
  const { bytes } = files.get(name)!;
  const etag = `"${digest}"`;
  const answer = {
    "connection": "close",
    "cache-control": "no-cache",
    "content-security-policy": POLICY,
    "content-type": TYPES[name.slice(name.lastIndexOf(".") + 1)]!,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    etag,
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
  };
  if (headers.get("if-none-match") === etag) {
    return new Response(null, { status: 304, headers: answer });
  }
  return new Response(method === "HEAD" ? null : bytes as BodyInit, { headers: answer });
}

/** The files, read or made once. */
export function loadPage(): Promise<PageFiles> {
  made ??= pageAssets().then((assets) => ({
    digest: digestOf(assets),
    files: new Map(assets.map((asset) => [asset.path, asset])),
  }));
  // A checkout's may be mended meanwhile.
  made.catch(() => made = undefined);
  return made;
}

async function bundled(folder: string): Promise<Uint8Array> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "bundle",
      "-q",
      "--minify",
      "--frozen",
      "--platform",
      "browser",
      join(folder, "main.ts"),
    ],
    cwd: folder,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  if (success) return stdout;
  throw new Error(`Cannot bundle the page: ${new TextDecoder().decode(stderr).trim()}`);
}
