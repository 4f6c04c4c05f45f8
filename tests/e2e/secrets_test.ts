/** The token of a cluster is in no process's environment or command line. */
import assert from "assert";
import { commandOf, marked } from "./harness/processes.ts";
import { theme } from "./harness/scenario.ts";

const SECRET = "a-secret-that-nobody-may-read";

const { place, test } = theme("secrets");

/** Where the secret stands in what /proc shows of a process. */
function showsIn(pid: number): string[] {
  return ["environ", "cmdline"].filter((file) =>
    Deno.readTextFileSync(`/proc/${pid}/${file}`).includes(SECRET)
  );
}

test("no process of a node shows the token, however it was given", async () => {
  for (const name of ["BEAM_TOKEN", "RAY_AUTH_TOKEN"]) {
    const head = place.node({ env: { [name]: SECRET } });
    await head.up(["--head", "--port", "0"]);
    const joiner = place.node({ ip: "127.0.0.2" });
    await joiner.up(["--join", head.record.head_address], { [name]: SECRET });
    const driver = place.node({ dir: head.dir });
    driver.record = head.record;
    const program = driver.driver("family.py", [], { input: true });
    const { families } = await program.said() as { families: { worker: number }[] };
    const pids = marked(place.mark);
    const expected = [head.record.pid, head.headPid, ...head.templatePids, joiner.record.pid]
      .concat(families.map(({ worker }) => worker));
    assert.ok(head.templatePids.length > 0 && families.length > 0);
    assert.deepEqual(expected.filter((pid) => !pids.includes(pid)), []);
    for (const pid of pids) assert.deepEqual(showsIn(pid), [], `${pid}: ${commandOf(pid)}`);
    await program.stop();
    await joiner.down();
    await head.down();
  }
});
