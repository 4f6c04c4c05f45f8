/** `ray job submit`: runs a command on the cluster. */
import { type Command, EXIT, UsageError } from "./command.ts";
import type { JobClient } from "./job_client.ts";
import { type EnvironmentFlags, jobEnvironment } from "./job_environment.ts";
import { addressLine, bigText, nextSteps, statusText } from "./job_text.ts";
import { wholeNumber } from "./numbers.ts";
import { print, printPart, say } from "./output.ts";
import { type Flags, parse, type Parsed } from "./parse.ts";
import { JOB_FLAGS, JOB_OPTIONS, jobClient, jsonMap, textMap } from "./ray_job_flags.ts";
import { shellWord } from "../runtime/launcher.ts";

const HELP = `Runs a command on the cluster and follows its output. Exit code 1 where the job fails.

Usage:
  ray job submit [OPTIONS] -- CMD…

Options:
  --working-dir DIR           a folder, or a URI, in which the command runs
  --runtime-env FILE          the runtime environment, as YAML or JSON
  --runtime-env-json JSON     the same as text
  --submission-id ID          its name; one is made where none is given
  --metadata-json JSON        texts that are kept with it
  --entrypoint-num-cpus N  --entrypoint-num-gpus N  --entrypoint-memory BYTES
  --entrypoint-resources JSON  --entrypoint-label-selector JSON
                              what the command holds while it runs; by default nothing, and it
                              runs on the head's machine
  --no-wait                   return once it is submitted
${JOB_OPTIONS}`;

const FLAGS = {
  ...JOB_FLAGS,
  "working-dir": { kind: "text", value: "folder" },
  "runtime-env": { kind: "text", value: "file" },
  "runtime-env-json": { kind: "text" },
  "submission-id": { kind: "text" },
  "job-id": { kind: "text", hidden: true },
  "metadata-json": { kind: "text" },
  "entrypoint-num-cpus": { kind: "text" },
  "entrypoint-num-gpus": { kind: "text" },
  "entrypoint-memory": { kind: "text" },
  "entrypoint-resources": { kind: "text" },
  "entrypoint-label-selector": { kind: "text" },
  "no-wait": { kind: "switch" },
} as const satisfies Flags;

type Arguments = Parsed<typeof FLAGS>["values"];

async function run(args: string[]): Promise<number> {
  const { own, command } = split(args);
  const program = "ray job submit";
  const { values } = parse({ program, flags: FLAGS }, own);
  if (command.length === 0) {
    throw new UsageError("Cannot submit nothing: say what to run", `Use \`${program} -- CMD\`.`);
  }
  if (values["job-id"]) say("ray: --job-id is old; use --submission-id.");
  const client = await jobClient(values);
  print(addressLine(client.url));
  await client.version(); // before anything is packed
  const runtime_env = await jobEnvironment(environmentFlags(values), client);
  const id = await client.submit({ ...request(values), runtime_env, entrypoint: joined(command) });
  print(bigText(`Job '${id}' submitted successfully`));
  print(nextSteps(id));
  if (values["no-wait"]) return EXIT.done;
  print("Tailing logs until the job exits (disable with --no-wait):");
  return await follow(client, id);
}

async function follow(client: JobClient, id: string): Promise<number> {
  await client.follow(id, printPart);
  const details = await client.details(id);
  print(statusText(id, details));
  return details.status === "FAILED" ? EXIT.failed : EXIT.done;
}

/** Flags end at `--`, else at the first word that is neither a flag nor a flag's value. */
function split(args: readonly string[]): { own: string[]; command: string[] } {
  for (let at = 0; at < args.length; at++) {
    const arg = args[at]!;
    if (arg === "--") return { own: args.slice(0, at), command: args.slice(at + 1) };
    if (!arg.startsWith("-")) return { own: args.slice(0, at), command: args.slice(at) };
    const flag = (FLAGS as Flags)[arg.replace(/^--/, "")];
    if (flag?.kind === "text") at++;
  }
  return { own: [...args], command: [] };
}

/** The words as one command line that a shell splits again into the same words. */
function joined(words: readonly string[]): string {
  return words.map((word) => word === "" ? "''" : shellWord(word)).join(" ");
}

function environmentFlags(values: Arguments): EnvironmentFlags {
  const file = values["runtime-env"];
  const json = values["runtime-env-json"];
  if (file !== undefined && json !== undefined) {
    throw new UsageError(
      "Cannot use both --runtime-env and --runtime-env-json",
      "Leave one of them out.",
    );
  }
  return {
    file,
    env: json === undefined ? {} : jsonMap("--runtime-env-json", json),
    working_dir: values["working-dir"],
  };
}

function request(values: Arguments) {
  const id = values["submission-id"] ?? values["job-id"];
  const metadata = values["metadata-json"];
  const cpus = values["entrypoint-num-cpus"];
  const gpus = values["entrypoint-num-gpus"];
  const memory = values["entrypoint-memory"];
  const resources = values["entrypoint-resources"];
  const labels = values["entrypoint-label-selector"];
  return {
    ...(id !== undefined && { submission_id: id }),
    ...(metadata !== undefined && { metadata: textMap("--metadata-json", metadata) }),
    ...(cpus !== undefined && { entrypoint_num_cpus: amount("--entrypoint-num-cpus", cpus) }),
    ...(gpus !== undefined && { entrypoint_num_gpus: amount("--entrypoint-num-gpus", gpus) }),
    ...(memory !== undefined && { entrypoint_memory: wholeNumber("--entrypoint-memory", memory) }),
    ...(resources !== undefined && {
      entrypoint_resources: jsonMap("--entrypoint-resources", resources) as Record<string, number>,
    }),
    ...(labels !== undefined && {
      entrypoint_label_selector: textMap("--entrypoint-label-selector", labels),
    }),
  };
}

function amount(called: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value) && value >= 0) return value;
  throw new UsageError(`Cannot use ${called}=${text}: it must be a number`, "Give 1 or 0.5.");
}

export const rayJobSubmit: Command = { name: "ray job submit", help: HELP, flags: FLAGS, run };
