import assert from "assert";
import { join } from "node:path";
import type { DaemonRecord } from "../runtime/records.ts";
import type { ServiceManager, ServiceNews } from "../runtime/service_manager.ts";
import { Service } from "./service.ts";

/** A manager that keeps what it is told, and lets a test await the next word. */
class FakeManager {
  readonly watchdog = 20;
  readonly told: ServiceNews[] = [];
  #wake: (() => void) | undefined;

  tell(news: ServiceNews): boolean {
    this.told.push(news);
    this.#wake?.();
    return true;
  }

  async until(holds: (news: ServiceNews) => boolean): Promise<ServiceNews> {
    for (;;) {
      const found = this.told.find(holds);
      if (found) return found;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }
}

function recordAt(socket: string): DaemonRecord {
  return {
    pid: 7,
    is_head: true,
    node_ip: "10.0.0.1",
    head_address: "10.0.0.1:6379",
    socket,
  } as DaemonRecord;
}

Deno.test("a daemon that takes connections and answers nothing gives no sign of life", async () => {
  const dir = await Deno.makeTempDir();
  const socket = join(dir, "s");
  const listener = Deno.listen({ transport: "unix", path: socket });
  const taken: Deno.Conn[] = [];
  const taking = (async () => {
    for await (const stream of listener) taken.push(stream);
  })();
  const manager = new FakeManager();
  const service = new Service(manager as unknown as ServiceManager);
  service.ready(recordAt(socket));
  assert.deepEqual(manager.told[0], {
    READY: "1",
    STATUS: "Head 10.0.0.1 of the cluster at 10.0.0.1:6379",
  });
  const { STATUS } = await manager.until(({ STATUS }) => /no sign of life/.test(STATUS ?? ""));
  assert.match(STATUS!, /\(pid 7\) gives no sign of life: .*it did not answer for 0.02 s/);
  service.stopping();
  service.over();
  assert.equal(manager.told.at(-1)!.STOPPING, "1");
  assert.ok(manager.told.every(({ WATCHDOG }) => WATCHDOG === undefined));
  listener.close();
  await taking;
  for (const stream of taken) stream.close();
  await Deno.remove(dir, { recursive: true });
});

Deno.test("without a manager nothing is told and nothing is looked at", () => {
  const service = new Service(undefined);
  assert.equal(service.isManaged, false);
  service.ready(recordAt("/nowhere"));
  service.stopping();
  service.over();
});
