/** Logs for the page: which there are, and each as it is written, as server-sent events with JSON texts. */
import { jsonAnswer } from "./answers.ts";
import type { DashboardHost } from "./dashboard_host.ts";
import { BEAT_MS, eventText, streamAnswer, within } from "./event_stream.ts";
import { HttpFailure } from "./http_failure.ts";
import { submittedJob } from "./jobs.ts";
import { requestUrl } from "./request_url.ts";

/** Lines of a file's end that are sent at first, unless somebody says another number. */
const LINES = 2000;
const MOST_LINES = 100_000;
/** Characters of an event. */
const PART = 64 * 1024;

/** `GET /api/nodes/{id}/logs`. */
export async function listLogs(host: DashboardHost, node_id: string): Promise<Response> {
  return jsonAnswer(await host.page.logs(node_id));
}

/** `GET /api/nodes/{id}/log?name=…&lines=N`. */
export function nodeLog(
  host: DashboardHost,
  node_id: string,
  request: Request,
  isGood: () => boolean,
): Response {
  const { searchParams } = requestUrl(request);
  const name = searchParams.get("name") ?? "";
  const lines = linesOf(searchParams.get("lines"));
  return live(
    host,
    request,
    isGood,
    (signal) => host.page.followLog(node_id, name, { lines, signal }),
  );
}

/** `GET /api/jobs/{id}/logs/live`: the whole output of a submitted job. */
export function jobLog(
  host: DashboardHost,
  id: string,
  request: Request,
  isGood: () => boolean,
): Response {
  const submission_id = submittedJob(host, id, "get logs of");
  return live(
    host,
    request,
    isGood,
    (signal) => host.jobs.output(submission_id, { follow: true, signal }),
  );
}

/** @param isGood whether the reader may still read; asked again and again */
function live(
  host: DashboardHost,
  request: Request,
  isGood: () => boolean,
  read: (signal: AbortSignal) => AsyncIterable<string>,
): Response {
  return streamAnswer(
    (signal) => textEvents(host, read(signal), { signal, isGood }),
    request.signal,
  );
}

async function* textEvents(
  host: DashboardHost,
  text: AsyncIterable<string>,
  { signal, isGood }: { signal: AbortSignal; isGood: () => boolean },
): AsyncGenerator<string, void, void> {
  const parts = text[Symbol.asyncIterator]();
  let next = parts.next();
  try {
    while (!signal.aborted) {
      const part = await within(next, BEAT_MS, signal);
      if (!isGood()) return yield eventText("fault", '"You are logged out."');
      if (part === undefined) {
        yield eventText("beat", "0");
        continue;
      }
      if (part.done) return yield eventText("end", '"whole"');
      for (let at = 0; at < part.value.length; at += PART) {
        yield eventText("text", JSON.stringify(part.value.slice(at, at + PART)));
      }
      next = parts.next();
    }
  } catch (error) {
    if (!(error instanceof HttpFailure)) host.failed("following a log", error);
    const why = error instanceof HttpFailure ? error.message : "The log cannot be read.";
    yield eventText("fault", JSON.stringify(why));
  } finally {
    // Who reads is gone: how its last question ends is nobody's concern, and must not end the head.
    next.catch(() => {});
  }
}

function linesOf(asked: string | null): number {
  return /^\d{1,9}$/.test(asked ?? "") ? Math.min(MOST_LINES, Number(asked)) : LINES;
}
