/** Whether all nodes run the same versions of what their processes share. */
import { type CheckText, type Finding, finding, type Severity } from "../check.ts";
import type { ClusterCheck, NodePicture } from "./picture.ts";
import { listText } from "../words.ts";
import { aboutOddOnes, byValue, oddOnes, valuesText } from "./values.ts";

/** One thing of which all nodes should have the same version. */
interface Versioned {
  text: CheckText;
  severity: Severity;
  /** As a sentence begins. */
  what: string;
  of(node: NodePicture): string | undefined | null;
  breaks: string;
  /** What to do on the nodes that have the rarer one. */
  mend(few: string, common: string): string;
}

function check(versioned: Versioned): ClusterCheck {
  return {
    ...versioned.text,
    run: ({ nodes }): Finding[] => {
      const values = byValue(nodes, (node) => versioned.of(node) || undefined);
      if (values.size < 2) return [];
      const [common] = [...values.keys()] as [string];
      const few = listText(oddOnes(values).map(({ name }) => name));
      return [aboutOddOnes(
        values,
        finding(versioned.text, versioned.severity, {
          seen: `${versioned.what} is ${valuesText(values)}.`,
          breaks: versioned.breaks,
          mend: versioned.mend(few, common),
        }),
      )];
    },
  };
}

const packageOf = (name: string) => ({ facts }: NodePicture) => facts?.python?.packages[name];
const install = (name: string) => (few: string, common: string) =>
  `On ${few}, with the interpreter of the workers: \`python3 -m pip install ${name}==${common}\`, or use one image on all.`;

/** Python's minor version: an actor on another than its driver's is refused. */
export const python = check({
  text: {
    code: "BD065",
    name: "python-versions",
    severity: "error",
    tells: "workers run on different minor versions of Python",
    explain:
      "What one minor version of Python pickles another may not read, so an actor whose worker has another " +
      "version than its driver fails at its creation. The worker's interpreter is BEAM_WORKER_CMD's, else VIRTUAL_ENV's " +
      "of `beam up`, else `python3`.",
  },
  severity: "error",
  what: "The workers' Python",
  of: ({ facts }) => facts?.python?.version?.split(".").slice(0, 2).join("."),
  breaks:
    "Actors that a driver of one version places on a node of another fail when they are created.",
  mend: (few, common) =>
    `On ${few}, start the node with Python ${common}: \`BEAM_WORKER_CMD="/path/to/python${common} -m ray._worker" ` +
    "beam up …`.",
});

/** vLLM. */
export const vllm = check({
  text: {
    code: "BD066",
    name: "vllm-versions",
    severity: "error",
    tells: "nodes have different versions of vLLM",
    explain:
      "vLLM's engine and its workers on other nodes are one program: they call each other's methods and " +
      "unpickle each other's classes, which change with every release.",
  },
  severity: "error",
  what: "vLLM",
  of: packageOf("vllm"),
  breaks: "A model that spans these nodes fails at its start, or in the middle of a request.",
  mend: install("vllm"),
});

/** PyTorch. */
export const torch = check({
  text: {
    code: "BD067",
    name: "torch-versions",
    severity: "warning",
    tells: "nodes have different versions of PyTorch",
    explain:
      "Processes of one group agree on the order and shape of collectives; different versions may choose differently, " +
      "and what one compiles or saves the other may not read.",
  },
  severity: "warning",
  what: "PyTorch",
  of: packageOf("torch"),
  breaks: "Collectives between these nodes may hang or fail.",
  mend: install("torch"),
});

/** NCCL or RCCL. */
export const nccl = check({
  text: {
    code: "BD068",
    name: "nccl-versions",
    severity: "error",
    tells: "nodes have different versions of NCCL or RCCL",
    explain:
      "NCCL's processes exchange structures of its version when they meet; different ones fail with " +
      "`NCCL WARN ... mismatch` or hang. The version is that of the library that PyTorch brings.",
  },
  severity: "error",
  what: "NCCL",
  of: ({ facts }) => facts?.python?.nccl,
  breaks: "Groups over these nodes fail when NCCL is initialized.",
  mend: (few) => `On ${few}, install the same PyTorch as on the others, or use one image on all.`,
});

/** beam itself. */
export const builds = check({
  text: {
    code: "BD069",
    name: "beam-builds",
    severity: "warning",
    tells: "nodes run different builds of beam",
    explain:
      "A build that speaks another protocol is not let in at all. Builds of one protocol work together, as " +
      "while a cluster is brought to a new one node by node; they are not tested together for longer.",
  },
  severity: "warning",
  what: "beam",
  of: ({ build }) => build,
  breaks: "What is new in one of them does not work with the others.",
  mend: (few) => `On ${few}, copy the same beam file there and run \`beam up --replace\`.`,
});
