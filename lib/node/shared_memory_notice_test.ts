import assert from "assert";
import { sharedMemoryNotice } from "./shared_memory_notice.ts";

const GIB = 2 ** 30;

Deno.test("a full /dev/shm is told, one with room or none is not", () => {
  const notice = sharedMemoryNotice(() => ({ total: GIB, used: GIB }));
  assert.match(String(notice?.text), /^\/dev\/shm on this machine is full: .* SIGBUS/);
  assert.equal(sharedMemoryNotice(() => ({ total: GIB, used: GIB / 2 })), undefined);
  assert.equal(sharedMemoryNotice(() => undefined), undefined);
});
