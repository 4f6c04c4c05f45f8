/**
 * The HTTP side: what a request that got past the runtime's parser can do. The first line is method and
 * path, then headers up to an empty line, then the body. Whatever it is, the answer is no 5xx.
 */
import assert from "assert";
import type * as Guard from "../../../lib/dashboard/guard.ts";
import type * as Router from "../../../lib/dashboard/router.ts";
import type * as FakePage from "../../../lib/dashboard/_fake_page.ts";
import type { DashboardHost } from "../../../lib/dashboard/dashboard_host.ts";
import type { JobDetails } from "../../../lib/dashboard/jobs_api.ts";
import type * as Failure from "../../../lib/dashboard/http_failure.ts";
import { PackageStore } from "../../../lib/runtime/packages.ts";
import type { Target } from "../fuzzer.ts";
import { piecesOf } from "./stream.ts";

const METHODS: ReadonlySet<string> = new Set([
  "GET",
  "POST",
  "PUT",
  "DELETE",
  "HEAD",
  "PATCH",
  "OPTIONS",
]);
const DOOR = { tokens: () => ["secret"], names: ["head"], loopbackOnly: false };

/** The counted modules. */
export interface HttpModules {
  guard: typeof Guard;
  router: typeof Router;
  failure: typeof Failure;
  page: typeof FakePage;
}

function hostOf(folder: string, { failure: { HttpFailure }, page }: HttpModules): DashboardHost {
  const known = { type: "SUBMISSION", submission_id: "mine", job_id: "mine" } as JobDetails;
  return {
    cluster: "abcd".repeat(14),
    page: page.fakePage(),
    packages: new PackageStore(folder, { one: 100 }),
    metrics: (accept) => Promise.resolve({ text: "", type: accept ?? "text/plain" }),
    unreadiness: () => [],
    address: () => "127.0.0.1:8265",
    failed: (what, error) => {
      throw new Error(`${what} failed`, { cause: error });
    },
    jobs: {
      submit: ({ submission_id }) => submission_id ?? "made",
      details: (id) => id === "mine" ? known : undefined,
      list: () => [known],
      stop: () => true,
      delete: (id) => {
        throw new HttpFailure(400, `${id} runs`);
      },
      async *output() {
        yield "one\n";
      },
    },
  };
}

const SEEDS: readonly string[] = [
  "GET /api/version\nhost: localhost\nauthorization: Bearer secret\n\n",
  "GET /healthz\nhost: head\n\n",
  "GET /metrics\nhost: [::1]:8265\nx-ray-authorization: Bearer secret\n\n",
  "GET /api/jobs/mine/logs\nhost: 10.0.0.1:8265\nauthorization: bearer secret\n\n",
  "GET /api/jobs/mine/logs/tail\nhost: localhost\nauthorization: Bearer secret\n\n",
  "GET /api/jobs/%zz\nhost: localhost\nauthorization: Bearer secret\n\n",
  "GET /api/jobs\nhost: evil.example\norigin: http://evil.example\n\n",
  "GET /api/jobs\nhost: localhost\nsec-fetch-site: cross-site\n\n",
  "GET /\nhost: localhost\n\n",
  'POST /api/session\nhost: localhost\nx-beam-page: 1\n\n{"token": "secret"}',
  "GET /api/session\nhost: localhost\ncookie: beam-abcd=x; a=b\n\n",
  "DELETE /api/session\nhost: localhost\nx-beam-page: 1\ncookie: beam-abcd=x\n\n",
  "GET /api/actors/ab12\nhost: localhost\nauthorization: Bearer secret\n\n",
  "GET /api/nodes/ab12/logs\nhost: localhost\nauthorization: Bearer secret\n\n",
  "GET /api/nodes/ab12/log?name=daemon.log&lines=5\nhost: localhost\nauthorization: Bearer secret\n\n",
  "GET /api/jobs/mine/logs/live\nhost: localhost\nauthorization: Bearer secret\n\n",
  "POST /api/doctor\nhost: localhost\nauthorization: Bearer secret\n\n",
  "POST /api/jobs/mine/stop\nhost: localhost\nauthorization: Bearer secret\n\n",
  "DELETE /api/jobs/mine\nhost: localhost\nauthorization: Bearer secret\n\n",
  "GET /api/packages/gcs/_ray_pkg_0123456789abcdef.zip\nhost: localhost\nauthorization: Bearer secret\n\n",
  "PUT /api/packages/gcs/_ray_pkg_0123456789abcdef.zip\nhost: localhost\nauthorization: Bearer secret\n\nPK",
  ...[
    {
      entrypoint: "python x.py",
      submission_id: "s",
      metadata: { a: "b" },
      runtime_env: { pip: [] },
    },
    { entrypoint: "x", entrypoint_num_cpus: 1.5, entrypoint_num_gpus: 0, entrypoint_memory: 1e9 },
    { entrypoint: "x", entrypoint_resources: { a: 1 }, entrypoint_label_selector: { a: "b" } },
    { entrypoint: " " },
    { entrypoint: "x", job_id: "../x" },
    { entrypoint: "x", metadata: { a: [[[[1]]]] } },
    [],
  ].map((body) =>
    `POST /api/jobs/\nhost: localhost\nauthorization: Bearer secret\n\n${JSON.stringify(body)}`
  ),
];

