import assert from "assert";
import { buildDigest, buildName, SOURCE_BUILD, VERSION } from "./version.ts";

Deno.test("the version has three numbers", () => {
  assert.match(VERSION, /^\d+\.\d+\.\d+$/);
});

Deno.test("a checkout says so where a binary has its digest", () => {
  assert.equal(buildDigest(), SOURCE_BUILD);
  assert.equal(buildName(), `${VERSION}+source`);
});
