import assert from "assert";
import type { DashboardHost } from "./dashboard_host.ts";
import { metrics, readiness, serviceDiscovery } from "./scrape.ts";

function host(parts: Partial<DashboardHost>): DashboardHost {
  return parts as DashboardHost;
}

Deno.test("metrics come in the format that the request prefers, with its content type", async () => {
  const asked: (string | null)[] = [];
  const fake = host({
    metrics: (accept) => {
      asked.push(accept);
      return Promise.resolve({ text: "# EOF\n", type: "application/openmetrics-text" });
    },
  });
  const headers = { accept: "application/openmetrics-text" };
  const answer = await metrics(fake, new Request("http://localhost/metrics", { headers }));
  assert.equal(answer.headers.get("content-type"), "application/openmetrics-text");
  assert.equal(await answer.text(), "# EOF\n");
  await metrics(fake, new Request("http://localhost/metrics"));
  assert.deepEqual(asked, ["application/openmetrics-text", null]);
});

Deno.test("a head that takes no work says why, with 503", async () => {
  const ready = readiness(host({ unreadiness: () => [] }));
  assert.equal(ready.status, 200);
  const away = readiness(host({ unreadiness: () => ["It waits.", "Its disk is full."] }));
  assert.equal(away.status, 503);
  assert.equal(await away.text(), "It waits.\nIts disk is full.\n");
});

Deno.test("Prometheus is told the one place to scrape", async () => {
  const answer = serviceDiscovery(host({ address: () => "10.0.0.1:8265" }));
  assert.deepEqual(await answer.json(), [{
    labels: { job: "ray" },
    targets: ["10.0.0.1:8265"],
  }]);
});