/** See the top of this file. */
export function http(modules: HttpModules): Target {
  const folder = Deno.makeTempDirSync();
  const host = hostOf(folder, modules);
  const { router, page } = modules;
  const door = { ...DOOR, login: page.fakeLogin("abcd") };
  const encoder = new TextEncoder();
  const decoder = new TextDecoder("latin1");
  return {
    name: "http",
    seeds: SEEDS.map((seed) => encoder.encode(seed)),
    most: 64 * 1024,
    steps: ({ length }) => 20_000 + 20 * length,
    room: ({ length }) => 64 * 1024 + 4 * length,
    async run(input) {
      const end = decoder.decode(input).indexOf("\n\n");
      const head = decoder.decode(input.subarray(0, end < 0 ? input.length : end)).split("\n");
      const body = end < 0 ? new Uint8Array(0) : input.slice(end + 2);
      const [method = "", path = ""] = head[0]!.split(" ");
      if (!METHODS.has(method)) return;
      let request: Request;
      try {
        const headers = new Headers();
        for (const line of head.slice(1)) {
          const colon = line.indexOf(":");
          headers.append(line.slice(0, colon), line.slice(colon + 1));
        }
        const bodied = method !== "GET" && method !== "HEAD";
        request = new Request(`http://localhost/${path.replace(/^\//, "")}`, {
          method,
          headers,
          ...bodied && { body },
        });
      } catch {
        return; // the runtime lets none like this through
      }
      const answer = await router.route(host, door, request);
      assert.ok(answer.status < 500, `it answers ${answer.status}`);
      // What goes on until its reader is gone has no end to wait for.
      if (answer.headers.get("content-type")?.startsWith("text/event-stream")) {
        return await answer.body?.cancel();
      }
      const text = await answer.text();
      assert.ok(text.length < 4096 + input.length, `it answers with ${text.length} characters`);
    },
    close: () => Deno.removeSync(folder, { recursive: true }),
  };
}

/** The end of a request's head, in any pieces, found where a plain search finds it. */
export function head({ guard }: HttpModules): Target {
  const MOST = 512;
  const encoder = new TextEncoder();
  return {
    name: "head",
    seeds: ["GET / HTTP/1.1\r\nHost: x\r\n\r\nbody", "\r\r\n\r\n\r\n", "\r\n\r\r\n\r\n"]
      .flatMap((text) => [0, 1, 9].map((how) => new Uint8Array([how, ...encoder.encode(text)]))),
    most: 1024,
    steps: ({ length }) => 100 + 20 * length,
    room: () => 1024,
    run(input) {
      const text = new TextDecoder("latin1").decode(input.subarray(1));
      const found = text.indexOf("\r\n\r\n");
      const length = found < 0 ? text.length : found + 4;
      const end = new guard.HeadEnd(MOST);
      let ended = false;
      try {
        for (const piece of piecesOf(input)) ended = end.seen(piece);
      } catch (error) {
        assert.ok(error instanceof RangeError && length > MOST, String(error));
        return;
      }
      assert.ok(length <= MOST, `a head of ${length} bytes is taken`);
      if (text.length > 0) assert.equal(ended, found >= 0);
    },
  };
}
