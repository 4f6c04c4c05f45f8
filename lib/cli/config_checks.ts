/** Whether this machine fits a configuration of `beam up`. */
import { delimiter, isAbsolute, join } from "node:path";
import type { DaemonConfig } from "../node/config.ts";
import { interfaceOf, readNetwork } from "../probe/network.ts";
import { Trouble } from "../runtime/errors.ts";
import { processEnv, reasonOf } from "../runtime/paths.ts";
import { recordOf } from "../runtime/records.ts";
import { addressesOf } from "../runtime/resolve.ts";
import { UsageError } from "./command.ts";
import type { DashboardPlan } from "./dashboard_plan.ts";
import { checkHeadToken } from "./head_token.ts";
import { ownAddressesText } from "./listen_address.ts";
import { tlsPlan } from "./tls_plan.ts";
import { tokenGiven } from "./token_given.ts";
import { calledBy, type UpArguments } from "./up_plan.ts";

/** Something that was found. */
export interface Finding {
  severity: "error" | "warning";
  text: string;
  mend?: string;
}

/** What is checked. */
export interface UpSettings {
  parsed: UpArguments;
  config: DaemonConfig;
  isHead: boolean;
}

/** What does not fit, all of it. */
export async function machineFindings(settings: UpSettings): Promise<Finding[]> {
  return [
    ...addressFindings(settings),
    ...await nameFindings(settings),
    ...tokenFindings(settings),
    ...await portFindings(settings),
    ...commandFindings(settings),
  ];
}

const ANY = ["0.0.0.0", "::"];

/** Addresses that must be this machine's. */
function addressFindings({ parsed, isHead }: UpSettings): Finding[] {
  const network = readNetwork();
  const names = isHead ? ["node-ip", "listen", "dashboard-host"] as const : ["node-ip"] as const;
  return names.flatMap((name) => {
    const address = parsed.values[name];
    if (address === undefined || (name !== "node-ip" && ANY.includes(address))) return [];
    if (address === "localhost" || interfaceOf(address, network) !== null) return [];
    return [{
      severity: "error" as const,
      text: `${parsed.called(name)} is ${address}: no interface of this machine has it`,
      mend: `This machine has ${ownAddressesText(network)}.`,
    }];
  });
}

/** The head's name must resolve where it is one. */
async function nameFindings({ parsed, config, isHead }: UpSettings): Promise<Finding[]> {
  if (isHead) return [];
  const { host } = config.head;
  try {
    await addressesOf(host);
    return [];
  } catch (error) {
    return [{
      severity: "error",
      text: `${parsed.called("join")} is ${host}: the name does not resolve (${
        (error as { code?: string }).code ?? reasonOf(error)
      })`,
      mend: "Correct it, or write the address itself.",
    }];
  }
}

/** The token must be there, be one, and be nobody else's. */
function tokenFindings({ parsed, isHead }: UpSettings): Finding[] {
  try {
    if (parsed.values.open) return [];
    const token = tokenGiven(parsed, undefined, () => undefined);
    if (token && isHead) checkHeadToken(token);
    tlsPlan({
      wanted: parsed.values.tls,
      isHead,
      // Without one, a head makes one.
      token: token ?? { token: "made", source: "", inEnvironment: false },
      lifetime: calledBy(parsed, "tls-lifetime"),
      authority: calledBy(parsed, "tls-authority"),
    });
  } catch (error) {
    if (!(error instanceof Trouble || error instanceof UsageError)) throw error;
    return [{ severity: "error", text: error.message, ...(error.mend && { mend: error.mend }) }];
  }
  const file = parsed.inFile.get("token-file");
  const mode = file && (Deno.statSync(file.text).mode ?? 0) & 0o077;
  if (!file || !mode) return [];
  return [{
    severity: "warning",
    text: `${file.text} (${file.at}) holds the token, and others than its owner can reach it`,
    mend: `\`chmod 600 ${file.text}\`.`,
  }];
}

/** Ports must be free, where the node that runs here is not what holds them. */
async function portFindings({ parsed, config, isHead }: UpSettings): Promise<Finding[]> {
  const own = await recordOf(config.runtime_dir);
  const ports: [name: "port" | "node-port" | "dashboard-port", host: string, port: number][] = [];
  if (isHead) ports.push(["port", config.head.host, config.head.port]);
  if (config.node_port) ports.push(["node-port", config.node_ip ?? ANY[0]!, config.node_port]);
  const dashboard = config.dashboard as DashboardPlan | undefined;
  if (dashboard?.asked) ports.push(["dashboard-port", dashboard.host, dashboard.port]);
  return ports.flatMap(([name, hostname, port]) => {
    if (port === 0 || own) return [];
    try {
      Deno.listen({ hostname, port }).close();
      return [];
    } catch (error) {
      // An address that is not ours is told above.
      if (
        !(error instanceof Deno.errors.AddrInUse || error instanceof Deno.errors.PermissionDenied)
      ) {
        return [];
      }
      return [{
        severity: "error" as const,
        text: `${parsed.inFile.has(name) ? parsed.called(name) : name} is ${port}: ${
          reasonOf(error)
        } (on ${hostname})`,
        mend: `\`ss -ltnp | grep :${port}\` shows who has it; or choose another.`,
      }];
    }
  });
}

/** What starts a worker must be a program. */
function commandFindings({ parsed }: UpSettings): Finding[] {
  const command = parsed.values["worker-cmd"];
  const program = command?.trim().split(/\s+/)[0];
  if (!program || /[$'"`\\]/.test(program)) return [];
  const places = program.includes("/") && isAbsolute(program)
    ? [program]
    : (processEnv("PATH") ?? "").split(delimiter).map((dir) => join(dir, program));
  const isProgram = (path: string) => {
    try {
      const { isFile, mode } = Deno.statSync(path);
      return isFile && ((mode ?? 0) & 0o111) !== 0;
    } catch {
      return false;
    }
  };
  if (places.some(isProgram)) return [];
  return [{
    severity: "error",
    text: `${
      parsed.called("worker-cmd")
    } begins with ${program}, which is no program of this machine`,
    mend: "Name the interpreter that has vLLM, such as '/opt/vllm/bin/python -m ray._worker'.",
  }];
}
