/** Logs of any node for the page, read from it in parts. */
import { HttpFailure } from "../dashboard/http_failure.ts";
import type { LogFile } from "../dashboard/picture.ts";
import { LinkClosed, RequestFailed } from "../wire/errors.ts";
import type { Link } from "../wire/link.ts";
import type { HeadState } from "./state.ts";

/** Bytes asked for at a time. */
const PART = 256 * 1024;
/** How long a node waits for something new before it answers, in milliseconds. */
const WAIT_MS = 5000;
/** How long a list may take, in milliseconds. */
const PATIENCE_MS = 5000;
/** How long to wait for a file that nobody writes to be begun anew, in milliseconds. */
const QUIET_MS = 1000;

/** The files of a node. @throws {HttpFailure} where it cannot be asked */
export async function logFiles(state: HeadState, node_id: string): Promise<LogFile[]> {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const { body } = await asked(
    linkTo(state, node_id).request({ kind: "node.logs" }, { signal }),
  );
  return JSON.parse(new TextDecoder().decode(body));
}

/** A file's last lines and what is written to it, until the signal aborts. @throws {HttpFailure} */
export async function* followLog(
  state: HeadState,
  { node_id, name, lines, signal }: {
    node_id: string;
    name: string;
    lines: number;
    signal: AbortSignal;
  },
): AsyncGenerator<string, void, void> {
  const decoder = new TextDecoder();
  let at: number | undefined;
  while (!signal.aborted) {
    const where = at === undefined ? { offset: 0, lines } : { offset: at };
    const question = { file: name, most: PART, wait_ms: WAIT_MS, ...where };
    const { fields, body } = await asked(
      linkTo(state, node_id).request({ kind: "node.log", ...question }, { signal }),
    );
    if (signal.aborted) return;
    at = fields.offset + body.length;
    const text = decoder.decode(body, { stream: true });
    if (text !== "") yield text;
    else if (!fields.running) await pause(state, signal);
  }
}

function linkTo(state: HeadState, node_id: string): Link {
  const link = state.nodes.get(node_id);
  if (link) return link;
  const node = state.brain.node(node_id);
  if (!node) throw new HttpFailure(404, `Node ${node_id.slice(0, 12)} is not known (any more).`);
  const why = node.state === "dead"
    ? "it is dead. Its logs are on its machine"
    : "its connection is lost";
  throw new HttpFailure(503, `Cannot read logs of node ${node.ip}: ${why}.`);
}

async function asked<T>(question: Promise<T>): Promise<T> {
  try {
    return await question;
  } catch (error) {
    if (error instanceof RequestFailed) {
      const mend = error.mend ? ` ${error.mend}` : "";
      throw new HttpFailure(404, `${error.message}.${mend}`, { cause: error });
    }
    if (error instanceof LinkClosed) {
      throw new HttpFailure(503, "The connection to that node was lost.", { cause: error });
    }
    if ((error as Error)?.name === "TimeoutError") {
      throw new HttpFailure(503, "That node did not answer in time.", { cause: error });
    }
    throw error;
  }
}

function pause({ clock }: HeadState, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      stop();
      signal.removeEventListener("abort", done);
      resolve();
    };
    const stop = clock.after(QUIET_MS, done);
    signal.addEventListener("abort", done);
  });
}
