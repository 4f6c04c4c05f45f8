/** The installer, with a release as its files lie on a server. */
import assert from "assert";
import { VERSION } from "../../lib/runtime/version.ts";
import { must, place, PYTHON, released } from "./_release.ts";

/** Serves the folder that it is given on a port of the system's choice, and says which. */
const SERVE = `
import functools, http.server, sys
handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=sys.argv[1])
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
print(server.server_port, flush=True)
server.serve_forever()
`;

Deno.test("the newest version installs from a folder on a web server", async () => {
  using user = await place();
  const { dir, env } = user;
  const base = released("VERSION")!.replace(`/v${VERSION}/VERSION`, "");
  const server = new Deno.Command(PYTHON, {
    args: ["-c", SERVE, base],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = server.stdout.pipeThrough(new TextDecoderStream()).getReader();
  try {
    let port = "";
    while (!port.endsWith("\n")) {
      const { value, done } = await reader.read();
      if (done) throw new Error("The server ended before it served.");
      port += value;
    }
    const address = `http://127.0.0.1:${port.trim()}`;
    const installing = { ...env, BEAM_BASE_URL: address, BEAM_INSTALL_DIR: `${dir}/bin` };
    await must(["sh", `${base}/install.sh`], { env: installing });
    assert.match(
      await must([`${dir}/bin/beam`, "version"], { env }),
      new RegExp(`^beam ${VERSION} `),
    );
  } finally {
    await reader.cancel();
    server.kill("SIGTERM");
    await server.status;
  }
});
