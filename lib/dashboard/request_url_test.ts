import assert from "assert";
import { requestUrl } from "./request_url.ts";

Deno.test("path and query are read whatever stands for the host", () => {
  for (
    const host of [
      "http://localhost:8265",
      "http+unix://%2Ftmp%2Fe2e%2D7%2Fhttp%2Esock",
      "http+unix://a b",
      "http://[::1",
    ]
  ) {
    const { pathname, search } = requestUrl({ url: `${host}/healthz?a=b` });
    assert.deepEqual([pathname, search], ["/healthz", "?a=b"], host);
  }
  assert.equal(requestUrl({ url: "http+unix://x" }).pathname, "/");
  assert.equal(requestUrl({ url: "http+unix://x//evil.example/" }).pathname, "//evil.example/");
});
