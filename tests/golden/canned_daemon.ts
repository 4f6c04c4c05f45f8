/** A daemon's control socket that answers from a canned picture. */
import type { ClusterStatus } from "../../lib/cli/cluster_status.ts";
import { LOGS, READINGS, STACKS } from "./canned_machines.ts";
import { EVENTS } from "./canned_status.ts";
import { Link } from "../../lib/wire/link.ts";
import type { Reply, RequestKind } from "../../lib/wire/messages.ts";

const encoded = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

/** Listens at `path` until it is disposed of. */
export function cannedDaemon(path: string, status: ClusterStatus): AsyncDisposable {
  const listener = Deno.listen({ transport: "unix", path });
  const { cluster, epoch, head_address, ...picture } = status;
  const head = { cluster, epoch, head_address };
  const bodies: Partial<Record<RequestKind, Uint8Array>> = {
    "query.status": encoded(picture),
    "query.events": encoded(EVENTS),
    "query.logs": encoded(LOGS),
    "query.log": new TextEncoder().encode("the last line\n"),
    "query.readings": encoded(READINGS),
    "query.stacks": encoded(STACKS),
  };
  const answers: Partial<Record<RequestKind, Record<string, unknown>>> = {
    "query.status": { ...head },
    "query.events": { count: EVENTS.length, last: EVENTS.length, epoch },
    "query.logs": { count: LOGS.length },
    "query.log": { size: 114, offset: 100, running: true },
    "query.readings": { count: READINGS.length },
    "query.stacks": { count: 1 },
    "node.drain": {},
    "query.work": {
      state: "draining",
      actors: ["actor Worker_0 (0a1b2c3d…)", "actor Old (1b2c3d4e…), which is ending"],
      tasks: 2,
      groups: ["placement group 2c3d4e5f…"],
      drivers: ["job 01000000 (driver pid 77 on 192.0.2.3)"],
      values: 0,
    },
    "daemon.info": {
      node_id: status.nodes[0]!.node_id,
      node_ip: status.nodes[0]!.ip,
      cluster: status.cluster,
      head_address: status.head_address,
      is_head: true,
      pid: 1,
      runtime_dir: "/r",
      log_dir: "/r/logs",
      connected: true,
      build: "canned",
      network_env: { VLLM_HOST_IP: "192.0.2.2", GLOO_SOCKET_IFNAME: "eth0" },
    },
  };
  const links: Link[] = [];
  const serving = (async () => {
    for await (const conn of listener) {
      const link = new Link(conn, {
        peer: "the command line",
        onMessage(received, link) {
          const kind = received.message.kind as RequestKind;
          const answer = answers[kind];
          if (answer) link.reply(received, kind, answer as Reply<typeof kind>, bodies[kind]);
          else link.refuse(received, new Error(`no answer to ${kind} is canned`));
        },
      });
      links.push(link.start());
    }
  })();
  return {
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const link of links) link.close();
      await serving.catch(() => {});
    },
  };
}
