import assert from "assert";
import { PackageStore } from "../runtime/packages.ts";
import { fakeLogin, fakePage } from "./_fake_page.ts";
import type { DashboardHost } from "./dashboard_host.ts";
import { HttpFailure } from "./http_failure.ts";
import type { JobDetails, JobRequest } from "./jobs_api.ts";
import { type Door, route } from "./router.ts";

const DOOR: Door = {
  tokens: () => ["secret"],
  names: [],
  loopbackOnly: true,
  login: fakeLogin("abcd"),
};

function detailsOf(id: string, type: JobDetails["type"] = "SUBMISSION"): JobDetails {
  return { type, submission_id: type === "SUBMISSION" ? id : null, job_id: id } as JobDetails;
}

/** A head with one submitted job, `mine`, and one driver's, `01000000`. */
function fakeHost(dir: string) {
  const submitted: JobRequest[] = [];
  const stopped: string[] = [];
  const failures: string[] = [];
  const known = [detailsOf("mine"), detailsOf("01000000", "DRIVER")];
  const host: DashboardHost = {
    cluster: "abcd".repeat(14),
    page: fakePage(),
    packages: new PackageStore(dir, { one: 100 }),
    metrics: (accept) => Promise.resolve({ text: "beam_nodes 1\n", type: accept ?? "text/plain" }),
    unreadiness: () => [],
    address: () => "127.0.0.1:8265",
    failed: (what) => failures.push(what),
    jobs: {
      submit: (request) => {
        if (request.entrypoint === "bug") throw new Error("a bug");
        submitted.push(request);
        return request.submission_id ?? "made";
      },
      details: (id) => known.find(({ job_id }) => job_id === id),
      list: () => known,
      stop: (id) => stopped.push(id) > 0,
      delete: (id) => {
        throw new HttpFailure(400, `${id} runs`);
      },
      async *output() {
        yield "one\n";
        yield "two\n";
      },
    },
  };
  return { host, submitted, stopped, failures };
}

async function asked(
  host: DashboardHost,
  method: string,
  path: string,
  init: { body?: BodyInit; headers?: Record<string, string> } = {},
): Promise<{ status: number; text: string; type: string }> {
  const headers = { host: "localhost", authorization: "Bearer secret", ...init.headers };
  const request = new Request(`http://localhost${path}`, { method, ...init, headers });
  const answer = await route(host, DOOR, request);
  return {
    status: answer.status,
    text: await answer.text(),
    type: answer.headers.get("content-type") ?? "",
  };
}

