import assert from "assert";
import { isLoopback } from "./loopback.ts";

Deno.test("loopback addresses are told in every form", () => {
  const own = ["127.0.0.1", "127.8.8.8", "127.1", "::1", "[::1]", "localhost", "::ffff:127.0.0.1"];
  for (const address of own) assert.ok(isLoopback(address), address);
  for (const address of ["10.0.0.1", "0.0.0.0", "::", "1127.0.0.1", "127.evil.example", "127."]) {
    assert.ok(!isLoopback(address), address);
  }
});
