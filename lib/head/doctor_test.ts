import assert from "assert";
import { facts } from "../doctor/cluster/fixture.ts";
import { ProbeOrders } from "../node/probe_orders.ts";
import { Keyring } from "../wire/keyring.ts";
import { FakeNode, Folder, type NodeFacts, startHead } from "./_fakes.ts";
import type { Head } from "./head.ts";
import { recentTrouble } from "./warnings.ts";

const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

/** A node that opens ports and dials, and says of its machine what `diagnosis` is. */
async function joined(
  head: Head,
  at: number,
  { diagnosis, signal, probe }: { diagnosis?: unknown; signal: AbortSignal; probe?: unknown },
): Promise<FakeNode> {
  const ip = `127.1.${at >> 8}.${at & 255}`;
  const probes = new ProbeOrders({
    node_ip: () => ip,
    identity: () => ({ build: "test", keys: new Keyring("") }),
    signal,
  });
  const answer: NodeFacts["answer"] = (received, link) => {
    const { kind } = received.message;
    if (probe !== undefined && kind === "probe.open") {
      link.reply(received, kind, {}, encode(probe));
      return true;
    }
    if (probe !== undefined && kind === "probe.dial") {
      link.reply(received, kind, { count: 1 }, encode(probe));
      return true;
    }
    if (probes.take(received, link)) return true;
    if (received.message.kind !== "node.doctor") return false;
    const body = encode(diagnosis ?? { findings: [], facts: facts(ip) });
    if (diagnosis !== null) link.reply(received, "node.doctor", {}, body);
    return true;
  };
  return await FakeNode.join(head.port, {
    ip,
    answer,
    port: 0,
    extra: { build: head.state.build },
  });
}

/** Runs with a head; everything that was opened is closed afterwards. */
async function withHead(
  body: (head: Head, options: { signal: AbortSignal }) => Promise<void>,
): Promise<void> {
  using folder = new Folder();
  const ending = new AbortController();
  const head = await startHead(folder);
  try {
    await body(head, { signal: ending.signal });
  } finally {
    ending.abort();
    await head.close();
  }
}

/** Listeners that were closed may still have connections that end by themselves. */
const options = { sanitizeOps: false, sanitizeResources: false };

Deno.test({
  name: "256 nodes are asked at once, and of their pairs as many are tried as tell enough",
  ...options,
  fn: () =>
    withHead(async (head, { signal }) => {
      const count = 256;
      for (let at = 1; at <= count; at++) await joined(head, at, { signal });
      const steps: number[] = [];
      const found = await head.state.doctor.examine(({ done, total }) => {
        assert.equal(total, 2 * count);
        steps.push(done);
      });
      assert.deepEqual(found.findings, []);
      assert.equal(found.nodes.filter(({ answered }) => answered).length, count);
      assert.deepEqual(steps, Array.from({ length: 2 * count + 1 }, (_, at) => at));
      assert.equal(found.pairs.of, count * (count - 1));
      assert.ok(found.pairs.tried > count * 6 && found.pairs.tried < count * 16);
      assert.equal(head.state.doctor.last(), found);
    }),
});

Deno.test({
  name: "whoever asks meanwhile is told the same examination",
  ...options,
  fn: () =>
    withHead(async (head, { signal }) => {
      const node = await joined(head, 1, { signal });
      await joined(head, 2, { signal });
      assert.equal(head.state.doctor.last(), undefined);
      const asked = await Promise.all(
        [1, 2].map((at) =>
          node.ask({ kind: "query.doctor", progress: true }, { client: `c${at}` })
        ),
      );
      const [one, two] = asked.map(({ body }) => JSON.parse(new TextDecoder().decode(body)));
      assert.deepEqual(one, two);
      assert.deepEqual(one.pairs, { tried: 2, of: 2 });
      assert.equal((await node.pushed("c2", "doctor.progress"))["total"], 4);
      // Who comes when nobody answers any more hears at once how far it is.
      const hung = await joined(head, 3, { signal, diagnosis: null });
      const examining = head.state.doctor.examine();
      let heard: unknown;
      const joining = head.state.doctor.examine((progress) => heard ??= progress);
      assert.deepEqual(heard, { text: "asking nodes", done: 0, total: 6 });
      hung.link.close();
      assert.equal(await examining, await joining);
    }),
});

Deno.test({
  name: "a node that ends meanwhile, says nothing that can be read, or too much, harms nobody",
  ...options,
  fn: () =>
    withHead(async (head, { signal }) => {
      await joined(head, 1, { signal });
      const gone = await joined(head, 2, { signal, diagnosis: null });
      await joined(head, 3, { signal, diagnosis: "no diagnosis", probe: { listeners: [7, null] } });
      await joined(head, 5, { signal, probe: [{ outcome: "open" }, null] });
      const elsewhere = { at: 0, listeners: [{ address: "127.1.0.1", port: "x" }] };
      await joined(head, 6, { signal, probe: elsewhere });
      const lie = {
        code: "BD011",
        check: "open-files",
        severity: "warning",
        breaks: "",
        mend: "",
        node_id: "of another",
      };
      const many = Array.from({ length: 5000 }, (_, at) => ({ ...lie, seen: `${at}\x1b[31m` }));
      await joined(head, 4, {
        signal,
        diagnosis: { findings: [{ ...lie, severity: "fatal" }, ...many], facts: { network: 7 } },
      });
      const examining = head.state.doctor.examine();
      setTimeout(() => gone.link.close(), 50);
      const { findings, nodes } = await examining;
      const silent = findings.filter(({ code }) => code === "BD050");
      assert.ok(silent.some(({ node_id }) => node_id === gone.node_id), JSON.stringify(silent));
      assert.equal(nodes.find(({ node_id }) => node_id === gone.node_id)!.answered, false);
      const told = findings.filter(({ code }) => code === "BD011");
      assert.ok(told.length > 0 && told.length <= 200, `${told.length}`);
      assert.ok(
        told.every(({ seen, node_id }) => !seen.includes("\x1b") && node_id !== lie.node_id),
      );
      // What checks cannot read of it costs those checks, and says so.
      assert.ok(findings.some(({ code }) => code === "BD001"));
    }),
});

Deno.test({
  name: "what is found, and found no more, is an event, once for each",
  ...options,
  fn: () =>
    withHead(async (head, { signal }) => {
      await joined(head, 1, { signal });
      const odd = { findings: [], facts: facts("127.1.0.2") };
      odd.facts.python!.version = "3.9.1";
      await joined(head, 2, { signal, diagnosis: odd });
      const told = () =>
        head.state.events.newest(100).filter(({ kind }) => kind.startsWith("doctor.")).map((
          { kind, severity, text },
        ) => [kind, severity, text.slice(0, 5)]);
      for (let times = 0; times < 3; times++) await head.state.doctor.examine();
      assert.deepEqual(told(), [["doctor.found", "error", "BD065"]]);
      const lately = () =>
        recentTrouble(head.state).filter(({ kind }) => kind === "doctor.found").length;
      assert.equal(lately(), 1);
      odd.facts.python!.version = "3.12.1";
      await head.state.doctor.examine();
      assert.deepEqual(told()[1], ["doctor.mended", "info", "BD065"]);
      assert.equal(lately(), 0, "`beam status` does not go on about what was mended");
    }),
});
