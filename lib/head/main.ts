/**
 * The head's process. Its configuration is the first line on standard input, whose end is its end:
 * the daemon that started it holds the other side.
 */
import { join } from "node:path";
import { LogFile } from "../runtime/log.ts";
import { ConfigError, parseHeadConfig } from "./config.ts";
import type { HeadGreeting } from "./config.ts";
import { Head } from "./head.ts";
import { JournalError } from "./journal.ts";
import { PortError } from "./server.ts";

/** More than any configuration, in bytes. */
const MOST_LINE = 1 << 20;

/** Runs the head until its standard input ends. @returns the exit code */
export async function runHead(): Promise<number> {
  // A terminal's Ctrl-C reaches the whole process group; the daemon decides when the head ends.
  Deno.addSignalListener("SIGINT", () => {});
  const input = Deno.stdin.readable.getReader();
  let head: Head;
  let log: LogFile;
  try {
    const config = parseHeadConfig(await firstLine(input));
    log = new LogFile(config.log ?? join(config.runtime_dir, "logs", "head.log"));
    head = await Head.start(config, { log });
  } catch (error) {
    greet({ error: wordsOf(error) });
    return 1;
  }
  // Before it greets: who reads that may end it at once.
  const terminated = new Promise<void>((resolve) => Deno.addSignalListener("SIGTERM", resolve));
  greet({ ready: { port: head.port, cluster: head.cluster, epoch: head.epoch } });
  await Promise.race([endOf(input), terminated]);
  await head.close();
  log[Symbol.dispose]();
  return 0;
}

function greet(greeting: HeadGreeting): void {
  try {
    Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(greeting) + "\n"));
  } catch { /* the daemon is gone, and the end of standard input tells the rest */ }
}

function wordsOf(error: unknown): { message: string; mend?: string } {
  const known = error instanceof ConfigError || error instanceof JournalError ||
    error instanceof PortError;
  if (known) return { message: error.message, mend: error.mend };
  return { message: `Cannot start the head: ${error instanceof Error ? error.message : error}.` };
}

type Input = ReadableStreamDefaultReader<Uint8Array>;

async function firstLine(input: Input): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  while (!text.includes("\n") && text.length < MOST_LINE) {
    const { value, done } = await input.read();
    if (done) break;
    text += decoder.decode(value, { stream: true });
  }
  return text.slice(0, text.indexOf("\n") < 0 ? undefined : text.indexOf("\n"));
}

async function endOf(input: Input): Promise<void> {
  try {
    while (!(await input.read()).done);
  } catch { /* a broken pipe is an end too */ }
}
