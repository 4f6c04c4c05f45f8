/** The last deaths of a cluster, for people: `beam actors --dead`. */
import type { DeathReport } from "../cluster/death.ts";
import type { DeathRecord } from "../cluster/deaths.ts";
import { shortId, STATUS_TIMEOUT } from "./cluster_status.ts";
import { EXIT } from "./command.ts";
import { print, printJson } from "./output.ts";
import { askCluster } from "./status_source.ts";
import { table } from "./table.ts";

/** What the head remembers, each first death before those that followed from it. */
export async function lastDeaths(address?: string): Promise<DeathRecord[]> {
  const { body } = await askCluster(address, { kind: "query.deaths" }, { timeout: STATUS_TIMEOUT });
  return JSON.parse(new TextDecoder().decode(body));
}

/** Prints them, or of those that are called `wanted` everything that is known. */
export function showDeaths(
  deaths: readonly DeathRecord[],
  { json, wanted }: { json: boolean; wanted: string | undefined },
): number {
  const shown = wanted === undefined ? deaths : deaths.filter((one) => isCalled(one, wanted));
  if (json) printJson(shown);
  else if (wanted !== undefined) {
    print(shown.map(deathText).join("\n\n") || `No death is remembered of ${wanted}.`);
  } else if (deaths.length === 0) print("Nothing has died that nobody asked for.");
  else print(deathsTable(deaths));
  return wanted !== undefined && shown.length === 0 ? EXIT.failed : EXIT.done;
}

function isCalled({ name, class_name, actor_id, report }: DeathRecord, wanted: string): boolean {
  return name === wanted || class_name === wanted || report.node_ip === wanted ||
    (actor_id !== "" && actor_id.startsWith(wanted));
}

/** One line per death; those that followed are marked. */
export function deathsTable(deaths: readonly DeathRecord[]): string {
  const remembered = new Set(deaths.map((one) => one.death_id));
  return table(
    ["DIED", "WHO", "NODE", "PID", "ENDED BY", "CAUSE"],
    deaths.map((one) => [
      timeText(one.heard_at),
      (one.first !== undefined && remembered.has(one.first) ? "└ " : "") + whoText(one),
      one.report.node_ip ?? "",
      one.report.pid ? String(one.report.pid) : "",
      endedBy(one.report),
      one.report.message,
    ]),
  );
}

/** Everything known of one death. */
export function deathText(one: DeathRecord): string {
  const life = one.of === "node" ? "" : `, life ${one.incarnation}`;
  const after = one.restarted ? "; it was started again" : "";
  const head = `${whoText(one)} died ${timeText(one.heard_at)}${life}${after}`;
  return [head, ...reportLines(one.report)].join("\n  ");
}

/** What a report says, line by line. */
export function reportLines(report: DeathReport): string[] {
  const lines = [report.message];
  if (report.caused_by) {
    const first = `the first to end was ${report.caused_by}`;
    lines.push(report.cause_message ? `${first}: ${report.cause_message}` : first);
  }
  if (report.mend) lines.push(report.mend);
  if (report.traceback) lines.push("traceback:", ...report.traceback.split("\n"));
  else if (report.stderr_tail?.length) lines.push("last words:", ...report.stderr_tail);
  return lines;
}

function whoText({ of, name, class_name, actor_id, report }: DeathRecord): string {
  if (of === "node") return report.who ?? `node ${name}`;
  return `${of === "task" ? "task " : ""}${name || class_name} (${shortId(actor_id)})`;
}

function endedBy({ kind, signal, exit_code }: DeathReport): string {
  if (kind === "init" || kind === "node" || kind === "owner" || kind === "group") return kind;
  return signal ?? (exit_code === undefined ? kind : `code ${exit_code}`);
}

/** `2026-11-21 16:31:50`, in this machine's time. */
export function timeText(ms: number): string {
  const at = new Date(ms - new Date(ms).getTimezoneOffset() * 60_000);
  return at.toISOString().slice(0, 19).replace("T", " ");
}
