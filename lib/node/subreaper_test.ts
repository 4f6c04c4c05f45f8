import assert from "assert";
import { statOf } from "./proc.ts";
import { Subreaper } from "./subreaper.ts";

const alive = (pid: number) => {
  const state = statOf(pid)?.state;
  return state !== undefined && state !== "Z";
};

Deno.test("children that are none of the daemon's own are ended", async () => {
  const own = new Deno.Command("sleep", { args: ["60"] }).spawn();
  const orphan = new Deno.Command("sleep", { args: ["60"] }).spawn();
  const subreaper = new Subreaper({
    libc: { reap: () => undefined }, // the runtime waits for its own children
    own: () => [own.pid],
    children: () => [own.pid, orphan.pid].filter(alive),
  });
  await subreaper.sweep();
  assert.equal((await orphan.status).signal, "SIGKILL");
  assert.equal(alive(own.pid), true);
  own.kill("SIGKILL");
  await own.status;
});

Deno.test("an orphan that has ended by itself says how, and is not shot at", async () => {
  const ended = new Map([[4_000_001, 3 << 8]]);
  const subreaper = new Subreaper({
    libc: {
      reap: (pid) => {
        const status = ended.get(pid);
        ended.delete(pid);
        return status;
      },
    },
    own: () => [],
    children: () => [...ended.keys()],
  });
  assert.deepEqual([...await subreaper.sweep()], [[4_000_001, 3 << 8]]);
});

Deno.test("without libc nothing is touched", async () => {
  const subreaper = new Subreaper({ libc: undefined, own: () => [], children: () => [1] });
  assert.equal((await subreaper.sweep()).size, 0);
});
