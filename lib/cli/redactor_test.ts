import assert from "assert";
import { isSecretName, Redactor, REMOVED } from "./redactor.ts";

const S = "Zq7-planted.Secret/9";

Deno.test("names that say secret, and those that only look so", () => {
  for (
    const name of [
      "BEAM_TOKEN",
      "HF_TOKEN",
      "HF_HOME",
      "AWS_REGION",
      "RAY_AUTH_TOKEN",
      "RAY_REDIS_PASSWORD",
      "--api-key",
      "apiKey",
      "api_key",
      "--hf-token",
      "DB_PASSWORD",
      "password",
      "client_secret",
      "Authorization-token",
      "WANDB_API_KEY",
      "SSH_PRIVATE_KEY",
      "set-cookie",
    ]
  ) assert.ok(isSecretName(name), name);
  for (
    const name of [
      "NCCL_SOCKET_IFNAME",
      "keyboard",
      "monkey",
      "tokenizer",
      "--tokenizer",
      "max_tokens",
      "--max-tokens",
      "token_file",
      "passed",
      "bypass_mode_x",
      "author",
      "PATH",
    ]
  ) assert.ok(!isSecretName(name), name);
});

Deno.test("a secret goes by its name, in whatever way it is written", () => {
  const redactor = new Redactor();
  for (
    const text of [
      `DB_PASSWORD=${S}`,
      `export HF_TOKEN="${S}" && run`,
      `vllm serve m --api-key ${S} --port 8000`,
      `vllm serve m --api-key=${S}`,
      `['vllm', '--api-key', '${S}']`,
      `{"api_key": "${S}", "model": "m"}`,
      `{\\"password\\": \\"${S}\\"}`,
      `Namespace(api_key='${S}', model='m')`,
      `Authorization: Bearer ${S}`,
      `https://user:${S}@example.org/x`.replace("Secret/9", "Secret9"),
      `AWS_SESSION=${S}`,
      `password: ${S}`,
    ]
  ) {
    const clean = redactor.text(text);
    assert.ok(!clean.includes("planted"), `${text} → ${clean}`);
    assert.ok(clean.includes(REMOVED), clean);
  }
});

Deno.test("a known value goes wherever it stands", () => {
  const redactor = new Redactor();
  redactor.knowEnvironment({ MY_SECRET: S, HOME: "/home/me", HF_TOKEN: "true", A_TOKEN: "12" });
  assert.equal(redactor.text(`it said ${S}!`), `it said ${REMOVED}!`);
  assert.equal(redactor.text("true 12 /home/me"), "true 12 /home/me");
  assert.equal(redactor.leftIn(`x${S}y`), 1);
  assert.equal(redactor.leftIn(redactor.text(`x${S}y`)), 0);
});

Deno.test("forms that only secrets have go without a name", () => {
  const redactor = new Redactor();
  for (
    const secret of [
      "hf_" + "abcDEF123456789012",
      "sk-" + "proj_abcdefghijklmnop",
      "ghp_" + "a".repeat(36),
      "AKIA" + "ABCDEFGHIJKLMNOP",
      "eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl",
      `beam-join-0123456789abcdef-${"x".repeat(43)}`,
      "-----BEGIN RSA PRIVATE KEY-----\nMIIabc\nxyz\n-----END RSA PRIVATE KEY-----",
    ]
  ) assert.equal(redactor.text(`a ${secret} b`), `a ${REMOVED} b`);
  assert.equal(redactor.text("xyz\nMII\n-----END PRIVATE KEY-----\nrest"), `${REMOVED}\nrest`);
});

Deno.test("in JSON, secret fields and the values of env_vars go, and its form stays", () => {
  const clean = new Redactor().value({
    runtime_env: { env_vars: { FOO: S, NCCL_DEBUG: "INFO", HF_TOKEN: S } },
    args: ["--api-key", S, "--port", "8000"],
    entrypoint: `serve --api-key ${S}`,
    token: S,
    count: 3,
    nested: [{ password: S }],
  });
  assert.deepEqual(clean, {
    runtime_env: { env_vars: { FOO: REMOVED, NCCL_DEBUG: "INFO", HF_TOKEN: REMOVED } },
    args: ["--api-key", REMOVED, "--port", "8000"],
    entrypoint: `serve --api-key ${REMOVED}`,
    token: REMOVED,
    count: 3,
    nested: [{ password: REMOVED }],
  });
});

Deno.test("what a report is for stays", () => {
  const redactor = new Redactor();
  for (
    const text of [
      "Cannot place bundle 0: needs 8 GPU",
      "NCCL_SOCKET_IFNAME=eth0 max_tokens=512 tokenizer=auto",
      'KeyError: "model"',
      "actor boss (1a2b3c4d…) died: it exited with code 1.",
      "key: 3, token=None",
      'File "/x/tokens.py", line 3, in <module>',
    ]
  ) assert.equal(redactor.text(text), text);
});

Deno.test("megabytes without a blank take no longer than others", () => {
  const redactor = new Redactor();
  for (const run of ["x", "a.", "\\", "-", '"', "k=", "a://", "--a "]) {
    const text = run.repeat(2 ** 20 / run.length);
    assert.equal(redactor.text(text).length, text.length, run);
  }
});
