import assert from "assert";
import type { Finding } from "../check.ts";
import { CLUSTER_CHECK_TEXTS } from "./cluster_checks.ts";
import { dialed, facts, found, node, picture, wired, withDials } from "./fixture.ts";
import type { ClusterPicture, NodePicture } from "./picture.ts";

/** The one thing that is found. */
function only(given: ClusterPicture, code: string): Finding {
  const all = found(given);
  assert.deepEqual(all.map((one) => one.code), [code], JSON.stringify(all, null, 2));
  return all[0]!;
}

/** Three nodes of which the last one differs. */
function odd(change: Partial<NodePicture>): ClusterPicture {
  return picture([node(1), node(2), node(3, change)]);
}

/** The same, by its facts. */
function oddFacts(change: (facts: NonNullable<NodePicture["facts"]>) => void): ClusterPicture {
  const changed = facts("10.0.0.3");
  change(changed);
  return odd({ facts: changed });
}

Deno.test("a healthy cluster, a large one and a single node give nothing", () => {
  assert.deepEqual(found(picture()), []);
  assert.deepEqual(found(picture([node(1)])), []);
  assert.deepEqual(found(picture(Array.from({ length: 40 }, (_, at) => node(at + 1)))), []);
});

Deno.test("nodes of one machine under loopback give nothing", () => {
  const same = (at: number) =>
    node(at, {
      ip: `127.0.0.${at}`,
      hostname: "desk",
      ready: { at: 0, listeners: [], boot_id: "b" },
    });
  assert.deepEqual(
    found(picture([same(1), same(2)], { address: "127.0.0.1:6379" })),
    [],
  );
});

Deno.test("codes are of the cluster, each once, with words", () => {
  const codes = CLUSTER_CHECK_TEXTS.map(({ code }) => code);
  assert.deepEqual(codes, [...new Set(codes)].sort());
  for (const { code, name, tells, explain } of CLUSTER_CHECK_TEXTS) {
    assert.match(code, /^BD0[5-9]\d$/);
    assert.match(name, /^[a-z-]+$/);
    assert.ok(tells.length > 10 && explain.length > 40, code);
  }
});

Deno.test("a high port that is closed names the node, the firewall and the network", () => {
  const target = node(2);
  target.facts!.firewall = { kind: "ufw", evidence: "/etc/ufw/ufw.conf" };
  const [one, three] = [node(1), node(3)];
  const closed = withDials(picture([one, target, three]), [
    dialed(one, target, "high", "timeout"),
    dialed(three, target, "high", "timeout"),
  ]);
  const { seen, mend, node_id, severity } = only(closed, "BD055");
  assert.equal(severity, "error");
  assert.equal(node_id, target.node_id);
  assert.match(seen, /From 10\.0\.0\.1 and 10\.0\.0\.3 .*10\.0\.0\.2:40002.*DROP/);
  assert.match(mend, /On 10\.0\.0\.2: `sudo ufw allow from 10\.0\.0\.0\/24`/);
});

Deno.test("each firewall has its line", () => {
  const lines = {
    ufw: /ufw allow/,
    firewalld: /firewall-cmd/,
    nftables: /nft insert/,
    iptables: /iptables -I/,
  };
  for (const [kind, line] of Object.entries(lines)) {
    const target = node(2);
    target.facts!.firewall = { kind: kind as keyof typeof lines, evidence: null };
    const one = node(1);
    for (const way of ["beam", "high"] as const) {
      const closed = withDials(picture([one, target]), [dialed(one, target, way, "refused")]);
      const { mend } = only(closed, way === "beam" ? "BD054" : "BD055");
      assert.match(mend, line);
      assert.equal(/6380/.test(mend), way === "beam", mend);
    }
  }
});

Deno.test("rejected, prohibited, and nobody there are told apart", () => {
  const [one, two] = [node(1), node(2)];
  const cases = [
    [dialed(one, two, "high", "refused"), /REJECT/, /nft/],
    [dialed(one, two, "high", "host_unreachable"), /REJECT/, /nft/],
    [dialed(one, two, "high", "host_unreachable", { ms: 3000 }), /nobody answers/, /ip neigh/],
    [dialed(one, two, "high", "stranger"), /somebody else/, /ip neigh/],
    [dialed(one, two, "high", "silent"), /says nothing/, /beam top/],
  ] as const;
  for (const [dial, seen, mend] of cases) {
    const told = only(withDials(picture([one, two]), [dial]), "BD055");
    assert.match(told.seen, seen);
    assert.match(told.mend, mend);
  }
});

