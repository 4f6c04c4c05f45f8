/** `beam token`: shows, makes, lists, revokes and changes the tokens by which machines join. */
import { Trouble } from "../runtime/errors.ts";
import { ensureRuntimeDir, instancePaths, runtimeDir, runtimePaths } from "../runtime/paths.ts";
import { type DaemonRecord, readRecord } from "../runtime/records.ts";
import { givenToken, keptToken, withAuthority } from "../runtime/token.ts";
import { newJoinTokenId } from "../wire/join_token.ts";
import type { Link } from "../wire/link.ts";
import type { Reply } from "../wire/messages.ts";
import { askStatus, STATUS_TIMEOUT } from "./cluster_status.ts";
import { type Command, EXIT, UsageError } from "./command.ts";
import { chooseDaemon, withDaemon } from "./daemon_choice.ts";
import { whileAway } from "./head_away.ts";
import { nodeCalled } from "./node_choice.ts";
import { duration } from "./numbers.ts";
import { print, printJson } from "./output.ts";
import { daemonInfo, patiently } from "./patience.ts";
import { type Flags, parse, type Parsed } from "./parse.ts";
import { madeAheadText, makeAhead } from "./token_new.ts";
import { createdText, type JoinToken, listText, revokedText, rotatedText } from "./token_text.ts";
import { joinLine } from "./up_text.ts";

const HELP = `Shows and manages the tokens by which machines join the cluster.

Usage:
  beam token [show]                the cluster's own token, where this machine has it
  beam token create                make a join token: good for joining, for a while
  beam token list                  join tokens: who may join, until when, how often they were used
  beam token revoke ID|NAME        make a join token good no more; nodes that joined by it stay
  beam token new DIR               make a token ahead of its head, and the key of a TLS authority
                                   that it names: two files in DIR, for a Secret for example
  beam token rotate                change the cluster's own token; nodes that are connected get the
                                   new one, except those that joined by a revoked join token
  beam token rotate --without NODE
                                   put a machine out for good, whatever token it has; all others go on

Options:
  --ttl DURATION     create: how long it is good, such as 30m, 12h, 7d (default 1h)
  --name NAME        create: what it is called in the list
  --grace DURATION   rotate: how long the former token is honoured, for nodes that are away
                     (default 10m)
  --without NODE     rotate: put this node out, by its id or the beginning of it, its address or its
                     name; may be given several times. What ran there is lost, as with its machine.
                     The former token opens nothing from then on: nodes that are away just then
                     have to be started again with the new one
  --json             for programs

All but show and new need a node of the cluster here that joined by the cluster's own token.`;

const FLAGS = {
  ttl: { kind: "text", setting: true, value: "duration" },
  name: { kind: "text" },
  grace: { kind: "text", setting: true, value: "duration" },
  without: { kind: "text", many: true, value: "node" },
  json: { kind: "switch" },
} as const satisfies Flags;

type Arguments = Parsed<typeof FLAGS>;

/** Which flags a verb takes. */
const VERBS: Readonly<Record<string, readonly string[]>> = {
  show: [],
  create: ["ttl", "name"],
  list: [],
  revoke: [],
  new: [],
  rotate: ["grace", "without"],
};

/** A change of the token waits for all nodes, in milliseconds. */
const ROTATE_TIMEOUT = 15_000;

async function run(args: string[]): Promise<number> {
  const parsed = parse({ program: "beam token", flags: FLAGS, positionals: 2 }, args);
  const { positionals: [verb = "show", called], values } = parsed;
  check(parsed, verb, called);
  switch (verb) {
    case "show":
      return await show(values.json);
    case "create":
      return await create(parsed);
    case "list":
      return await list(values.json);
    case "revoke":
      return await revoke(called!, values.json);
    case "new":
      return await ahead(called!, values.json);
    default:
      return await rotate(parsed);
  }
}

/** @throws {UsageError} where the words do not fit each other. */
function check({ given }: Arguments, verb: string, called: string | undefined): void {
  const flags = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
  if (!flags) {
    throw new UsageError(
      `Cannot do \`beam token ${verb}\`: it is none of ${Object.keys(VERBS).join(", ")}`,
      "See `beam token --help`.",
    );
  }
  const strange = given.find((name) => name !== "json" && !flags.includes(name));
  if (strange !== undefined) {
    throw new UsageError(
      `Cannot use --${strange} with \`beam token ${verb}\``,
      "See `beam token --help`.",
    );
  }
  if (given.includes("grace") && given.includes("without")) {
    throw new UsageError(
      "Cannot use --grace with --without: the former token is honoured no more at once",
      "Leave --grace out.",
    );
  }
  if ((verb === "revoke" || verb === "new") === (called !== undefined)) return;
  if (verb === "revoke") {
    throw new UsageError(
      "Cannot revoke a join token: say which",
      "Use `beam token revoke ID`; `beam token list` shows them.",
    );
  }
  throw new UsageError(
    verb === "new"
      ? "Cannot make a token ahead of its head: say in which folder"
      : `Cannot use ${called}: \`beam token ${verb}\` takes no name`,
    "See `beam token --help`.",
  );
}

