/**
 * The head's process. Its configuration is the first line on standard input, whose end is its end:
 * the daemon that started it holds the other side.
 */
import { join } from "node:path";
import { Trouble } from "../runtime/errors.ts";
import { LogFile } from "../runtime/log.ts";
import { StartInput, tellStarter } from "../runtime/start_input.ts";
import { checkProtocol, ConfigError, parseHeadConfig } from "./config.ts";
import type { HeadGreeting } from "./config.ts";
import { Head } from "./head.ts";
import { JournalError } from "./journal.ts";
import { PortError } from "./server.ts";

/** Runs the head until its standard input ends. @returns the exit code */
export async function runHead(): Promise<number> {
  // A terminal's Ctrl-C reaches the whole process group; the daemon decides when the head ends.
  Deno.addSignalListener("SIGINT", () => {});
  // The journal holds tokens; what SQLite keeps beside it is made as the umask says.
  Deno.umask(0o077);
  const input = new StartInput();
  let head: Head;
  let log: LogFile;
  try {
    const config = parseHeadConfig(await input.line());
    checkProtocol(config);
    const path = config.log ?? join(config.runtime_dir, "logs", "head.log");
    log = new LogFile(path, { process: "head", ...config.logging });
    head = await Head.start(config, { log });
  } catch (error) {
    greet({ error: wordsOf(error) });
    return 1;
  }
  // Before it greets: who reads that may end it at once.
  const terminated = new Promise<void>((resolve) => Deno.addSignalListener("SIGTERM", resolve));
  greet({ ready: head.ready });
  await Promise.race([input.end(), terminated]);
  await head.close();
  log[Symbol.dispose]();
  return 0;
}

function greet(greeting: HeadGreeting): void {
  tellStarter(greeting); // where nobody reads it, the end of standard input tells the rest
}

function wordsOf(error: unknown): { message: string; mend?: string } {
  const known = error instanceof ConfigError || error instanceof JournalError ||
    error instanceof PortError || error instanceof Trouble;
  if (known) return { message: error.message, ...(error.mend && { mend: error.mend }) };
  return { message: `Cannot start the head: ${error instanceof Error ? error.message : error}.` };
}
