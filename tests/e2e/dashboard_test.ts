/** The dashboard without a browser: what an executable carries of it, and the way in. */
import assert from "assert";
import type { BoardMessage } from "../../lib/dashboard/board.ts";
import type { Node } from "./harness/node.ts";
import { signal } from "./harness/processes.ts";
import { theme } from "./harness/scenario.ts";
import { until } from "./harness/until.ts";

let head: Node;
const { place, test } = theme("dashboard", async (place) => {
  head = await place.head({ gpus: 1 });
});

test("`beam dashboard` tells an address and a token, by which the page and its stream open", async () => {
  const { url, token } = JSON.parse(await head.tell("dashboard", "--json"));
  assert.match(await head.tell("dashboard"), new RegExp(`^${url}\\nlog in with {2}${token}\\n`));
  const page = await fetch(url);
  assert.match(await page.text(), /<script type="module" src="\/page\.js">/);
  assert.match(page.headers.get("content-security-policy")!, /^default-src 'none'/);
  for (const file of ["page.js", "page.css", "icon.svg"]) {
    const answer = await fetch(`${url}/${file}`);
    assert.equal(answer.status, 200, file);
    assert.ok((await answer.text()).length > 100, file);
  }
  const refused = await fetch(`${url}/api/events`);
  await refused.body?.cancel();
  assert.equal(refused.status, 401);

  const opened = await fetch(`${url}/api/session`, {
    method: "POST",
    headers: { "x-beam-page": "1" },
    body: JSON.stringify({ token }),
  });
  await opened.body?.cancel();
  const cookie = opened.headers.get("set-cookie")!.split(";")[0]!;
  const stream = await fetch(`${url}/api/events`, { headers: { cookie } });
  assert.equal(stream.headers.get("content-type"), "text/event-stream; charset=utf-8");
  const picture = await firstPicture(stream);
  const nodes = picture.set["nodes"] as [string, { ip: string; gpus: unknown[] }][];
  assert.deepEqual(nodes.map(([, { ip, gpus }]) => [ip, gpus.length]), [["127.0.0.1", 1]]);
});

test("a node that is not the head's says where the page is", async () => {
  const node = await place.join(head);
  const { code, stderr } = await node.cli(["dashboard"]);
  assert.equal(code, 1);
  assert.match(stderr, /it is on the head's machine, 127\.0\.0\.1\./);
});

/** The data of the first event `rows`. */
async function firstPicture(stream: Response): Promise<BoardMessage> {
  let text = "";
  for await (const part of stream.body!.pipeThrough(new TextDecoderStream())) {
    text += part;
    const found = /^event: rows\ndata: (.*)\n\n/m.exec(text);
    if (found) return JSON.parse(found[1]!);
  }
  throw new Error(`The stream ended after ${text.slice(0, 200)}`);
}

test("a head that was started again, and whose page's port another program took, has none", async () => {
  const { hostname, port } = new URL(JSON.parse(await head.tell("dashboard", "--json")).url);
  signal(head.headPid, "SIGKILL");
  using _taken = await until("the port is free", () => {
    try {
      return Deno.listen({ hostname, port: Number(port) });
    } catch {
      return false;
    }
  });
  const { stderr } = await until("the command says so", async () => {
    const told = await head.cli(["dashboard"]);
    return told.code === 1 && told;
  });
  assert.match(stderr, /Cannot serve jobs and metrics on .*: another program holds it/);
});
