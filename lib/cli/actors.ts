/** `beam actors`: the cluster's actors, and what the dead ones died of. */
import { type ActorView, shortId } from "./cluster_status.ts";
import { type Command, EXIT } from "./command.ts";
import { print, printJson } from "./output.ts";
import { lastDeaths, reportLines, showDeaths } from "./deaths.ts";
import { causeText } from "../cluster/death.ts";
import { parse } from "./parse.ts";
import { addressOf, clusterStatus } from "./status_source.ts";
import { timesText } from "./status_text.ts";
import { table } from "./table.ts";

const HELP = `Lists the cluster's actors; the dead ones with the cause of their death.

Usage:
  beam actors [--all | --dead] [--address HOST[:PORT]] [--json] [NAME | ID]

Options:
  --all                   the dead ones too
  --dead                  the last deaths that nobody asked for, of actors, tasks' workers and
                          nodes: the first of a group before those that followed from it
  --address HOST[:PORT]   the cluster whose head is there
  --json                  for programs

With a name, a class or the first letters of an id, shows those actors with everything known of
their death.`;

const FLAGS = {
  all: { kind: "switch" },
  dead: { kind: "switch" },
  address: { kind: "text" },
  json: { kind: "switch" },
} as const;

async function run(args: string[]): Promise<number> {
  const { values, positionals: [wanted] } = parse(
    { program: "beam actors", flags: FLAGS, positionals: 1 },
    args,
  );
  const address = addressOf(values.address);
  if (values.dead) {
    return showDeaths(await lastDeaths(address), { json: values.json, wanted });
  }
  const status = await clusterStatus(address);
  const actors = status.actors.filter((actor) =>
    wanted === undefined ? values.all || actor.state !== "DEAD" : isCalled(actor, wanted)
  );
  if (values.json) printJson(actors);
  else if (wanted === undefined) print(actorsTable(actors));
  else print(actors.map(actorText).join("\n\n") || `No actor is called ${wanted}.`);
  return wanted !== undefined && actors.length === 0 ? EXIT.failed : EXIT.done;
}

function isCalled(actor: ActorView, wanted: string): boolean {
  return actor.name === wanted || actor.class_name === wanted || actor.actor_id.startsWith(wanted);
}

/** One line per actor. */
export function actorsTable(actors: readonly ActorView[]): string {
  return table(
    ["ACTOR", "NAME", "CLASS", "STATE", "NODE", "PID", "GPU", "JOB", "CAUSE"],
    actors.map((actor) => [
      shortId(actor.actor_id),
      actor.name,
      actor.class_name,
      actor.state,
      actor.node_ip,
      actor.pid > 0 ? String(actor.pid) : "",
      actor.device_ids.join(","),
      actor.job_id,
      actor.death ? causeText(actor.death) : "",
    ]),
  );
}

/** Everything known of one actor. */
export function actorText(actor: ActorView): string {
  const { death } = actor;
  const facts = [
    `${actor.name || actor.class_name} (${actor.actor_id}) ${actor.state}`,
    `class ${actor.class_name}, job ${actor.job_id}, namespace ${actor.namespace}`,
    actor.node_ip
      ? `on ${actor.node_ip}${actor.pid > 0 ? `, pid ${actor.pid}` : ""}`
      : "on no node yet",
    `restarted ${timesText(actor.restarts)}; may be ${
      actor.max_restarts < 0 ? "any number of times" : timesText(actor.max_restarts)
    }`,
  ];
  if (!death) return facts.join("\n  ");
  return [...facts, ...reportLines(death)].join("\n  ");
}

export const actors: Command = {
  name: "beam actors",
  help: HELP,
  flags: FLAGS,
  takes: ["actor"],
  run,
};