async function ahead(dir: string, json: boolean): Promise<number> {
  const made = await makeAhead(dir);
  if (json) printJson(made);
  else print(madeAheadText(made));
  return EXIT.done;
}

async function show(json: boolean): Promise<number> {
  const record = await ourRecord();
  const paths = record ? runtimePaths(record.runtime_dir) : ensureRuntimeDir(runtimeDir());
  const found = givenToken() ?? keptToken(paths.token);
  if (!found) {
    throw new Trouble(
      `Cannot show a token: there is none in ${paths.dir}, nor in BEAM_TOKEN`,
      "`beam up --head` makes one; on other machines it is in the line that joins them.",
    );
  }
  const { authority } = record ?? readRecord(instancePaths(paths.dir).record) ?? {};
  const shown = withAuthority(found.token, found.authority ?? authority);
  if (json) printJson({ token: shown, source: found.source });
  else print(shown);
  return EXIT.done;
}

/** Of the node here that the other verbs would ask, where one runs; a token is shown without one too. */
async function ourRecord(): Promise<DaemonRecord | undefined> {
  try {
    return (await chooseDaemon()).record;
  } catch (error) {
    if (error instanceof Trouble && error.code === "none") return undefined;
    throw error;
  }
}

async function create({ values }: Arguments): Promise<number> {
  const id = newJoinTokenId();
  const ttl_ms = duration("--ttl", values.ttl ?? "1h");
  const { made, head_address, authority } = await ask(async (link, signal) => {
    const name = values.name === undefined ? {} : { name: values.name };
    const asked = { kind: "token.create" as const, token_id: id, ttl_ms, ...name };
    const { fields } = await link.request(asked, { signal });
    return { made: fields, ...await daemonInfo(link) };
  });
  const { name, created, expires } = made;
  const token = withAuthority(made.token ?? "", authority);
  const line = joinLine(head_address, token);
  if (values.json) printJson({ id, name, created, expires, token, join: line });
  else print(createdText({ line, expires, id, name }));
  return EXIT.done;
}

async function list(json: boolean): Promise<number> {
  const { fields } = await ask((link, signal) => link.request({ kind: "token.list" }, { signal }));
  const tokens = fields.tokens as JoinToken[];
  if (json) printJson(tokens);
  else print(listText(tokens, fields.former_ms));
  return EXIT.done;
}

async function revoke(called: string, json: boolean): Promise<number> {
  const { fields } = await ask((link, signal) =>
    link.request({ kind: "token.revoke", token: called }, { signal })
  );
  const token = fields.token as unknown as JoinToken;
  if (json) printJson(token);
  else print(revokedText(token));
  return EXIT.done;
}

async function rotate({ values }: Arguments): Promise<number> {
  const change = crypto.randomUUID();
  const out = values.without.length > 0;
  const grace_ms = out ? 0 : duration("--grace", values.grace ?? "10m");
  const nodes = out ? await nodesCalled(values.without) : [];
  const { fields } = await ask<{ fields: Reply<"token.rotate"> }>(
    (link, signal) =>
      out
        ? link.request({ kind: "token.put_out", change, nodes }, { signal })
        : link.request({ kind: "token.rotate", change, grace_ms }, { signal }),
    ROTATE_TIMEOUT,
  );
  const { told, missing, file } = fields as { told: string[]; missing: string[]; file: string };
  if (values.json) printJson({ told, missing, file, grace_ms, without: nodes });
  else print(rotatedText({ told, missing, file, grace_ms, without: nodes }));
  return missing.length === 0 ? EXIT.done : EXIT.failed;
}

/** Ids of the nodes that a person calls so. @throws {Trouble} where one is not there, or several are */
async function nodesCalled(called: readonly string[]): Promise<string[]> {
  return await withDaemon({ anyNode: true }, async (link) => {
    const { nodes } = await askStatus(link).catch(async (error) => {
      throw await whileAway(link, error);
    });
    return [...new Set(called.map((text) => nodeCalled(nodes, text).node_id))];
  });
}

/** Asks the head by this machine's node. */
async function ask<T>(
  request: (link: Link, signal: AbortSignal) => Promise<T>,
  timeout = STATUS_TIMEOUT,
): Promise<T> {
  return await withDaemon({ anyNode: true }, async (link) => {
    try {
      return await patiently((signal) => request(link, signal), { timeout });
    } catch (error) {
      throw await whileAway(link, error);
    }
  });
}

export const token: Command = {
  name: "beam token",
  help: HELP,
  flags: FLAGS,
  takes: [Object.keys(VERBS), "token"],
  run,
};
