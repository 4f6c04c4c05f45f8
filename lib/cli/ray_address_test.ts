import assert from "assert";
import { UsageError } from "./command.ts";
import { rayAddress } from "./ray_address.ts";

Deno.test("the flag stands over RAY_ADDRESS; auto leaves it to this machine", () => {
  const env = (name: string) => name === "RAY_ADDRESS" ? "10.0.0.1" : undefined;
  assert.equal(rayAddress("10.0.0.2:80", env), "10.0.0.2:80");
  assert.equal(rayAddress(undefined, env), "10.0.0.1:6379");
  assert.equal(rayAddress("auto", env), undefined);
  assert.equal(rayAddress(undefined, () => undefined), undefined);
  assert.equal(rayAddress("ray://10.0.0.1:10001", env), "10.0.0.1:10001");
  assert.throws(() => rayAddress("a:b:c", env), UsageError);
});
