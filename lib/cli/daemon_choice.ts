/** Which daemon of this machine a command talks to, and the link to it. */
import { dirname } from "node:path";
import { Link, type Received } from "../wire/link.ts";
import { LinkClosed } from "../wire/errors.ts";
import { Trouble } from "../runtime/errors.ts";
import { type Env, processEnv, reasonOf, runtimeDir } from "../runtime/paths.ts";
import { sharedBy } from "../runtime/group_access.ts";
import {
  allRecords,
  closedGroup,
  type DaemonRecord,
  recordOf,
  servesAddress,
  sharedRecords,
} from "../runtime/records.ts";

/** A daemon to talk to. */
export interface ChosenDaemon {
  socket: string;
  /** Absent where BEAM_SOCK named the socket. */
  record?: DaemonRecord;
}

/** What {@link chooseDaemon} may be told. */
export interface Choice {
  /** `host:port` of the cluster's head. */
  address?: string | undefined;
  /** Any node of one cluster will do: the question is about the cluster. */
  anyNode?: boolean;
  env?: Env;
}

/**
 * The daemon to talk to: the one of `address`, else BEAM_SOCK's, else that of the runtime directory,
 * else the only standing one, of this user's and those that others share with a group of ours.
 * @throws {Trouble} with code `none` where there is none, `several` where two fit.
 */
export async function chooseDaemon(choice: Choice = {}): Promise<ChosenDaemon> {
  const { address, anyNode = false, env = processEnv } = choice;
  const socket = env("BEAM_SOCK");
  if (socket && address === undefined) return { socket };
  const runtime = runtimeDir(env);
  const own = await recordOf(runtime, env);
  if (own && (address === undefined || servesAddress(own, address))) return chosen(own);
  const all = [...await allRecords(env), ...await sharedRecords(env)];
  const others = all.filter((record) =>
    address === undefined ? record.standing : servesAddress(record, address)
  );
  const oneCluster = new Set(others.map(({ cluster }) => cluster)).size === 1;
  if (others.length === 1 || (anyNode && oneCluster)) return chosen(others[0]!);
  if (others.length > 1) {
    const list = others.map(({ node_ip, runtime_dir }) => `${node_ip} (${runtime_dir})`).join(", ");
    throw new Trouble(
      `Cannot tell which node is meant: ${others.length} run here: ${list}`,
      `Set BEAM_RUNTIME_DIR to one of these directories.`,
      { code: "several" },
    );
  }
  const group = closedGroup(env);
  if (group !== undefined) {
    throw new Trouble(
      `Cannot find a node on this machine that is yours: the one that runs is for members of group ${group}`,
      `\`sudo usermod -aG ${group} USER\` and sign in anew, or start one of your own with \`beam up --head\`.`,
      { code: "none" },
    );
  }
  throw new Trouble(
    address === undefined
      ? "Cannot find a node on this machine: none was started, or it has ended"
      : `Cannot find a node of the cluster at ${address} on this machine`,
    address === undefined
      ? "Start one with `beam up --head` or `beam up --join HOST`."
      : `Start one with \`beam up --join ${address}\`.`,
    { code: "none" },
  );
}

function chosen(record: DaemonRecord): ChosenDaemon {
  return { socket: record.socket, record };
}

/**
 * A link to the daemon at `socket`.
 * @throws {Trouble} with code `none` where nobody listens there, or another user does.
 */
export async function linkTo(
  { socket }: ChosenDaemon,
  onMessage: (received: Received) => void = () => {},
): Promise<Link> {
  let stream: Deno.Conn;
  try {
    const { uid } = Deno.lstatSync(socket);
    if (uid !== Deno.uid() && uid !== sharedBy(dirname(socket))) {
      throw new Error(`it is user ${uid}'s, not user ${Deno.uid()}'s`);
    }
    stream = await Deno.connect({ transport: "unix", path: socket });
  } catch (error) {
    throw new Trouble(
      `Cannot reach the node's daemon at ${socket}: ${reasonOf(error)}`,
      "Start it with `beam up`, or correct BEAM_SOCK.",
      { code: "none", cause: error },
    );
  }
  return new Link(stream, { peer: "the node's daemon", onMessage }).start();
}

/** Runs `body` with a link to the chosen daemon, and closes it. */
export async function withDaemon<T>(
  choice: Choice,
  body: (link: Link, daemon: ChosenDaemon) => Promise<T>,
): Promise<T> {
  const daemon = await chooseDaemon(choice);
  const link = await linkTo(daemon);
  try {
    return await body(link, daemon);
  } finally {
    link.close(new LinkClosed("done"));
  }
}
