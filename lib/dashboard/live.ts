/**
 * `GET /api/events`: the board, live. Each event `rows` says what has changed since the reader's last one;
 * who comes back says which that was (`Last-Event-ID`, or `?since=`) and goes on from there.
 */
import { BEAT_MS, eventText, streamAnswer, within } from "./event_stream.ts";
import type { PageHost } from "./page_host.ts";
import { requestUrl } from "./request_url.ts";

/** Versions are counted anew by every head. */
const LIFE = crypto.randomUUID().slice(0, 8);
/** How long the browser waits before it comes back, in milliseconds. */
const RETRY_MS = 1000;

/** @param isGood whether the reader may still read; asked again and again */
export function liveBoard(page: PageHost, request: Request, isGood: () => boolean): Response {
  const last = versionOf(
    request.headers.get("last-event-id") ?? requestUrl(request).searchParams.get("since"),
  );
  return streamAnswer((signal) => changes(page, { last, signal, isGood }), request.signal);
}

async function* changes(
  page: PageHost,
  { last, signal, isGood }: {
    last: number | undefined;
    signal: AbortSignal;
    isGood: () => boolean;
  },
): AsyncGenerator<string, void, void> {
  page.watch(signal);
  yield `retry: ${RETRY_MS}\n\n`;
  let version = last;
  while (!signal.aborted) {
    if (!isGood()) return yield eventText("end", '"session"');
    const change = page.board.since(version, page.now());
    if (change) {
      version = change.version;
      yield eventText("rows", change.json, `${LIFE}.${version}`);
    } else {
      await within(page.changed(version, signal), BEAT_MS, signal);
      if (page.board.version === version) yield eventText("beat", String(page.now()));
    }
  }
}

/** The version inside an event's id, where this head has given it. */
export function versionOf(id: string | null): number | undefined {
  const [life, version] = (id ?? "").split(".");
  return life === LIFE && /^\d{1,15}$/.test(version ?? "") ? Number(version) : undefined;
}
