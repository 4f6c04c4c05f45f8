/** A release on loopback, as `docs/release.md` lays it out, that serves what a test wants to go wrong. */
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";

/** What is to go wrong. */
export interface Faults {
  /** Paths that are not there. */
  missing?: readonly string[];
  /** Paths whose answer ends in its middle. */
  cut?: readonly string[];
}

/** Files by path below the base address. */
export type Files = Map<string, Uint8Array>;

const bytesOf = (text: string) => new TextEncoder().encode(text);

/** The files of releases, the last being the newest; each executable is what `executable` gives. */
export function releaseFiles(
  versions: readonly string[],
  executable: (version: string) => Uint8Array,
  arches: readonly string[] = ["x86_64", "aarch64"],
): Files {
  const files: Files = new Map();
  for (const version of versions) {
    const sums: string[] = [];
    const put = (name: string, bytes: Uint8Array) => {
      files.set(`/v${version}/${name}`, bytes);
      sums.push(`${createHash("sha256").update(bytes).digest("hex")}  ${name}\n`);
    };
    for (const arch of arches) {
      const bytes = executable(version);
      put(`beam-linux-${arch}`, bytes);
      const folder = `beam-${version}-linux-${arch}`;
      put(`${folder}.tar.gz`, packed(`${folder}/bin/beam`, bytes));
    }
    files.set(`/v${version}/SHA256SUMS`, bytesOf(sums.join("")));
    files.set("/latest/VERSION", bytesOf(`${version}\n`));
  }
  return files;
}

/** A tarball with one program in it. */
function packed(path: string, bytes: Uint8Array): Uint8Array {
  const dir = Deno.makeTempDirSync();
  try {
    Deno.mkdirSync(dirname(join(dir, path)), { recursive: true });
    Deno.writeFileSync(join(dir, path), bytes, { mode: 0o755 });
    const args = ["-c", "-I", "gzip -1", "-f", "-", "-C", dir, path.split("/")[0]!];
    return new Deno.Command("tar", { args }).outputSync().stdout;
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

/** A stand-in for the executable: says its version, completes and has a page. */
export function standIn(version: string): Uint8Array {
  const filler = "# ".padEnd(70, "x") + "\n";
  return bytesOf(`#!/bin/sh
case $1 in
  version) echo 'beam ${version} (build 0123456789abcdef, as Ray 2.60.0)' ;;
  completions) echo "# $2: completions --words" ;;
  man) echo '.TH BEAM 1' ;;
  *) exit 2 ;;
esac
exit
${filler.repeat(6000)}`);
}

/** Serves `files` on loopback until it is disposed of. */
export function serveRelease(
  files: Files,
  faults: () => Faults = () => ({}),
): AsyncDisposable & { base: string; asked: string[] } {
  const asked: string[] = [];
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.Conn>();
  const answer = async (conn: Deno.Conn) => {
    const path = await pathAsked(conn);
    asked.push(path);
    const { missing = [], cut = [] } = faults();
    const bytes = missing.includes(path) ? undefined : files.get(path);
    const head = bytes === undefined
      ? "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
      : `HTTP/1.1 200 OK\r\nContent-Length: ${bytes.length}\r\nConnection: close\r\n\r\n`;
    await writeAll(conn, bytesOf(head));
    if (bytes === undefined) return;
    await writeAll(conn, cut.includes(path) ? bytes.subarray(0, bytes.length >> 1) : bytes);
  };
  const serving = (async () => {
    for await (const conn of listener) {
      open.add(conn);
      answer(conn).catch(() => {}).finally(() => {
        open.delete(conn);
        try {
          conn.close();
        } catch { /* it is closed */ }
      });
    }
  })();
  return {
    base: `http://127.0.0.1:${(listener.addr as Deno.NetAddr).port}`,
    asked,
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const conn of open) conn.close();
      await serving.catch(() => {});
    },
  };
}

/** The path of a request, whose headers are read to their end. */
async function pathAsked(conn: Deno.Conn): Promise<string> {
  let text = "";
  const buffer = new Uint8Array(4096);
  while (!text.includes("\r\n\r\n")) {
    const count = await conn.read(buffer);
    if (count === null) throw new Error("the request ended in its middle");
    text += new TextDecoder().decode(buffer.subarray(0, count));
  }
  return text.split(" ")[1] ?? "";
}

async function writeAll(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
}