async function withHost(run: (fake: ReturnType<typeof fakeHost>) => Promise<void>): Promise<void> {
  const dir = Deno.makeTempDirSync();
  try {
    await run(fakeHost(dir));
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

Deno.test("jobs are submitted, shown, listed and stopped, with and without a last slash", () =>
  withHost(async ({ host, submitted, stopped }) => {
    const body = JSON.stringify({ entrypoint: "true", submission_id: "x" });
    const made = await asked(host, "POST", "/api/jobs/", { body });
    assert.deepEqual(JSON.parse(made.text), { job_id: "x", submission_id: "x" });
    assert.equal(submitted[0]!.entrypoint, "true");
    assert.equal(JSON.parse((await asked(host, "GET", "/api/jobs")).text).length, 2);
    assert.equal(
      JSON.parse((await asked(host, "GET", "/api/jobs/mine")).text).submission_id,
      "mine",
    );
    assert.equal((await asked(host, "POST", "/api/jobs/mine/stop")).text, '{"stopped":true}');
    assert.deepEqual(stopped, ["mine"]);
    assert.deepEqual(JSON.parse((await asked(host, "GET", "/api/jobs/mine/logs")).text), {
      logs: "one\ntwo\n",
    });
  }));

Deno.test("what cannot be done is said with Ray's statuses", () =>
  withHost(async ({ host, failures }) => {
    const status = async (...[method, path, body]: [string, string, string?]) =>
      (await asked(host, method, path, body === undefined ? {} : { body })).status;
    assert.equal(await status("GET", "/api/jobs/none"), 404);
    assert.equal(await status("POST", "/api/jobs/01000000/stop"), 400);
    assert.equal(await status("DELETE", "/api/jobs/mine"), 400);
    assert.equal(await status("POST", "/api/jobs/", "no JSON"), 400);
    assert.equal(await status("GET", "/api/nothing"), 404);
    assert.equal(await status("PUT", "/api/jobs/mine"), 405);
    assert.equal(await status("GET", "/api/jobs/mine/logs/tail"), 426);
    assert.equal(await status("GET", "/api/jobs/%zz"), 404);
    assert.deepEqual(failures, []);
    assert.equal(await status("POST", "/api/jobs/", '{"entrypoint": "bug"}'), 500);
    assert.deepEqual(failures, ["POST /api/jobs/"]);
  }));

Deno.test("health is for everybody, all else for who has the token", () =>
  withHost(async ({ host }) => {
    const none = { headers: { authorization: "" } };
    for (const path of ["/healthz", "/api/gcs_healthz", "/api/healthz"]) {
      assert.deepEqual((await asked(host, "GET", path, none)).text, "success");
    }
    for (const path of ["/metrics", "/api/version", "/api/jobs/", "/nothing"]) {
      assert.equal((await asked(host, "GET", path, none)).status, 403, path);
    }
    const metrics = await asked(host, "GET", "/metrics");
    assert.equal(metrics.text, "beam_nodes 1\n");
    assert.match(metrics.type, /^text\/plain/);
    assert.equal(JSON.parse((await asked(host, "GET", "/api/version")).text).version, "4");
  }));

Deno.test("a package is taken once it is whole and within the bound, and then found", () =>
  withHost(async ({ host }) => {
    const path = "/api/packages/gcs/_ray_pkg_0a.zip";
    assert.equal((await asked(host, "GET", path)).status, 404);
    assert.equal((await asked(host, "PUT", path, { body: "a".repeat(101) })).status, 413);
    assert.equal((await asked(host, "PUT", path, { body: "zip" })).status, 200);
    assert.equal((await asked(host, "GET", path)).status, 200);
    assert.equal(Deno.readTextFileSync(host.packages.path("_ray_pkg_0a.zip")), "zip");
    const outside = "/api/packages/gcs/..%2F..%2Fx.zip";
    assert.equal((await asked(host, "PUT", outside, { body: "zip" })).status, 400);
  }));

Deno.test("a body nested too deep is refused before it is parsed, brackets in texts are no nesting", () =>
  withHost(async ({ host, submitted }) => {
    const deep = `{"entrypoint":${"[".repeat(2 ** 22)}`;
    const answer = await asked(host, "POST", "/api/jobs/", { body: deep });
    assert.deepEqual([answer.status, /nested deeper than 50/.test(answer.text)], [400, true]);
    const entrypoint = `echo "\\${"[{".repeat(200)}"`;
    const body = JSON.stringify({ entrypoint });
    assert.equal((await asked(host, "POST", "/api/jobs/", { body })).status, 200);
    assert.equal(submitted.at(-1)?.entrypoint, entrypoint);
  }));

Deno.test("what no link to a node can carry is refused", () =>
  withHost(async ({ host, submitted }) => {
    for (const value of ['{"__proto__": 1}', '"\\ud800"', '{"\\udc00": 1}']) {
      const body = `{"entrypoint": "x", "runtime_env": {"a": ${value}}}`;
      const answer = await asked(host, "POST", "/api/jobs/", { body });
      assert.deepEqual([answer.status, /must have whole/.test(answer.text)], [400, true], value);
    }
    assert.equal(submitted.length, 0);
    const whole = { "\u{1f600}": "\u{1f600}" };
    const body = JSON.stringify({ entrypoint: "x", runtime_env: whole });
    assert.equal((await asked(host, "POST", "/api/jobs/", { body })).status, 200);
  }));

Deno.test("a web socket that is none is refused", () =>
  withHost(async ({ host, failures }) => {
    const headers = { upgrade: "websocket" };
    const answer = await asked(host, "GET", "/api/jobs/mine/logs/tail", { headers });
    assert.deepEqual([answer.status, failures], [400, []]);
  }));

Deno.test("a long path is not repeated whole", () =>
  withHost(async ({ host }) => {
    const { status, text } = await asked(host, "GET", `/${"x".repeat(5000)}`);
    assert.deepEqual([status, text.length < 400], [404, true]);
  }));
