/** `beam pgs`: the cluster's placement groups, and why some wait. */
import { Trouble } from "../runtime/errors.ts";
import { amountsText, type ClusterStatus, shortId } from "./cluster_status.ts";
import { type Command, EXIT } from "./command.ts";
import { print, printJson } from "./output.ts";
import { parse } from "./parse.ts";
import { addressOf, clusterStatus } from "./status_source.ts";
import { table } from "./table.ts";

const HELP = `Lists the cluster's placement groups; for those that wait, why.

Usage:
  beam pgs [--all] [--address HOST[:PORT]] [--json] [NAME | ID]

Options:
  --all                   the removed ones too
  --address HOST[:PORT]   the cluster whose head is there
  --json                  for programs

With a name or the first letters of an id, those groups alone.`;

const FLAGS = {
  all: { kind: "switch" },
  address: { kind: "text" },
  json: { kind: "switch" },
} as const;

async function run(args: string[]): Promise<number> {
  const { values, positionals: [wanted] } = parse(
    { program: "beam pgs", flags: FLAGS, positionals: 1 },
    args,
  );
  const status = await clusterStatus(addressOf(values.address));
  const groups = status.groups.filter((group) =>
    wanted === undefined
      ? values.all || group.state !== "REMOVED"
      : group.name === wanted || group.pg_id.startsWith(wanted)
  );
  if (wanted !== undefined && groups.length === 0) {
    throw new Trouble(
      `Cannot show the placement group ${wanted}: none has this name or id`,
      "`beam pgs --all` lists them.",
    );
  }
  if (values.json) {
    printJson(groups.map((group) => ({ ...group, why: reasonOf(status, group.pg_id) ?? null })));
  } else print(groupsText({ ...status, groups }));
  return EXIT.done;
}

function reasonOf(status: ClusterStatus, id: string): string | undefined {
  return status.pending.find((one) => one.id === id)?.text;
}

/** One line per group, and below one per group that waits. */
export function groupsText(status: ClusterStatus): string {
  const ip = (id: string) => status.nodes.find((node) => node.node_id === id)?.ip ?? "-";
  const listed = table(
    ["GROUP", "NAME", "STATE", "STRATEGY", "JOB", "BUNDLES", "NODES"],
    status.groups.map((group) => [
      shortId(group.pg_id),
      group.name,
      group.state,
      group.strategy,
      group.job_id,
      group.bundles.map(amountsText).join(" | "),
      group.nodes.map(ip).join(" | "),
    ]),
  );
  const reasons = status.groups.flatMap((group) => reasonOf(status, group.pg_id) ?? []);
  return reasons.length > 0 ? [listed, "", ...reasons].join("\n") : listed;
}

export const pgs: Command = { name: "beam pgs", help: HELP, flags: FLAGS, run };