Deno.test("a node that reaches nobody, where others do, is the one to mend", () => {
  const nodes = [node(1), node(2), node(3)];
  const [one, two, three] = nodes as [NodePicture, NodePicture, NodePicture];
  const shut = withDials(picture(nodes), [
    dialed(three, one, "high", "timeout"),
    dialed(three, two, "high", "timeout"),
  ]);
  const told = only(shut, "BD055");
  assert.equal(told.node_id, three.node_id);
  assert.match(told.mend, /On 10\.0\.0\.3, let it send: .*OUTPUT -d 10\.0\.0\.0\/24/);
});

Deno.test("many nodes that are closed alike are told of together", () => {
  const nodes = Array.from({ length: 20 }, (_, at) => node(at + 1));
  const closed = picture(nodes);
  closed.pairs = closed.pairs.map((one) =>
    one.way === "high" ? { ...one, outcome: "timeout" } : one
  );
  const told = only(closed, "BD055");
  assert.match(told.node!, /^10\.0\.0\.\d+, .* and 17 more$/);
  assert.match(told.seen, /^Of 20 nodes/);
  assert.match(told.mend, /The same on all of them.*10\.0\.0\.0\/24/);
});

Deno.test("a node without a route is told so", () => {
  const nodes = [node(1), node(2)];
  const [one, two] = nodes as [NodePicture, NodePicture];
  const none = withDials(picture(nodes), [
    dialed(two, one, "high", "net_unreachable"),
    dialed(two, one, "beam", "net_unreachable"),
  ]);
  const told = only(none, "BD056");
  assert.equal(told.node_id, two.node_id);
  assert.match(told.mend, /ip route get 10\.0\.0\.1/);
});

Deno.test("a path that loses full packets is one finding", () => {
  const [one, two] = [node(1), node(2)];
  const stalled = withDials(picture([one, two]), [dialed(one, two, "high", "stalled")]);
  assert.match(only(stalled, "BD057").mend, /mtu 1500/);
});

Deno.test("an address of the wrong network is told with the right one", () => {
  const nodes = [node(1), node(2, { ip: "192.168.9.2" })];
  const [one, two] = nodes as [NodePicture, NodePicture];
  const wrong = withDials(picture(nodes), [
    dialed(one, two, "high", "timeout"),
    dialed(one, two, "beam", "timeout"),
    dialed(one, two, "alias", "open", { host: "10.0.0.2" }),
  ]);
  const { mend } = only(wrong, "BD058");
  assert.match(mend, /beam up --join 10\.0\.0\.1:6379 --node-ip 10\.0\.0\.2/);
});

Deno.test("loopback among other addresses, and a container bridge, are no addresses of a node", () => {
  const nodes = [node(1), node(2, { ip: "127.0.1.1" })];
  assert.match(only(picture(nodes), "BD059").seen, /127\.0\.1\.1/);
  const bridged = node(2, { ip: "172.17.0.1" });
  bridged.facts!.network.interfaces = [wired("172.17.0.1", { name: "docker0", kind: "software" })];
  const one = node(1);
  const closed = withDials(picture([one, bridged]), [
    dialed(one, bridged, "high", "stranger"),
    dialed(one, bridged, "beam", "refused"),
  ]);
  assert.match(only(closed, "BD059").seen, /docker0/);
});

Deno.test("several networks that reach each other are for information", () => {
  assert.equal(only(picture([node(1), node(2, { ip: "10.0.7.2" })]), "BD060").severity, "info");
});

Deno.test("two machines of one name or address", () => {
  assert.match(only(odd({ hostname: "gpu-1" }), "BD061").seen, /called gpu-1/);
  const twins = picture([node(1), node(2), node(3, { ip: "10.0.0.2" })]);
  assert.match(only(twins, "BD061").seen, /address 10\.0\.0\.2/);
});

Deno.test("MTUs of one network", () => {
  const told = only(
    oddFacts(({ network }) => network.interfaces = [wired("10.0.0.3", { mtu: 9000 })]),
    "BD062",
  );
  assert.match(told.seen, /1500 on 10\.0\.0\.1 and 10\.0\.0\.2, and 9000 on 10\.0\.0\.3/);
});

Deno.test("variables that lead to networks that do not meet", () => {
  const nodes = [1, 2].map((at) => node(at));
  for (const [at, one] of nodes.entries()) {
    one.facts!.network.interfaces = [
      wired(one.ip),
      wired(`192.168.0.${at + 1}`, { name: "eno2" }),
    ];
    one.facts!.env["NCCL_SOCKET_IFNAME"] = at === 0 ? "=eth0" : "eno";
  }
  assert.match(only(picture(nodes), "BD063").seen, /NCCL_SOCKET_IFNAME leads to/);
  nodes[1]!.facts!.env["NCCL_SOCKET_IFNAME"] = "^lo,docker";
  assert.deepEqual(found(picture(nodes)), []);
  nodes[0]!.facts!.env["NCCL_IB_DISABLE"] = "1";
  assert.match(only(picture(nodes), "BD063").seen, /1 on .*not set on|not set on .*1 on/);
});

