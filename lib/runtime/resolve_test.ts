import assert from "assert";
import { addressesOf } from "./resolve.ts";

Deno.test("a name of this machine resolves, and one that is none says so", async () => {
  const found = await addressesOf("localhost");
  assert.ok(found.includes("127.0.0.1") || found.includes("::1"), found.join(" "));
  await assert.rejects(addressesOf("no-such-host.invalid"), {
    name: "Error",
    syscall: "getaddrinfo",
  });
});

Deno.test("resolving prints no warning of the runtime's own", async () => {
  const place = JSON.stringify(import.meta.resolve("./resolve.ts"));
  const { stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "eval",
      `const { addressesOf } = await import(${place}); await addressesOf("localhost");`,
    ],
    stderr: "piped",
  }).output();
  assert.doesNotMatch(new TextDecoder().decode(stderr), /warning/i);
});
