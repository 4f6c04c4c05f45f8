import assert from "assert";
import { Attempts } from "./attempts.ts";
import { fakeLogin, fakePage, fakeSessions } from "./_fake_page.ts";
import type { DashboardHost } from "./dashboard_host.ts";
import { Login } from "./login.ts";
import type { SessionRow } from "./page_host.ts";
import { type Door, route } from "./router.ts";
import { SESSION_MS } from "./sessions.ts";

const CLUSTER = "0123456789abcdef";
const NAME = "beam-0123456789ab";

interface Asking {
  body?: unknown;
  cookie?: string;
  headers?: Record<string, string>;
}

/** A door whose tokens and time can be changed, and who asks at it. */
function setUp(store = new Map<string, SessionRow>()) {
  const at = { now: 1000, tokens: ["secret", "other"] };
  const login = new Login({ sessions: fakeSessions(store), now: () => at.now, cluster: CLUSTER });
  const door: Door = { tokens: () => at.tokens, names: [], loopbackOnly: true, login };
  const stopped: string[] = [];
  const host = {
    page: fakePage(),
    cluster: CLUSTER,
    failed: (what: string, error: unknown) => assert.fail(`${what}: ${error}`),
    jobs: {
      list: () => [],
      details: (id: string) => ({ submission_id: id }),
      stop: (id: string) => stopped.push(id) > 0,
    },
  } as unknown as DashboardHost;
  const ask = async (method: string, path: string, { body, cookie, headers }: Asking = {}) => {
    const request = new Request(`http://localhost${path}`, {
      method,
      headers: {
        host: "localhost",
        ...(cookie !== undefined && { cookie }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const answer = await route(host, door, request);
    return {
      status: answer.status,
      text: await answer.text(),
      cookie: answer.headers.get("set-cookie"),
    };
  };
  const page = { "x-beam-page": "1" };
  const enter = async (token = "secret"): Promise<string> => {
    const { cookie } = await ask("POST", "/api/session", { body: { token }, headers: page });
    return cookie!.split(";")[0]!;
  };
  return { at, ask, enter, page, stopped, store };
}

Deno.test("a token is exchanged for a cookie that opens, and that no script can read", async () => {
  const { ask, page } = setUp();
  const { status, cookie } = await ask("POST", "/api/session", {
    body: { token: " secret\n" },
    headers: page,
  });
  assert.equal(status, 200);
  const [pair, ...rest] = cookie!.split("; ");
  assert.match(pair!, new RegExp(`^${NAME}=[A-Za-z0-9_-]{43}$`));
  assert.deepEqual(rest, ["Path=/", "HttpOnly", "SameSite=Strict", `Max-Age=${SESSION_MS / 1000}`]);
  assert.equal((await ask("GET", "/api/jobs")).status, 401);
  assert.equal((await ask("GET", "/api/jobs", { cookie: `a=b; ${pair}` })).status, 200);
  assert.equal((await ask("GET", "/api/jobs", { cookie: `${NAME}=x` })).status, 401);
});

Deno.test("a body that is no map is no token", async () => {
  const { ask, page } = setUp();
  for (const body of [null, [], 1, "secret", {}]) {
    assert.equal((await ask("POST", "/api/session", { body, headers: page })).status, 403);
  }
});

Deno.test("behind a proxy that speaks TLS the cookie is for TLS alone", async () => {
  const { ask, page } = setUp();
  const proxied = { ...page, "x-forwarded-proto": "https", origin: "https://localhost" };
  const { cookie } = await ask("POST", "/api/session", {
    body: { token: "secret" },
    headers: proxied,
  });
  assert.match(cookie!, /; Secure$/);
});

Deno.test("a session changes nothing without the page's own header, and nothing for other origins", async () => {
  const { ask, enter, page, stopped } = setUp();
  const cookie = await enter();
  const stop = (headers = {}) => ask("POST", "/api/jobs/mine/stop", { cookie, headers });
  assert.equal((await stop()).status, 403);
  assert.equal((await stop({ ...page, origin: "http://evil.example" })).status, 403);
  assert.equal((await stop({ ...page, "sec-fetch-site": "same-site" })).status, 403);
  assert.deepEqual(stopped, []);
  assert.equal((await stop(page)).status, 200);
  assert.deepEqual(stopped, ["mine"]);
  const forged = await ask("POST", "/api/session", { body: { token: "secret" } });
  assert.deepEqual([forged.status, forged.cookie], [403, null]);
});

Deno.test("a session ends by logging out, with time, and with its token", async () => {
  const { at, ask, enter, page, store } = setUp();
  const isOpen = async (cookie: string) =>
    (await ask("GET", "/api/jobs", { cookie })).status === 200;
  const [one, two, three] = [await enter(), await enter("other"), await enter()];
  assert.deepEqual([await isOpen(one), await isOpen(two)], [true, true]);
  const out = await ask("DELETE", "/api/session", { cookie: one, headers: page });
  assert.match(out.cookie!, new RegExp(`^${NAME}=; .*Max-Age=0`));
  assert.deepEqual([await isOpen(one), await isOpen(two)], [false, true]);
  at.tokens = ["secret", "new"];
  assert.deepEqual([await isOpen(two), await isOpen(three)], [false, true]);
  at.tokens = ["other", "secret"];
  assert.equal(await isOpen(two), false, "what has ended does not come back");
  at.now += SESSION_MS;
  assert.equal(await isOpen(three), false);
  assert.equal(store.size, 0);
});

Deno.test("sessions outlive a head, and their names are nowhere in what it keeps", async () => {
  const store = new Map<string, SessionRow>();
  const cookie = await setUp(store).enter();
  assert.ok(!JSON.stringify([...store]).includes(cookie.split("=")[1]!));
  assert.equal((await setUp(store).ask("GET", "/api/jobs", { cookie })).status, 200);
});

Deno.test("wrong tokens are refused, soon unheard, and later heard again", async () => {
  const { at, ask, page } = setUp();
  const tries = async (token: unknown) =>
    (await ask("POST", "/api/session", { body: { token }, headers: page })).status;
  for (let count = 0; count < 10; count++) assert.equal(await tries("wrong"), 403);
  assert.equal(await tries("secret"), 429, "not even the right one is looked at");
  at.now += 3000;
  assert.equal(await tries(7), 403);
  assert.equal(await tries("secret"), 429);
  at.now += 3000;
  assert.equal(await tries("secret"), 200);
});

Deno.test("wrong tokens from one address keep out nobody who comes from another", async () => {
  const { ask, page } = setUp();
  const tries = async (token: string, address: string) => {
    const headers = { ...page, "x-beam-peer": `${address}, 10.0.0.9` };
    return (await ask("POST", "/api/session", { body: { token }, headers })).status;
  };
  for (let count = 0; count < 10; count++) assert.equal(await tries("wrong", "10.0.0.1"), 403);
  assert.equal(await tries("secret", "10.0.0.1"), 429);
  assert.equal(await tries("secret", "10.0.0.2"), 200);
});

Deno.test("a network is one address, and of few it is remembered that they failed", () => {
  let now = 0;
  const attempts = new Attempts(() => now, 2);
  const exhaust = (address: string) => {
    while (attempts.wait(address) === 0) attempts.failed(address);
  };
  const waits = (...addresses: string[]) => addresses.map((one) => attempts.wait(one));
  exhaust("10.0.0.1");
  exhaust("fd00::1");
  assert.deepEqual(waits("::ffff:10.0.0.1", "fd00::2", "10.0.0.2"), [3000, 3000, 0]);
  now += 1500;
  assert.deepEqual(waits("10.0.0.1"), [1500]);
  exhaust("10.0.0.3");
  assert.deepEqual(waits("10.0.0.1", "fd00::1", "10.0.0.3"), [0, 1500, 3000]);
});

Deno.test("the page's files are for everybody, also from a link elsewhere, and are no frame", async () => {
  const { ask } = setUp();
  const asked = await ask("GET", "/", { headers: { "sec-fetch-site": "cross-site" } });
  assert.deepEqual([asked.status, asked.text.includes("<main")], [200, true]);
  for (const file of ["/page.js", "/page.css", "/icon.svg"]) {
    assert.equal((await ask("GET", file)).status, 200, file);
  }
  assert.equal((await ask("POST", "/")).status, 401);
  assert.equal((await ask("GET", "/page.ts")).status, 401);
});

Deno.test("cookies of two clusters have two names", async () => {
  const door = { tokens: () => ["t"], names: [], loopbackOnly: true };
  const request = () =>
    new Request("http://localhost/api/session", {
      method: "POST",
      headers: { "x-beam-page": "1" },
      body: '{"token":"t"}',
    });
  const names = await Promise.all(["aaaa", "bbbb"].map(async (cluster) => {
    const answer = await fakeLogin(cluster).answer(request(), door);
    return answer.headers.get("set-cookie")!.split("=")[0];
  }));
  assert.deepEqual(names, ["beam-aaaa", "beam-bbbb"]);
});
