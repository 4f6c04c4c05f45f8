/**
 * The entry: reads which command is wanted and hands over. `daemon`, `head`, `job-supervisor` and
 * `doctor-node` are how beam starts its own processes; they are for nobody else.
 */
import { commandCalled } from "./lib/cli/beam.ts";
import { EXIT } from "./lib/cli/command.ts";
import { ALL, HELP, TABLES } from "./lib/cli/commands.ts";
import { loadConfig } from "./lib/cli/config_file.ts";
import { print } from "./lib/cli/output.ts";
import { runCommand, tellFailure } from "./lib/cli/run_command.ts";
import { keepFileThread } from "./lib/runtime/file_thread.ts";

async function main([name, ...args]: string[]): Promise<number> {
  switch (name) {
    case "daemon":
      keepFileThread();
      return await (await import("./lib/node/main.ts")).runDaemon();
    case "head":
      keepFileThread();
      return await (await import("./lib/head/main.ts")).runHead();
    case "doctor-node":
      return await (await import("./lib/doctor/main.ts")).runDoctorNode();
    case "job-supervisor":
      keepFileThread();
      return await (await import("./lib/node/job_supervisor.ts")).runJobSupervisor();
    case undefined:
      print(HELP);
      return EXIT.usage;
    case "help":
    case "--help":
    case "-h":
      print(HELP);
      return EXIT.done;
    default:
      // What follows these words is Ray's, and another program's.
      await loadConfig(name === "ray" || name === "run" ? [] : args, TABLES);
      return await runCommand(await commandCalled(name), args, ALL);
  }
}

try {
  Deno.exit(await main(Deno.args));
} catch (error) {
  Deno.exit(tellFailure(error, Deno.args[0] === "ray" ? "ray" : "beam"));
}
