/**
 * The head is killed and replaced again and again under calls near, far and relayed; when all is as before.
 *
 * `--count N` rounds, every second one by `beam up --replace`. Each call is answered once, in order. Told is how long
 * it takes from the kill (or the command) until all nodes are back and a new actor has answered.
 */
import { Place } from "../../tests/e2e/harness/place.ts";
import { isRunning, signal } from "../../tests/e2e/harness/processes.ts";
import { until } from "../../tests/e2e/harness/until.ts";
import { countOf } from "./_flags.ts";

/** No connection can be made to a multicast address: what a closed firewall is for others. */
const UNREACHABLE = "224.0.0.9";
/** What the design promises, in seconds. */
const MOST = 10;

const rounds = countOf(20);
const place = new Place();
try {
  const head = await place.head();
  const second = await place.join(head);
  await place.join(head, { ip: UNREACHABLE });
  const nodes = [second.ip, head.ip, UNREACHABLE];
  const driver = second.driver("calling.py", nodes, { input: true });
  await driver.said();
  const taken = { killed: [] as number[], replaced: [] as number[] };
  for (let round = 1; round <= rounds; round++) {
    const how = round % 2 === 0 ? "replaced" : "killed";
    const former = head.headPid;
    const began = performance.now();
    if (how === "killed") signal(former, "SIGKILL");
    else await head.tell("up", "--replace");
    await until("the former head is gone", () => !isRunning(former));
    await until("all nodes are back", async () => {
      const { nodes } = await second.status();
      return nodes.filter(({ state }) => state === "alive").length === 3;
    });
    await driver.tell("new\n");
    await driver.said();
    const seconds = (performance.now() - began) / 1000;
    taken[how].push(seconds);
    console.error(`${round}/${rounds}: ${how}, all is as before after ${seconds.toFixed(1)} s`);
  }
  await driver.endInput();
  const { calls } = await driver.said() as { calls: number[] };
  await driver.ok();
  const texts = Object.entries(taken).map(([how, times]) => `${how} ${timesText(times)}`);
  const sum = calls.reduce((all, one) => all + one, 0);
  console.log(`head ${texts.join("; ")}; ${sum} calls, each answered once and in order`);
  if (Math.max(...Object.values(taken).flat()) > MOST) {
    throw new Error(`Once it took more than ${MOST} s`);
  }
} finally {
  await place.close();
}

function timesText(times: number[]): string {
  const sorted = [...times].sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  return `${times.length} times, as before after ${median.toFixed(1)} s (median), ` +
    `${(sorted.at(-1) ?? 0).toFixed(1)} s (worst)`;
}
