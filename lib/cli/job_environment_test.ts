import assert from "assert";
import { jobEnvironment, needsPython } from "./job_environment.ts";

const nobody = { url: "http://127.0.0.1:1", headers: {} };

Deno.test("only what lies on this machine is packed here", () => {
  for (
    const env of [{ working_dir: "." }, { py_modules: ["s3://a.zip", "/m"] }, { pip: "r.txt" }]
  ) {
    assert.equal(needsPython(env), true, JSON.stringify(env));
  }
  const travels = [
    {},
    { env_vars: { A: "1" } },
    { working_dir: "gcs://_ray_pkg_0a.zip" },
    { working_dir: "https://example.com/a.zip", py_modules: ["s3://a/b.zip"] },
    { pip: ["numpy"], uv: { packages: ["x"] } },
  ];
  for (const env of travels) assert.equal(needsPython(env), false, JSON.stringify(env));
});

Deno.test("the folder that is named by its own flag goes before", async () => {
  const flags = { file: undefined, env: { working_dir: "s3://a.zip", eager: true } };
  assert.deepEqual(await jobEnvironment({ ...flags, working_dir: "s3://b.zip" }, nobody), {
    working_dir: "s3://b.zip",
    eager: true,
  });
  assert.deepEqual(await jobEnvironment({ ...flags, working_dir: undefined }, nobody), flags.env);
});
