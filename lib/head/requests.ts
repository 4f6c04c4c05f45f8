/** Requests of processes that daemons pass on: who answers which. */
import { RequestFailed } from "../wire/errors.ts";
import type { Message } from "../wire/messages.ts";
import { checkMessage } from "../wire/validate.ts";
import * as actors from "./actor_requests.ts";
import { examineCluster } from "./doctor.ts";
import { drainNode, workOf } from "./drain_requests.ts";
import { eventsOf } from "./event_requests.ts";
import * as groups from "./group_requests.ts";
import { logOf, logsOf, readingsOfNodes, stacksOf } from "./node_questions.ts";
import { NotYours } from "./own.ts";
import { endJob, startJob } from "./job_requests.ts";
import {
  deathsOf,
  groupsOf,
  listOf,
  metricsOf,
  resourcesOf,
  statusOf,
  tasksOf,
  workersOf,
} from "./queries.ts";
import type { Answer, Asker, HeadState } from "./state.ts";
import * as tokens from "./token_requests.ts";

/** Answers `request` now or later; never throws. */
export function handleRequest(
  state: HeadState,
  asker: Asker,
  request: { header: Record<string, unknown>; body: Uint8Array },
  answer: Answer,
): void {
  try {
    // The id is between the process and its daemon.
    const { kind, id: _, ...fields } = request.header;
    const message = checkMessage({ ...fields, kind: typeof kind === "string" ? kind : "" });
    dispatch(state, asker, { message, body: request.body }, answer);
  } catch (error) {
    if (!(error instanceof RequestFailed)) {
      state.log.write(
        "error",
        `request ${request.header["kind"]} failed: ${(error as Error)?.stack ?? error}`,
      );
    }
    answer.refuse(error);
  }
}

function dispatch(
  state: HeadState,
  asker: Asker,
  { message, body }: { message: Message; body: Uint8Array },
  answer: Answer,
): void {
  const as = <K extends Message["kind"]>() => message as Message<K>;
  switch (message.kind) {
    case "driver.start":
      return startJob(state, asker, as<"driver.start">(), answer);
    case "driver.end":
      if (asker.actor_id !== undefined) {
        throw new NotYours("the end of its job from an actor: its driver says that");
      }
      return endJob(state, asker, answer);
    case "actor.create":
      return actors.createActor(state, asker, as<"actor.create">(), body, answer);
    case "actor.locate":
      return actors.locateActor(state, asker, as<"actor.locate">(), answer);
    case "actor.report":
      return actors.reportActor(state, asker, as<"actor.report">(), answer);
    case "actor.kill":
      return actors.killActor(state, asker, as<"actor.kill">(), answer);
    case "actor.release":
      return actors.releaseActor(state, as<"actor.release">(), answer);
    case "actor.by_name":
      return actors.findActor(state, as<"actor.by_name">(), answer);
    case "actor.names":
      return actors.listNames(state, as<"actor.names">(), answer);
    case "group.create":
      return groups.createGroup(state, asker, as<"group.create">(), answer);
    case "group.wait":
      return groups.waitForGroup(state, asker, as<"group.wait">(), answer);
    case "group.remove":
      return groups.removeGroup(state, as<"group.remove">(), answer);
    case "node.drain":
      return drainNode(state, as<"node.drain">(), answer);
    case "token.create":
      return tokens.createToken(state, asker, as<"token.create">(), answer);
    case "token.list":
      return tokens.listTokens(state, asker, answer);
    case "token.revoke":
      return tokens.revokeToken(state, asker, as<"token.revoke">(), answer);
    case "token.rotate":
      return void tokens.rotateToken(state, asker, as<"token.rotate">(), answer);
    case "token.put_out": {
      const { change, nodes } = as<"token.put_out">();
      if (nodes.length === 0) {
        throw new RequestFailed("bad_request", "Cannot put out: say which node");
      }
      const without = nodes.map(String);
      return void tokens.rotateToken(state, asker, { change, grace_ms: 0, without }, answer);
    }
    case "query.work":
      return answer.give(workOf(state, as<"query.work">()));
    case "node.locate":
      return answer.give(state.objects.locate(as<"node.locate">()));
    case "objects.free":
      state.objects.free(as<"objects.free">(), asker.node_id);
      return answer.give({});
    case "process.gone":
      state.objects.processesGone(as<"process.gone">(), asker.node_id);
      return answer.give({});
    case "query.groups":
      return answer.give(...groupsOf(state, as<"query.groups">()));
    case "query.resources":
      return answer.give(...resourcesOf(state));
    case "query.doctor":
      return void examineCluster(state, asker, as<"query.doctor">(), answer);
    case "query.status":
      return answer.give(...statusOf(state));
    case "query.workers":
      return answer.give(...workersOf(state));
    case "query.tasks":
      return answer.give(...tasksOf(state));
    case "query.deaths":
      return answer.give(...deathsOf(state));
    case "query.events":
      return eventsOf(state, as<"query.events">(), { owner: asker.link, give: answer.give });
    case "query.logs":
      return void logsOf(state, as<"query.logs">(), answer);
    case "query.log":
      return void logOf(state, as<"query.log">(), answer);
    case "query.stacks":
      return void stacksOf(state, as<"query.stacks">(), answer);
    case "query.readings":
      return void readingsOfNodes(state, answer);
    case "query.metrics":
      return void metricsOf(state, as<"query.metrics">()).then(
        (text) => answer.give({}, text),
        (error) => answer.refuse(error),
      );
    case "query.nodes":
      return answer.give(...listOf(state, "nodes"));
    case "query.actors":
      return answer.give(...listOf(state, "actors"));
    case "query.jobs":
      return answer.give(...listOf(state, "jobs"));
  }
  throw new RequestFailed(
    "unknown_request",
    `Cannot answer \`${message.kind}\`: the head has no answer to it`,
    "Copy the same beam file to every machine of the cluster.",
  );
}
