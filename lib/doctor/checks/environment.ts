/** Settings around a node: proxies, clock, the head's link, its build. */
import { isLoopback } from "../../runtime/loopback.ts";
import { ipv4Number } from "../../probe/routes.ts";
import { type Check, finding } from "../check.ts";

const PROXIES = [
  "http_proxy",
  "HTTP_PROXY",
  "https_proxy",
  "HTTPS_PROXY",
  "all_proxy",
  "ALL_PROXY",
];

export const proxies: Check = {
  code: "BD023",
  name: "proxies",
  severity: "warning",
  tells: "a proxy is set and the cluster's addresses are not left out of it",
  explain:
    "With http_proxy set and no_proxy not naming the cluster, every HTTP client of this machine (curl, the " +
    "OpenAI client, `ray job submit`, health probes) asks the proxy for 10.0.0.5:8000, which it does not " +
    "know. beam's own links are no HTTP and go past it. `env | grep -i proxy` shows them.",
  run({ env, network }) {
    const set = PROXIES.find((name) => env[name]);
    if (set === undefined) return [];
    const { address } = network.cluster;
    const excepted = `${env["no_proxy"] ?? ""},${env["NO_PROXY"] ?? ""}`.split(",")
      .map((one) => one.trim()).filter(Boolean);
    const wanted = ["127.0.0.1", address].filter((one) => one !== "");
    const missing = [...new Set(wanted)].filter((one) => !isExcepted(one, excepted));
    if (missing.length === 0) return [];
    const list = [...new Set([...excepted, "localhost", "127.0.0.1", subnet(address)])].join(",");
    return [finding(proxies, "warning", {
      seen: `${set}=${env[set]}, and no_proxy does not name ${missing.join(" and ")}.`,
      breaks:
        "HTTP between the cluster's own machines goes to the proxy: clients of vLLM, jobs and probes fail or wait.",
      mend: `\`export no_proxy=${list} NO_PROXY=${list}\` on every node.`,
    })];
  },
};

function isExcepted(address: string, excepted: readonly string[]): boolean {
  return excepted.some((one) => {
    if (one === "*" || one === address) return true;
    if (isLoopback(address) && (one === "localhost" || one === "127.0.0.0/8")) return true;
    const [network, bits] = one.split("/");
    const [a, b] = [ipv4Number(address), ipv4Number(network ?? "")];
    if (bits === undefined || a === null || b === null) return false;
    const shift = 32 - Number(bits);
    return shift >= 32 || Math.floor(a / 2 ** shift) === Math.floor(b / 2 ** shift);
  });
}

/** The usual size of a cluster's network; IPv6 as it is. */
function subnet(address: string): string {
  return ipv4Number(address) === null ? address : address.replace(/\.\d+$/, ".0/24");
}

export const clock: Check = {
  code: "BD024",
  name: "clock-kept",
  severity: "warning",
  tells: "nothing keeps this machine's clock right",
  explain:
    "beam counts time by clocks that cannot be set, so a wrong one loses no node. It matters for " +
    "certificates, and for whoever compares logs of several machines. `timedatectl` shows whether the " +
    "clock is kept; how far nodes are apart is told by `beam doctor --cluster`.",
  run({ clock: { synchronized, kept_by }, platform, tls }) {
    if (synchronized !== false || kept_by !== null) return [];
    return [finding(clock, tls.on === true ? "warning" : "info", {
      seen:
        "The kernel says that this machine's clock is not kept right (adjtimex), and no program that would is seen.",
      breaks: tls.on === true
        ? "Certificates are refused once clocks are a day apart."
        : "Logs of several machines are hard to compare.",
      mend: platform.container !== null
        ? "Let the host keep it: `sudo timedatectl set-ntp true` there."
        : "`sudo timedatectl set-ntp true`.",
    })];
  },
};

export const headLink: Check = {
  code: "BD038",
  name: "head-link",
  severity: "error",
  tells: "this node has lost its head",
  explain:
    "A node whose head is away keeps its actors and calls, and starts nothing new. It dials the head again " +
    "and again. `beam status` says since when and why; `beam doctor --join HEAD` tries each step of a join.",
  run({ node }) {
    if (node === null || node.connected) return [];
    return [finding(headLink, "error", {
      seen: `This node has no link to its head at ${node.head_address}.`,
      breaks: "New actors, tasks and programs wait.",
      mend: node.is_head
        ? "`beam logs daemon` says why the head does not start."
        : `\`beam doctor --join ${node.head_address}\` tells which step fails.`,
    })];
  },
};

export const otherBuild: Check = {
  code: "BD039",
  name: "build",
  severity: "info",
  tells: "the daemon that runs is of another build than the beam that is installed",
  explain:
    "An executable that was exchanged goes into use with `beam up --replace`, on the head's machine first.",
  run({ node, build }) {
    if (node === null || node.build === build) return [];
    return [finding(otherBuild, "info", {
      seen: `The daemon is beam ${node.build}, and what is installed is ${build}.`,
      breaks: "Nothing, as long as both speak one protocol.",
      mend: "`beam up --replace`.",
    })];
  },
};
