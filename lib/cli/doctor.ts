/** `beam doctor`: what is wrong with this machine, with a join, or with the whole cluster. */
import {
  type CheckText,
  type Finding,
  isAtLeast,
  SEVERITIES,
  type Severity,
  sorted,
} from "../doctor/check.ts";
import { CHECK_TEXTS } from "../doctor/check_texts.ts";
import { CHECKS } from "../doctor/checks.ts";
import { wrongConfiguration } from "../doctor/configuration.ts";
import { type Command, EXIT, UsageError } from "./command.ts";
import { examineCluster, progressText } from "./doctor_cluster.ts";
import { diagnoseHere } from "./doctor_local.ts";
import { countsText, explainText, findingsText, joinText, listText } from "./doctor_text.ts";
import { tryJoin } from "./join_trial.ts";
import type { DoctorOutput } from "./json_output.ts";
import { nearest } from "./nearest.ts";
import { hostAndPort } from "./numbers.ts";
import { print, printJson, printPart } from "./output.ts";
import { parse, type Parsed } from "./parse.ts";
import { knownTokens } from "./status_source.ts";
import { onTerminal } from "./terminal.ts";
import { tokenGiven } from "./token_given.ts";
import { UP_FLAGS } from "./up_flags.ts";

const HELP =
  `Looks for what is wrong with this machine, before or after \`beam up\`: what was seen, what it breaks,
and the line that mends it. Changes nothing.

Usage:
  beam doctor [--all] [--json]             this machine and its node
  beam doctor --join HOST[:PORT]           whether a join of that head would work, and this machine
  beam doctor --cluster [--json]           all nodes, and every pair of them both ways
  beam doctor --list | --explain CODE      the checks, or one of them

Options:
  --cluster                all nodes, the connections between them, and what differs
  --join HOST[:PORT]       try the steps of \`beam up --join\`: name, connection, protocol, token
  --token-file FILE        the token for that   BEAM_TOKEN, BEAM_TOKEN_FILE
  --all                    tell notes too, not only errors and warnings
  --severity LEVEL         the least that is told: error, warning (default) or info
  --list                   all checks with their codes
  --explain CODE           why a check matters, and how to look by hand
  --json                   everything that was found, and the facts, for programs

Exit codes: 0 nothing is wrong, 1 an error or warning is told, 2 wrong usage.`;

const FLAGS = {
  cluster: { kind: "switch" },
  join: { kind: "text" },
  "token-file": { kind: "text" },
  all: { kind: "switch" },
  severity: { kind: "text", value: SEVERITIES },
  list: { kind: "switch" },
  explain: { kind: "text" },
  json: { kind: "switch" },
} as const;

type Arguments = Parsed<typeof FLAGS>;

async function run(args: string[]): Promise<number> {
  const { parsed, fault } = readArguments(args);
  const { values } = parsed;
  checkOne(parsed);
  const floor = floorOf(values);
  if (values.list) return list(values.json);
  if (values.explain !== undefined) return explain(values.explain, values.json);
  if (values.cluster) return await cluster(floor, values.json);
  if (values.join !== undefined) return await join(parsed, fault, floor);
  const { findings: found, facts, silent } = await diagnoseHere(parsed.env);
  const findings = [...fault, ...found];
  if (values.json) printJson({ findings: sorted(findings), facts } satisfies DoctorOutput);
  else {
    const { node, network: { host_name: { name } } } = facts;
    const of = node === null
      ? `${name}, ${silent ? "whose node does not answer" : "where no node runs"}`
      : `${name}, node ${node.ip} of the cluster at ${node.head_address}`;
    tell(unnamed(findings), floor, `${CHECKS.length} checks of ${of}`);
  }
  return exitCode(findings, floor);
}

/** The arguments; a configuration file that cannot be used is a finding like others. */
function readArguments(args: string[]): { parsed: Arguments; fault: Finding[] } {
  const grammar = {
    program: "beam doctor",
    flags: FLAGS,
    settingsOf: { table: "up", flags: UP_FLAGS },
  };
  try {
    return { parsed: parse(grammar, args), fault: [] };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    // Where it is the command line that is wrong, this throws the same once more.
    const parsed = parse(grammar, args, { config: () => undefined });
    return { parsed, fault: [wrongConfiguration(error.message, error.mend)] };
  }
}

