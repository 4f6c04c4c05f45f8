/** The programs of the tests of faults, as drivers on a node. */
import { dirname, join } from "node:path";
import { type DriverOptions, Node } from "../../e2e/harness/node.ts";
import type { Program } from "../../e2e/harness/program.ts";
import { PROGRAMS as E2E_PROGRAMS } from "../../e2e/harness/programs.ts";

const PROGRAMS = join(dirname(import.meta.dirname!), "programs");

/** What a program imports: the node's shim, and `say`, which all tests' programs share. */
export function programPath(node: Node): string {
  return `${node.record.shim_path}:${E2E_PROGRAMS}`;
}

/** Runs a program of `programs/` as a driver on `node`, with `via` before its command. */
export function drive(
  node: Node,
  name: string,
  args: string[] = [],
  options: DriverOptions & { via?: string[] } = {},
): Program {
  const { python = node.place.python, via = [], env, ...rest } = options;
  const command = [...via, python, "-u", join(PROGRAMS, name), ...args];
  return node.run(command, {
    ...rest,
    env: node.env({ PYTHONPATH: programPath(node), ...env }),
  });
}
