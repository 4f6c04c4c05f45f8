/**
 * A real cluster's metrics, read by those who will read them: Prometheus itself, its `promtool`, its OpenMetrics
 * parser, and Grafana's SDK. `scripts/_observers` fetches them; what is not here is not tried.
 */
import assert from "assert";
import { join } from "node:path";
import type { Node } from "../e2e/harness/node.ts";
import { freePort } from "../e2e/harness/ports.ts";
import { theme } from "../e2e/harness/scenario.ts";
import { until } from "../e2e/harness/until.ts";

const ROOT = join(import.meta.dirname!, "..", "..");
const PROMETHEUS = Deno.env.get("BEAM_PROMETHEUS") ?? "";
const OBSERVERS = Deno.env.get("BEAM_OBSERVERS") ?? "";
const OPENMETRICS =
  "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.3";

/** Two GPUs as the vendor's command shows them, the second sharing the machine's memory. */
const NVIDIA_SMI = `#!/bin/sh
case "$1" in
*compute-apps*) echo "GPU-aaaa, 4242, 70000" ;;
*)
  echo "GPU-aaaa, 00000000:18:00.0, NVIDIA H100 80GB HBM3, 97, 81559, 70123, 61, 689.12"
  echo "GPU-bbbb, 0000000F:01:00.0, NVIDIA GB10, 3, [N/A], [N/A], 45, [N/A]"
  ;;
esac
`;

let head: Node;
let other: Node;
let url: string;
const { place, test } = theme("metrics", async (place) => {
  const bin = join(place.dir, "bin");
  Deno.mkdirSync(bin);
  Deno.writeTextFileSync(join(bin, "nvidia-smi"), NVIDIA_SMI, { mode: 0o755 });
  const PATH = `${bin}:${Deno.env.get("PATH")}`;
  head = await place.head({ gpus: 2, env: { PATH, CUDA_VISIBLE_DEVICES: "0,1" } });
  other = await place.join(head, { gpus: 1 });
  url = `http://${head.record.dashboard}`;
});

/** Says what could not be tried. */
function has(what: string, name: string): boolean {
  if (what !== "") return true;
  console.log(`not tried: ${name} is not here`);
  return false;
}

async function scrape(accept = "*/*"): Promise<{ text: string; type: string }> {
  const headers = { authorization: `Bearer ${head.record.token}`, accept };
  const answer = await fetch(`${url}/metrics`, { headers });
  return { text: await answer.text(), type: answer.headers.get("content-type") ?? "" };
}

