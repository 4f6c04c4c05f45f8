import assert from "assert";
import { HealthPort, responseText } from "./health_port.ts";

const WELL = { unjoined: () => undefined, headFault: () => undefined, isHead: true };

async function served(
  host: ConstructorParameters<typeof HealthPort>[0],
  run: (port: number) => Promise<void>,
): Promise<void> {
  const server = new HealthPort(host, { host: "127.0.0.1", port: 0 });
  try {
    await run(server.port);
  } finally {
    await server.close();
  }
}

async function get(port: number, path: string): Promise<[status: number, text: string]> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`);
  return [answer.status, await answer.text()];
}

const http = { sanitizeOps: false, sanitizeResources: false };

Deno.test("KubeRay's probes and one's own are answered", http, () =>
  served(WELL, async (port) => {
    assert.deepEqual(await get(port, "/api/local_raylet_healthz"), [200, "success"]);
    assert.deepEqual(await get(port, "/healthz?verbose=1"), [200, "success"]);
    assert.deepEqual(await get(port, "/readyz"), [200, "ready\n"]);
    assert.deepEqual(await get(port, "/api/healthz"), [200, "raylet: success\ngcs: success"]);
    assert.equal((await get(port, "/metrics"))[0], 404);
  }));

Deno.test("a node that is not joined, or whose head does not run, says so", http, () =>
  served({
    unjoined: () => "The head is away.",
    headFault: () => "its disk is full",
    isHead: true,
  }, async (port) => {
    assert.deepEqual(await get(port, "/healthz"), [200, "success"]);
    assert.deepEqual(await get(port, "/readyz"), [503, "The head is away.\n"]);
    assert.deepEqual(await get(port, "/api/healthz"), [
      503,
      "raylet: success\ngcs: its disk is full",
    ]);
  }));

Deno.test("what is no request, or never ends, gets nothing and harms nobody", () =>
  served(WELL, async (port) => {
    const endless = await Deno.connect({ hostname: "127.0.0.1", port });
    await endless.write(
      new TextEncoder().encode(`GET /healthz HTTP/1.1\r\nX: ${"x".repeat(9000)}`),
    );
    const buffer = new Uint8Array(100);
    assert.equal(await endless.read(buffer).catch(() => null), null);
    endless.close();
    const silent = await Deno.connect({ hostname: "127.0.0.1", port });
    const nonsense = await Deno.connect({ hostname: "127.0.0.1", port });
    await nonsense.write(new Uint8Array([0, 255, 13, 10, 13, 10]));
    const count = await nonsense.read(buffer);
    assert.match(new TextDecoder().decode(buffer.subarray(0, count ?? 0)), /^HTTP\/1.1 400 /);
    nonsense.close();
    silent.close();
  }));

Deno.test("methods: HEAD has no body, others are refused", () => {
  assert.match(responseText("HEAD /healthz HTTP/1.1", WELL), /Content-Length: 7\r\n[^]*\r\n\r\n$/);
  assert.match(responseText("POST /healthz HTTP/1.1", WELL), /^HTTP\/1.1 405 /);
  assert.match(
    responseText("GET /api/healthz HTTP/1.0", { ...WELL, isHead: false }),
    /gcs: success \(no local gcs\)$/,
  );
});
