/** What all `ray job` commands take, and the client that it makes. */
import { Trouble } from "../runtime/errors.ts";
import { UsageError } from "./command.ts";
import { JobClient } from "./job_client.ts";
import type { Flags } from "./parse.ts";

/** Flags of every `ray job` command. */
export const JOB_FLAGS = {
  address: { kind: "text" },
  headers: { kind: "text", env: "RAY_JOB_HEADERS" },
  verify: { kind: "text", value: "file" },
  "log-style": { kind: "text" },
  "log-color": { kind: "text" },
  verbose: { kind: "switch", short: "v", hidden: true },
} as const satisfies Flags;

/** What stands under Options in each command's help. */
export const JOB_OPTIONS =
  `  --address URL        the head's HTTP server, or HOST:PORT of the cluster
                       (RAY_API_SERVER_ADDRESS, RAY_ADDRESS)
  --headers JSON       further headers of each request (RAY_JOB_HEADERS)
  --verify FILE        certificates to trust for https; true: the system's
  --log-style, --log-color   accepted`;

/** The client that the flags describe. */
export function jobClient(
  values: { address: string | undefined; headers: string | undefined; verify: string | undefined },
): Promise<JobClient> {
  return JobClient.find({
    address: values.address,
    headers: values.headers === undefined ? {} : headerMap(values.headers),
    certificates: certificates(values.verify),
  });
}

/** The one argument. @throws {UsageError} where it is missing */
export function oneId(program: string, positionals: readonly string[]): string {
  const [id] = positionals;
  if (id !== undefined) return id;
  throw new UsageError(
    "Cannot tell which job is meant: its id is missing",
    `Use \`${program} ID\`.`,
  );
}

/** A JSON object. @throws {UsageError} for anything else */
export function jsonMap(called: string, text: string): Record<string, unknown> {
  const must = `it must be a JSON object, such as '{"a": 1}'`;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UsageError(`Cannot use ${called}=${text}: ${must}`, "Quote it for the shell.");
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new UsageError(`Cannot use ${called}=${text}: ${must}`, "Quote it for the shell.");
}

/** A JSON object of texts. @throws {UsageError} naming the value that is none */
export function textMap(called: string, text: string): Record<string, string> {
  const map = jsonMap(called, text);
  for (const [name, value] of Object.entries(map)) {
    if (typeof value === "string") continue;
    throw new UsageError(
      `Cannot use ${called}: the value of ${JSON.stringify(name)} must be a text, got ` +
        JSON.stringify(value),
      "Put it into quotes.",
    );
  }
  return map as Record<string, string>;
}

/** Further headers of requests. @throws {UsageError} for a name or a value that HTTP does not have */
function headerMap(text: string): Record<string, string> {
  const map = textMap("--headers", text);
  try {
    new Headers(map);
    return map;
  } catch {
    throw new UsageError(
      `Cannot use --headers=${text}: HTTP has no such names or values`,
      "Names are letters, digits and hyphens, values of one line.",
    );
  }
}

function certificates(verify: string | undefined): string | undefined {
  if (verify === undefined || /^(true|1)$/i.test(verify)) return undefined;
  if (!/^(false|0)$/i.test(verify)) return verify;
  throw new Trouble(
    "Cannot leave a server's certificate unchecked (--verify=false): the token would go to whoever " +
      "answers",
    "Name the file that holds its certificate: --verify=FILE.",
  );
}