Deno.test("clocks, with allowance for a slow answer", () => {
  assert.match(
    only(odd({ clock: { ahead_ms: -90_000, margin_ms: 10 } }), "BD064").seen,
    /90 s behind/,
  );
  assert.deepEqual(found(odd({ clock: { ahead_ms: 4000, margin_ms: 3000 } })), []);
});

Deno.test("versions", () => {
  const python = oddFacts((facts) => facts.python!.version = "3.11.9");
  assert.match(only(python, "BD065").seen, /3\.12 on 10\.0\.0\.1 and 10\.0\.0\.2, and 3\.11 on/);
  assert.deepEqual(found(oddFacts((facts) => facts.python!.version = "3.12.9")), []);
  only(oddFacts((facts) => facts.python!.packages["vllm"] = "0.10.2"), "BD066");
  only(oddFacts((facts) => facts.python!.packages["torch"] = "2.7.1"), "BD067");
  only(oddFacts((facts) => facts.python!.nccl = "2.26.2"), "BD068");
  only(odd({ build: "beam 0.2.0 (def)" }), "BD069");
  assert.deepEqual(found(oddFacts((facts) => facts.python = null)), [], "a node without Python");
});

Deno.test("hardware", () => {
  only(oddFacts((facts) => facts.gpus.driver_version = "550.54.15"), "BD070");
  assert.equal(only(odd({ gpus: ["NVIDIA A100", "NVIDIA A100"] }), "BD071").severity, "warning");
  assert.equal(only(odd({ gpus: ["NVIDIA H100"] }), "BD071").severity, "info");
  only(oddFacts(({ gpus }) => gpus.devices[0]!.integrated = true), "BD072");
  const shm = (at: number, size: number) => {
    const one = node(at);
    one.facts!.shm = {
      path: "/dev/shm",
      mount_point: "/dev/shm",
      type: "tmpfs",
      source: "tmpfs",
      options: [],
      size,
      free: size,
      inodes: null,
      inodes_free: null,
    };
    return one;
  };
  only(picture([shm(1, 64 * 2 ** 30), shm(2, 2 ** 30)]), "BD073");
  assert.deepEqual(found(picture([shm(1, 64 * 2 ** 30), shm(2, 48 * 2 ** 30)])), []);
});

Deno.test("tokens and certificates", () => {
  const of = (head: Partial<ClusterPicture["head"]>) => picture([node(1), node(2)], head);
  const now = 1_000_000_000;
  only(of({ join_tokens: [{ name: "rack-3", expires: now + 60_000 }] }), "BD074");
  const hour = 3_600_000;
  const week = { certificate_lifetime: 168 * hour };
  assert.equal(only(of({ ...week, certificate_until: now + hour }), "BD075").severity, "warning");
  assert.equal(only(of({ ...week, certificate_until: now - hour }), "BD075").severity, "error");
  assert.deepEqual(found(of({ ...week, certificate_until: now + 60 * hour })), []);
  const short = { certificate_lifetime: hour, certificate_until: now + hour / 2 };
  assert.deepEqual(found(of(short)), [], "one that never has more");
  only(of({ old_tokens: [node(2).node_id], former_ms: 30_000 }), "BD076");
});

Deno.test("nodes that are silent, drained or lost, the journal and the relay", () => {
  const { facts: _facts, ready: _ready, ...silent } = node(3, {
    fault: "no answer",
    silent_ms: 9000,
  });
  const [one, two] = [node(1), node(2)];
  assert.match(
    only({ ...picture([one, two]), nodes: [one, two, silent] }, "BD050").seen,
    /heard 9 s ago/,
  );
  const mute = odd({ ready: { at: 0, listeners: [], fault: "no files are left" } });
  assert.match(only(mute, "BD050").seen, /opened no port .*no files are left/);
  assert.equal(only(odd({ state: "draining" }), "BD051").severity, "info");
  const suspect = odd({ state: "suspect", lost_reason: "it was silent" });
  assert.match(only(suspect, "BD051").seen, /suspect: it was silent/);
  assert.match(only(picture(undefined, { journal_fault: "disk full" }), "BD052").mend, /df -h/);
  only(picture(undefined, { relays: 3 }), "BD053");
});
