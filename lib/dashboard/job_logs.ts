/** `/api/jobs/{id}/logs` and `/logs/tail`: a job's output, whole or as it is written. */
import { jsonAnswer } from "./answers.ts";
import type { DashboardHost } from "./dashboard_host.ts";
import { HttpFailure } from "./http_failure.ts";
import { submittedJob } from "./jobs.ts";

/** Most characters of a whole log; its beginning is left out. */
const MOST_LOG = 64 * 2 ** 20;
/** Bytes that may wait for a slow reader. */
const MOST_WAITING = 4 * 2 ** 20;
/** How often it is looked whether they have gone, in milliseconds. */
const LOOK_MS = 20;
/** Seconds without an answer to a ping after which a follower counts as gone. */
const PING_S = 30;

/** `GET /api/jobs/{id}/logs`. */
export async function wholeLog(
  host: DashboardHost,
  id: string,
  { signal }: Request,
): Promise<Response> {
  const submission_id = submittedJob(host, id, "get logs of");
  const parts: string[] = [];
  let length = 0;
  let left = false;
  for await (const part of host.jobs.output(submission_id, { follow: false, signal })) {
    parts.push(part);
    for (length += part.length; length > MOST_LOG; left = true) length -= parts.shift()!.length;
  }
  const note = left ? `… the beginning is left out; the file on the node has it …\n` : "";
  return jsonAnswer({ logs: note + parts.join("") });
}

/** `GET /api/jobs/{id}/logs/tail`, a web socket: text messages with what is written, until the job ends. */
export function followLog(host: DashboardHost, id: string, request: Request): Response {
  const submission_id = submittedJob(host, id, "get logs of");
  if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
    throw new HttpFailure(426, "Cannot follow a log over plain HTTP: ask for a web socket.");
  }
  const { socket, response } = upgraded(request);
  const gone = new AbortController();
  socket.onclose = () => gone.abort();
  socket.onerror = () => gone.abort();
  socket.onopen = () => {
    send(host, submission_id, socket, gone.signal).catch((error) => {
      host.failed(`following job ${submission_id}`, error);
      if (socket.readyState === WebSocket.OPEN) socket.close(1011, "the log cannot be read");
    });
  };
  return response;
}

function upgraded(request: Request): Deno.WebSocketUpgrade {
  try {
    return Deno.upgradeWebSocket(request, { idleTimeout: PING_S });
  } catch (error) {
    throw new HttpFailure(400, `Cannot open a web socket: ${(error as Error).message}.`);
  }
}

async function send(
  host: DashboardHost,
  submission_id: string,
  socket: WebSocket,
  signal: AbortSignal,
): Promise<void> {
  for await (const part of host.jobs.output(submission_id, { follow: true, signal })) {
    while (socket.bufferedAmount > MOST_WAITING && !signal.aborted) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    if (signal.aborted) return;
    socket.send(part);
  }
  if (socket.readyState === WebSocket.OPEN) socket.close(1000);
}