async function cluster(floor: Severity, json: boolean): Promise<number> {
  const live = onTerminal() && !json;
  const examination = await examineCluster((progress) => {
    if (live) printPart(`\r${progressText(progress)}\x1b[K`);
  });
  if (live) printPart("\r\x1b[K");
  const { findings, nodes, pairs } = examination;
  if (json) printJson(examination);
  else {
    const count = `${nodes.length} node${nodes.length === 1 ? "" : "s"}`;
    tell(findings, floor, `${count}, ${pairs.tried} of ${pairs.of} connections between them tried`);
  }
  return exitCode(findings, floor);
}

async function join(parsed: Arguments, fault: Finding[], floor: Severity): Promise<number> {
  const { values } = parsed;
  const address = hostAndPort("--join", values.join!);
  const given = tokenGiven(parsed, values["token-file"]);
  const { token, authority } = given ?? {};
  const tokens = token === undefined
    ? knownTokens()
    : [authority === undefined ? { token } : { token, authority }];
  const own = Deno.networkInterfaces().map((one) => one.address);
  const [trial, here] = await Promise.all([
    tryJoin(address, { tokens, own }),
    diagnoseHere(parsed.env),
  ]);
  const findings = sorted([...fault, ...trial.findings, ...here.findings]);
  if (values.json) printJson({ join: trial, findings, facts: here.facts } satisfies DoctorOutput);
  else {
    print(joinText(trial));
    print("");
    tell(unnamed(findings), floor, `a join tried, and ${CHECKS.length} checks of this machine`);
  }
  return exitCode(findings, floor);
}

/** @param checked what was looked at */
function tell(findings: readonly Finding[], floor: Severity, checked: string): void {
  const told = sorted(findings).filter(({ severity }) => isAtLeast(severity, floor));
  if (told.length > 0) print(`${findingsText(told)}\n`);
  const untold = findings.filter(({ severity }) => !isAtLeast(severity, floor));
  const rest = untold.length === 0
    ? ""
    : ` ${countsText(untold)} more with ${floor === "warning" ? "--all" : "--severity info"}.`;
  const counts = countsText(told);
  print(
    `${
      counts === "" ? "Nothing is wrong" : counts[0]!.toUpperCase() + counts.slice(1)
    }: ${checked}.${rest}`,
  );
  if (told.length > 0) print("`beam doctor --explain CODE` says more of one.");
}

/** Of one machine nobody needs to be told which. */
function unnamed(findings: readonly Finding[]): Finding[] {
  return findings.map(({ node: _, ...one }) => one);
}

function exitCode(findings: readonly Finding[], floor: Severity): number {
  const least = isAtLeast("warning", floor) ? "warning" : floor;
  return findings.some(({ severity }) => isAtLeast(severity, least)) ? EXIT.failed : EXIT.done;
}

function list(json: boolean): number {
  const checks = CHECK_TEXTS.map(({ code, name, severity, tells, explain }) => ({
    code,
    name,
    severity,
    tells,
    explain,
  }));
  if (json) printJson(checks);
  else print(listText(checks));
  return EXIT.done;
}

function explain(wanted: string, json: boolean): number {
  const check = checkCalled(wanted);
  const { code, name, severity, tells, explain } = check;
  if (json) printJson({ code, name, severity, tells, explain });
  else print(explainText(check));
  return EXIT.done;
}

/** By its code or name. */
function checkCalled(wanted: string): CheckText {
  const code = wanted.toUpperCase();
  const found = CHECK_TEXTS.find((check) => check.code === code || check.name === wanted);
  if (found) return found;
  const near = nearest(wanted, CHECK_TEXTS.flatMap((check) => [check.code, check.name]));
  throw new UsageError(
    `Cannot explain ${wanted}: no check has that code or name`,
    near ? `Did you mean ${near}? See \`beam doctor --list\`.` : "See `beam doctor --list`.",
  );
}

function floorOf({ severity, all }: Arguments["values"]): Severity {
  if (severity === undefined) return all ? "info" : "warning";
  const floor = SEVERITIES.find((one) => one === severity);
  if (floor) return floor;
  throw new UsageError(
    `Cannot use --severity ${severity}: it must be error, warning or info`,
    "Give --severity error for errors alone.",
  );
}

/** One question at a time. */
function checkOne({ values, given }: Arguments): void {
  const questions = (["cluster", "join", "list", "explain"] as const)
    .filter((name) => given.includes(name));
  if (questions.length > 1) {
    throw new UsageError(
      `Cannot use both --${questions[0]} and --${questions[1]}: they ask different things`,
      "Ask one after the other.",
    );
  }
  if (values["token-file"] !== undefined && values.join === undefined) {
    throw new UsageError("Cannot use --token-file without --join", "It is the token of a join.");
  }
}

export const doctor: Command = { name: "beam doctor", help: HELP, flags: FLAGS, run };
