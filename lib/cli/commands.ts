/** The commands of beam: their names, the help over all of them, and where each is. */
import type { Command, SubCommands } from "./command.ts";

/** Help of `beam` itself. */
export const HELP = `Runs a cluster for vLLM: one file, one port, one command per machine.

Usage:
  beam up --head | --join HOST[:PORT]   start a node here
  beam down                             end it
  beam status                           show the cluster
  beam nodes | actors | pgs | jobs      list nodes, actors, placement groups, jobs
  beam events                           what has happened
  beam logs [WHAT]                      show logs of any node: of an actor, a job, a daemon
  beam top                              how busy the machines and GPUs are, and who holds them
  beam dashboard                        where the page for browsers is, and how to log in
  beam metrics                          what Prometheus reads: use, states, counts
  beam stack ACTOR                      what a process is doing that seems stuck
  beam doctor                           what is wrong with this machine, a join, the cluster
  beam debug                            pack what a bug report needs, without secrets
  beam wait --nodes N --gpus N          wait until the cluster has so much
  beam drain NODE                       take a node out, once it is empty
  beam run -- CMD                       run a program that finds the package \`ray\`
  beam env                              the exports for such programs
  beam shim-path                        the folder of the package, alone
  beam token create|list|revoke|rotate  tokens by which nodes join
  beam ray start|stop|status|list|job   what \`ray …\` does
  beam config [COMMAND]                 the settings and where each comes from
  beam validate [FILE]                  check the configuration file
  beam completions bash|zsh|fish        completions for a shell
  beam man                              the manual page
  beam uninstall                        take beam off this machine
  beam version                          which beam this is

Each command has --help; listings have --json. Exit codes: 0 done, 1 failed, 2 wrong usage.`;

/** Names of the commands, as completions offer them. */
export const NAMES = [
  "up",
  "down",
  "status",
  "nodes",
  "actors",
  "pgs",
  "jobs",
  "events",
  "logs",
  "top",
  "dashboard",
  "metrics",
  "stack",
  "doctor",
  "debug",
  "wait",
  "drain",
  "run",
  "env",
  "shim-path",
  "token",
  "ray",
  "config",
  "validate",
  "completions",
  "man",
  "uninstall",
  "version",
] as const;

/** Commands that have settings: the tables of the configuration file. */
export const TABLES = ["up", "drain", "wait", "token"] as const;

/** The command called `name`, or undefined. */
export async function loadCommand(name: string): Promise<Command | undefined> {
  switch (name) {
    case "up":
      return (await import("./up.ts")).up;
    case "down":
      return (await import("./down.ts")).down;
    case "status":
      return (await import("./status.ts")).status;
    case "nodes":
      return (await import("./nodes.ts")).nodes;
    case "actors":
      return (await import("./actors.ts")).actors;
    case "pgs":
      return (await import("./pgs.ts")).pgs;
    case "jobs":
      return (await import("./jobs.ts")).jobs;
    case "events":
      return (await import("./events.ts")).events;
    case "top":
      return (await import("./top.ts")).top;
    case "dashboard":
      return (await import("./dashboard.ts")).dashboard;
    case "metrics":
      return (await import("./metrics.ts")).metrics;
    case "stack":
      return (await import("./stack.ts")).stack;
    case "doctor":
      return (await import("./doctor.ts")).doctor;
    case "debug":
      return (await import("./debug.ts")).debug;
    case "logs":
      return (await import("./logs.ts")).logs;
    case "wait":
      return (await import("./wait.ts")).wait;
    case "drain":
      return (await import("./drain.ts")).drain;
    case "run":
      return (await import("./run.ts")).run;
    case "env":
      return (await import("./env.ts")).env;
    case "shim-path":
      return (await import("./shim_path.ts")).shimPath;
    case "token":
      return (await import("./token.ts")).token;
    case "ray":
      return (await import("./ray.ts")).ray;
    case "config":
      return (await import("./config.ts")).config;
    case "validate":
      return (await import("./validate.ts")).validate;
    case "completions":
      return (await import("./completions.ts")).completions;
    case "man":
      return (await import("./man.ts")).man;
    case "uninstall":
      return (await import("./uninstall.ts")).uninstall;
    case "version":
    case "--version":
      return (await import("./version.ts")).version;
    default:
      return undefined;
  }
}

/** All commands. */
export const ALL: SubCommands = { help: HELP, names: NAMES, load: loadCommand };
