/** Whom the commands that show the cluster ask: a node of this machine, else the head itself. */
import { instancePaths, runtimeDir, runtimePaths } from "../runtime/paths.ts";
import { readRecord } from "../runtime/records.ts";
import { givenToken, keptToken } from "../runtime/token.ts";
import { addressText } from "../wire/address.ts";
import { LinkClosed } from "../wire/errors.ts";
import { Link } from "../wire/link.ts";
import type { Message, Reply, RequestKind } from "../wire/messages.ts";
import { askHead, askStatus, type ClusterStatus, STATUS_TIMEOUT } from "./cluster_status.ts";
import { withDaemon } from "./daemon_choice.ts";
import { type KnownToken, openHead } from "./head_check.ts";
import { hostAndPort } from "./numbers.ts";
import { whileAway } from "./head_away.ts";
import { type Patience, patiently } from "./patience.ts";
import { isNoCluster } from "./ray_address.ts";

/**
 * The whole picture of the cluster whose head is at `address`, else of this machine's.
 * @throws {Trouble} with code `none` where no address says which cluster, and this machine has none.
 */
export async function clusterStatus(
  address?: string,
  patience: Partial<Patience> = {},
): Promise<ClusterStatus> {
  return await withCluster(address, {
    daemon: (link) => askStatus(link, patience),
    head: (link) => askHead(link, patience),
  });
}

/**
 * The answer of the cluster whose head is at `address`, else of this machine's, to one question.
 * @throws {Trouble} as {@link clusterStatus}; where it does not answer in time.
 */
export async function askCluster<K extends Extract<RequestKind, `query.${string}`>>(
  address: string | undefined,
  message: Message<K>,
  patience: Patience,
): Promise<{ fields: Reply<K>; body: Uint8Array }> {
  const ask = (link: Link) => patiently((signal) => link.request(message, { signal }), patience);
  return await withCluster(address, { daemon: ask, head: ask });
}

/** A question about the cluster. */
export type Query = Message<Extract<RequestKind, `query.${string}`>>;

/** The same for an answer whose body is JSON. */
export async function askJson<T>(
  message: Query,
  { address, ...patience }: { address?: string | undefined } & Partial<Patience> = {},
): Promise<T> {
  const { body } = await askCluster(address, message, { timeout: STATUS_TIMEOUT, ...patience });
  return JSON.parse(new TextDecoder().decode(body));
}

/** `--address HOST[:PORT]` as the functions here take it. */
export function addressOf(flag: string | undefined): string | undefined {
  return flag === undefined ? undefined : addressText(hostAndPort("--address", flag));
}

interface Asked<T> {
  daemon(link: Link): Promise<T>;
  head(link: Link): Promise<T>;
}

async function withCluster<T>(address: string | undefined, asked: Asked<T>): Promise<T> {
  try {
    return await withDaemon({ address, anyNode: true }, async (link) => {
      try {
        return await asked.daemon(link);
      } catch (error) {
        throw await whileAway(link, error);
      }
    });
  } catch (error) {
    if (address === undefined || !isNoCluster(error)) throw error;
  }
  const { stream, decoder, early } = await openHead(hostAndPort("--address", address), {
    tokens: knownTokens(),
  });
  const peer = `the head at ${address}`;
  const link = new Link(stream, { peer, decoder, onMessage() {} }).start(early);
  try {
    return await asked.head(link);
  } finally {
    link.close(new LinkClosed("done"));
  }
}

/** The token that was given, then the one of this runtime directory's own cluster. */
export function knownTokens(): KnownToken[] {
  const dir = runtimeDir();
  const found = [givenToken(), keptToken(runtimePaths(dir).token)];
  const ours = readRecord(instancePaths(dir).record)?.authority;
  return found.flatMap((one) => {
    if (!one) return [];
    const { token, authority = ours } = one;
    return [authority === undefined ? { token } : { token, authority }];
  });
}
