/** What the processes of a node take from their machine. */
import type { Node } from "../../e2e/harness/node.ts";

/** What one process takes. */
export interface Use {
  /** Bytes that it shares with nobody. */
  memory: number;
  /** Its part of all that it has mapped, in bytes. */
  pss: number;
  /** Open file descriptors. */
  files: number;
}

/** Reads it from /proc. */
export function useOf(pid: number): Use {
  const read = (file: string, name: string) => {
    const text = Deno.readTextFileSync(`/proc/${pid}/${file}`);
    return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text)![1]) * 1024;
  };
  return {
    memory: read("status", "RssAnon"),
    pss: read("smaps_rollup", "Pss"),
    files: [...Deno.readDirSync(`/proc/${pid}/fd`)].length,
  };
}

/** The daemon, the head and the templates of a node, by name. */
export function serversOf(node: Node): [string, number][] {
  return [
    ["daemon", node.record.pid],
    ["head", node.headPid],
    ...node.templatePids.map((pid): [string, number] => ["template", pid]),
  ];
}
