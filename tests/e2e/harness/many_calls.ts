/** A great many calls through one channel, and what the processes on their way take meanwhile. */
import assert from "assert";
import { type Use, useOf } from "../../faults/harness/process_use.ts";
import type { Node } from "./node.ts";

const MIB = 2 ** 20;
/** What a process may have grown by since the first tenth, in bytes: its heap is not given back page by page. */
const GROWTH = 24 * MIB;

/** See {@link manyCalls}. */
export interface ManyCalls {
  /** Where the driver runs. */
  from: Node;
  /** The actor's node, which may be the same. */
  to: Node;
  count: number;
  /** Hears how it goes, tenth by tenth. */
  tell?(text: string): void;
}

/**
 * Makes numbered calls from a driver to one actor; each must be carried out and answered once.
 * @returns what was measured, in a sentence; the driver's standard error
 */
export async function manyCalls(
  { from, to, count, tell = () => {} }: ManyCalls,
): Promise<{ figures: string; stderr: string }> {
  const driver = from.driver("many_calls.py", [`${count}`, to.ip], { input: true });
  const { pids: [own, worker] } = await driver.said() as { pids: [number, number] };
  const watched: [string, number][] = [
    ["driver", own],
    ["worker", worker],
    ["daemon", from.record.pid],
    ...(to === from ? [] : [["other daemon", to.record.pid] as [string, number]]),
    ["head", from.headPid],
  ];
  const look = () => new Map(watched.map(([name, pid]): [string, Use] => [name, useOf(pid)]));
  const began = performance.now();
  let first: Map<string, Use> | undefined;
  let tenths = 0;
  let last = look();
  while (true) {
    const { done, counted } = await driver.said() as { done?: number; counted?: number };
    if (counted !== undefined) {
      assert.equal(counted, count);
      break;
    }
    if (done! * 10 < count * (tenths + 1)) continue;
    tenths = Math.floor(done! * 10 / count);
    last = look();
    first ??= last;
    tell(`${done} calls: ${[...last].map(([name, use]) => `${name} ${useText(use)}`).join("; ")}`);
  }
  const rate = count / (performance.now() - began) * 1000;
  const grown = [...last].map(([name, use]) => {
    const more = use.memory - first!.get(name)!.memory;
    assert.ok(more < GROWTH, `the ${name} has ${mib(more)} MiB more than after a tenth`);
    return `${name} ${more < 0 ? "" : "+"}${mib(more)} MiB`;
  });
  await driver.tell("\n");
  const { stderr } = await driver.ok();
  const figures =
    `${count} calls, each carried out and answered once, ${rate.toFixed(0)} a second; ` +
    `own memory since the first tenth: ${grown.join(", ")}`;
  return { figures, stderr };
}

function useText({ memory, pss, files }: Use): string {
  return `${mib(memory)} MiB own, ${mib(pss)} MiB PSS, ${files} open`;
}

function mib(bytes: number): string {
  return (bytes / MIB).toFixed(1);
}
