import assert from "assert";
import { strangerAt } from "./port_owner.ts";

const HEAD =
  "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout";
const row = (local: string, state: string, uid: number) =>
  `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000 ${uid}        0 1 1`;
const tables = (tcp: string[], tcp6: string[] = []) => (path: string) =>
  [HEAD, ...path.endsWith("6") ? tcp6 : tcp, ""].join("\n");

Deno.test("another user's listener is found at any address, one's own and root's are none", () => {
  const own = row("0100007F:2049", "0A", 1000);
  assert.equal(strangerAt(8265, tables([own, row("0100007F:2050", "0A", 7)]), 1000), undefined);
  assert.equal(strangerAt(8265, tables([row("0100007F:2049", "0A", 0)]), 1000), undefined);
  assert.equal(strangerAt(8265, tables([row("0100007F:2049", "01", 7)]), 1000), undefined);
  assert.equal(strangerAt(8265, tables([row("0100007F:2049", "0A", 7)]), 1000), 7);
  const six = row("00000000000000000000000001000000:2049", "0A", 7);
  assert.equal(strangerAt(8265, tables([own], [six]), 1000), 7, "`localhost` may be ::1");
  assert.equal(strangerAt(8265, () => undefined, 1000), undefined);
});

Deno.test("a real listener of this user is no stranger", () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  assert.equal(strangerAt(listener.addr.port), undefined);
  // root is believed by everybody
  const found = strangerAt(listener.addr.port, undefined, 4242);
  assert.equal(found, Deno.uid() === 0 ? undefined : Deno.uid());
});