/** Runs a program with this on its standard input. */
async function fed(
  command: string[],
  input: string,
  env: Record<string, string> = {},
): Promise<{ code: number; said: string }> {
  const child = new Deno.Command(command[0]!, {
    args: command.slice(1),
    env,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  const text = new TextDecoder();
  return { code, said: text.decode(stdout) + text.decode(stderr) };
}

function python(program: string, input: string) {
  const path = join(import.meta.dirname!, program);
  return fed([place.python, path], input, { PYTHONPATH: OBSERVERS, PYTHONDONTWRITEBYTECODE: "1" });
}

test("programs' counters arrive beside beam's own, with node, actor and worker", async () => {
  const program = place.run([place.python, join(import.meta.dirname!, "counting.py")], {
    env: head.programEnv(),
  });
  await program.said();
  await until(
    "the counts are there",
    async () => (await scrape()).text.includes("ray_served_total{"),
  );
  const { text } = await scrape();
  const line = text.match(/^ray_served_total\{.*$/m)![0];
  for (const label of ["ActorId", "NodeId", "WorkerId", "JobId", "model"]) {
    assert.match(line, new RegExp(`\\b${label}="[^"]+"`), line);
  }
  assert.match(line, / 3.0$/);
  assert.match(text, /^ray_vllm_e2e_request_latency_seconds_bucket\{.*le="\+Inf".*\} 2.0$/m);
  assert.match(
    text,
    new RegExp(`^beam_gpu_holder_info\\{actor="Serving",.*gpu="\\d".*\\} 1.0$`, "m"),
  );
  assert.match(text, /^beam_actors\{state="ALIVE"\} 1.0$/m);
  for (const node of [head, other]) {
    const name = `node="${node.ip}"`;
    assert.match(text, new RegExp(`^beam_node_up\\{${name},.*\\} 1.0$`, "m"));
    assert.match(text, new RegExp(`^beam_node_memory_used_bytes\\{${name},.*\\} [1-9]`, "m"));
    assert.match(text, new RegExp(`^beam_link_round_trip_seconds\\{${name},`, "m"));
  }
  if (has(OBSERVERS, "Prometheus' parser")) {
    const open = await scrape(OPENMETRICS);
    assert.match(open.type, /^application\/openmetrics-text; version=1.0.0/);
    const { code, said } = await python("read_openmetrics.py", open.text);
    assert.equal(code, 0, said);
    const families = JSON.parse(said);
    assert.equal(families["beam_build"].type, "info");
    assert.equal(families["beam_deaths"]?.type ?? "counter", "counter");
    assert.equal(families["ray_served"].type, "counter");
    assert.equal(families["ray_vllm_e2e_request_latency_seconds"].type, "histogram");
    // The parser refuses what is none.
    assert.notEqual(
      (await python("read_openmetrics.py", open.text.replace("# EOF\n", ""))).code,
      0,
    );
  }
  program.kill("SIGTERM");
  await program.end();
  await until(
    "its counts are gone",
    async () => !(await scrape()).text.includes("ray_served_total"),
  );
});

test("GPUs are read by the vendor's command, and named by index, uuid and model", async () => {
  const { text } = await scrape();
  const own = text.split("\n").filter((line) =>
    /^beam_gpu_/.test(line) && line.includes('model="NVIDIA')
  );
  const value = (name: string, uuid: string) => {
    const line = own.find((each) => each.startsWith(`${name}{`) && each.includes(`uuid="${uuid}"`));
    return line && Number(line.split(" ").at(-1));
  };
  assert.equal(value("beam_gpu_busy_ratio", "GPU-aaaa"), 0.97);
  assert.equal(value("beam_gpu_memory_used_bytes", "GPU-aaaa"), 70123 * 2 ** 20);
  assert.equal(value("beam_gpu_power_watts", "GPU-aaaa"), 689.12);
  assert.equal(value("beam_gpu_processes", "GPU-aaaa"), 1);
  assert.equal(value("beam_gpu_temperature_celsius", "GPU-bbbb"), 45);
  assert.equal(value("beam_gpu_memory_used_bytes", "GPU-bbbb"), undefined);
  assert.equal(value("beam_gpu_power_watts", "GPU-bbbb"), undefined);
});

test("beam metrics prints the same from any node", async () => {
  const text = await other.tell("metrics");
  assert.match(text, /^beam_node_up\{/m);
  const outside = await place.cli(["metrics", "--address", head.record.head_address], {
    BEAM_TOKEN: head.record.token,
  });
  assert.match(outside.stdout, /^beam_node_up\{/m);
  const families = JSON.parse(await other.tell("metrics", "--json"));
  const up = families.find(({ name }: { name: string }) => name === "beam_node_up");
  assert.equal(up.samples.length, 2);
  assert.match(await other.tell("metrics", "--openmetrics"), /# EOF\n$/);
});

test("promtool finds nothing to say about names, and the alerts do what they say", async () => {
  if (!has(PROMETHEUS, "promtool")) return;
  const promtool = join(PROMETHEUS, "promtool");
  const lint = await fed([promtool, "check", "metrics"], (await scrape()).text);
  assert.deepEqual(lint, { code: 0, said: "" });
  const rules = join(ROOT, "deploy", "prometheus", "beam-rules.yml");
  const checked = await fed([promtool, "check", "rules", rules], "");
  assert.equal(checked.code, 0, checked.said);
  const cases = join(place.dir, "rules-test.yml");
  const text = Deno.readTextFileSync(join(import.meta.dirname!, "beam-rules-test.yml"));
  Deno.writeTextFileSync(cases, text.replace("RULES", rules));
  const tested = await fed([promtool, "test", "rules", cases], "");
  assert.equal(tested.code, 0, tested.said);
});

test("Prometheus scrapes with the token from a file, by address and by both discoveries", async () => {
  if (!has(PROMETHEUS, "prometheus")) return;
  const port = freePort();
  const token = join(head.dir, "dashboard_token");
  const credentials = `authorization: { credentials_file: "${token}" }`;
  const config = join(place.dir, "prometheus.yml");
  Deno.writeTextFileSync(
    config,
    `global: { scrape_interval: 1s }
rule_files: ["${join(ROOT, "deploy", "prometheus", "beam-rules.yml")}"]
scrape_configs:
  - { job_name: static, ${credentials}, static_configs: [{ targets: ["${head.record.dashboard}"] }] }
  - { job_name: files, ${credentials}, file_sd_configs: [{ files: ["${
      join(head.dir, "prom_metrics_service_discovery.json")
    }"] }] }
  - { job_name: http, ${credentials}, http_sd_configs: [{ url: "${url}/api/prometheus/sd", ${credentials} }] }
`,
  );
  const server = place.run([
    join(PROMETHEUS, "prometheus"),
    `--config.file=${config}`,
    `--storage.tsdb.path=${join(place.dir, "tsdb")}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ]);
  const query = async (
    expr: string,
  ): Promise<{ metric: Record<string, string>; value: [number, string] }[]> => {
    const answer = await fetch(
      `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(expr)}`,
    );
    return (await answer.json()).data.result;
  };
  await until("three jobs are scraped", async () => {
    try {
      const up = await query("sum(beam_node_up) by (job, exported_job)");
      return up.length >= 2 && up.every(({ value }) => Number(value[1]) >= 2);
    } catch {
      return false; // it does not listen yet
    }
  });
  const failed = (await query("up == 0")).map(({ metric }) => metric);
  assert.deepEqual(failed, []);
  // Every panel's question is one that Prometheus understands.
  const { panels } = JSON.parse(
    Deno.readTextFileSync(join(ROOT, "deploy", "grafana", "beam.json")),
  );
  for (const { title, targets = [] } of panels) {
    for (const { expr } of targets) {
      const asked = expr.replaceAll("$node", ".*").replaceAll("$job", ".*");
      assert.ok(Array.isArray(await query(asked)), `${title}: ${asked}`);
    }
  }
  server.kill("SIGTERM");
  await server.end();
});

test("Grafana's SDK knows all that is in the dashboard", async () => {
  if (!has(OBSERVERS, "Grafana's SDK")) return;
  const text = Deno.readTextFileSync(join(ROOT, "deploy", "grafana", "beam.json"));
  const { code, said } = await python("check_grafana.py", text);
  if (code !== 0 && /No module named 'grafana/.test(said)) {
    console.log("not tried: Grafana's SDK needs Python 3.11");
    return;
  }
  assert.deepEqual({ code, said: said.trim() }, { code: 0, said: "" });
  const wrong = await python("check_grafana.py", text.replace('"gridPos"', '"gridPlace"'));
  assert.match(wrong.said, /gridPlace: Grafana knows no such field/);
});
