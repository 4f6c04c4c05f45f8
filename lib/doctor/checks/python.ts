/** The interpreter that runs workers, and what it imports. */
import { type Check, type Finding, finding } from "../check.ts";
import type { Facts, NodeFacts } from "../facts.ts";
import { installLine } from "../mends.ts";
import { isOlder } from "../words.ts";

const OLDEST = "3.9";
const BEYOND = "3.14";

const NAME_ONE =
  "`export BEAM_WORKER_CMD='/path/to/python -m ray._worker'` before `beam up`, or activate its environment.";

/** That a shell's programs import the package of another build than its node's; `ray` is what they find. */
export function otherPackage(
  ray: string,
  node: Pick<NodeFacts, "shim_path">,
): Finding | undefined {
  if (ray.startsWith(`${node.shim_path}/`)) return undefined;
  return finding(rayShadow, "warning", {
    seen: `\`import ray\` finds ${ray}, and the node that runs has ${node.shim_path}.`,
    breaks: "A program of one build may not be understood by a daemon of another.",
    mend: "`export PYTHONPATH=$(beam shim-path)`, or start programs with `beam run -- COMMAND`.",
  });
}

/** A head's machine without GPUs and Python is a whole node. */
function isOnlyHead({ node, gpus }: Facts): boolean {
  return node !== null && node.is_head && node.gpus === 0 && gpus.devices.length === 0;
}

export const pythonVersion: Check = {
  code: "BD019",
  name: "python",
  severity: "error",
  tells:
    "the interpreter of the workers is missing, does not start, or is of a version that cannot be used",
  explain:
    "Workers run on BEAM_WORKER_CMD's interpreter, else on the driver's where that is on the same machine, " +
    "else on that of `python3 -m ray start` or VIRTUAL_ENV of `beam up`, else on `python3`. Driver and " +
    "workers need the same minor version; the package works on Python 3.9 to 3.13.",
  run(facts) {
    const { python, platform } = facts;
    if (python === null) return [];
    const command = python.command.join(" ");
    if (python.error !== null) {
      const missing = /not there|not on PATH/.test(python.error);
      return [finding(pythonVersion, isOnlyHead(facts) ? "info" : "error", {
        seen: `Workers would start with \`${command}\`: ${python.error}.`,
        breaks: "No actor and no task can run on this node.",
        mend: missing
          ? `${NAME_ONE} To install one: \`${
            installLine(platform, { apt: "python3", dnf: "python3", zypper: "python3" })
          }\`.`
          : NAME_ONE,
      })];
    }
    const { version, executable } = python;
    if (version === null || !isOlder(version, OLDEST) && isOlder(version, BEYOND)) return [];
    return [finding(pythonVersion, "error", {
      seen: `Workers start on Python ${version} (${executable}).`,
      breaks: "The package `ray` of beam works on Python 3.9 to 3.13.",
      mend: NAME_ONE,
    })];
  },
};

export const vllmInstalled: Check = {
  code: "BD021",
  name: "vllm",
  severity: "warning",
  tells:
    "the workers' interpreter has no vLLM while another one on this machine has, or has it without torch",
  explain:
    "On the driver's machine workers run on the driver's own interpreter; on every other node on that of " +
    "BEAM_WORKER_CMD, VIRTUAL_ENV or `python3` as `beam up` saw them. Where vLLM lies in an environment of " +
    "its own, that must be said. `beam doctor --json` shows the interpreter and its versions.",
  run(facts) {
    const { python, gpus, node } = facts;
    if (python === null || python.error !== null) return [];
    const { vllm, torch } = python.packages;
    if (vllm !== undefined && torch === undefined) {
      return [finding(vllmInstalled, "warning", {
        seen: `${python.executable} has vLLM ${vllm} and no torch.`,
        breaks: "vLLM fails as it is imported.",
        mend: `\`${python.executable} -m pip install --force-reinstall vllm\`.`,
      })];
    }
    if (vllm !== undefined) return [];
    const other = python.vllm_python;
    if (other !== null) {
      return [finding(vllmInstalled, "warning", {
        seen:
          `Workers start on ${python.executable}, which has no vLLM; the command \`vllm\` runs on ${other}.`,
        breaks:
          "Workers on this node fail with `No module named 'vllm'` where the driver is on another.",
        mend: `\`export BEAM_WORKER_CMD='${other} -m ray._worker'\` before \`beam up\`.`,
      })];
    }
    if (gpus.devices.length === 0 && (node?.gpus ?? 0) === 0) return [];
    return [finding(vllmInstalled, "info", {
      seen: `Workers start on ${python.executable}, which has no vLLM.`,
      breaks: "vLLM cannot run workers on this node; other programs can.",
      mend: NAME_ONE,
    })];
  },
};

export const rayShadow: Check = {
  code: "BD022",
  name: "ray-package",
  severity: "error",
  tells: "`import ray` finds another package than beam's",
  explain:
    "Programs use beam by importing its package `ray`, whose folder `beam shim-path` prints. Python takes " +
    "the first `ray` of its path: a folder or file of that name where the program runs, then PYTHONPATH, " +
    "then what is installed. Workers get beam's folder in front; something that changes the path later " +
    "(sitecustomize, a `.pth` file) can still hide it. " +
    "`python3 -c 'import ray; print(ray.__file__)'` shows which one it is.",
  run({ python, node }) {
    if (python === null || python.error !== null) return [];
    const { ray, ray_is_beam, packages, executable } = python;
    if (ray_is_beam) return [];
    if (node !== null) {
      return [finding(rayShadow, "error", {
        seen: ray === null
          ? `${executable} does not find the package \`ray\` in ${node.shim_path}.`
          : `Workers import \`ray\` from ${ray} instead of ${node.shim_path}.`,
        breaks: "Every worker fails as it starts.",
        mend: ray === null
          ? "`beam down && beam up …` writes it anew; look whether something deletes files of the runtime directory."
          : `Remove what puts ${ray} in front: a folder \`ray\`, a sitecustomize, or a \`.pth\` file.`,
      })];
    }
    const mend =
      "`export PYTHONPATH=$(beam shim-path)`, or start programs with `beam run -- COMMAND`.";
    if (ray === null) {
      return [finding(rayShadow, "info", {
        seen: `\`import ray\` finds nothing with ${executable}.`,
        breaks: "A program that is started from here fails with `No module named 'ray'`.",
        mend,
      })];
    }
    return [finding(rayShadow, "warning", {
      seen: `\`import ray\` finds ${
        packages["ray"] === undefined ? ray : `Ray ${packages["ray"]} (${ray})`
      } with ${executable}.`,
      breaks:
        "A program started from here uses that and not beam: it starts or looks for a Ray of its own.",
      mend,
    })];
  },
};
