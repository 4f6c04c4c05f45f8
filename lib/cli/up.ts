/** `beam up`: starts a node of a cluster on this machine. */
import { dirname, join } from "node:path";
import { type FoundToken, keptToken, makeToken, withAuthority } from "../runtime/token.ts";
import {
  ensureRuntimeDir,
  instancePaths,
  machineDir,
  realPath,
  type RuntimePaths,
} from "../runtime/paths.ts";
import { forgetVariables } from "../runtime/environment_trace.ts";
import { Trouble } from "../runtime/errors.ts";
import { SECRET_VARIABLES } from "../runtime/private_env.ts";
import type { StartedDaemon } from "../runtime/background.ts";
import { type Command, EXIT, UsageError } from "./command.ts";
import { processConfig } from "./config_file.ts";
import { holdNode, startNode } from "./foreground.ts";
import { checkHeadToken, shortTokenWarning } from "./head_token.ts";
import { mirrorOf } from "./log_mirror.ts";
import { print, printJson, say } from "./output.ts";
import { parse } from "./parse.ts";
import { replace } from "./replace.ts";
import { sentence } from "./run_command.ts";
import { Service } from "./service.ts";
import { tlsPlan } from "./tls_plan.ts";
import { tokenGiven } from "./token_given.ts";
import { UP_FLAGS, UP_HELP } from "./up_flags.ts";
import { calledBy, type UpArguments, upPlan } from "./up_plan.ts";
import { upText } from "./up_text.ts";

/** How often a driver is looked at, in milliseconds. */
const LOOK_INTERVAL = 200;

async function run(args: string[]): Promise<number> {
  const forDriver = args.includes("--for-driver");
  try {
    // A program's own cluster is nobody's service: the file of those says nothing about it.
    const config = forDriver ? () => undefined : processConfig;
    return await start(parse({ program: "beam up", flags: UP_FLAGS }, args, { config }));
  } catch (error) {
    if (!forDriver) throw error;
    const { message, mend } = error as Error & { mend?: string };
    print(JSON.stringify({ error: { message: sentence(message), mend: mend ?? "" } }));
    return EXIT.failed;
  }
}

async function start(parsed: UpArguments): Promise<number> {
  const { values } = parsed;
  if (values.replace) {
    checkReplace(parsed);
    return await replace(values);
  }
  const begun = performance.now();
  const { config, isHead } = upPlan(parsed);
  const block = values.block || values["for-driver"];
  const paths = ensureRuntimeDir(config.runtime_dir);
  config.runtime_dir = paths.dir;
  const token = findToken(parsed, paths, isHead);
  if (token && isHead) checkHeadToken(token);
  if (token) config.token = token.token;
  const lifetime = calledBy(parsed, "tls-lifetime");
  const tls = values["for-driver"] ? undefined : tlsPlan({
    wanted: values.tls,
    isHead,
    token,
    lifetime,
    authority: calledBy(parsed, "tls-authority"),
  });
  if (tls) config.tls = tls;
  forgetVariables(SECRET_VARIABLES);
  const service = values.block ? new Service() : undefined;
  const mirror = values.block && values["log-stderr"] ? mirrorOf(paths.dir) : undefined;
  const daemon = await startNode(config, "beam", service).catch((error) => {
    throw withTokenSource(error, token);
  });
  const milliseconds = Math.round(performance.now() - begun);
  if (!block) {
    tell(parsed, { daemon, token, milliseconds });
    daemon.leave();
    return EXIT.done;
  }
  const released = values["for-driver"] ? endOfDriver() : undefined;
  // Who reads that the node is ready may end it at once: by then a signal must find its listener.
  const held = holdNode(daemon, {
    program: "beam",
    service,
    mirror: mirror?.(daemon.record),
    ...(released ? { released } : {}),
  });
  tell(parsed, { daemon, token, milliseconds, withheld: service?.isManaged ?? false });
  const code = await held;
  if (released && code === EXIT.done) removeLocal(config.runtime_dir);
  return code;
}

/** What runs goes on as it was started: there is nothing else to say. */
function checkReplace({ given }: UpArguments): void {
  const other = given.find((name) => name !== "replace" && name !== "json");
  if (other === undefined) return;
  throw new UsageError(
    `Cannot use --${other} with --replace: the node goes on as it was started`,
    "Leave it out, or end the node with `beam down` and start it anew.",
  );
}

function findToken(
  parsed: UpArguments,
  paths: RuntimePaths,
  isHead: boolean,
): FoundToken | undefined {
  const { values, given: flags } = parsed;
  if (values.open) return undefined;
  const given = tokenGiven(parsed, flags.includes("token-file") ? values["token-file"] : undefined);
  if (given) return given;
  // A cluster of one driver has no joiners to tell a token to; it still must not be open.
  return isHead ? makeToken(paths.token) : keptToken(paths.token);
}

/** A refused join says which token it was. */
function withTokenSource(error: unknown, token: FoundToken | undefined): unknown {
  if (!(error instanceof Trouble) || !token || !/token/i.test(error.message)) return error;
  return new Trouble(
    error.message,
    `${error.mend ?? ""} The token here came from ${token.source}.`,
    {
      code: error.code,
      cause: error,
    },
  );
}

interface Told {
  daemon: StartedDaemon;
  token: FoundToken | undefined;
  milliseconds: number;
  /** What is printed goes into the log of a service, which others may read. */
  withheld?: boolean;
}

function tell(
  { values }: UpArguments,
  { daemon, token, milliseconds, withheld = false }: Told,
): void {
  const { record } = daemon;
  if (values["for-driver"]) return print(JSON.stringify({ ready: record }));
  if (record.dashboard_fault) say(`beam: ${record.dashboard_fault}`);
  const warning = token && record.is_head ? shortTokenWarning(token) : undefined;
  if (warning) say(`beam: ${warning}`);
  if (record.journal_fault) say(`beam: ${record.journal_fault}`);
  const shown = withheld ? undefined : token && withAuthority(token.token, record.authority);
  const facts = { record, token: shown, milliseconds, withheld: withheld && token !== undefined };
  if (values.json) {
    return printJson({ ...record, ...(shown && record.is_head ? { token: shown } : {}) });
  }
  print(upText(facts));
  if (values.block) {
    say("beam: This command stays in front; end the node with Ctrl-C or `beam down`.");
  }
}

/** Removes the runtime directory of a cluster that was a driver's own; what failed keeps its logs. */
function removeLocal(runtime: string): void {
  if (dirname(runtime) !== realPath(join(machineDir(), "local"))) return;
  for (const dir of [runtime, instancePaths(runtime).dir]) {
    try {
      Deno.removeSync(dir, { recursive: true });
    } catch { /* its driver removed it */ }
  }
}

/**
 * Settles when the driver that started this process is gone: at the end of standard input, or, where
 * a process that the driver had forked still holds that open, when this process has another parent.
 */
async function endOfDriver(): Promise<void> {
  const driver = Deno.ppid;
  const orphaned = new Promise<void>((resolve) => {
    const timer = setInterval(() => Deno.ppid !== driver && resolve(), LOOK_INTERVAL);
    Deno.unrefTimer(timer);
  });
  await Promise.race([endOfInput(), orphaned]);
}

async function endOfInput(): Promise<void> {
  const buffer = new Uint8Array(1024);
  while (await Deno.stdin.read(buffer).catch(() => null) !== null);
}

export const up: Command = { name: "beam up", help: UP_HELP, flags: UP_FLAGS, run };
